"""Order requests as they come over the wire, read into the engine's."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

from edgeproof.simulator.exchange.engine.refusal import Refusal, refuse_missing, refuse_parameter
from edgeproof.simulator.exchange.engine.trading.orders import Exit, OrderKind, OrderRequest, Protection
from edgeproof.simulator.exchange.engine.trading.positions import PositionKey
from edgeproof.simulator.exchange.protocol.request import read_choice, require_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edgeproof.simulator.exchange.engine.listing import Listing
    from edgeproof.simulator.exchange.engine.market import VenueMarket

MARGIN_MODES: Final = ("cross", "isolated")
POSITION_SIDES: Final = ("net", "long", "short")
WHOLE: Final = "-1"
_CLIENT_ID: Final = re.compile(r"[A-Za-z0-9_]{0,32}")
_LARGEST: Final = Decimal(10) ** 15


def read_order(market: VenueMarket, body: Mapping[str, Any]) -> OrderRequest:
    """An order of ``trade/order``."""
    listing = market[require_text(body, "instId")].listing
    kind = OrderKind(read_choice(body, "orderType", set(OrderKind), default=""))
    # The client that most people use asks for post-only in a field of its own.
    if kind is OrderKind.LIMIT and body.get("type") == OrderKind.POST_ONLY:
        kind = OrderKind.POST_ONLY
    ticks = None if kind is OrderKind.MARKET else read_price(listing, body, "price")
    return OrderRequest(
        symbol=listing.symbol,
        side=_read_side(body),
        kind=kind,
        margin_mode=_read_margin_mode(body),
        position_side=_read_position_side(body),
        lots=read_size(listing, body),
        ticks=ticks,
        reduce_only=read_flag(body, "reduceOnly"),
        client_id=read_client_id(body),
        broker_id=str(body.get("brokerId") or ""),
        protection=read_protection(listing, body),
    )


def read_waiting(market: VenueMarket, body: Mapping[str, Any]) -> OrderRequest:
    """What an order of ``trade/order-algo`` or ``trade/order-tpsl`` becomes; a size of -1 is the whole position."""
    listing = market[require_text(body, "instId")].listing
    whole = str(body.get("size", "")) == WHOLE
    attached = body.get("attachAlgoOrders")
    first = attached[0] if isinstance(attached, list) and attached and isinstance(attached[0], dict) else {}
    return OrderRequest(
        symbol=listing.symbol,
        side=_read_side(body),
        kind=OrderKind.MARKET,
        margin_mode=_read_margin_mode(body),
        position_side=_read_position_side(body),
        lots=None if whole else read_size(listing, body),
        reduce_only=read_flag(body, "reduceOnly"),
        client_id=read_client_id(body),
        broker_id=str(body.get("brokerId") or ""),
        protection=read_protection(listing, first),
    )


def read_trigger(market: VenueMarket, body: Mapping[str, Any]) -> Exit:
    """The price that a trigger order waits for."""
    listing = market[require_text(body, "instId")].listing
    return Exit(
        trigger_ticks=read_price(listing, body, "triggerPrice"), order_ticks=_read_exit(listing, body, "orderPrice")
    )


def read_protection(listing: Listing, body: Mapping[str, Any]) -> Protection:
    """Take profit and stop loss."""
    exits: dict[str, Exit | None] = {"tp": None, "sl": None}
    for name in exits:
        if body.get(f"{name}TriggerPrice"):
            exits[name] = Exit(
                trigger_ticks=read_price(listing, body, f"{name}TriggerPrice"),
                order_ticks=_read_exit(listing, body, f"{name}OrderPrice"),
            )
    return Protection(take=exits["tp"], stop=exits["sl"])


def read_price(listing: Listing, body: Mapping[str, Any], name: str) -> int:
    """A price, in ticks."""
    return _read_steps(body, name, listing.tick)


def read_size(listing: Listing, body: Mapping[str, Any]) -> int:
    """A size, in lots."""
    return _read_steps(body, "size", listing.lot)


def read_flag(body: Mapping[str, Any], name: str) -> bool:
    """A flag, which is text in the documentation and a boolean in some clients."""
    value = body.get(name, "false")
    if value not in {"true", "false", True, False, None, ""}:
        raise refuse_parameter(name)
    return value in {"true", True}


def read_client_id(body: Mapping[str, Any]) -> str:
    """The client's own id, or nothing."""
    value = body.get("clientOrderId") or ""
    if not isinstance(value, str) or not _CLIENT_ID.fullmatch(value):
        said = "must be a combination of numbers, letters, or underscores, and the maximum length of characters is 32"
        raise Refusal("152009", f"clientOrderId {said}")
    return value


def read_position_key(market: VenueMarket, body: Mapping[str, Any]) -> PositionKey:
    """Which position is meant."""
    symbol = market[require_text(body, "instId")].symbol
    return PositionKey(symbol, _read_margin_mode(body), _read_position_side(body))


def read_id(body: Mapping[str, Any], name: str) -> int | None:
    """An id that the exchange gave, or None where the client's own is given instead."""
    value = str(body.get(name) or "")
    if not value and not body.get("clientOrderId"):
        raise Refusal("152003", f"Either parameter {name} or clientOrderId is required.")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 19 else None  # noqa: PLR2004 - 64 bits


def _read_side(body: Mapping[str, Any]) -> str:
    return read_choice(body, "side", ("buy", "sell"), default="")


def _read_margin_mode(body: Mapping[str, Any]) -> str:
    if not body.get("marginMode"):
        raise refuse_missing("marginMode")
    return read_choice(body, "marginMode", MARGIN_MODES, default="")


def _read_position_side(body: Mapping[str, Any]) -> str:
    return read_choice(body, "positionSide", POSITION_SIDES, default="net")


def _read_exit(listing: Listing, body: Mapping[str, Any], name: str) -> int | None:
    """The price of an order to come, None at market, which is written -1."""
    value = body.get(name)
    return None if value is None or str(value) in {"", WHOLE} else read_price(listing, body, name)


def _read_steps(body: Mapping[str, Any], name: str, step: Decimal) -> int:
    value = body.get(name)
    if value is None or value == "":
        raise refuse_missing(name)
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise refuse_parameter(name)
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise refuse_parameter(name) from None
    if not number.is_finite() or not 0 < number < _LARGEST or number % step:
        raise refuse_parameter(name)
    return int(number / step)
