"""Private REST: what a user may do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from edgeproof.simulator.exchange.engine.refusal import Refusal, refuse_parameter
from edgeproof.simulator.exchange.engine.trading import checks
from edgeproof.simulator.exchange.engine.trading.accounts import CROSS, HEDGE, NET
from edgeproof.simulator.exchange.engine.trading.desk import make_protection_legs, make_trigger_leg
from edgeproof.simulator.exchange.protocol import order_forms as forms
from edgeproof.simulator.exchange.protocol.request import read_choice, read_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from edgeproof.simulator.exchange.engine.trading.accounts import Account
    from edgeproof.simulator.exchange.engine.venue import Venue

_MOST_IN_A_BATCH: Final = 20


class BatchOutcome(Exception):  # noqa: N818 - an answer, not an error
    """An answer in which all or some items failed: it carries a code of its own, and the items' answers."""

    def __init__(self, code: str, data: list[dict[str, Any]]) -> None:
        self.code = code
        self.data = data
        super().__init__(code)


def place_order(venue: Venue, account: Account, body: Mapping[str, Any]) -> object:
    """One order; the answer is a list of one, and a refusal stands in that item alone."""
    return _answer_each([body], lambda item: _place(venue, account, item), "orderId")[0]


def place_orders(venue: Venue, account: Account, body: list[Any]) -> object:
    """Up to twenty orders of one instrument and margin mode."""
    items = _read_batch(body)
    if len({(item.get("instId"), item.get("marginMode")) for item in items}) > 1:
        raise Refusal("152007", "Batch orders can only be placed with the same instId and marginMode.")
    return _sum_up(_answer_each(items, lambda item: _place(venue, account, item), "orderId"))


def cancel_order(venue: Venue, account: Account, body: Mapping[str, Any]) -> object:
    """Cancel one order; a refusal stands in the item alone."""
    return _answer_each([body], lambda item: _cancel(venue, account, item), "orderId")[0]


def cancel_orders(venue: Venue, account: Account, body: list[Any]) -> object:
    """Cancel up to twenty orders."""
    return _sum_up(_answer_each(_read_batch(body), lambda item: _cancel(venue, account, item), "orderId"))


def place_trigger(venue: Venue, account: Account, body: Mapping[str, Any]) -> object:
    """An order that waits for a price."""
    if body.get("orderType") != "trigger":
        raise refuse_parameter("orderType")
    request, trigger = forms.read_waiting(venue.market, body), forms.read_trigger(venue.market, body)
    last = venue.market[request.symbol].last_ticks
    waiting = venue.desk.wait(account, request, (make_trigger_leg(trigger, last),), trigger=True)
    return {"algoId": str(waiting.waiting_id), "clientOrderId": request.client_id or None, "code": "0", "msg": None}


def place_tpsl(venue: Venue, account: Account, body: Mapping[str, Any]) -> object:
    """Take profit and stop loss for a position."""
    request = forms.read_waiting(venue.market, body)
    instrument = venue.market[request.symbol]
    protection = forms.read_protection(instrument.listing, body)
    if not protection:
        raise Refusal("152003", "Either parameter tpTriggerPrice or slTriggerPrice is required.")
    entry_side = "sell" if request.side == "buy" else "buy"
    checks.check_protection(protection, entry_side, instrument.last_ticks, limit=False)
    legs = make_protection_legs(protection, request.side)
    waiting = venue.desk.wait(account, request, legs, trigger=False)
    return {"tpslId": str(waiting.waiting_id), "clientOrderId": request.client_id or None, "code": "0", "msg": None}


def cancel_trigger(venue: Venue, account: Account, body: Mapping[str, Any]) -> object:
    """Cancel a trigger order."""
    wanted, client_id = forms.read_id(body, "algoId"), forms.read_client_id(body)
    waiting = venue.desk.cancel_waiting(account, wanted, client_id, trigger=True)
    return {"algoId": str(waiting.waiting_id), "clientOrderId": waiting.request.client_id or None}


def cancel_tpsl(venue: Venue, account: Account, body: list[Any]) -> object:
    """Cancel take profits and stop losses; the body is a list."""

    def cancel(item: Mapping[str, Any]) -> tuple[str, str | None]:
        wanted, client_id = forms.read_id(item, "tpslId"), forms.read_client_id(item)
        waiting = venue.desk.cancel_waiting(account, wanted, client_id, trigger=False)
        return str(waiting.waiting_id), waiting.request.client_id or None

    return _sum_up(_answer_each(_read_batch(body), cancel, "tpslId"))


