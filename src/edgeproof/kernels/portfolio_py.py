"""The specification of the portfolio replay: every bar of every symbol, in order, nothing skipped.

At an open, for each leg whose symbol has a bar then: funding due, protective orders the gap has reached, ``max_hold``,
the way out that a daily loss ordered. Then the orders due at this open, those decided first before later ones: of the
ones decided together every exit and reversal, then every entry, in the order of legs. Inside the bars, again leg by
leg: liquidation, stop, trail, target; after a symbol's last bar, what is open there closes. A property test holds
:data:`edgeproof.kernels.portfolio.replay_portfolio` to this, bit by bit.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from edgeproof.kernels.portfolio_account import are_together, find_stop_loss, find_tier_leverage
from edgeproof.kernels.portfolio_records import (
    CUT,
    DAILY_LOSS,
    FLATTENED,
    LATE,
    NEVER,
    NO_CORRELATED_ROOM,
    NO_GROSS_ROOM,
    NO_MARGIN,
    NO_POSITION_LEFT,
    NO_STOP,
    NO_SYMBOL_ROOM,
    OUTCOMES,
    REFUSED,
    SAMPLE_RECORD,
    SPENT,
    UNSIZED,
)
from edgeproof.kernels.replay import (
    END,
    LIQUIDATION,
    MAX_HOLD,
    REVERSE,
    SIGNAL,
    SPENT_SHARE,
    TRADE_RECORD,
    UNTOUCHED,
    find_touch,
    liquidation_price,
    open_position,
    price_exit,
)
from edgeproof.kernels.replay_events import EXIT_LONG, EXIT_SHORT, GO_LONG, GO_SHORT
from edgeproof.kernels.replay_extras import choose_tier, find_slippage

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from edgeproof.kernels._arrays import FloatArray, IntArray
    from edgeproof.kernels.replay import TradeRecords

    Records = npt.NDArray[np.void]

_DAY_MS: Final = 86_400_000


def replay_portfolio_py(
    ts: IntArray,
    open_: FloatArray,
    high: FloatArray,
    low: FloatArray,
    close: FloatArray,
    step_ms: int,
    symbols: Records,
    legs: Records,
    orders: Records,
    funding_bar: IntArray,
    funding_rate: FloatArray,
    tiers: FloatArray,
    correlations: FloatArray,
    first_day: int,
    sample_ts: IntArray,
    initial_equity: float,
    taker: float,
    slippage: float,
    hourly: FloatArray,
    factor: FloatArray,
    latency_ms: int,
    max_positions: int,
    max_gross: float,
    max_symbol: float,
    max_correlated: float,
    threshold: float,
    least_part: float,
    margin_leverage: float,
    loss_share: float,
    flatten: bool,  # noqa: FBT001 - kernels are called by position
) -> tuple[TradeRecords, IntArray, FloatArray, IntArray, Records]:
    """Replay the orders of many legs on one account.

    - ``ts`` to ``close`` are the execution bars of every symbol, one symbol after the other; ``ts`` ascends within a
      symbol by whole multiples of ``step_ms``, and bars of two symbols open together or do not overlap.
    - ``symbols``, ``legs`` and ``orders`` are records of ``portfolio_records``, orders sorted by when they act, when
      they were due, and leg.
    - ``funding_bar`` is the place of the bar at whose open each rate is due, not descending within a symbol.
    - ``tiers`` are the margin tiers of every symbol, shape (t, 3): greatest notional, maintenance share, greatest
      leverage.
    - ``correlations`` has shape (days, symbols, symbols), the first for the UTC day ``first_day`` (days since 1970);
      each tells what was known at that day's midnight, NaN where nothing was.
    - ``sample_ts`` are the moments at which to describe the account, UTC milliseconds, ascending, shape (s,): with
      what had closed by then.
    - ``taker``, ``slippage`` and ``latency_ms`` are those of ``execution.Costs``.
    - ``hourly`` is slippage of sales (row 0) and purchases (row 1) by UTC hour instead, shape (2, 24) or (0, 24) for
      none; ``factor`` is what slippage is multiplied with in each bar, as the bars are laid out, or empty.
    - ``max_positions`` and, as multiples of equity, ``max_gross``, ``max_symbol`` and ``max_correlated`` (exposure that
      correlates by ``threshold`` or more) limit what may be open; an order is cut to what they leave, or skipped where
      that is less than ``least_part`` of it.
    - ``margin_leverage`` is the least leverage at which positions are margined, 1 or more.
    - ``loss_share`` of a day's first equity, lost, ends a day's entries and, with ``flatten``, its positions; 0 for
      never.

    Returns:
        Closed trades (``TRADE_RECORD``, bars counted within their symbol) in the order in which they closed; the leg of
        each; the account's equity just before each entry; what became of wishes to enter, shape (legs, OUTCOMES); and
        the account at each sample (``SAMPLE_RECORD``).
    """
    account = _Account(
        realised=float(initial_equity),
        taker=taker,
        slippage=(hourly, factor, slippage),
        outcomes=np.zeros((len(legs), OUTCOMES), int),
    )
    samples = np.zeros(len(sample_ts), SAMPLE_RECORD)
    places = [_find_places(ts, symbol) for symbol in symbols]
    times = sorted({time for bars in places for time in bars})
    asked: dict[int, list[Records]] = {}
    for order in orders:
        asked.setdefault(int(order["acts_ts"]), []).append(order)
    day, day_equity, stopped = -1, initial_equity, False
    sampled = 0
    for now in times:
        while sampled < len(samples) and sample_ts[sampled] < now + step_ms:
            account.describe(samples[sampled])
            sampled += 1
        account.now = now
        if now // _DAY_MS != day:
            day, day_equity, stopped = now // _DAY_MS, account.equity, False
        here = {at: bars[now] for at, bars in enumerate(places) if now in bars}
        for position in account.positions.values():
            if position.symbol in here:
                position.mark = float(open_[here[position.symbol]])

        for leg in sorted(account.positions):
            position = account.positions[leg]
            if position.symbol not in here:
                continue
            symbol, bar = symbols[position.symbol], here[position.symbol]
            funded = range(int(symbol["funding_first"]), int(symbol["funding_end"]))
            for rate in (funding_rate[at] for at in funded if funding_bar[at] == bar):
                account.pay_funding(leg, float(open_[bar]), float(rate))
            reason, reference, at_open = position.find_touch(float(open_[bar]), float(high[bar]), float(low[bar]))
            if at_open:
                account.leave(leg, bar, reason, reference)
            elif now >= position.hold_until:
                account.leave(leg, bar, MAX_HOLD, float(open_[bar]))
            elif now >= position.flatten_at:
                account.leave(leg, bar, FLATTENED, float(open_[bar]))

        for due in sorted({int(order["due_ts"]) for order in asked.get(now, [])}):
            together = [order for order in asked[now] if order["due_ts"] == due]
            for order in together:
                leg, code = int(order["leg"]), int(order["code"])
                side = account.positions[leg].side if leg in account.positions else 0
                if side and code & (EXIT_LONG if side > 0 else EXIT_SHORT):
                    account.leave(leg, int(order["bar"]), SIGNAL, float(open_[order["bar"]]))
                elif side and code & (GO_SHORT if side > 0 else GO_LONG):
                    account.leave(leg, int(order["bar"]), REVERSE, float(open_[order["bar"]]))
            for order in together:
                leg = int(order["leg"])
                if leg in account.positions or not order["code"] & (GO_LONG | GO_SHORT):
                    continue
                terms, symbol = legs[leg], symbols[legs[leg]["symbol"]]
                market, side = float(open_[order["bar"]]), 1 if order["code"] & GO_LONG else -1
                stop, take, trail = (float(order[name]) for name in ("stop", "take", "trail"))
                equity, outcomes = account.equity, account.outcomes[leg]
                if equity <= SPENT_SHARE * initial_equity:
                    outcomes[SPENT] += 1
                    continue
                if now < account.left_ts.get(leg, -NEVER) + int(terms["cool_down"] * terms["decision_ms"]):
                    continue
                if now - due > terms["decision_ms"]:
                    outcomes[LATE] += 1
                    continue
                leverage = float(order["leverage"])
                if terms["risk"] > 0.0 and leverage > 0.0:
                    tick = float(symbol["tick"])
                    bar = int(order["bar"])
                    slipping = account.slip(bar, side), account.slip(bar, -side)
                    lost = find_stop_loss(side, market, stop, trail, taker, *slipping, tick)
                    if np.isnan(lost):
                        outcomes[NO_STOP] += 1
                        continue
                    if leverage * lost > terms["risk"]:
                        leverage = float(terms["risk"]) / lost
                if not leverage > 0.0:
                    outcomes[UNSIZED] += 1
                    continue
                if stop < 0.0 or take < 0.0 or trail < 0.0:
                    outcomes[REFUSED] += 1
                    continue
                if stopped:
                    outcomes[DAILY_LOSS] += 1
                    continue
                if len(account.positions) >= max_positions:
                    outcomes[NO_POSITION_LEFT] += 1
                    continue
                most = float(symbol["max_leverage"])
                used = min(leverage, most)
                margined = max(1.0, used, min(margin_leverage, most))
                free = account.back(leg)
                known = correlations[min(max(day - first_day, 0), len(correlations) - 1)]
                limits = max_gross, max_symbol, max_correlated, threshold
                rooms = (free * margined, *account.leave_room(int(terms["symbol"]), side, known, equity, *limits))
                room = min(rooms)
                reason = (NO_MARGIN, NO_GROSS_ROOM, NO_SYMBOL_ROOM, NO_CORRELATED_ROOM)[rooms.index(room)]
                capital = float(terms["share"]) * equity
                wish = capital * used
                if wish > room:
                    if room <= 0.0 or room < least_part * wish:
                        outcomes[reason] += 1
                        continue
                    capital = room / used
                rules = [float(symbol[name]) for name in ("lot", "tick", "min_size", "max_leverage", "maintenance")]
                own = tiers[symbol["tier_first"] : symbol["tier_end"]]
                if len(own):
                    used, rules[-1] = choose_tier(own, capital, used)
                    margined = max(1.0, used, min(margin_leverage, find_tier_leverage(own, capital * used)))
                    if capital * used > free * margined:
                        capital = free * margined / used
                        if capital * used < least_part * wish:
                            outcomes[NO_MARGIN] += 1
                            continue
                entry, size, fee, margin, liquidation = open_position(
                    side, market, capital, used, taker, account.slip(int(order["bar"]), side), *rules
                )
                if size > 0.0 and margined > max(1.0, used):
                    margin = min(size * entry / margined, free - fee)
                    if margin > 0.0:
                        liquidation = liquidation_price(side, entry, size, margin, rules[-1])
                    if margin <= 0.0 or side * (market - liquidation) <= 0.0:
                        size = 0.0
                if size <= 0.0:
                    outcomes[REFUSED] += 1
                    continue
                outcomes[CUT] += wish > room
                # A distance of NaN is no level: an infinity that no price reaches.
                stop, take, trail = (np.inf if np.isnan(distance) else distance for distance in (stop, take, trail))
                hold_ms = int(terms["max_hold"]) * int(terms["decision_ms"])
                account.positions[leg] = _Position(
                    symbol=int(terms["symbol"]),
                    first=int(symbol["first"]),
                    tick=rules[1],
                    side=side,
                    decision=int(order["decision"]),
                    entry_bar=int(order["bar"]),
                    hold_until=now + hold_ms if hold_ms else NEVER,
                    equity=equity,
                    market=market,
                    mark=market,
                    entry=entry,
                    size=size,
                    entry_fee=fee,
                    margin=margin,
                    liquidation=liquidation,
                    maintenance=rules[-1],
                    stop=entry - side * stop,
                    take=entry + side * take,
                    trail=trail,
                    lowest=entry,
                    highest=entry,
                )

        for leg in sorted(account.positions):
            position = account.positions[leg]
            if position.symbol not in here:
                continue
            bar = here[position.symbol]
            reason, reference, _ = position.find_touch(float(open_[bar]), float(high[bar]), float(low[bar]))
            if reason != UNTOUCHED:
                position.see(float(open_[bar]), float(open_[bar]))
                account.leave(leg, bar, reason, reference, inside=True)
                continue
            position.see(float(high[bar]), float(low[bar]))
            position.mark = float(close[bar])
            if bar + 1 == symbols[position.symbol]["end"]:
                account.leave(leg, bar, END, float(close[bar]), inside=True)

        if loss_share and not stopped and account.equity <= day_equity * (1.0 - loss_share):
            stopped = True
            for position in account.positions.values() if flatten else ():
                position.flatten_at = now + step_ms + latency_ms // step_ms * step_ms
    for sample in samples[sampled:]:
        account.describe(sample)
    owners, equities = np.array(account.owners, np.int64), np.array(account.equities, np.float64)
    return np.array(account.trades, dtype=TRADE_RECORD), owners, equities, account.outcomes, samples


def _find_places(ts: IntArray, symbol: np.void) -> dict[int, int]:
    """Where a symbol's bars stand, by their opens."""
    return {int(ts[bar]): bar for bar in range(int(symbol["first"]), int(symbol["end"]))}


