"""The account of the portfolio's specification: positions and resting orders by leg, and what they make of its cash."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from edgeproof.kernels.portfolio_account import are_together
from edgeproof.kernels.portfolio_records import CUT, DAILY_LOSS, MISSED, NEVER, PortfolioExtras
from edgeproof.kernels.replay_extras import (
    cut_to_fill,
    find_limit_fill,
    find_slippage,
    is_target_first,
    split_position,
)
from edgeproof.kernels.replay_fills import find_touch, liquidation_price, price_exit
from edgeproof.kernels.replay_records import LIQUIDATION, TAKE, UNTOUCHED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy.typing as npt

    from edgeproof.kernels._arrays import FloatArray, IntArray

    Records = npt.NDArray[np.void]

NOTHING_ASKED = PortfolioExtras(
    limit=np.empty(0),
    fillable=np.empty(0, np.bool_),
    maker=0.0,
    print_ts=np.empty(0, np.int64),
    print_price=np.empty(0),
)


@dataclass(slots=True, kw_only=True)
class Bar:
    """One symbol's bar at one moment."""

    at: int
    open: float
    high: float
    low: float
    close: float
    is_last: bool


@dataclass(slots=True, kw_only=True)
class Position:
    """One leg's, or what the fill of its order would make."""

    terms: np.void
    market: np.void
    side: int
    decision: int
    entry_bar: int
    hold_until: int
    equity: float
    aimed: float
    mark: float
    entry: float
    size: float
    entered: float
    entry_fee: float
    margin: float
    liquidation: float
    maintenance: float
    stop: float
    take: float
    trail: float
    lowest: float
    highest: float
    cut: bool
    paid: float = 0.0
    flatten_at: int = NEVER
    part: tuple[float, float, float, float] | None = None  # size, price, fee, slippage paid
    banked: float = 0.0

    @property
    def symbol(self) -> int:
        """Index of what it trades."""
        return int(self.terms["symbol"])

    @property
    def notional(self) -> float:
        """At the newest price; of an order, at its own."""
        return self.size * self.mark

    @property
    def tied(self) -> float:
        """What of the account's cash is not there for others."""
        return self.entry_fee + self.paid + self.margin - self.banked

    def find_touch(self, open_: float, high: float, low: float) -> tuple[int, float, bool]:
        """Which of its levels a bar touches first."""
        best = self.highest if self.side > 0 else self.lowest
        trail = best - self.side * self.trail
        return find_touch(self.side, open_, high, low, self.stop, self.take, trail, self.liquidation)

    def see(self, *prices: float) -> None:
        """Widen the range it has lived through."""
        self.lowest, self.highest = min(self.lowest, *prices), max(self.highest, *prices)

    def add_worth(self, worth: float) -> float:
        """Add what it has earned so far, before costs of leaving."""
        gain = self.side * self.size * (self.mark - self.entry)
        return worth - self.entry_fee + self.banked - self.paid + gain

    def begin(self, bar: int, now: int) -> None:
        """Say when it begins, and so how long it may last."""
        self.entry_bar = bar
        hold_ms = int(self.terms["max_hold"]) * int(self.terms["decision_ms"])
        self.hold_until = now + hold_ms if hold_ms else NEVER


@dataclass(slots=True, kw_only=True)
class Order:
    """An order that rests at the entry price of what it would open."""

    opens: Position
    fillable: bool
    expires_ts: int
    called_off_ts: int = NEVER


