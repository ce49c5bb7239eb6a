"""The specification of the replay: every bar, in order, nothing skipped.

At a bar's open: funding due, protective orders the gap has reached, ``max_hold``, then the decisions due at this open in
the order they were made (exit, reversal, entry). Inside the bar: liquidation, stop, trail, target. After the last bar:
what is open closes. A property test holds :data:`edgeproof.kernels.replay.replay` to this, bit by bit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgeproof.kernels.replay import (
    END,
    EXIT_LONG,
    EXIT_SHORT,
    GO_LONG,
    GO_SHORT,
    LIQUIDATION,
    MAX_HOLD,
    REVERSE,
    SIGNAL,
    SPENT_SHARE,
    TRADE_RECORD,
    UNTOUCHED,
    due_at,
    find_touch,
    liquidation_price,
    open_position,
    price_exit,
)

if TYPE_CHECKING:
    import numpy.typing as npt

    from edgeproof.domain.arrays import BoolArray, FloatArray, IntArray
    from edgeproof.kernels.replay import TradeRecords


def gather_events_py(
    long: BoolArray, short: BoolArray, exit_long: BoolArray, exit_short: BoolArray
) -> tuple[IntArray, npt.NDArray[np.uint8], int]:
    """List the decisions that say anything, in order.

    A wish for both directions, or to enter and leave the same one, is no wish to enter.

    Args:
        long, short, exit_long, exit_short: Shape (n,).

    Returns:
        Indices of the decisions; their codes, sums of ``GO_LONG``, ``GO_SHORT``, ``EXIT_LONG`` and ``EXIT_SHORT``; and
        how many decisions wished for both directions.
    """
    index, code, ambiguous = [], [], 0
    for at, (up, down, out_long, out_short) in enumerate(zip(long, short, exit_long, exit_short, strict=True)):
        ambiguous += int(up and down)
        says = (
            GO_LONG * (up and not down and not out_long)
            + GO_SHORT * (down and not up and not out_short)
            + EXIT_LONG * out_long
            + EXIT_SHORT * out_short
        )
        if says:
            index.append(at)
            code.append(says)
    return np.array(index, dtype=np.int64), np.array(code, dtype=np.uint8), ambiguous


def replay_py(
    ts: IntArray,
    open_: FloatArray,
    high: FloatArray,
    low: FloatArray,
    close: FloatArray,
    step_ms: int,
    decision_ts: IntArray,
    decision_ms: int,
    event_index: IntArray,
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
) -> tuple[TradeRecords, int, int]:
    """Replay decisions over execution bars.

    Args:
        ts: Opens of the execution bars, UTC milliseconds, at least ``step_ms`` apart, shape (n,).
        open_, high, low, close: Prices, positive, ``low <= open, close <= high``, shape (n,).
        step_ms: Length of an execution bar.
        decision_ts: Opens of the decision bars, shape (m,).
        decision_ms: Length of a decision bar.
        event_index, event_code: From ``gather_events``.
        stop, take, trail, leverage: As in :class:`edgeproof.domain.signals.Signals`, shape (m,), or shape (1,) where the
            value is the same at every decision.
        stop_stride, take_stride, trail_stride, leverage_stride: 1 for a value per decision, 0 for one value.
        max_hold: Decision bars after which a position closes, 0 for never.
        funding_bar, funding_rate: Execution bar at whose open each rate is due, not descending, and the rate.
        initial_equity: Quote units.
        taker, slippage, latency_ms: As in :class:`edgeproof.execution.costs.Costs`.
        lot, tick, min_size, max_leverage, maintenance: As in :class:`edgeproof.domain.instruments.InstrumentRules`.

    Returns:
        Closed trades (``TRADE_RECORD``) in order of entry; wishes to enter that came too late, across a gap; and wishes
        that the venue refused for their size, margin or a level below zero.
    """
    trades: list[tuple[float, ...]] = []
    late = refused = 0
    equity = float(initial_equity)
    side = 0

    def close_trade(bar: int, bars_held: int, reason: int, reference: float) -> None:
        nonlocal side, equity
        price, fee = price_exit(
            side,
            entry,
            size,
            margin,
            equity - entry_fee - paid,
            reference,
            reason == LIQUIDATION,
            taker,
            slippage,
            tick,
        )
        worst, best = min(lowest, reference), max(highest, reference)
        pnl = side * size * (price - entry) - (entry_fee + fee) - paid
        slipped = size * (abs(entry - open_[entry_bar]) + abs(price - reference))
        mae, mfe = (entry - worst if side > 0 else best - entry), (best - entry if side > 0 else entry - worst)
        trades.append(
            (decision, entry_bar, bar, bars_held, side, reason, entry, price, size, equity)
            + (pnl, entry_fee, entry_fee + fee, paid, slipped, mae / entry, mfe / entry)
        )
        equity += pnl
        side = 0

    due = [due_at(int(decision_ts[i]), decision_ms, latency_ms, step_ms) for i in event_index]
    acts = np.searchsorted(ts, due) if len(due) else np.empty(0, np.int64)
    for bar in range(len(ts)):
        # At the open.
        if side and entry_bar < bar:
            for at in np.flatnonzero(funding_bar == bar):
                paid += min(side * size * open_[bar] * funding_rate[at], equity - entry_fee - paid)
                margin = min(margin, equity - entry_fee - paid)
                liquidation = liquidation_price(side, entry, size, margin, maintenance)
            best = highest if side > 0 else lowest
            reason, reference, at_open = find_touch(
                side,
                open_[bar],
                high[bar],
                low[bar],
                stop_level,
                take_level,
                best - side * trail_distance,
                liquidation,
            )
            if at_open:
                close_trade(bar, bar - entry_bar, reason, reference)
            elif max_hold and ts[bar] >= ts[entry_bar] + max_hold * decision_ms:
                close_trade(bar, bar - entry_bar, MAX_HOLD, open_[bar])
        for event in np.flatnonzero(acts == bar):
            code, wish = event_code[event], int(event_index[event])
            if side and code & (EXIT_LONG if side > 0 else EXIT_SHORT):
                close_trade(bar, bar - entry_bar, SIGNAL, open_[bar])
            if side and code & (GO_SHORT if side > 0 else GO_LONG):
                close_trade(bar, bar - entry_bar, REVERSE, open_[bar])
            if side or not code & (GO_LONG | GO_SHORT) or equity <= SPENT_SHARE * initial_equity:
                continue
            if ts[bar] - due[event] > decision_ms:
                late += 1
                continue
            wished = leverage[wish * leverage_stride]
            if not wished > 0.0:
                continue
            distances = stop[wish * stop_stride], take[wish * take_stride], trail[wish * trail_stride]
            direction = 1 if code & GO_LONG else -1
            entry, size, entry_fee, margin, liquidation = open_position(
                direction,
                open_[bar],
                equity,
                wished,
                taker,
                slippage,
                lot,
                tick,
                min_size,
                max_leverage,
                maintenance,
            )
            if any(distance < 0.0 for distance in distances) or size <= 0.0:
                refused += 1
                continue
            side, decision, entry_bar, paid = direction, wish, bar, 0.0
            lowest = highest = entry
            # A distance of NaN is no level: an infinity that no price reaches.
            stop_distance, take_distance, trail_distance = (np.inf if np.isnan(d) else d for d in distances)
            stop_level, take_level = entry - side * stop_distance, entry + side * take_distance
        # Inside the bar.
        if side:
            best = highest if side > 0 else lowest
            reason, reference, _ = find_touch(
                side,
                open_[bar],
                high[bar],
                low[bar],
                stop_level,
                take_level,
                best - side * trail_distance,
                liquidation,
            )
            if reason == UNTOUCHED:
                lowest, highest = min(lowest, low[bar]), max(highest, high[bar])
            else:
                lowest, highest = min(lowest, open_[bar]), max(highest, open_[bar])
                close_trade(bar, bar - entry_bar + 1, reason, reference)
    if side:
        close_trade(len(ts) - 1, len(ts) - entry_bar, END, close[-1])
    return np.array(trades, dtype=TRADE_RECORD), late, refused
