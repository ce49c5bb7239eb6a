"""The specification of the replay: every bar, in order, nothing skipped.

At a bar's open: funding due, protective orders the gap has reached, ``max_hold``, then the decisions due at this open
in the order they were made (exit, reversal, entry). Inside the bar: liquidation, stop, trail, target. Where a target
takes a part of the position, the rest goes on. After the last bar, what is open closes. A property test holds
:data:`edgeproof.kernels.replay.replay` to this, bit by bit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgeproof.kernels.replay_events import EXIT_LONG, EXIT_SHORT, GO_LONG, GO_SHORT
from edgeproof.kernels.replay_extras import NO_EXTRAS, Extras, split_position
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
) -> tuple[TradeRecords, PartRecords, int, int]:
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
        Closed trades (``TRADE_RECORD``) in order of entry; what left before the rest (``PART_RECORD``); wishes to enter
        that came too late, across a gap; and wishes that the venue refused for their size, margin or a level below
        zero.
    """
    more = extras or NO_EXTRAS
    account = _Account(float(initial_equity), more, (taker, slippage, lot, tick, min_size, maintenance))
    due_ts = decision_ts[event_index] + decision_ms + latency_ms // step_ms * step_ms
    acts_at = np.searchsorted(ts, due_ts)
    late = refused = 0
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
        for event in np.flatnonzero(acts_at == bar):
            code, decision = int(event_code[event]), int(event_index[event])
            if account.side and code & (EXIT_LONG if account.side > 0 else EXIT_SHORT):
                account.leave(bar, SIGNAL, prices[0])
            if account.side and code & (GO_SHORT if account.side > 0 else GO_LONG):
                account.leave(bar, REVERSE, prices[0])
            if account.side or not code & (GO_LONG | GO_SHORT) or account.equity <= SPENT_SHARE * initial_equity:
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
            terms = (taker, slippage, lot, tick, min_size, max_leverage, maintenance)
            opened = open_position(side, prices[0], account.equity, wished, *terms)
            if any(distance < 0.0 for distance in distances) or opened[1] <= 0.0:
                refused += 1
                continue
            account.enter(bar, decision, side, prices[0], distances, opened)
        while account.side:
            reason, reference, at_open = account.find_touch(*prices)
            parted = account.take_part(bar, reason, reference)
            if reason == UNTOUCHED or (parted and not at_open):
                account.see(prices[1], prices[2])
                break
            if not parted:
                account.see(prices[0], prices[0])
                account.leave(bar, reason, reference, inside=True)
    if account.side:
        account.leave(len(ts) - 1, END, float(close[-1]), inside=True)
    trades, parts = np.array(account.trades, dtype=TRADE_RECORD), np.array(account.parts, dtype=PART_RECORD)
    return trades, parts, late, refused


class _Account:
    """An account with at most one position; ``side`` is 0 while it has none."""

    def __init__(self, equity: float, extras: Extras, terms: tuple[float, float, float, float, float, float]) -> None:
        self.equity = equity
        self.trades: list[tuple[float, ...]] = []
        self.parts: list[tuple[float, ...]] = []
        self.side = self.left_bar = 0
        self._extras = extras
        self._taker, self._slippage, self._lot, self._tick, self._min_size, self._maintenance = terms

    def enter(
        self,
        bar: int,
        decision: int,
        side: int,
        market: float,
        distances: list[float],
        opened: tuple[float, float, float, float, float],
    ) -> None:
        self.side, self.decision, self.entry_bar, self.market = side, decision, bar, market
        self.entry, self.size, self.entry_fee, self.margin, self.liquidation = opened
        # A distance of NaN is no level: an infinity that no price reaches.
        stop, take, self.trail = (np.inf if np.isnan(distance) else distance for distance in distances)
        self.stop, self.take = self.entry - side * stop, self.entry + side * take
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
        self.part_price, self.part_fee = self.price_exit(part, part_margin, reference, liquidated=False)
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

    def price_exit(self, size: float, margin: float, reference: float, *, liquidated: bool) -> tuple[float, float]:
        costs = self._taker, self._slippage, self._tick
        return price_exit(self.side, self.entry, size, margin, self.balance, reference, liquidated, *costs)

    def leave(self, bar: int, reason: int, reference: float, *, inside: bool = False) -> None:
        self.see(reference, reference)
        price, fee = self.price_exit(self.size, self.margin, reference, liquidated=reason == LIQUIDATION)
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