@dataclass(slots=True, kw_only=True)
class _Position:
    symbol: int
    first: int
    tick: float
    side: int
    decision: int
    entry_bar: int
    hold_until: int
    equity: float
    market: float
    mark: float
    entry: float
    size: float
    entry_fee: float
    margin: float
    liquidation: float
    maintenance: float
    stop: float
    take: float
    trail: float
    lowest: float
    highest: float
    paid: float = 0.0
    flatten_at: int = NEVER

    @property
    def notional(self) -> float:
        return self.size * self.mark

    def find_touch(self, open_: float, high: float, low: float) -> tuple[int, float, bool]:
        best = self.highest if self.side > 0 else self.lowest
        trail = best - self.side * self.trail
        return find_touch(self.side, open_, high, low, self.stop, self.take, trail, self.liquidation)

    def see(self, high: float, low: float) -> None:
        self.lowest, self.highest = min(self.lowest, low), max(self.highest, high)


@dataclass(slots=True, kw_only=True)
class _Account:
    """Cash and open positions, by leg."""

    realised: float
    taker: float
    slippage: tuple[FloatArray, FloatArray, float]
    outcomes: IntArray
    positions: dict[int, _Position] = field(default_factory=dict)
    trades: list[tuple[float, ...]] = field(default_factory=list)
    owners: list[int] = field(default_factory=list)
    left_ts: dict[int, int] = field(default_factory=dict)
    now: int = 0
    equities: list[float] = field(default_factory=list)

    @property
    def equity(self) -> float:
        equity = self.realised
        for _, p in sorted(self.positions.items()):
            equity = equity - p.entry_fee - p.paid + p.side * p.size * (p.mark - p.entry)
        return max(0.0, equity)

    def slip(self, bar: int, action: int) -> float:
        """Slippage of a purchase (1) or sale (-1) in a bar that opens now."""
        return find_slippage(*self.slippage, np.int64(self.now), bar, action)

    def back(self, leg: int) -> float:
        """What the other positions leave."""
        backing = self.realised
        for other, p in sorted(self.positions.items()):
            if other != leg:
                backing -= p.entry_fee + p.paid + p.margin
        return backing

    def pay_funding(self, leg: int, market: float, rate: float) -> None:
        p, backing = self.positions[leg], self.back(leg)
        p.paid += min(p.side * p.size * market * rate, backing - p.entry_fee - p.paid)
        p.margin = min(p.margin, backing - p.entry_fee - p.paid)
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
        held = [p for _, p in sorted(self.positions.items())]
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

    def leave(self, leg: int, bar: int, reason: int, reference: float, *, inside: bool = False) -> None:
        p = self.positions[leg]
        p.see(reference, reference)
        balance = self.back(leg) - p.entry_fee - p.paid
        costs = self.taker, self.slip(bar, -p.side), p.tick
        price, fee = price_exit(p.side, p.entry, p.size, p.margin, balance, reference, reason == LIQUIDATION, *costs)
        fees = p.entry_fee + fee
        pnl = p.side * p.size * (price - p.entry) - fees - p.paid
        slipped = p.size * (abs(p.entry - p.market) + abs(price - reference))
        up, down = (p.highest - p.entry) / p.entry, (p.entry - p.lowest) / p.entry
        excursions = (down, up) if p.side > 0 else (up, down)
        bars = p.decision, p.entry_bar - p.first, bar - p.first, bar - p.entry_bar + inside
        money = p.entry, price, p.size, pnl, fees, p.paid, slipped
        self.trades.append((*money, *excursions, *bars, p.side, reason))
        self.owners.append(leg)
        self.equities.append(p.equity)
        self.realised += pnl
        self.left_ts[leg] = self.now
        del self.positions[leg]

    def describe(self, sample: np.void) -> None:
        held = [p for _, p in sorted(self.positions.items())]
        sample["equity"] = self.equity
        cash = self.realised
        for p in held:
            cash -= p.entry_fee + p.paid
        sample["cash"] = cash
        sample["margin"] = _add(p.margin for p in held)
        sample["long"] = _add(p.notional for p in held if p.side > 0)
        sample["short"] = _add(p.notional for p in held if p.side < 0)
        sample["positions"] = len(held)


def _add(values: Iterable[float]) -> float:
    """Add from left to right: ``sum`` compensates in newer Pythons, which the kernel does not."""
    total = 0.0
    for value in values:
        total += value
    return total
