"""What the desk and its helpers share: accounts, marks, ids, fees, and news for the streams."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from typing import TYPE_CHECKING

from edgeproof.simulator.exchange.engine.trades import TradeBatch
from edgeproof.simulator.exchange.engine.trading.orders import Order, OrderState, Waiting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edgeproof.simulator.exchange.engine.market import VenueMarket
    from edgeproof.simulator.exchange.engine.trade_ids import TradeIds
    from edgeproof.simulator.exchange.engine.trades import Printed
    from edgeproof.simulator.exchange.engine.trading.accounts import Account, Figures
    from edgeproof.simulator.exchange.engine.trading.positions import Position

_FIRST_ORDER = 28_150_801


@dataclass(slots=True, kw_only=True)
class News:
    """What changed since it was last told, by user: each order as it stood after each change."""

    orders: list[tuple[str, Order]] = field(default_factory=list)
    waiting: list[tuple[str, Waiting]] = field(default_factory=list)
    closed: list[tuple[str, Position]] = field(default_factory=list)
    accounts: set[str] = field(default_factory=set)


class Floor:
    """Where trading happens."""

    def __init__(self, market: VenueMarket, ids: TradeIds, maker_rate: Decimal, taker_rate: Decimal) -> None:
        self.market = market
        self.maker_rate = maker_rate
        self.taker_rate = taker_rate
        self.accounts: dict[str, Account] = {}
        self.news = News()
        self.prints: list[Printed] = []
        self.unprotected: list[Order] = []
        self._moment_ms: int | None = None
        self._ids = ids
        self._marks: dict[str, int] = {}
        self._numbers: Iterator[int] = count(_FIRST_ORDER)

    def next_id(self) -> int:
        """A number no other order, position or waiting order has."""
        return next(self._numbers)

    def mark(self, symbol: str) -> int:
        """The price that profits and margins go by, in ticks: the last one."""
        return self._marks.get(symbol) or self.market[symbol].last_ticks

    @property
    def now_ms(self) -> int:
        """Time of the market; of the trade that is looked at while trades are gone through."""
        return self.market.now_ms if self._moment_ms is None else self._moment_ms

    def look_at(self, symbol: str, ticks: int, ts: int) -> None:
        """Go back to the moment of a trade: its price is the last one, its time is now."""
        self._marks[symbol] = ticks
        self._moment_ms = ts

    def look_up(self) -> None:
        """Return to the present."""
        self._marks.clear()
        self._moment_ms = None

    def take_prints(self) -> list[Printed]:
        """Trades that users made since the last call."""
        taken, self.prints = self.prints, []
        return taken

    def trade_id(self, number: int) -> int:
        """The public id of a trade."""
        return self._ids.of_number(number)

    def print_trade(self, symbol: str, ticks: int, lots: int, *, buys: bool) -> int:
        """Make a taker's execution public; its trade number."""
        batch = TradeBatch.of_one(symbol, ts=self.market.now_ms, ticks=ticks, lots=lots, buys=buys)
        printed = self.market[symbol].print_batch(batch)
        self.prints.append(printed)
        self._marks.pop(symbol, None)
        return printed.first

    def order_margin(self, order: Order) -> Decimal:
        """Money set aside for what is left of an order that may open a position."""
        if order.request.reduce_only or order.request.ticks is None:
            return Decimal(0)
        step = self.market[order.request.symbol].listing.quote_per_step
        value = order.left * order.request.ticks * step
        return value / order.leverage + value * self.taker_rate

    def assess(self, account: Account) -> Figures:
        """What an account is worth now."""
        return account.assess(self.mark, self.order_margin)

    def tell_order(self, order: Order) -> None:
        """Note a change of an order; one that is over moves to the past."""
        account = self.accounts[order.user]
        order.updated_ms = self.now_ms
        if not order.open and account.orders.pop(order.order_id, None) is not None:
            account.past_orders.append(order)
        self.news.orders.append((order.user, copy(order)))
        self.news.accounts.add(order.user)

    def tell_waiting(self, waiting: Waiting) -> None:
        """Note a change of a waiting order; one that is over moves to the past."""
        account = self.accounts[waiting.user]
        waiting.updated_ms = self.now_ms
        if waiting.state is not OrderState.LIVE and account.waiting.pop(waiting.waiting_id, None) is not None:
            account.past_waiting.append(waiting)
        self.news.waiting.append((waiting.user, copy(waiting)))

    def take_news(self) -> News:
        """What changed since the last call."""
        taken, self.news = self.news, News()
        return taken
