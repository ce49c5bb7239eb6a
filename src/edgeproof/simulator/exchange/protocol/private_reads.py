"""Private REST: what a user may ask about the own account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from edgeproof.simulator.exchange.engine.refusal import Refusal
from edgeproof.simulator.exchange.engine.trading.accounts import ISOLATED
from edgeproof.simulator.exchange.engine.trading.checks import measure_price_band
from edgeproof.simulator.exchange.protocol import private_shapes as shapes
from edgeproof.simulator.exchange.protocol.order_forms import MARGIN_MODES, POSITION_SIDES
from edgeproof.simulator.exchange.protocol.request import read_choice, read_limit, read_whole, require_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from edgeproof.simulator.exchange.engine.trading.accounts import Account
    from edgeproof.simulator.exchange.engine.venue import Venue

T = TypeVar("T")
_MOST: Final = 100
_DEFAULT: Final = 20
_MOST_INSTRUMENTS: Final = 20


def read_balance(venue: Venue, account: Account, query: Mapping[str, str]) -> object:
    """Money in the futures account."""
    del query
    return shapes.write_balance(venue.floor, account)


def list_assets(venue: Venue, account: Account, query: Mapping[str, str]) -> object:
    """Money by kind of account; all of it lies in futures."""
    mine = require_text(query, "accountType") == "futures"
    figures = venue.floor.assess(account)
    amounts = (figures.balance, figures.available, figures.frozen) if mine else (figures.balance * 0,) * 3
    balance, available, frozen = (shapes.write_long(amount) for amount in amounts)
    return [{"currency": "USDT", "balance": balance, "available": available, "frozen": frozen, "bonus": "0"}]


def list_currencies(venue: Venue, account: Account, query: Mapping[str, str]) -> object:
    """Currencies that may be paid in: none, for nothing can be in a simulation."""
    del venue, account, query
    return []


def read_config(venue: Venue, account: Account, query: Mapping[str, str]) -> object:
    """The account's level."""
    del venue, account, query
    return {"accountLevel": "0"}


def read_key(venue: Venue, account: Account, query: Mapping[str, str]) -> object:
    """What the user's first key may do."""
    del query
    key = next(key for key in venue.spec.keys if key.user == account.user)
    return {
        "uid": account.user,
        "apiName": "simulated",
        "apiKey": key.key,
        "readOnly": 0 if "TRADE" in key.permissions else 1,
        "ips": sorted(key.ips),
        "type": 1,
        "expireTime": str(key.expires_ms or 0),
        "createTime": str(venue.tape.start_ms),
        "referralCode": "",
        "parentUid": "0",
    }


def list_positions(venue: Venue, account: Account, query: Mapping[str, str]) -> object:
    """Open positions."""
    return [
        shapes.write_position(venue.floor, account, position)
        for position in account.positions.values()
        if query.get("instId") in {None, "", position.key.symbol}
    ]


def list_past_positions(venue: Venue, account: Account, query: Mapping[str, str]) -> object:
    """Closed positions, newest first."""
    del venue
    chosen = [p for p in account.closed_positions if query.get("instId") in {None, "", p.key.symbol}]
    page = _page(chosen, query, name=lambda p: p.position_id, at=lambda p: p.updated_ms)
    return [shapes.write_past_position(position) for position in page]


def read_margin_mode(venue: Venue, account: Account, query: Mapping[str, str]) -> object:
    """Cross or isolated."""
    del venue, query
    return {"marginMode": account.margin_mode}


def read_position_mode(venue: Venue, account: Account, query: Mapping[str, str]) -> object:
    """Net or hedge."""
    del venue, query
    return {"positionMode": account.position_mode}


def read_leverage(venue: Venue, account: Account, query: Mapping[str, str]) -> object:
    """Leverage of one instrument."""
    return list_leverages(venue, account, query)[0]


def list_leverages(venue: Venue, account: Account, query: Mapping[str, str]) -> list[dict[str, str]]:
    """Leverage of up to twenty instruments."""
    symbols = require_text(query, "instId").split(",")
    if len(symbols) > _MOST_INSTRUMENTS:
        raise Refusal("152015", "Number of instId values exceeds the maximum limit of 20.")
    mode = read_choice(query, "marginMode", MARGIN_MODES, default="cross")
    hedged = mode == ISOLATED and account.position_mode != "net_mode"
    return [
        {
            "leverage": str(account.leverage_of(venue.market[symbol].listing, mode, side)),
            "marginMode": mode,
            "instId": symbol,
            "positionSide": side,
        }
        for symbol in symbols
        for side in (POSITION_SIDES[1:] if hedged else POSITION_SIDES[:1])
    ]


def list_open_orders(venue: Venue, account: Account, query: Mapping[str, str]) -> object:
    """Open orders, newest first."""
    chosen = [o for o in account.orders.values() if query.get("instId") in {None, "", o.request.symbol}]
    page = _page(chosen, query, name=lambda o: o.order_id, at=lambda o: o.created_ms)
    return [shapes.write_order(venue.floor, order) for order in page]


def list_past_orders(venue: Venue, account: Account, query: Mapping[str, str]) -> object:
    """Orders that are over, newest first."""
    chosen = [o for o in account.past_orders if query.get("instId") in {None, "", o.request.symbol}]
    page = _page(chosen, query, name=lambda o: o.order_id, at=lambda o: o.created_ms)
    return [shapes.write_past_order(venue.floor, order) for order in page]