@dataclass(slots=True, kw_only=True)
class Account:
    """Cash, positions and resting orders."""

    realised: float
    taker: float
    slippage: tuple[FloatArray, FloatArray, float]
    step_ms: int
    extras: PortfolioExtras
    outcomes: IntArray
    positions: dict[int, Position] = field(default_factory=dict)
    orders: dict[int, Order] = field(default_factory=dict)
    trades: list[tuple[float, ...]] = field(default_factory=list)
    parts: list[list[float]] = field(default_factory=list)
    owners: list[int] = field(default_factory=list)
    earned: dict[int, float] = field(default_factory=dict)
    left_ts: dict[int, int] = field(default_factory=dict)
    now: int = 0
    equities: list[float] = field(default_factory=list)

    @property
    def equity(self) -> float:
        """Open positions at their newest prices; orders are worth nothing yet."""
        equity = self.realised
        for _, position in sorted(self.positions.items()):
            equity = position.add_worth(equity)
        return max(0.0, equity)

    @property
    def claims(self) -> list[tuple[int, Position]]:
        """What takes part of the account: positions, and orders as if they were filled already."""
        resting = {leg: order.opens for leg, order in self.orders.items()}
        return sorted({**self.positions, **resting}.items())

    def slip(self, bar: int, action: int) -> float:
        """Slippage of a purchase (1) or sale (-1) in a bar that opens now."""
        return find_slippage(*self.slippage, np.int64(self.now), bar, action)

    def back(self, leg: int) -> float:
        """What the other legs leave."""
        backing = self.realised
        for other, claim in self.claims:
            if other != leg:
                backing -= claim.tied
        return backing

    def end_orders(self, here: Mapping[int, Bar]) -> None:
        """Take back orders that have rested long enough, or were called off, once their symbol has a bar."""
        for leg, order in sorted(self.orders.items()):
            if order.opens.symbol in here and self.now >= min(order.expires_ts, order.called_off_ts):
                self.drop_order(leg, DAILY_LOSS if order.called_off_ts < order.expires_ts else MISSED)

    def drop_order(self, leg: int, outcome: int) -> None:
        """End an order that was not filled."""
        del self.orders[leg]
        self.outcomes[leg, outcome] += 1

    def enter(self, leg: int, position: Position, bar: int) -> None:
        """Open a position in a bar that opens now."""
        position.begin(bar, self.now)
        self.positions[leg] = position
        self.outcomes[leg, CUT] += position.cut

    def pay_funding(self, leg: int, market: float, rate: float) -> None:
        """Pay from what is free, then from its own margin."""
        p, backing = self.positions[leg], self.back(leg)
        p.paid += min(p.side * p.size * market * rate, backing - p.entry_fee - p.paid + p.banked)
        p.margin = min(p.margin, backing - p.entry_fee - p.paid + p.banked)
        p.liquidation = liquidation_price(p.side, p.entry, p.size, p.margin, p.maintenance)

    def leave_room(
        self,
        symbol: int,
        side: int,
        known: FloatArray,
        equity: float,
        max_gross: float,
        max_symbol: float,
        max_correlated: float,
        threshold: float,
    ) -> tuple[float, float, float]:
        """Notional left by the limits: of all, of the symbol, of every group that the new position would join."""
        held = [claim for _, claim in self.claims]
        gross = _add(p.notional for p in held)
        same = _add(p.notional for p in held if p.symbol == symbol)
        groups = [0.0]
        if max_correlated < np.inf:
            joined = [p for p in held if are_together(known[symbol, p.symbol], side, p.side, threshold)]
            groups.append(_add(p.notional for p in joined))
            groups += [
                _add(q.notional for q in held if are_together(known[p.symbol, q.symbol], p.side, q.side, threshold))
                for p in joined
            ]
        return max_gross * equity - gross, max_symbol * equity - same, max_correlated * equity - max(groups)

    def live_through(self, leg: int, bar: Bar) -> None:
        """What happens to a leg inside a bar: the fill of its order, levels, parts."""
        from_fill, open_, high, low = np.nan, bar.open, bar.high, bar.low
        if leg in self.orders:
            order = self.orders[leg]
            limit, side = order.opens.entry, order.opens.side
            reach = np.array([bar.open]), np.array([bar.high]), np.array([bar.low])
            if find_limit_fill(side, limit, order.fillable, *reach, 0, 1) == 1:
                return
            del self.orders[leg]
            self.enter(leg, order.opens, bar.at)
            if side * (bar.open - limit) > 0.0:
                from_fill = open_ = limit
                high, low = cut_to_fill(side, limit, high, low, bar.close)
        p = self.positions[leg]
        while leg in self.positions:
            reason, reference, at_open = p.find_touch(open_, high, low)
            best = high if p.side > 0 else low
            if reason not in {UNTOUCHED, TAKE} and not at_open and p.side * (best - p.take) >= 0.0:
                own = slice(int(p.market["print_first"]), int(p.market["print_end"]))
                prints = self.extras.print_ts[own], self.extras.print_price[own]
                if is_target_first(*prints, self.now, self.now + self.step_ms, p.side, reference, p.take, from_fill):
                    reason, reference = TAKE, p.take
            if reason == TAKE and self.take_part(leg, bar.at, reference):
                if at_open:
                    continue
                target = reference
                reason, reference, _ = p.find_touch(open_, high, low)
                p.see(target)
            if reason == UNTOUCHED:
                p.see(high, low)
                p.mark = bar.close
                return
            p.see(open_)
            self.leave(leg, bar.at, reason, reference, inside=True)

    def take_part(self, leg: int, bar: int, reference: float) -> bool:
        """Let a part leave at the target, where one is wished for and none has left."""
        p = self.positions[leg]
        rules = float(p.market["lot"]), float(p.market["min_size"])
        size = 0.0 if p.part else split_position(p.size, float(p.terms["take_share"]), *rules)
        if not size:
            return False
        backing, margin = self.back(leg), p.margin * (size / p.size)
        price, fee = self.price_exit(leg, bar, size, margin, reference, liquidated=False)
        p.part = size, price, fee, size * (abs(p.entry - p.aimed) + abs(price - reference))
        p.banked = p.side * size * (price - p.entry) - fee
        p.size, p.margin, p.take = p.size - size, p.margin - margin, p.side * np.inf
        balance = backing - p.entry_fee - p.paid + p.banked
        if p.margin > balance:
            p.margin = balance
            p.liquidation = liquidation_price(p.side, p.entry, p.size, p.margin, p.maintenance)
        # Whose it is stands where its trade will.
        self.parts.append([price, size, fee, -1 - leg, bar - int(p.market["first"])])
        return True

    def price_exit(
        self, leg: int, bar: int, size: float, margin: float, reference: float, *, liquidated: bool
    ) -> tuple[float, float]:
        """Price and fee of leaving with so much of a position."""
        p = self.positions[leg]
        balance = self.back(leg) - p.entry_fee - p.paid + p.banked
        costs = self.taker, self.slip(bar, -p.side), float(p.market["tick"])
        return price_exit(p.side, p.entry, size, margin, balance, reference, liquidated, *costs)

    def leave(self, leg: int, bar: int, reason: int, reference: float, *, inside: bool = False) -> None:
        """Close a position into a trade."""
        p, first = self.positions[leg], int(self.positions[leg].market["first"])
        p.see(reference)
        price, fee = self.price_exit(leg, bar, p.size, p.margin, reference, liquidated=reason == LIQUIDATION)
        fees = p.entry_fee + fee
        pnl = p.side * p.size * (price - p.entry) - fees - p.paid + p.banked
        slipped = p.size * (abs(p.entry - p.aimed) + abs(price - reference))
        if p.part:
            part, part_price, part_fee, part_slipped = p.part
            price = (part * part_price + p.size * price) / p.entered
            fees, slipped = fees + part_fee, slipped + part_slipped
            for row in self.parts:
                if row[3] == -1 - leg:
                    row[3] = len(self.trades)
        up, down = (p.highest - p.entry) / p.entry, (p.entry - p.lowest) / p.entry
        excursions = (down, up) if p.side > 0 else (up, down)
        bars = p.decision, p.entry_bar - first, bar - first, bar - p.entry_bar + inside
        money = p.entry, price, p.entered, pnl, fees, p.paid, slipped
        self.trades.append((*money, *excursions, *bars, p.side, reason))
        self.owners.append(leg)
        self.equities.append(p.equity)
        self.realised += pnl
        self.earned[leg] = self.earned.get(leg, 0.0) + pnl
        self.left_ts[leg] = self.now
        del self.positions[leg]

    def describe(self, sample: np.void) -> None:
        """Write what the account looks like now."""
        held = [p for _, p in sorted(self.positions.items())]
        sample["equity"] = self.equity
        cash = self.realised
        for p in held:
            cash -= p.entry_fee + p.paid - p.banked
        sample["cash"] = cash
        sample["margin"] = _add(p.margin for p in held)
        sample["reserved"] = _add(
            order.opens.margin + order.opens.entry_fee for _, order in sorted(self.orders.items())
        )
        sample["long"] = _add(p.notional for p in held if p.side > 0)
        sample["short"] = _add(p.notional for p in held if p.side < 0)
        sample["positions"] = len(held)
        sample["orders"] = len(self.orders)

    def mark_leg(self, leg: int) -> float:
        """What a leg has earned so far, its open position at its newest price."""
        earned = self.earned.get(leg, 0.0)
        return self.positions[leg].add_worth(earned) if leg in self.positions else earned


def _add(values: Iterable[float]) -> float:
    """Add from left to right: ``sum`` compensates in newer Pythons, which the kernel does not."""
    total = 0.0
    for value in values:
        total += value
    return total
