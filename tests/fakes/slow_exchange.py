"""A slow, separate backtest, written from docs/assumptions.md alone: an oracle for the kernel.

It shares no code and no method with the kernel. It asks at every open which levels the price has passed, and then
walks from the open to the worst price of the bar, closing at the first level on the way, and from there to the best.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fakes.replay_cases import NO_ORDERS

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
    filled_inside: int = -1  # the bar in which an order that rested was filled after the open
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
    missed: int = 0


@dataclass(slots=True)
class Resting:
    """An order that waits to become a position."""

    held: Held
    limit: float
    until_ts: int
    lucky: bool


class SlowExchange:
    def __init__(self, case: ReplayCase) -> None:
        self.case = case
        self.equity = case.initial_equity
        self.held: Held | None = None
        self.quiet_until = -math.inf
        self.book = Book()
        self.asked = case.orders or NO_ORDERS
        self.upkeep = case.maintenance
        self.resting: Resting | None = None

    def run(self) -> Book:  # noqa: C901 - the order of things at one open, in one place
        case = self.case
        orders = self.schedule()
        for bar, ts in enumerate(case.ts.tolist()):
            price = float(case.open_[bar])
            if self.held:
                for due, rate in zip(case.funding_bar.tolist(), case.funding_rate.tolist(), strict=True):
                    if due == bar:
                        self.charge(rate, price)
                reached = self.reached_at(price)
                while reached == "take" and self.sell_part(bar, price):
                    reached = self.reached_at(price)
                if reached:
                    self.close(bar, price, reached)
                elif case.max_hold and ts - self.held.entry_ts >= case.max_hold * case.decision_ms:
                    self.close(bar, price, "max_hold")
            if self.resting and ts >= self.resting.until_ts:
                self.give_up()
            for decision, due_ts in orders.get(bar, []):
                self.obey(decision, bar, due_ts)
            corners = price, float(case.high[bar]), float(case.low[bar])
            self.live_through(bar, corners if not self.resting else self.try_to_fill(bar, corners))
        if self.resting:
            self.give_up()
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

    def give_up(self) -> None:
        self.resting = None
        self.book.missed += 1

    def obey(self, decision: int, bar: int, due_ts: int) -> None:
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
        if self.resting and (out[self.resting.held.direction] or wish == -self.resting.held.direction):
            self.give_up()
        if self.held or self.resting or not wish or self.equity <= case.initial_equity / 1e6:
            return
        if case.ts[bar] < self.quiet_until:
            return
        if case.ts[bar] - due_ts > case.decision_ms:
            self.book.late += 1
            return
        self.open(decision, wish, bar, due_ts)

    def open(  # noqa: C901 - every reason to refuse, in one place
        self, decision: int, direction: int, bar: int, due_ts: int
    ) -> None:
        case, asked = self.case, self.asked
        market = float(case.open_[bar])

        def wished(name: str) -> float:
            values = getattr(case, name).tolist()
            return float(values[decision if len(values) == len(case.long) else 0])

        leverage = wished("leverage")
        if math.isnan(leverage) or leverage <= 0:
            return
        leverage = min(leverage, case.max_leverage)
        if len(asked.tiers):
            # The largest position that any tier allows, and what the smallest tier that holds it asks.
            largest = max(min(leverage, most) * self.equity for size, _, most in asked.tiers if size == math.inf)
            largest = max(largest, *(min(min(leverage, m) * self.equity, size) for size, _, m in asked.tiers))
            self.upkeep = next(rate for size, rate, _ in asked.tiers if size >= largest)
            leverage = largest / self.equity
        else:
            self.upkeep = case.maintenance
        slippage, fee_share, limit, rests = self.slippage(bar, buying=direction > 0), case.taker, math.nan, False
        price = self.market_price(market, slippage, buying=direction > 0)
        if len(asked.limit_offset) and not math.isnan(asked.limit_offset[decision]):
            limit = self.limit_price(decision, direction)
            rests = direction * (market - limit) > 0
            if limit <= 0 or limit == math.inf or asked.limit_offset[decision] < 0:
                self.book.refused += 1
                return
            if rests:
                market, price, fee_share = limit, limit, case.maker
            else:
                price = direction * min(direction * price, direction * limit)
        size = self.equity * leverage / price
        if case.lot:
            size = math.floor(size / case.lot + SLACK) * case.lot
        fee = size * price * fee_share
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
        if not rests:
            self.held = held
            return
        self.resting = Resting(held, limit, due_ts + asked.wait * case.decision_ms, bool(asked.lucky[decision]))
        if case.ts[bar] >= self.resting.until_ts:
            self.give_up()

    def limit_price(self, decision: int, direction: int) -> float:
        price = float(self.case.decision_close[decision]) - direction * float(self.asked.limit_offset[decision])
        if not self.case.tick or not math.isfinite(price):
            return price
        steps = price / self.case.tick
        return self.case.tick * (math.floor(steps + SLACK) if direction > 0 else math.ceil(steps - SLACK))

    def try_to_fill(self, bar: int, corners: tuple[float, float, float]) -> tuple[float, float, float]:
        """Fill what rests where this bar does; the corners of the bar as far as they surely came after it."""
        order, (first, high, low) = self.resting, corners
        assert order
        held, limit = order.held, order.limit
        through = held.direction * (first - limit) < 0
        touched = low <= limit if held.direction > 0 else high >= limit
        if not through and not (touched and order.lucky):
            return corners
        self.resting, self.held = None, held
        held.entry_bar, held.entry_ts = bar, int(self.case.ts[bar])
        if held.direction * (first - limit) <= 0:
            return corners
        held.filled_inside = bar
        last = float(self.case.close[bar])
        return (limit, max(limit, last), low) if held.direction > 0 else (limit, high, min(limit, last))

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

    def live_through(self, bar: int, corners: tuple[float, float, float]) -> None:
        held = self.held
        if not held:
            return
        first, high, low = corners
        worst, best = (low, high) if held.direction > 0 else (high, low)
        opened = self.reached_at(first)
        while opened == "take" and self.sell_part(bar, first):
            opened = self.reached_at(first)
        if opened:  # only in the bar of entry, where slippage passed the level at once
            self.close(bar, first, opened)
            return
        hurt = next(((name, level) for name, level in self.levels() if held.direction * (worst - level) <= 0), None)
        helped = held.direction * (best - self.target()) >= 0
        if helped and (not hurt or self.target_printed_first(bar, hurt[1])):
            if not self.sell_part(bar, self.target()):
                self.close(bar, self.target(), "take")
                return
            hurt = next(((name, level) for name, level in self.levels() if held.direction * (worst - level) <= 0), None)
        if hurt:
            self.close(bar, hurt[1], hurt[0])
            return
        held.extreme = max(held.extreme, high) if held.direction > 0 else min(held.extreme, low)

    def target_printed_first(self, bar: int, level: float) -> bool:
        held, start = self.held, int(self.case.ts[bar])
        assert held
        times = zip(self.asked.print_ts.tolist(), self.asked.print_price.tolist(), strict=True)
        prices = [held.direction * price for ts, price in times if start <= ts < start + MINUTE]
        if held.filled_inside == bar:
            filled = [at for at, price in enumerate(prices) if price <= held.direction * held.price]
            prices = prices[filled[0] :] if filled else []
        decided = [
            price for price in prices if price <= held.direction * level or price >= held.direction * self.target()
        ]
        return bool(decided) and decided[0] > held.direction * level

    def sell_part(self, bar: int, price: float) -> bool:
        """The share that is to leave at the target leaves once, if it and the rest can be traded."""
        held, case = self.held, self.case
        assert held
        part = held.size * self.asked.take_share
        if case.lot:
            part = math.floor(part / case.lot + SLACK) * case.lot
        rest = held.size - part
        if held.sold or min(part, rest) < case.min_size or part <= 0 or rest <= case.lot * SLACK:
            return False
        gone = held.price - held.direction * held.margin / held.size
        fill = self.market_price(price, self.slippage(bar, buying=held.direction < 0), buying=held.direction < 0)
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
        slippage = self.slippage(bar, buying=held.direction < 0)
        fill = price if reason == "liquidation" else self.market_price(price, slippage, buying=held.direction < 0)
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
        self.quiet_until = self.case.ts[bar] + self.asked.cool_down * self.case.decision_ms

    def slippage(self, bar: int, *, buying: bool) -> float:
        hour = int(self.case.ts[bar]) // 3_600_000 % 24
        usual = self.asked.hourly[int(buying)][hour] if len(self.asked.hourly) else self.case.slippage
        return float(usual * (self.asked.factor[bar] if len(self.asked.factor) else 1.0))

    def market_price(self, price: float, slippage: float, *, buying: bool) -> float:
        tick = self.case.tick
        worse = price * (1 + slippage) if buying else price * (1 - slippage)
        if not tick:
            return worse
        steps = math.ceil(worse / tick - SLACK) if buying else math.floor(worse / tick + SLACK)
        return steps * tick or worse

    def liquidation_price(self, held: Held) -> float:
        # Where what a unit is worth to its owner is the maintenance margin of its price.
        a_unit = held.margin / held.size
        if held.direction > 0:
            return (held.price - a_unit) / (1 - self.upkeep)
        return (held.price + a_unit) / (1 + self.upkeep)
