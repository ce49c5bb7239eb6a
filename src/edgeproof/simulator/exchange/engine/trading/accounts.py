"""A user's account: money, settings, positions and orders, and the book of every movement of money."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgeproof.simulator.exchange.engine.listing import Listing
    from edgeproof.simulator.exchange.engine.trading.orders import Fill, Order, Waiting
    from edgeproof.simulator.exchange.engine.trading.positions import Position, PositionKey

NET: Final = "net_mode"
HEDGE: Final = "long_short_mode"
CROSS: Final = "cross"
ISOLATED: Final = "isolated"
_DEFAULT_LEVERAGE: Final = 3
_REMEMBERED: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One movement of money: what for, how much, and the balance after it."""

    ts: int
    kind: str
    symbol: str
    amount: Decimal
    balance: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What an account is worth now, quote units.

    Attributes:
        balance: Money paid in and realised.
        equity: Balance and unrealised profit.
        isolated_equity: Of it, isolated margins and their unrealised profit.
        isolated_profit, profit: Unrealised profit, isolated and whole.
        order_margin: Set aside for open orders.
        frozen: Set aside for orders and positions.
        available: What new orders may use.
        maintenance: What cross positions need to stay open.
        cross_equity: What they have.
    """

    balance: Decimal
    equity: Decimal
    isolated_equity: Decimal
    isolated_profit: Decimal
    profit: Decimal
    order_margin: Decimal
    frozen: Decimal
    available: Decimal
    maintenance: Decimal
    cross_equity: Decimal


@dataclass(slots=True, kw_only=True)
class Account:
    """One user's; only the trading desk changes it."""

    user: str
    balance: Decimal = Decimal(0)
    position_mode: str = NET
    margin_mode: str = CROSS
    leverages: dict[tuple[str, str, str], int] = field(default_factory=dict)
    positions: dict[PositionKey, Position] = field(default_factory=dict)
    closed_positions: deque[Position] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    orders: dict[int, Order] = field(default_factory=dict)
    past_orders: deque[Order] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    waiting: dict[int, Waiting] = field(default_factory=dict)
    past_waiting: deque[Waiting] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    fills: deque[Fill] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    entries: list[Entry] = field(default_factory=list)
    client_ids: set[str] = field(default_factory=set)

    def move(self, amount: Decimal, *, kind: str, symbol: str, ts: int) -> None:
        """Move money in or out, and write it down."""
        if amount:
            self.balance += amount
            self.entries.append(Entry(ts=ts, kind=kind, symbol=symbol, amount=amount, balance=self.balance))

    def leverage_of(self, listing: Listing, margin_mode: str, position_side: str) -> int:
        """The leverage set for an instrument."""
        found = self.leverages.get((listing.symbol, margin_mode, position_side))
        if found is None:
            found = self.leverages.get((listing.symbol, margin_mode, "net"), _DEFAULT_LEVERAGE)
        return min(found, listing.max_leverage)

    def assess(self, mark: Callable[[str], int], order_margin: Callable[[Order], Decimal]) -> Figures:
        """What the account is worth at the marks."""
        zero = Decimal(0)
        held = [(position, mark(position.key.symbol)) for position in self.positions.values()]
        cross = [(p, ticks) for p, ticks in held if p.key.margin_mode == CROSS]
        alone = [(p, ticks) for p, ticks in held if p.key.margin_mode == ISOLATED]
        cross_profit = sum((p.profit_at(ticks) for p, ticks in cross), zero)
        isolated_profit = sum((p.profit_at(ticks) for p, ticks in alone), zero)
        isolated_margin = sum((p.margin for p, _ in alone), zero)
        cross_margin = sum((p.initial_margin_at(ticks) for p, ticks in cross), zero)
        ordered = sum((order_margin(order) for order in self.orders.values()), zero)
        free = self.balance + cross_profit - isolated_margin - cross_margin - ordered
        return Figures(
            balance=self.balance,
            equity=self.balance + cross_profit + isolated_profit,
            isolated_equity=isolated_margin + isolated_profit,
            isolated_profit=isolated_profit,
            profit=cross_profit + isolated_profit,
            order_margin=ordered,
            frozen=isolated_margin + cross_margin + ordered,
            available=max(free, zero),
            maintenance=sum((p.maintenance_at(ticks) for p, ticks in cross), zero),
            cross_equity=self.balance - isolated_margin + cross_profit,
        )
