"""Accounts, orders, positions and fills in the words of the wire."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from edgeproof.simulator.exchange.engine.trading.accounts import CROSS, HEDGE
from edgeproof.simulator.exchange.engine.trading.orders import Protection
from edgeproof.simulator.exchange.protocol.shapes import write_decimal

if TYPE_CHECKING:
    from edgeproof.simulator.exchange.engine.listing import Listing
    from edgeproof.simulator.exchange.engine.trading.accounts import Account
    from edgeproof.simulator.exchange.engine.trading.floor import Floor
    from edgeproof.simulator.exchange.engine.trading.orders import Exit, Fill, Order, Waiting
    from edgeproof.simulator.exchange.engine.trading.positions import Position

_LEAST_ADL: Final = "1"
_AT_MARKET: Final = "-1"


def write_long(value: Decimal) -> str:
    """Eighteen decimals, as orders and fills carry them."""
    return f"{value:.18f}"


def write_order(floor: Floor, order: Order) -> dict[str, Any]:
    """An open order of REST."""
    request = order.request
    listing = floor.market[request.symbol].listing
    return {
        "orderId": str(order.order_id),
        "clientOrderId": request.client_id,
        "instId": request.symbol,
        "marginMode": request.margin_mode,
        "positionSide": request.position_side,
        "side": request.side,
        "orderType": request.kind.value,
        "price": write_long((request.ticks or 0) * listing.tick),
        "size": write_long(order.lots * listing.lot),
        "reduceOnly": "true" if request.reduce_only else "false",
        "leverage": str(order.leverage),
        "state": order.state.value,
        "filledSize": write_long(order.filled * listing.lot),
        "filled_amount": write_long(order.filled * listing.base_per_lot),
        "averagePrice": write_long(_average(order, listing)),
        "fee": write_long(order.fee),
        "pnl": write_long(order.pnl),
        "createTime": str(order.created_ms),
        "updateTime": str(order.updated_ms),
        "orderCategory": request.category,
        **_write_protection(request.protection, listing),
        "algoClientOrderId": "",
        "algoId": str(order.protection_id or ""),
        "brokerId": request.broker_id,
    }


def write_past_order(floor: Floor, order: Order) -> dict[str, Any]:
    """An order of the history."""
    reason = {"cancelSource": order.cancel_source, "cancelSourceReason": order.cancel_reason}
    return write_order(floor, order) | reason


def write_pushed_order(floor: Floor, order: Order) -> dict[str, Any]:
    """An order of the ``orders`` channel."""
    told = write_order(floor, order)
    told["filledAmount"] = told.pop("filled_amount")
    sources = {"cancelSource": "" if order.open else order.cancel_source}
    types = {
        "tpTriggerPriceType": _type_of(told["tpTriggerPrice"]),
        "slTriggerPriceType": _type_of(told["slTriggerPrice"]),
    }
    return {"instType": "SWAP"} | told | sources | types


def write_waiting(floor: Floor, waiting: Waiting) -> dict[str, Any]:
    """A trigger order, or take profit and stop loss, of REST."""
    return _write_trigger(floor, waiting) if waiting.trigger else _write_tpsl(floor, waiting)


def write_pushed_waiting(floor: Floor, waiting: Waiting) -> dict[str, Any]:
    """A waiting order of the ``orders-algo`` channel."""
    listing = floor.market[waiting.request.symbol].listing
    told = _write_common(floor, waiting)
    names = {"instType": "SWAP", "tpslId": str(waiting.waiting_id), "algoId": str(waiting.waiting_id)}
    exits = _write_protection(_legs_to_protection(waiting), listing)
    trigger = waiting.legs[0].exit if waiting.trigger else None
    return (
        names
        | told
        | exits
        | {
            "orderType": "trigger" if waiting.trigger else "conditional",
            "triggerPrice": None if trigger is None else listing.price_text(trigger.trigger_ticks),
            "triggerPriceType": "last",
            "orderPrice": None if trigger is None else _write_exit(trigger, listing),
            "actualSize": _write_actual(waiting, listing) or "",
            "actualSide": "",
            "cancelType": "user_canceled" if waiting.state.value == "canceled" else "not_canceled",
            "attachAlgoOrders": _write_attached(waiting, listing),
        }
    )


def write_position(floor: Floor, account: Account, position: Position) -> dict[str, Any]:
    """A position; in net mode its sign is its direction."""
    listing, key = position.listing, position.key
    ticks = floor.mark(key.symbol)
    hedged = account.position_mode == HEDGE
    size = write_decimal((abs(position.lots) if hedged else position.lots) * listing.lot)
    profit, value, maintenance = position.profit_at(ticks), position.value_at(ticks), position.maintenance_at(ticks)
    cross = key.margin_mode == CROSS
    initial = position.initial_margin_at(ticks) if cross else position.margin
    backing = floor.assess(account).cross_equity if cross else position.margin + profit
    cushion = backing - profit
    price = position.liquidation_price(cushion) if position.lots else None
    margins = {"initialMargin": write_decimal(initial), "margin": ""} if cross else {"margin": write_decimal(initial)}
    return {
        "positionId": str(position.position_id),
        "instId": key.symbol,
        "instType": "SWAP",
        "marginMode": key.margin_mode,
        "positionSide": key.position_side,
        "adl": _LEAST_ADL,
        "positions": size,
        "availablePositions": size,
        "averagePrice": write_decimal(position.average),
        **margins,
        "markPrice": listing.price_text(ticks),
        "marginRatio": write_decimal(_ratio(backing, maintenance)),
        "liquidationPrice": "" if price is None else write_decimal(round(price, 18)),
        "unrealizedPnl": write_decimal(profit),
        "unrealizedPnlRatio": write_decimal(_ratio(profit * position.leverage, value)),
        "maintenanceMargin": write_decimal(maintenance),
        "createTime": str(position.created_ms),
        "updateTime": str(position.updated_ms),
        "leverage": str(position.leverage),
    }


def write_past_position(position: Position) -> dict[str, Any]:
    """A closed position."""
    listing, key = position.listing, position.key
    entry = position.average
    cost = position.closed * listing.base_per_lot * entry / position.leverage
    return {
        "historyId": str(position.position_id),
        "positionId": str(position.position_id),
        "instId": key.symbol,
        "instType": "SWAP",
        "side": "buy" if position.opened_long else "sell",
        "marginMode": key.margin_mode,
        "positionSide": key.position_side,
        "closePositions": write_decimal(position.closed * listing.lot),
        "maxPositions": write_decimal(position.largest * listing.lot),
        "liquidationPositions": write_decimal(position.liquidated * listing.lot),
        "openAveragePrice": write_decimal(entry),
        "closeAveragePrice": write_decimal(_ratio(position.closed_value, Decimal(position.closed))),
        "createTime": str(position.created_ms),
        "updateTime": str(position.updated_ms),
        "leverage": str(position.leverage),
        "realizedPnl": write_decimal(position.realised),
        "realizedPnlRatio": write_decimal(_ratio(position.realised, cost)),
        "fee": write_decimal(position.fees),
    }


def write_fill(floor: Floor, fill: Fill) -> dict[str, Any]:
    """An execution."""
    listing = floor.market[fill.symbol].listing
    return {
        "instId": fill.symbol,
        "tradeId": str(fill.trade_id),
        "orderId": str(fill.order_id),
        "fillPrice": write_long(fill.ticks * listing.tick),
        "fillSize": write_long(fill.lots * listing.lot),
        "fillPnl": write_long(fill.pnl),
        "positionSide": fill.position_side,
        "side": fill.side,
        "fee": write_long(fill.fee),
        "ts": str(fill.ts),
        "brokerId": "",
    }


def write_balance(floor: Floor, account: Account, *, pushed: bool = False) -> dict[str, Any]:
    """The account's money. Streams tell unrealised profit where REST tells a bonus."""
    figures = floor.assess(account)
    ts = str(floor.now_ms)
    extra = {"unrealizedPnl": write_decimal(figures.profit)} if pushed else {"bonus": "0"}
    return {
        "ts": ts,
        "totalEquity": write_decimal(figures.equity),
        "isolatedEquity": write_decimal(figures.isolated_equity),
        "details": [
            {
                "currency": "USDT",
                "equity": write_decimal(figures.equity),
                "balance": write_decimal(figures.balance),
                "ts": ts,
                "isolatedEquity": write_decimal(figures.isolated_equity),
                "available": write_decimal(figures.available),
                "availableEquity": write_decimal(figures.available),
                "frozen": write_decimal(figures.frozen),
                "orderFrozen": write_decimal(figures.order_margin),
                "equityUsd": write_decimal(figures.equity),
                "isolatedUnrealizedPnl": write_decimal(figures.isolated_profit),
                **extra,
            }
        ],
    }


