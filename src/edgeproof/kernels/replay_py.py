"""The specification of the replay: every bar, in order, nothing skipped.

At a bar's open: funding due, protective orders the gap has reached, ``max_hold``, the end of an order that rested long
enough, then the decisions due at this open in the order they were made (exit, reversal, entry). Inside the bar: the
fill of a resting order, liquidation, stop, trail, target. Where a target takes a part of the position, the rest goes
on. After the last bar, what is open closes. A property test holds :data:`edgeproof.kernels.replay.replay` to this, bit
by bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from edgeproof.kernels.replay_events import EXIT_LONG, EXIT_SHORT, GO_LONG, GO_SHORT
from edgeproof.kernels.replay_extras import (
    NO_EXTRAS,
    Extras,
    choose_tier,
    cut_to_fill,
    find_limit_fill,
    find_slippage,
    is_target_first,
    split_position,
)
from edgeproof.kernels.replay_fills import find_touch, liquidation_price, open_position, price_exit
from edgeproof.kernels.replay_records import (
    END,
    LIQUIDATION,
    MAX_HOLD,
    PART_RECORD,
    REVERSE,
    SIGNAL,
    SPENT_SHARE,
    TAKE,
    TRADE_RECORD,
    UNTOUCHED,
)

if TYPE_CHECKING:
    import numpy.typing as npt

    from edgeproof.kernels._arrays import FloatArray, IntArray
    from edgeproof.kernels.replay_records import PartRecords, TradeRecords


def replay_py(
    ts: IntArray,
    open_: FloatArray,
    high: FloatArray,
    low: FloatArray,
    close: FloatArray,
    step_ms: int,
    decision_ts: IntArray,
    decision_ms: int,
    event_index: npt.NDArray[np.int32],
    event_code: npt.NDArray[np.uint8],
    stop: FloatArray,
    take: FloatArray,
    trail: FloatArray,
    leverage: FloatArray,
    stop_stride: int,
    take_stride: int,
    trail_stride: int,
    leverage_stride: int,
    max_hold: int,
    funding_bar: IntArray,
    funding_rate: FloatArray,
    initial_equity: float,
    taker: float,
    slippage: float,
    latency_ms: int,
    lot: float,
    tick: float,
    min_size: float,
    max_leverage: float,
    maintenance: float,
    extras: Extras | None = None,
) -> tuple[TradeRecords, PartRecords, npt.NDArray[np.bool_], tuple[int, int, int]]:
    """Replay decisions over execution bars.

    - ``ts`` are the opens of the execution bars, UTC milliseconds, at least ``step_ms`` apart; prices are positive,
      with ``low <= open, close <= high``; all of shape (n,).
    - ``decision_ts`` are the opens of the decision bars, ``decision_ms`` long, shape (m,).
    - ``event_index`` and ``event_code`` come from ``gather_events``.
    - ``stop``, ``take``, ``trail`` and ``leverage`` mean what they mean in ``domain.signals.Signals``, of shape (m,)
      and stride 1, or of shape (1,) and stride 0 where one value holds for every decision; ``max_hold`` is in decision
      bars.
    - ``funding_bar`` is the bar at whose open each rate is due, not descending.
    - ``taker``, ``slippage``, ``latency_ms`` are those of ``execution.Costs``; ``lot``, ``tick``, ``min_size``,
      ``max_leverage`` and ``maintenance`` those of ``domain.instruments.InstrumentRules``.
    - ``extras`` are the terms beyond these, ``None`` for none.

    Returns:
        Closed trades (``TRADE_RECORD``) in order of entry; what left before the rest (``PART_RECORD``); whether each
        trade was entered by an order that rested (empty where ``extras`` are None); and how many wishes to enter came
        too late, across a gap, were refused by the venue for their size, margin or a level below zero, or rested and
        were not filled.
    """
    more = extras or NO_EXTRAS
    account = _Account(float(initial_equity), more, (taker, slippage, lot, tick, min_size), ts)
    due_ts = decision_ts[event_index] + decision_ms + latency_ms // step_ms * step_ms
    acts_at = np.searchsorted(ts, due_ts)
    late = refused = missed = 0
    order: _Order | None = None
    for bar in range(len(ts)):
        prices = float(open_[bar]), float(high[bar]), float(low[bar])
        if account.side:
            for rate in funding_rate[funding_bar == bar]:
                account.pay_funding(prices[0], float(rate))
            reason, reference, at_open = account.find_touch(*prices)
            while at_open and account.take_part(bar, reason, reference):
                reason, reference, at_open = account.find_touch(*prices)
            if at_open:
                account.leave(bar, reason, reference)
            elif max_hold and ts[bar] >= ts[account.entry_bar] + max_hold * decision_ms:
                account.leave(bar, MAX_HOLD, prices[0])
        if order and ts[bar] >= order.expires_ts:
            order, missed = None, missed + 1
        for event in np.flatnonzero(acts_at == bar):
            code, decision = int(event_code[event]), int(event_index[event])
            if account.side and code & (EXIT_LONG if account.side > 0 else EXIT_SHORT):
                account.leave(bar, SIGNAL, prices[0])
            if account.side and code & (GO_SHORT if account.side > 0 else GO_LONG):
                account.leave(bar, REVERSE, prices[0])
            if order and code & ((EXIT_LONG | GO_SHORT) if order.side > 0 else (EXIT_SHORT | GO_LONG)):
                order, missed = None, missed + 1
            if account.side or order or not code & (GO_LONG | GO_SHORT):
                continue
            if account.equity <= SPENT_SHARE * initial_equity:
                continue
            if account.trades and ts[bar] < ts[account.left_bar] + more.cool_down * decision_ms:
                continue
            if ts[bar] - due_ts[event] > decision_ms:
                late += 1
                continue
            wished = float(leverage[decision * leverage_stride])
            if not wished > 0.0:
                continue
            side = 1 if code & GO_LONG else -1
            distances = [
                float(values[decision * stride])
                for values, stride in ((stop, stop_stride), (take, take_stride), (trail, trail_stride))
            ]
            limit = float(more.limit[event]) if len(more.limit) else np.nan
            if limit <= 0.0 or any(distance < 0.0 for distance in distances):
                refused += 1
                continue
            upkeep = maintenance
            if len(more.tiers):
                wished, upkeep = choose_tier(more.tiers, account.equity, min(wished, max_leverage))
            rests = side * (prices[0] - limit) > 0.0
            market, terms = prices[0], (taker, find_slippage(more.hourly, more.factor, slippage, ts[bar], bar, side))
            if rests:
                market, terms = limit, (more.maker, 0.0)
            elif not np.isnan(limit):
                terms = (taker, min(terms[1], side * (limit / market - 1.0)))
            rules = lot, 0.0 if rests else tick, min_size, max_leverage, upkeep
            opened = open_position(side, market, account.equity, wished, *terms, *rules)
            if opened[1] <= 0.0:
                refused += 1
                continue
            order = _Order(
                side=side,
                decision=decision,
                market=market,
                distances=distances,
                opened=opened,
                upkeep=upkeep,
                expires_ts=due_ts[event] + more.wait * decision_ms,
                fillable=bool(rests and more.fillable[event]),
            )
            if not rests:
                account.enter(bar, order, rested=False)
                order = None
            elif ts[bar] >= order.expires_ts:
                order, missed = None, missed + 1
        from_fill = np.nan
        if order and find_limit_fill(order.side, order.market, order.fillable, open_, high, low, bar, bar + 1) == bar:
            account.enter(bar, order, rested=True)
            if order.side * (prices[0] - order.market) > 0.0:
                from_fill = order.market
                prices = (from_fill, *cut_to_fill(order.side, from_fill, prices[1], prices[2], float(close[bar])))
            order = None
        while account.side:
            reason, reference, at_open = account.find_touch(*prices)
            best = prices[1] if account.side > 0 else prices[2]
            if reason not in {UNTOUCHED, TAKE} and not at_open and account.side * (best - account.take) >= 0.0:
                prints, levels = (more.print_ts, more.print_price), (reference, account.take, from_fill)
                if is_target_first(*prints, ts[bar], ts[bar] + step_ms, account.side, *levels):
                    reason, reference = TAKE, account.take
            parted = account.take_part(bar, reason, reference)
            if parted and not at_open:
                target = reference
                reason, reference, _ = account.find_touch(*prices)
                account.see(target, target)
            if reason == UNTOUCHED:
                account.see(prices[1], prices[2])
                break
            if not parted or not at_open:
                account.see(prices[0], prices[0])
                account.leave(bar, reason, reference, inside=True)
    missed += order is not None
    if account.side:
        account.leave(len(ts) - 1, END, float(close[-1]), inside=True)
    trades, parts = np.array(account.trades, dtype=TRADE_RECORD), np.array(account.parts, dtype=PART_RECORD)
    rested = np.array(account.rested if extras else [], dtype=np.bool_)
    return trades, parts, rested, (late, refused, missed)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    """An order to enter: what it would open, and until when it rests."""

    side: int
    decision: int
    market: float  # the price aimed at
    distances: list[float]
    opened: tuple[float, float, float, float, float]
    upkeep: float
    expires_ts: int
    fillable: bool


class _Account:
    """An account with at most one position; ``side`` is 0 while it has none."""

    def __init__(
        self, equity: float, extras: Extras, terms: tuple[float, float, float, float, float], ts: IntArray
    ) -> None:
        self.equity = equity
        self.trades: list[tuple[float, ...]] = []
        self.parts: list[tuple[float, ...]] = []
        self.rested: list[bool] = []
        self.side = self.left_bar = 0
        self._extras = extras
        self._taker, self._slippage, self._lot, self._tick, self._min_size = terms
        self._ts = ts

    def enter(self, bar: int, order: _Order, *, rested: bool) -> None:
        self.side, self.decision, self.entry_bar, self.market = order.side, order.decision, bar, order.market
        self.entry, self.size, self.entry_fee, self.margin, self.liquidation = order.opened
        self._maintenance = order.upkeep
        self.rested.append(rested)
        # A distance of NaN is no level: an infinity that no price reaches.
        stop, take, self.trail = (np.inf if np.isnan(distance) else distance for distance in order.distances)
        self.stop, self.take = self.entry - self.side * stop, self.entry + self.side * take
        self.lowest = self.highest = self.entry
        self.entered = self.size
        self.paid = self.part = self.part_price = self.part_fee = self.part_slipped = self.banked = 0.0

    @property
    def balance(self) -> float:
        return self.equity - self.entry_fee - self.paid + self.banked

    def pay_funding(self, market: float, rate: float) -> None:
        self.paid += min(self.side * self.size * market * rate, self.balance)
        self.margin = min(self.margin, self.balance)
        self.place_liquidation()

    def place_liquidation(self) -> None:
        self.liquidation = liquidation_price(self.side, self.entry, self.size, self.margin, self._maintenance)

    def find_touch(self, open_: float, high: float, low: float) -> tuple[int, float, bool]:
        best = self.highest if self.side > 0 else self.lowest
        trail = best - self.side * self.trail
        return find_touch(self.side, open_, high, low, self.stop, self.take, trail, self.liquidation)

    def see(self, high: float, low: float) -> None:
        self.lowest, self.highest = min(self.lowest, low), max(self.highest, high)

    def take_part(self, bar: int, reason: int, reference: float) -> bool:
        """Let a part leave at the target, where that is wished for and has not happened yet."""
        part = split_position(self.size, self._extras.take_share, self._lot, self._min_size)
        if reason != TAKE or self.part or not part:
            return False
        part_margin = self.margin * (part / self.size)
        self.part_price, self.part_fee = self.price_exit(bar, part, part_margin, reference, liquidated=False)
        self.part, self.take = part, self.side * np.inf
        self.part_slipped = part * (abs(self.entry - self.market) + abs(self.part_price - reference))
        self.banked = self.side * part * (self.part_price - self.entry) - self.part_fee
        self.parts.append((self.part_price, part, self.part_fee, len(self.trades), bar))
        self.size -= part
        self.margin -= part_margin
        if self.margin > self.balance:
            self.margin = self.balance
            self.place_liquidation()
        return True

    def price_exit(
        self, bar: int, size: float, margin: float, reference: float, *, liquidated: bool
    ) -> tuple[float, float]:
        terms = self._extras.hourly, self._extras.factor, self._slippage
        costs = self._taker, find_slippage(*terms, self._ts[bar], bar, -self.side), self._tick
        return price_exit(self.side, self.entry, size, margin, self.balance, reference, liquidated, *costs)

    def leave(self, bar: int, reason: int, reference: float, *, inside: bool = False) -> None:
        self.see(reference, reference)
        price, fee = self.price_exit(bar, self.size, self.margin, reference, liquidated=reason == LIQUIDATION)
        pnl = self.side * self.size * (price - self.entry) - (self.entry_fee + fee) - self.paid + self.banked
        slipped = self.size * (abs(self.entry - self.market) + abs(price - reference)) + self.part_slipped
        fees = self.entry_fee + fee + self.part_fee
        up, down = (self.highest - self.entry) / self.entry, (self.entry - self.lowest) / self.entry
        excursions = (down, up) if self.side > 0 else (up, down)
        bars = self.decision, self.entry_bar, bar, bar - self.entry_bar + inside
        if self.part:
            price = (self.part * self.part_price + self.size * price) / self.entered
        money = self.entry, price, self.entered, pnl, fees, self.paid, slipped
        self.trades.append((*money, *excursions, *bars, self.side, reason))
        self.equity += pnl
        self.side, self.left_bar = 0, bar