def close_position(venue: Venue, account: Account, body: Mapping[str, Any]) -> object:
    """Close a whole position at market."""
    key = forms.read_position_key(venue.market, body)
    client_id = forms.read_client_id(body)
    venue.desk.close_position(account, key, client_id)
    return {"instId": key.symbol, "positionSide": key.position_side, "clientOrderId": client_id}


def set_leverage(venue: Venue, account: Account, body: Mapping[str, Any]) -> object:
    """Set an instrument's leverage."""
    key = forms.read_position_key(venue.market, body)
    leverage = read_whole(body, "leverage")
    if leverage is None:
        raise refuse_parameter("leverage")
    if key.margin_mode == CROSS and key.position_side != "net":
        raise refuse_parameter("positionSide")
    venue.desk.set_leverage(account, key, leverage)
    answer = {"leverage": str(leverage), "marginMode": key.margin_mode, "instId": key.symbol}
    return answer | {"positionSide": key.position_side}


def set_margin_mode(venue: Venue, account: Account, body: Mapping[str, Any]) -> object:
    """Cross or isolated, for the whole account."""
    mode = read_choice(body, "marginMode", forms.MARGIN_MODES, default="")
    venue.desk.set_mode(account, margin_mode=mode)
    return {"marginMode": mode}


def set_position_mode(venue: Venue, account: Account, body: Mapping[str, Any]) -> object:
    """Net or hedge, for the whole account."""
    mode = read_choice(body, "positionMode", (NET, HEDGE), default="")
    venue.desk.set_mode(account, position_mode=mode)
    return {"positionMode": mode}


def _place(venue: Venue, account: Account, body: Mapping[str, Any]) -> tuple[str, str | None]:
    order = venue.desk.place(account, forms.read_order(venue.market, body))
    return str(order.order_id), order.request.client_id


def _cancel(venue: Venue, account: Account, body: Mapping[str, Any]) -> tuple[str, str | None]:
    order = venue.desk.cancel(account, forms.read_id(body, "orderId"), forms.read_client_id(body))
    return str(order.order_id), order.request.client_id or None


def _read_batch(body: list[Any]) -> list[Mapping[str, Any]]:
    if not body or not all(isinstance(item, dict) for item in body):
        raise Refusal("152004", "JSON syntax error.")
    if len(body) > _MOST_IN_A_BATCH:
        raise Refusal("152006", "Batch orders can be placed for up to 20 at once.")
    return body


def _answer_each(
    items: list[Mapping[str, Any]], act: Callable[[Mapping[str, Any]], tuple[str, str | None]], name: str
) -> tuple[list[dict[str, Any]], int]:
    """Do each item and answer each; an item that is refused does not stop the others. Also how many failed."""
    answers: list[dict[str, Any]] = []
    failed = 0
    for item in items:
        try:
            made, client_id = act(item)
        except Refusal as refusal:
            failed += 1
            known = item.get("clientOrderId") or ""
            answers.append({name: None, "clientOrderId": known, "msg": refusal.message, "code": refusal.code})
        else:
            answers.append({name: made, "clientOrderId": client_id, "msg": "success", "code": "0"})
    return answers, failed


def _sum_up(outcome: tuple[list[dict[str, Any]], int]) -> list[dict[str, Any]]:
    """A batch's answers; where items failed the whole answer says so."""
    answers, failed = outcome
    if failed:
        raise BatchOutcome("1" if failed == len(answers) else "2", answers)
    return answers


WRITES: Final[Mapping[str, Callable[[Any, Any, Any], object]]] = {
    "/api/v1/trade/order": place_order,
    "/api/v1/trade/batch-orders": place_orders,
    "/api/v1/trade/cancel-order": cancel_order,
    "/api/v1/trade/cancel-batch-orders": cancel_orders,
    "/api/v1/trade/order-algo": place_trigger,
    "/api/v1/trade/order-tpsl": place_tpsl,
    "/api/v1/trade/cancel-algo": cancel_trigger,
    "/api/v1/trade/cancel-tpsl": cancel_tpsl,
    "/api/v1/trade/close-position": close_position,
    "/api/v1/account/set-leverage": set_leverage,
    "/api/v1/account/set-margin-mode": set_margin_mode,
    "/api/v1/account/set-position-mode": set_position_mode,
}
LIST_BODIES: Final = frozenset(
    {"/api/v1/trade/batch-orders", "/api/v1/trade/cancel-batch-orders", "/api/v1/trade/cancel-tpsl"}
)