def _write_common(floor: Floor, waiting: Waiting) -> dict[str, Any]:
    request = waiting.request
    listing = floor.market[request.symbol].listing
    return {
        "clientOrderId": request.client_id,
        "instId": request.symbol,
        "marginMode": request.margin_mode,
        "positionSide": request.position_side,
        "side": request.side,
        "size": _AT_MARKET if request.lots is None else write_decimal(request.lots * listing.lot),
        "reduceOnly": "true" if request.reduce_only else "false",
        "leverage": str(waiting.leverage),
        "state": waiting.state.value,
        "createTime": str(waiting.created_ms),
        "updateTime": str(waiting.updated_ms),
        "brokerId": request.broker_id,
    }


def _write_trigger(floor: Floor, waiting: Waiting) -> dict[str, Any]:
    listing = floor.market[waiting.request.symbol].listing
    exit_ = waiting.legs[0].exit
    return _write_common(floor, waiting) | {
        "algoId": str(waiting.waiting_id),
        "orderType": "trigger",
        "actualSize": _write_actual(waiting, listing),
        "triggerPrice": write_long(exit_.trigger_ticks * listing.tick),
        "triggerPriceType": "last",
        "orderPrice": _write_exit(exit_, listing),
        "attachAlgoOrders": _write_attached(waiting, listing),
    }


