"""Sums over trades and equity, each in one pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgeproof.kernels._jit import jit
from edgeproof.kernels.replay_records import END, LIQUIDATION

if TYPE_CHECKING:
    from edgeproof.kernels._arrays import FloatArray, IntArray
    from edgeproof.kernels.replay_records import TradeRecords


def time_trades_py(trades: TradeRecords, ts: IntArray, step_ms: int) -> tuple[IntArray, IntArray]:
    """When trades began and ended: the opens of their execution bars, or the last bar's close where the data ended.

    Args:
        trades: ``TRADE_RECORD``, shape (t,).
        ts: Opens of the execution bars, UTC milliseconds, shape (n,).
        step_ms: Length of an execution bar.

    Returns:
        Entry and exit times, UTC milliseconds, shape (t,) each.
    """
    entry_ts, exit_ts = np.empty(len(trades), np.int64), np.empty(len(trades), np.int64)
    for at in range(len(trades)):
        trade = trades[at]
        entry_ts[at] = ts[trade["entry_bar"]]
        exit_ts[at] = ts[trade["exit_bar"]] + (step_ms if trade["reason"] == END else 0)
    return entry_ts, exit_ts


def _time_trades(trades: TradeRecords, ts: IntArray, step_ms: int) -> tuple[IntArray, IntArray]:
    """When trades began and ended; see :func:`time_trades_py`, whose bars are at least ``step_ms`` apart.

    Where no bar is missing their times are reckoned: looking each up waits for memory, four times as long.
    """
    if len(ts) == 0 or ts[-1] - ts[0] != (len(ts) - 1) * step_ms:
        return _look_up_times(trades, ts, step_ms)
    entry_ts, exit_ts = np.empty(len(trades), np.int64), np.empty(len(trades), np.int64)
    for at in range(len(trades)):
        trade = trades[at]
        entry_ts[at] = ts[0] + trade["entry_bar"] * step_ms
        exit_ts[at] = ts[0] + (trade["exit_bar"] + (trade["reason"] == END)) * step_ms
    return entry_ts, exit_ts


def sum_trades_py(trades: TradeRecords) -> FloatArray:
    """Add up trades.

    Returns:
        Wins, losses (counts), money gained by wins and lost by losses, best and worst pnl, fees, funding, slippage,
        turnover (notional at both fills), mae, mfe, bars held, liquidations: shape (14,). Best and worst are infinite
        where there are no trades.
    """
    wins, losses, gained, lost, best, worst = 0.0, 0.0, 0.0, 0.0, -np.inf, np.inf
    fees, funding, slippage, turnover, mae, mfe, bars, liquidations = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for at in range(len(trades)):
        trade = trades[at]
        pnl = trade["pnl"]
        # Sums of choices rather than branches: which trades win is nothing that a processor could foresee.
        wins += pnl > 0.0
        losses += pnl < 0.0
        gained += max(pnl, 0.0)
        lost += max(-pnl, 0.0)
        best, worst = max(best, pnl), min(worst, pnl)
        fees += trade["fees"]
        funding += trade["funding"]
        slippage += trade["slippage"]
        turnover += trade["size"] * (trade["entry_price"] + trade["exit_price"])
        mae += trade["mae"]
        mfe += trade["mfe"]
        bars += trade["bars_held"]
        liquidations += trade["reason"] == LIQUIDATION
    sums = (wins, losses, gained, lost, best, worst, fees, funding, slippage, turnover, mae, mfe, bars, liquidations)
    return np.array(sums)


def find_drawdown_py(ts: IntArray, equity: FloatArray) -> tuple[float, int]:
    """Deepest fall from a peak as a share of it, and the longest time from a peak until it was reached again.

    Args:
        ts: When equity was sampled, ascending, shape (n,), n at least 1.
        equity: Never below zero, shape (n,).

    Returns:
        Depth; and length in the unit of ``ts``, up to the last sample where the peak was not reached again.
    """
    peak, peak_at = equity[0], ts[0]
    depth, longest = 0.0, 0
    under = False
    for at in range(len(ts)):
        if equity[at] >= peak:
            if under:
                longest = max(longest, ts[at] - peak_at)
            peak, peak_at, under = equity[at], ts[at], False
        else:
            under = True
            depth = max(depth, (peak - equity[at]) / peak)
    if under:
        longest = max(longest, ts[-1] - peak_at)
    return depth, longest


_look_up_times = jit(time_trades_py)
time_trades = jit(_time_trades)
sum_trades = jit(sum_trades_py)
find_drawdown = jit(find_drawdown_py)