def read_order(venue: Venue, account: Account, query: Mapping[str, str]) -> object:
    """One order, open or over."""
    wanted, client_id = query.get("orderId"), query.get("clientOrderId")
    for order in [*account.orders.values(), *account.past_orders]:
        if str(order.order_id) == wanted or (client_id and order.request.client_id == client_id):
            return shapes.write_past_order(venue.floor, order)
    raise Refusal("152002", "Parameter orderId error.")


def list_waiting(*, trigger: bool, past: bool) -> Callable[[Venue, Account, Mapping[str, str]], object]:
    """A handler for waiting orders of a kind, newest first."""

    def handle(venue: Venue, account: Account, query: Mapping[str, str]) -> object:
        source = account.past_waiting if past else account.waiting.values()
        chosen = [w for w in source if w.trigger == trigger and query.get("instId") in {None, "", w.request.symbol}]
        page = _page(chosen, query, name=lambda w: w.waiting_id, at=lambda w: w.created_ms)
        return [shapes.write_waiting(venue.floor, waiting) for waiting in page]

    return handle


def read_tpsl(venue: Venue, account: Account, query: Mapping[str, str]) -> object:
    """One take profit and stop loss."""
    wanted, client_id = query.get("tpslId"), query.get("clientOrderId")
    for waiting in [*account.waiting.values(), *account.past_waiting]:
        named = str(waiting.waiting_id) == wanted or (client_id and waiting.request.client_id == client_id)
        if named and not waiting.trigger:
            return shapes.write_waiting(venue.floor, waiting)
    raise Refusal("152002", "Parameter tpslId error.")


def list_fills(venue: Venue, account: Account, query: Mapping[str, str]) -> object:
    """Executions, newest first."""
    chosen = [
        fill
        for fill in account.fills
        if query.get("instId") in {None, "", fill.symbol} and query.get("orderId") in {None, "", str(fill.order_id)}
    ]
    page = _page(chosen, query, name=lambda fill: fill.trade_id, at=lambda fill: fill.ts)
    return [shapes.write_fill(venue.floor, fill) for fill in page]


def list_funding_fees(venue: Venue, account: Account, query: Mapping[str, str]) -> object:
    """Funding paid and received, newest first; fixtures have none, the fields are those ccxt reads elsewhere."""
    del venue
    chosen = [e for e in account.entries if e.kind == "funding" and query.get("instId") in {None, "", e.symbol}]
    page = _page(chosen, query, name=lambda entry: entry.ts, at=lambda entry: entry.ts)
    return [{"instId": e.symbol, "fundingFee": shapes.write_long(e.amount), "ts": str(e.ts)} for e in page]


def read_price_range(venue: Venue, account: Account, query: Mapping[str, str]) -> object:
    """Between which prices an order may lie."""
    del account
    instrument = venue.market[require_text(query, "instId")]
    read_choice(query, "side", ("buy", "sell"), default="buy")
    low, high = measure_price_band(instrument.listing, instrument.last_ticks)
    tick = instrument.listing.tick
    return {"maxPrice": shapes.write_long(high * tick), "minPrice": shapes.write_long(low * tick)}


def _page(items: Iterable[T], query: Mapping[str, str], *, name: Callable[[T], int], at: Callable[[T], int]) -> list[T]:
    """The newest items whose id lies between ``before`` and ``after`` and whose time from ``begin`` to ``end``."""
    before, after = read_whole(query, "before"), read_whole(query, "after")
    begin, end = read_whole(query, "begin"), read_whole(query, "end")
    limit = read_limit(query, "limit", default=_DEFAULT, most=_MOST)
    chosen = [
        item
        for item in items
        if (before is None or name(item) > before)
        and (after is None or name(item) < after)
        and (begin is None or at(item) >= begin)
        and (end is None or at(item) <= end)
    ]
    return sorted(chosen, key=name, reverse=True)[:limit]


READS: Final[Mapping[str, Callable[[Any, Any, Any], object]]] = {
    "/api/v1/account/balance": read_balance,
    "/api/v1/account/config": read_config,
    "/api/v1/account/positions": list_positions,
    "/api/v1/account/positions-history": list_past_positions,
    "/api/v1/account/margin-mode": read_margin_mode,
    "/api/v1/account/position-mode": read_position_mode,
    "/api/v1/account/leverage-info": read_leverage,
    "/api/v1/account/batch-leverage-info": list_leverages,
    "/api/v1/account/funding-fees": list_funding_fees,
    "/api/v1/asset/balances": list_assets,
    "/api/v1/asset/currencies": list_currencies,
    "/api/v1/user/query-apikey": read_key,
    "/api/v1/trade/orders-pending": list_open_orders,
    "/api/v1/trade/orders-history": list_past_orders,
    "/api/v1/trade/order-detail": read_order,
    "/api/v1/trade/orders-algo-pending": list_waiting(trigger=True, past=False),
    "/api/v1/trade/orders-algo-history": list_waiting(trigger=True, past=True),
    "/api/v1/trade/orders-tpsl-pending": list_waiting(trigger=False, past=False),
    "/api/v1/trade/orders-tpsl-history": list_waiting(trigger=False, past=True),
    "/api/v1/trade/order-tpsl-detail": read_tpsl,
    "/api/v1/trade/orders-tpsl-detail": read_tpsl,
    "/api/v1/trade/fills-history": list_fills,
    "/api/v1/trade/order/price-range": read_price_range,
}
