"""A slow, separate backtest, written from docs/assumptions.md alone: an oracle for the kernel.

It shares no code and no method with the kernel. It asks at every open which levels the price has passed, and then
walks from the open to the worst price of the bar, closing at the first level on the way, and from there to the best.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from edgeproof.kernels.replay_extras import NO_EXTRAS

if TYPE_CHECKING:
    from fakes.replay_cases import ReplayCase

MINUTE = 60_000
SLACK = 1e-6


@dataclass(slots=True)
class Held:
    direction: int
    size: float
    price: float
    equity: float
    fee: float
    margin: float
    orders: dict[str, float]  # distances, as wished
    entry_bar: int
    entry_ts: int
    market: float
    extreme: float = 0.0
    funding: float = 0.0
    sold: list[tuple[float, float, float]] = field(default_factory=list)  # size, price and fee of what left before

    @property
    def left(self) -> float:
        """What the account would have if the rest of the position were worth nothing."""
        gained = sum(self.direction * size * (price - self.price) - fee for size, price, fee in self.sold)
        return self.equity - self.fee - self.funding + gained


@dataclass(slots=True)
class Book:
    """What happened: (direction, entry bar, exit bar, entry price, exit price, size, pnl, fees, funding, reason)."""

    trades: list[tuple[int, int, int, float, float, float, float, float, float, str]] = field(default_factory=list)
    late: int = 0
    refused: int = 0


class SlowExchange:
    def __init__(self, case: ReplayCase) -> None:
        self.case = case
        self.equity = case.initial_equity
        self.held: Held | None = None
        self.quiet_until = -math.inf
        self.book = Book()
        self.extras = case.extras or NO_EXTRAS

    def run(self) -> Book:
        case = self.case
        orders = self.schedule()
        for bar, ts in enumerate(case.ts.tolist()):
            price = float(case.open_[bar])
            if self.held:
                for due, rate in zip(case.funding_bar.tolist(), case.funding_rate.tolist(), strict=True):
                    if due == bar:
                        self.charge(rate, price)
                reached = self.reached_at(price)
                while reached == "take" and self.sell_part(price):
                    reached = self.reached_at(price)
                if reached:
                    self.close(bar, price, reached)
                elif case.max_hold and ts - self.held.entry_ts >= case.max_hold * case.decision_ms:
                    self.close(bar, price, "max_hold")
            for decision, due_ts in orders.get(bar, []):
                self.obey(decision, bar, is_late=ts - due_ts > case.decision_ms)
            self.live_through(bar)
        if self.held:
            self.close(len(case.ts) - 1, float(case.close[-1]), "end")
        return self.book

    def schedule(self) -> dict[int, list[tuple[int, int]]]:
        """For each bar the decisions that act at its open, and when they were due."""
        orders: dict[int, list[tuple[int, int]]] = {}
        delay = self.case.latency_ms // MINUTE * MINUTE
        for decision, opened in enumerate(self.case.decision_ts.tolist()):
            due = opened + self.case.decision_ms + delay
            first = next((bar for bar, ts in enumerate(self.case.ts.tolist()) if ts >= due), None)
            if first is not None:
                orders.setdefault(first, []).append((decision, due))
        return orders

    def obey(self, decision: int, bar: int, *, is_late: bool) -> None:
        case = self.case
        price = float(case.open_[bar])
        up, down = bool(case.long[decision]), bool(case.short[decision])
        out = {1: bool(case.exit_long[decision]), -1: bool(case.exit_short[decision])}
        wish = 0 if up == down else (1 if up else -1)
        if wish and out[wish]:
            wish = 0
        if self.held and out[self.held.direction]:
            self.close(bar, price, "signal")
        if self.held and wish == -self.held.direction:
            self.close(bar, price, "reverse")
        if self.held or not wish or self.equity <= case.initial_equity / 1e6:
            return
        if case.ts[bar] < self.quiet_until:
            return
        if is_late:
            self.book.late += 1
            return
        self.open(decision, wish, bar, price)

    def open(self, decision: int, direction: int, bar: int, market: float) -> None:
        case = self.case

        def wished(name: str) -> float:
            values = getattr(case, name).tolist()
            return float(values[decision if len(values) == len(case.long) else 0])

        leverage = wished("leverage")
        if math.isnan(leverage) or leverage <= 0:
            return
        leverage = min(leverage, case.max_leverage)
        price = self.market_price(market, buying=direction > 0)
        size = self.equity * leverage / price
        if case.lot:
            size = math.floor(size / case.lot + SLACK) * case.lot
        fee = size * price * case.taker
        margin = min(size * price / max(leverage, 1), self.equity - fee)
        orders = {name: wished(name) for name in ("stop", "take", "trail")}
        too_small = size <= 0 or size < case.min_size
        if too_small or margin <= 0 or any(distance < 0 for distance in orders.values()):
            self.book.refused += 1
            return
        held = Held(direction, size, price, self.equity, fee, margin, orders, bar, int(case.ts[bar]), market, price)
        if direction * (market - self.liquidation_price(held)) <= 0:
            self.book.refused += 1
            return
        self.held = held

    def charge(self, rate: float, price: float) -> None:
        held = self.held
        assert held
        held.funding += min(held.direction * held.size * price * rate, held.left)
        held.margin = min(held.margin, held.left)

    def levels(self) -> list[tuple[str, float]]:
        """What would hurt, the nearest first; at one price, liquidation first and trail last."""
        held = self.held
        assert held
        found = [("liquidation", self.liquidation_price(held))]
        if not math.isnan(held.orders["stop"]):
            found.append(("stop", held.price - held.direction * held.orders["stop"]))
        if not math.isnan(held.orders["trail"]):
            found.append(("trail", held.extreme - held.direction * held.orders["trail"]))
        return sorted(found, key=lambda level: -held.direction * level[1])

    def target(self) -> float:
        held = self.held
        assert held
        distance = held.orders["take"]
        return held.direction * math.inf if math.isnan(distance) else held.price + held.direction * distance

    def reached_at(self, price: float) -> str:
        """The level that a first price has already passed, if any."""
        held = self.held
        assert held
        passed = [name for name, level in self.levels() if held.direction * (price - level) <= 0]
        if "liquidation" in passed:
            return "liquidation"
        return passed[0] if passed else ("take" if held.direction * (price - self.target()) >= 0 else "")

    def live_through(self, bar: int) -> None:
        held, case = self.held, self.case
        if not held:
            return
        low, high = float(case.low[bar]), float(case.high[bar])
        worst, best = (low, high) if held.direction > 0 else (high, low)
        opened = self.reached_at(float(case.open_[bar]))
        while opened == "take" and self.sell_part(float(case.open_[bar])):
            opened = self.reached_at(float(case.open_[bar]))
        if opened:  # only in the bar of entry, where slippage passed the level at once
            self.close(bar, float(case.open_[bar]), opened)
            return
        for name, level in self.levels():
            if held.direction * (worst - level) <= 0:
                self.close(bar, level, name)
                return
        if held.direction * (best - self.target()) >= 0 and not self.sell_part(self.target()):
            self.close(bar, self.target(), "take")
            return
        held.extreme = max(held.extreme, high) if held.direction > 0 else min(held.extreme, low)

    def sell_part(self, price: float) -> bool:
        """The share that is to leave at the target leaves once, if it and the rest can be traded."""
        held, case = self.held, self.case
        assert held
        part = held.size * self.extras.take_share
        if case.lot:
            part = math.floor(part / case.lot + SLACK) * case.lot
        rest = held.size - part
        if held.sold or min(part, rest) < case.min_size or part <= 0 or rest <= case.lot * SLACK:
            return False
        gone = held.price - held.direction * held.margin / held.size
        fill = self.market_price(price, buying=held.direction < 0)
        fill = max(fill, gone) if held.direction > 0 else min(fill, gone)
        fee = min(part * fill * case.taker, held.left + held.direction * part * (fill - held.price))
        held.margin *= rest / held.size
        held.sold.append((part, fill, fee))
        held.size = rest
        held.margin = min(held.margin, held.left)
        held.orders["take"] = math.nan
        return True

    def close(self, bar: int, price: float, reason: str) -> None:
        held = self.held
        assert held
        gone = held.price - held.direction * held.margin / held.size
        fill = price if reason == "liquidation" else self.market_price(price, buying=held.direction < 0)
        fill = max(fill, gone) if held.direction > 0 else min(fill, gone)
        gain = held.direction * held.size * (fill - held.price)
        if reason == "liquidation":
            fee = held.margin + gain
        else:
            fee = min(held.size * fill * self.case.taker, held.left + gain)
        pnl = held.left + gain - fee - held.equity
        sales = [*held.sold, (held.size, fill, fee)]
        whole = sum(size for size, _, _ in sales)
        self.book.trades.append(
            (
                held.direction,
                held.entry_bar,
                bar,
                held.price,
                sum(size * sold_at for size, sold_at, _ in sales) / whole,
                whole,
                pnl,
                held.fee + sum(paid for _, _, paid in sales),
                held.funding,
                reason,
            )
        )
        self.equity += pnl
        self.held = None
        self.quiet_until = self.case.ts[bar] + self.extras.cool_down * self.case.decision_ms

    def market_price(self, price: float, *, buying: bool) -> float:
        tick = self.case.tick
        worse = price * (1 + self.case.slippage) if buying else price * (1 - self.case.slippage)
        if not tick:
            return worse
        steps = math.ceil(worse / tick - SLACK) if buying else math.floor(worse / tick + SLACK)
        return steps * tick or worse

    def liquidation_price(self, held: Held) -> float:
        # Where what a unit is worth to its owner is the maintenance margin of its price.
        a_unit = held.margin / held.size
        if held.direction > 0:
            return (held.price - a_unit) / (1 - self.case.maintenance)
        return (held.price + a_unit) / (1 + self.case.maintenance)
