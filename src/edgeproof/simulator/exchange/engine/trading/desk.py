"""The trading desk: takes orders, moves accounts with the market."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from edgeproof.simulator.exchange.engine.market import TradeRow
from edgeproof.simulator.exchange.engine.refusal import Refusal, refuse_parameter
from edgeproof.simulator.exchange.engine.trading import checks
from edgeproof.simulator.exchange.engine.trading.accounts import CROSS, HEDGE, Account
from edgeproof.simulator.exchange.engine.trading.executions import (
    cancel_order,
    choose_concerned,
    find_position,
    match_resting,
    take_liquidity,
)
from edgeproof.simulator.exchange.engine.trading.orders import (
    STOP_LOSS,
    TAKE_PROFIT,
    Exit,
    Leg,
    Order,
    OrderKind,
    OrderRequest,
    OrderState,
    Protection,
    Waiting,
)
from edgeproof.simulator.exchange.engine.trading.risk import liquidate, settle_funding

if TYPE_CHECKING:
    from decimal import Decimal

    from edgeproof.simulator.exchange.engine.trades import Printed
    from edgeproof.simulator.exchange.engine.trading.floor import Floor
    from edgeproof.simulator.exchange.engine.trading.positions import PositionKey


class TradingDesk:
    """All that users may do, and what the market does to them."""

    def __init__(self, floor: Floor) -> None:
        self.floor = floor

    def open_account(self, user: str, balance: Decimal) -> Account:
        """An account with money in it."""
        account = self.floor.accounts.setdefault(user, Account(user=user))
        account.move(balance, kind="deposit", symbol="", ts=self.floor.now_ms)
        return account

    def place(self, account: Account, request: OrderRequest) -> Order:
        """Take an order and fill what can be filled at once.

        Raises:
            Refusal: The order breaks a rule of the instrument or the account.
        """
        instrument = self.floor.market[request.symbol]
        checks.check_account(account, request)
        checks.check_size(instrument.listing, request)
        checks.check_price(instrument.listing, request, instrument.last_ticks)
        entry = instrument.last_ticks if request.ticks is None else request.ticks
        checks.check_protection(request.protection, request.side, entry, limit=request.ticks is not None)
        order = self._write_order(account, request)
        self._check_money(account, order)
        self._accept(account, order)
        return order

    def cancel(self, account: Account, order_id: int | None, client_id: str) -> Order:
        """Cancel an open order, named by its id or the client's.

        Raises:
            Refusal: No such order is open.
        """
        for order in account.orders.values():
            if order.order_id == order_id or (client_id and order.request.client_id == client_id):
                cancel_order(self.floor, order, source="user_canceled", reason="Order canceled by user")
                return order
        raise _refuse_cancel()

    def wait(self, account: Account, request: OrderRequest, legs: tuple[Leg, ...], *, trigger: bool) -> Waiting:
        """Take an order that waits for prices.

        Raises:
            Refusal: The order breaks a rule of the instrument or the account.
        """
        instrument = self.floor.market[request.symbol]
        checks.check_account(account, request)
        checks.check_size(instrument.listing, request)
        waiting = Waiting(
            waiting_id=self.floor.next_id(),
            user=account.user,
            request=request,
            legs=legs,
            trigger=trigger,
            leverage=account.leverage_of(instrument.listing, request.margin_mode, request.position_side),
            created_ms=self.floor.now_ms,
            updated_ms=self.floor.now_ms,
        )
        if request.client_id:
            account.client_ids.add(request.client_id)
        account.waiting[waiting.waiting_id] = waiting
        self.floor.tell_waiting(waiting)
        return waiting

    def cancel_waiting(self, account: Account, waiting_id: int | None, client_id: str, *, trigger: bool) -> Waiting:
        """Cancel a waiting order.

        Raises:
            Refusal: No such order waits.
        """
        for waiting in account.waiting.values():
            named = waiting.waiting_id == waiting_id or (client_id and waiting.request.client_id == client_id)
            if named and waiting.trigger == trigger:
                waiting.state = OrderState.CANCELED
                self.floor.tell_waiting(waiting)
                return waiting
        raise _refuse_cancel()

    def close_position(self, account: Account, key: PositionKey, client_id: str) -> Order:
        """Close a whole position at market.

        Raises:
            Refusal: There is no such position.
        """
        position = account.positions.get(key)
        if position is None:
            raise Refusal("102005", "Position had been closed.")
        request = OrderRequest(
            symbol=key.symbol,
            side="sell" if position.lots > 0 else "buy",
            kind=OrderKind.MARKET,
            margin_mode=key.margin_mode,
            position_side=key.position_side,
            lots=abs(position.lots),
            reduce_only=True,
            client_id=client_id,
        )
        return self.place(account, request)

    def set_leverage(self, account: Account, key: PositionKey, leverage: int) -> None:
        """Set an instrument's leverage.

        Raises:
            Refusal: It is more than allowed, or cross orders are open.
        """
        listing = self.floor.market[key.symbol].listing
        if not 1 <= leverage <= listing.max_leverage:
            raise refuse_parameter("leverage")
        if key.margin_mode == CROSS and any(o.request.symbol == key.symbol for o in account.orders.values()):
            message = "You have pending cross orders. Please cancel them before adjusting your leverage."
            raise Refusal("110006", message)
        account.leverages[key.symbol, key.margin_mode, key.position_side] = leverage
        for position in account.positions.values():
            same_side = key.position_side in {"net", position.key.position_side}
            if position.key.symbol == key.symbol and position.key.margin_mode == key.margin_mode and same_side:
                position.leverage = leverage
        self.floor.news.accounts.add(account.user)

    def set_mode(self, account: Account, *, position_mode: str | None = None, margin_mode: str | None = None) -> None:
        """Set the account's modes.

        Raises:
            Refusal: Orders or positions are open.
        """
        wanted = (position_mode or account.position_mode, margin_mode or account.margin_mode)
        if wanted == (account.position_mode, account.margin_mode):
            return
        if account.orders or account.waiting or account.positions:
            raise Refusal("110019", "Setting failed. Cancel any open orders, and close positions first.")
        account.position_mode, account.margin_mode = wanted

    def follow(self, printed: Printed) -> None:
        """Take the market's trades in: resting orders, waiting orders, liquidation."""
        concerned = choose_concerned(self.floor.accounts.values())
        if not concerned:
            return
        batch = printed.batch
        columns = (batch.ts, batch.ticks, batch.lots, batch.buys)
        rows = zip(*(column.tolist() for column in columns), strict=True)
        for i, (ts, ticks, lots, buys) in enumerate(rows):
            trade = TradeRow(number=printed.first + i, ts=ts, ticks=ticks, lots=lots, buys=buys)
            self.floor.look_at(batch.symbol, ticks, ts)
            for account in concerned:
                match_resting(self.floor, account, batch.symbol, trade)
                self._attach_protections()
                self._trigger(account, batch.symbol, ticks)
                if account.positions:
                    liquidate(self.floor, account)
        self.floor.look_up()

    def settle(self, after_ms: int, until_ms: int) -> None:
        """Settle the funding that fell due."""
        for instrument in self.floor.market.instruments.values():
            for point in instrument.settled_between(after_ms, until_ms):
                for account in self.floor.accounts.values():
                    settle_funding(self.floor, account, instrument.symbol, point)

    def _write_order(self, account: Account, request: OrderRequest) -> Order:
        listing = self.floor.market[request.symbol].listing
        order = Order(
            order_id=self.floor.next_id(),
            user=account.user,
            request=request,
            lots=request.lots or 0,
            leverage=account.leverage_of(listing, request.margin_mode, request.position_side),
            created_ms=self.floor.now_ms,
            updated_ms=self.floor.now_ms,
        )
        position = find_position(account, order)
        against = abs(position.lots) if position is not None and position.lots * request.sign < 0 else 0
        if account.position_mode == HEDGE and (request.side == "buy") != (request.position_side == "long"):
            order.request = replace(request, reduce_only=True)
        if order.request.reduce_only or request.lots is None:
            if not against:
                told = "Failed to place order. You don't have any positions of this contract."
                raise Refusal("102022", f"{told} Turn off Reduce-only to continue.")
            order.lots = min(order.lots or against, against)
        return order

    def _check_money(self, account: Account, order: Order) -> None:
        request = order.request
        if request.reduce_only:
            return
        position = find_position(account, order)
        against = abs(position.lots) if position is not None and position.lots * request.sign < 0 else 0
        listing = self.floor.market[request.symbol].listing
        ticks = request.ticks or self.floor.mark(request.symbol)
        opening = max(0, order.lots - against) * ticks * listing.quote_per_step
        fee = order.lots * ticks * listing.quote_per_step * self.floor.taker_rate
        if opening / order.leverage + fee > self.floor.assess(account).available:
            raise Refusal("103003", "Order failed. Insufficient USDT margin in account")

    def _accept(self, account: Account, order: Order) -> None:
        if order.request.client_id:
            account.client_ids.add(order.request.client_id)
        account.orders[order.order_id] = order
        self.floor.tell_order(order)
        take_liquidity(self.floor, order)
        self._attach_protections()

    def _attach_protections(self) -> None:
        """Take profit and stop loss of orders that have filled begin to wait."""
        while self.floor.unprotected:
            order = self.floor.unprotected.pop(0)
            request = order.request
            exit_side = "sell" if request.side == "buy" else "buy"
            wanted = replace(
                request, side=exit_side, reduce_only=True, protection=Protection(), client_id="", ticks=None
            )
            legs = make_protection_legs(request.protection, exit_side)
            account = self.floor.accounts[order.user]
            order.protection_id = self.wait(account, wanted, legs, trigger=False).waiting_id

    def _trigger(self, account: Account, symbol: str, ticks: int) -> None:
        for waiting in list(account.waiting.values()):
            met = [leg for leg in waiting.legs if leg.is_met(ticks)]
            if waiting.request.symbol == symbol and met and waiting.state is OrderState.LIVE:
                self._release(account, waiting, met[0])

    def _release(self, account: Account, waiting: Waiting, leg: Leg) -> None:
        """Place the order that a waiting one becomes; one that is refused has failed."""
        order_ticks = leg.exit.order_ticks
        request = replace(
            waiting.request,
            kind=OrderKind.MARKET if order_ticks is None else OrderKind.LIMIT,
            ticks=order_ticks,
            client_id="",
            category=leg.category,
        )
        try:
            order = self.place(account, request)
        except Refusal:
            waiting.state = OrderState.FAILED
        else:
            waiting.state = OrderState.EFFECTIVE
            waiting.actual_lots = order.lots
        self.floor.tell_waiting(waiting)


def make_trigger_leg(trigger: Exit, last_ticks: int) -> Leg:
    """The leg of a trigger order: it waits for the price from where the last one stands."""
    return Leg(direction=1 if trigger.trigger_ticks > last_ticks else -1, exit=trigger)


def make_protection_legs(protection: Protection, exit_side: str) -> tuple[Leg, ...]:
    """Legs of take profit and stop loss; ``exit_side`` is the side of the order that closes."""
    gains = 1 if exit_side == "sell" else -1
    legs = []
    if protection.stop is not None:
        legs.append(Leg(direction=-gains, exit=protection.stop, category=STOP_LOSS))
    if protection.take is not None:
        legs.append(Leg(direction=gains, exit=protection.take, category=TAKE_PROFIT))
    return tuple(legs)


def _refuse_cancel() -> Refusal:
    return Refusal("102068", "Cancel failed as the order has been filled, triggered, canceled or does not exist.")