def _write_tpsl(floor: Floor, waiting: Waiting) -> dict[str, Any]:
    listing = floor.market[waiting.request.symbol].listing
    return _write_common(floor, waiting) | {
        "tpslId": str(waiting.waiting_id),
        "orderType": None,
        "actualSize": _write_actual(waiting, listing),
        "orderCategory": "normal",
        **_write_protection(_legs_to_protection(waiting), listing),
    }


def _legs_to_protection(waiting: Waiting) -> Protection:
    if waiting.trigger:
        return Protection()
    exits = {leg.category: leg.exit for leg in waiting.legs}
    return Protection(take=exits.get("tp"), stop=exits.get("sl"))


def _write_protection(protection: Protection, listing: Listing) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for name, exit_ in (("tp", protection.take), ("sl", protection.stop)):
        told[f"{name}TriggerPrice"] = None if exit_ is None else write_long(exit_.trigger_ticks * listing.tick)
        told[f"{name}OrderPrice"] = None if exit_ is None else _write_exit(exit_, listing)
    return told


def _write_attached(waiting: Waiting, listing: Listing) -> list[dict[str, Any]]:
    protection = waiting.request.protection
    if not protection:
        return []
    told = _write_protection(protection, listing)
    return [told | {f"{name}TriggerPriceType": _type_of(told[f"{name}TriggerPrice"]) for name in ("tp", "sl")}]


def _write_exit(exit_: Exit, listing: Listing) -> str:
    return _AT_MARKET if exit_.order_ticks is None else write_long(exit_.order_ticks * listing.tick)


def _write_actual(waiting: Waiting, listing: Listing) -> str | None:
    return None if waiting.actual_lots is None else write_decimal(waiting.actual_lots * listing.lot)


def _type_of(price: object) -> str | None:
    return None if price is None else "last"


def _average(order: Order, listing: Listing) -> Decimal:
    return order.filled_steps * listing.tick / order.filled if order.filled else Decimal(0)


def _ratio(value: Decimal, by: Decimal) -> Decimal:
    return round(value / by, 18) if by else Decimal(0)
