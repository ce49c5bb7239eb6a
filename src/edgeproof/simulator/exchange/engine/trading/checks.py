"""What an order has to satisfy before it is taken: sizes, prices, sides of take profit and stop loss."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from edgeproof.simulator.exchange.engine.listing import LIVE
from edgeproof.simulator.exchange.engine.refusal import Refusal, refuse_parameter
from edgeproof.simulator.exchange.engine.trading.accounts import HEDGE
from edgeproof.simulator.exchange.engine.trading.orders import OrderKind

if TYPE_CHECKING:
    from edgeproof.simulator.exchange.engine.listing import Listing
    from edgeproof.simulator.exchange.engine.trading.accounts import Account
    from edgeproof.simulator.exchange.engine.trading.orders import OrderRequest, Protection


def check_account(account: Account, request: OrderRequest) -> None:
    """The order fits the account's mode, and its client id is new."""
    hedged = account.position_mode == HEDGE
    if hedged != (request.position_side in {"long", "short"}):
        raise Refusal("102089", "Position mode mismatch.")
    if request.client_id and request.client_id in account.client_ids:
        raise Refusal("102002", "Duplicate customized order ID.")


def check_size(listing: Listing, request: OrderRequest) -> None:
    """The size is one the instrument may be ordered in."""
    if listing.state != LIVE:
        raise refuse_parameter("instId")
    if request.lots is None:
        return
    size = request.lots * listing.lot
    if size < listing.min_size:
        raise refuse_parameter("size")
    if request.kind is OrderKind.MARKET and size > listing.max_market_size:
        raise Refusal("102015", "Market order exceeds maximum order size limit.")
    if size > listing.max_limit_size:
        raise Refusal("102014", "Limit order exceeds maximum order size limit.")


def measure_price_band(listing: Listing, last_ticks: int) -> tuple[int, int]:
    """Lowest and highest price of an order, in ticks."""
    reach = int(Decimal(last_ticks) * listing.price_band)
    return max(1, last_ticks - reach), last_ticks + reach


def check_price(listing: Listing, request: OrderRequest, last_ticks: int) -> None:
    """A buy is not above the band, a sell not below it."""
    if request.ticks is None:
        return
    lowest, highest = measure_price_band(listing, last_ticks)
    band = f"(Minimum: {listing.price_text(lowest)}; Maximum: {listing.price_text(highest)})"
    if request.side == "buy" and request.ticks > highest:
        raise Refusal("102064", f"Buy price is not within the price limit {band}")
    if request.side == "sell" and request.ticks < lowest:
        raise Refusal("102065", f"Sell price is not within the price limit {band}")


def check_protection(protection: Protection, side: str, entry_ticks: int, *, limit: bool) -> None:
    """Take profit lies on the gaining side of the entry, stop loss on the other; ``side`` is the entry's."""
    against = "the order price" if limit else "the latest trading price"
    up = side == "buy"
    take, stop = protection.take, protection.stop
    if take is not None and (take.trigger_ticks <= entry_ticks if up else take.trigger_ticks >= entry_ticks):
        code = ("102052" if up else "102049") if limit else ("102037" if up else "102039")
        raise Refusal(code, f"TP trigger price should be {'higher' if up else 'lower'} than {against}")
    if stop is not None and (stop.trigger_ticks >= entry_ticks if up else stop.trigger_ticks <= entry_ticks):
        code = ("102051" if up else "102047") if limit else ("102038" if up else "102040")
        raise Refusal(code, f"SL trigger price should be {'lower' if up else 'higher'} than {against}")
