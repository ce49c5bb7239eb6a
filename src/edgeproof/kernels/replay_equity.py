"""Check bars before a replay, and mark an account to market after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgeproof.kernels._jit import jit

if TYPE_CHECKING:
    from edgeproof.kernels._arrays import BoolArray, FloatArray, IntArray
    from edgeproof.kernels.replay_records import PartRecords, TradeRecords


def find_bad_bar_py(
    ts: IntArray,
    open_: FloatArray,
    high: FloatArray,
    low: FloatArray,
    close: FloatArray,
    step_ms: int,
    least: float,
    most: float,
) -> tuple[int, bool]:
    """Look for a bar no replay can use.

    Returns:
        Index of the first bar with a price outside ``least`` to ``most`` (NaN is), with a high under its low, or less
        than ``step_ms`` after the one before; -1 for none. And whether any open or close lies outside its bar's range.
    """
    outside = False
    for bar in range(len(ts)):
        lowest, highest = min(open_[bar], close[bar]), max(open_[bar], close[bar])
        # Each comparison is written so that NaN fails it.
        sound = least <= low[bar] <= high[bar] <= most and least <= open_[bar] <= most and least <= close[bar] <= most
        if not sound or (bar > 0 and ts[bar] - ts[bar - 1] < step_ms):
            return bar, outside
        if lowest < low[bar] or highest > high[bar]:
            outside = True
    return -1, outside


def mark_equity_py(
    trades: TradeRecords,
    parts: PartRecords,
    rested: BoolArray,
    samples: IntArray,
    sample_close: FloatArray,
    open_: FloatArray,
    funding_bar: IntArray,
    funding_rate: FloatArray,
    initial_equity: float,
    taker: float,
    maker: float,
) -> FloatArray:
    """Equity at the closes of some bars: what is realised, and the open position at its bar's close.

    Args:
        trades: ``TRADE_RECORD`` in order of entry, shape (t,).
        parts: ``PART_RECORD`` of what left before the rest, in order of trades, shape (p,).
        rested: Whether an order that rested entered each trade, shape (t,), or empty where none did.
        samples: Indices of execution bars, ascending, shape (s,).
        sample_close: Their closes, shape (s,).
        open_: Opens of all execution bars, shape (n,).
        funding_bar: As the replay had it.
        funding_rate: As the replay had it.
        initial_equity: Quote units.
        taker: Share of notional paid at entry.
        maker: The same where an order had rested.

    Returns:
        Equity, never below zero, shape (s,). A position pays its fee to leave when it leaves, not before.
    """
    equity = np.empty(len(samples))
    realised, trade, funding, paid = initial_equity, 0, 0, 0.0
    part, gone, banked = 0, 0.0, 0.0
    for at in range(len(samples)):
        bar = samples[at]
        while trade < len(trades) and trades[trade]["exit_bar"] <= bar:
            realised += trades[trade]["pnl"]
            trade += 1
            paid, gone, banked = 0.0, 0.0, 0.0
        value = realised
        while part < len(parts) and parts[part]["trade"] < trade:
            part += 1
        if trade < len(trades) and trades[trade]["entry_bar"] <= bar:
            held = trades[trade]
            side, size, entry = held["side"], held["size"], held["entry_price"]
            fee = maker if len(rested) > 0 and rested[trade] else taker
            balance = realised - size * entry * fee
            while True:
                # Funding and the part that left, in the order of time: funding is paid at opens, so before a part.
                due = funding_bar[funding] if funding < len(funding_bar) else bar + 1
                if part < len(parts) and parts[part]["trade"] == trade and parts[part]["bar"] < min(due, bar + 1):
                    gone = parts[part]["size"]
                    banked = side * gone * (parts[part]["price"] - entry) - parts[part]["fee"]
                    part += 1
                elif due <= bar:
                    if due > held["entry_bar"]:
                        owed = side * (size - gone) * open_[due] * funding_rate[funding]
                        paid += min(owed, balance + banked - paid)
                    funding += 1
                else:
                    break
            value = balance + banked - paid + side * (size - gone) * (sample_close[at] - entry)
        equity[at] = max(0.0, value)
    return equity


find_bad_bar = jit(find_bad_bar_py)
mark_equity = jit(mark_equity_py)
