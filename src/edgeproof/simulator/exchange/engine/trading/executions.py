"""How orders fill: against the book when they take, against passing trades when they rest.

The book is not used up: an order that takes finds the levels as the market draws them, and its trades are printed. An
order that rests fills once a trade goes through its price, or once the trades at its price have used up what stood
before it. Users trade with the market and never with each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgeproof.simulator.exchange.engine.trading.orders import Fill, Order, OrderKind, OrderState
from edgeproof.simulator.exchange.engine.trading.positions import Position, PositionKey

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edgeproof.simulator.exchange.engine.market import TradeRow
    from edgeproof.simulator.exchange.engine.trading.accounts import Account
    from edgeproof.simulator.exchange.engine.trading.floor import Floor


def take_liquidity(floor: Floor, order: Order) -> None:
    """Fill an order against the book as far as its price reaches; what is left rests or is canceled by its kind."""
    request = order.request
    steps = _walk_book(floor, order)
    if request.kind is OrderKind.FOK and sum(lots for _, lots in steps) < order.lots:
        steps = []
    if request.kind is OrderKind.POST_ONLY and steps:
        cancel_order(floor, order, source="post_only", reason="Post-only order would have taken liquidity")
        return
    for ticks, lots in steps:
        if order.open:
            number = floor.print_trade(request.symbol, ticks, lots, buys=request.side == "buy")
            execute(floor, order, ticks, lots, number=number, maker=False)
    if order.open and request.kind in {OrderKind.LIMIT, OrderKind.POST_ONLY}:
        order.queue_ahead = _measure_queue(floor, order)
    elif order.open:
        cancel_order(floor, order, source="system_canceled", reason="Not filled at once")


def match_resting(floor: Floor, account: Account, symbol: str, trade: TradeRow) -> None:
    """Fill a user's resting orders that a trade of the market reaches, best price first."""
    resting = [o for o in account.orders.values() if o.request.symbol == symbol and o.request.ticks is not None]
    room = trade.lots
    for order in sorted(resting, key=lambda o: (-o.request.sign * (o.request.ticks or 0), o.order_id)):
        reached = _reach(order, trade, room)
        if reached:
            room -= reached
            execute(floor, order, order.request.ticks or trade.ticks, reached, number=trade.number, maker=True)


def execute(  # noqa: PLR0913 - what a fill is
    floor: Floor, order: Order, ticks: int, lots: int, *, number: int, maker: bool
) -> None:
    """Book one fill of an order: position, fee, profit, state."""
    account = floor.accounts[order.user]
    request = order.request
    listing = floor.market[request.symbol].listing
    position = _open_position(floor, account, order)
    lots = min(lots, abs(position.lots)) if request.reduce_only else lots
    if not lots:
        cancel_order(floor, order, source="reduce_only", reason="No position left to reduce")
        return
    value = ticks * lots * listing.quote_per_step
    fee = value * (floor.maker_rate if maker else floor.taker_rate)
    now_ms = floor.now_ms
    profit = position.fill(request.sign * lots, ticks)
    position.fees += fee
    position.updated_ms = now_ms
    account.move(profit, kind="realised profit", symbol=request.symbol, ts=now_ms)
    account.move(-fee, kind="fee", symbol=request.symbol, ts=now_ms)
    order.filled += lots
    order.filled_steps += ticks * lots
    order.fee += fee
    order.pnl += profit
    order.state = OrderState.PARTIALLY_FILLED if order.left else OrderState.FILLED
    trade_id = floor.trade_id(number)
    account.fills.append(
        Fill(
            trade_id=trade_id,
            order_id=order.order_id,
            user=order.user,
            symbol=request.symbol,
            side=request.side,
            position_side=request.position_side,
            ticks=ticks,
            lots=lots,
            fee=fee,
            pnl=profit,
            maker=maker,
            ts=now_ms,
        )
    )
    if order.state is OrderState.FILLED and request.protection:
        floor.unprotected.append(order)
    floor.tell_order(order)
    if not position.lots:
        close_position(floor, account, position)


def cancel_order(floor: Floor, order: Order, *, source: str, reason: str) -> None:
    """End an order that still had something to fill."""
    order.state = OrderState.CANCELED
    order.cancel_source = source
    order.cancel_reason = reason
    floor.tell_order(order)


def close_position(floor: Floor, account: Account, position: Position) -> None:
    """Move a position that holds nothing any more to the past."""
    del account.positions[position.key]
    account.closed_positions.append(position)
    floor.news.closed.append((account.user, position))


def find_position(account: Account, order: Order) -> Position | None:
    """The position that an order adds to or takes from."""
    return account.positions.get(_key_of(order))


def _key_of(order: Order) -> PositionKey:
    request = order.request
    return PositionKey(request.symbol, request.margin_mode, request.position_side)


def _open_position(floor: Floor, account: Account, order: Order) -> Position:
    key = _key_of(order)
    if key not in account.positions:
        account.positions[key] = Position(
            position_id=floor.next_id(),
            key=key,
            listing=floor.market[key.symbol].listing,
            leverage=order.leverage,
            created_ms=floor.now_ms,
            updated_ms=floor.now_ms,
        )
    return account.positions[key]


def _walk_book(floor: Floor, order: Order) -> list[tuple[int, int]]:
    """Levels that an order reaches and what it takes of each."""
    request = order.request
    instrument = floor.market[request.symbol]
    depth = instrument.read_depth(floor.market.now_ms)
    side = depth.asks if request.side == "buy" else depth.bids
    steps, left = [], order.left
    for ticks, lots in zip(side.ticks.tolist(), side.lots.tolist(), strict=True):
        beyond = request.ticks is not None and (ticks - request.ticks) * request.sign > 0
        if not left or beyond:
            break
        steps.append((ticks, min(lots, left)))
        left -= steps[-1][1]
    return steps


def _measure_queue(floor: Floor, order: Order) -> int:
    """Lots that stand before an order at its price."""
    depth = floor.market[order.request.symbol].read_depth(floor.market.now_ms)
    side = depth.bids if order.request.side == "buy" else depth.asks
    return int(side.lots[np.flatnonzero(side.ticks == order.request.ticks)].sum())


def _reach(order: Order, trade: TradeRow, room: int) -> int:
    """How many lots of a trade an order gets."""
    request = order.request
    through = ((request.ticks or 0) - trade.ticks) * request.sign
    hit = trade.buys != (request.side == "buy")
    if through < 0 or (through == 0 and not hit):
        return 0
    if through > 0:
        return min(order.left, room)
    passed = max(0, room - order.queue_ahead)
    order.queue_ahead = max(0, order.queue_ahead - room)
    return min(order.left, passed)


def choose_concerned(accounts: Iterable[Account]) -> list[Account]:
    """Accounts that a passing trade may concern."""
    return [a for a in accounts if a.orders or a.waiting or a.positions]
