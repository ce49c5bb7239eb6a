"""Liquidation and funding: what happens to positions without anybody asking."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from edgeproof.simulator.exchange.engine.trading.accounts import CROSS, ISOLATED
from edgeproof.simulator.exchange.engine.trading.executions import cancel_order, execute
from edgeproof.simulator.exchange.engine.trading.orders import LIQUIDATION, Order, OrderKind, OrderRequest

if TYPE_CHECKING:
    from edgeproof.simulator.exchange.engine.market import FundingPoint
    from edgeproof.simulator.exchange.engine.trading.accounts import Account
    from edgeproof.simulator.exchange.engine.trading.floor import Floor
    from edgeproof.simulator.exchange.engine.trading.positions import Position


def liquidate(floor: Floor, account: Account) -> None:
    """Close what can no longer be held: an isolated position by its own margin, all cross ones by the account's.

    A position is closed at the mark. What that loses beyond the margin is paid by the exchange, so an isolated
    position never costs more than its margin and a cross account never falls below what its isolated margins need.
    """
    for position in [p for p in account.positions.values() if p.key.margin_mode == ISOLATED]:
        ticks = floor.mark(position.key.symbol)
        margin = position.margin
        if margin + position.profit_at(ticks) <= position.maintenance_at(ticks):
            before = account.balance
            _close(floor, account, position)
            _make_good(floor, account, before - margin, position.key.symbol)
    cross = [p for p in account.positions.values() if p.key.margin_mode == CROSS]
    figures = floor.assess(account)
    if not cross or figures.cross_equity > figures.maintenance:
        return
    for order in [o for o in account.orders.values() if o.request.margin_mode == CROSS]:
        cancel_order(floor, order, source="liquidation", reason="Order canceled by liquidation")
    for position in cross:
        _close(floor, account, position)
    isolated = sum((p.margin for p in account.positions.values()), Decimal(0))
    _make_good(floor, account, isolated, cross[0].key.symbol)


def settle_funding(floor: Floor, account: Account, symbol: str, point: FundingPoint) -> None:
    """Pay or receive funding on every position of an instrument; at a positive rate longs pay shorts."""
    for position in account.positions.values():
        if position.key.symbol == symbol:
            value = position.value_at(floor.mark(symbol)) * (1 if position.lots > 0 else -1)
            amount = -value * Decimal(repr(point.rate))
            account.move(amount, kind="funding", symbol=symbol, ts=point.ts)
            if position.key.margin_mode == ISOLATED:
                position.margin = max(Decimal(0), position.margin + amount)
            floor.news.accounts.add(account.user)


def _close(floor: Floor, account: Account, position: Position) -> None:
    key, lots = position.key, abs(position.lots)
    order = Order(
        order_id=floor.next_id(),
        user=account.user,
        request=OrderRequest(
            symbol=key.symbol,
            side="sell" if position.lots > 0 else "buy",
            kind=OrderKind.MARKET,
            margin_mode=key.margin_mode,
            position_side=key.position_side,
            lots=lots,
            reduce_only=True,
            category=LIQUIDATION,
        ),
        lots=lots,
        leverage=position.leverage,
        created_ms=floor.now_ms,
        updated_ms=floor.now_ms,
    )
    account.orders[order.order_id] = order
    position.liquidated += lots
    ticks = floor.mark(key.symbol)
    number = floor.print_trade(key.symbol, ticks, lots, buys=order.request.side == "buy")
    execute(floor, order, ticks, lots, number=number, maker=False)


def _make_good(floor: Floor, account: Account, least: Decimal, symbol: str) -> None:
    """The exchange pays what a liquidation lost beyond the margin."""
    if account.balance < least:
        account.move(least - account.balance, kind="insurance", symbol=symbol, ts=floor.now_ms)
