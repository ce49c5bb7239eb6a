"""What one would write without edgeproof: TA-Lib, numpy, and a loop over every bar that numba compiles.

It knows neither funding, liquidation, lots nor measures, and gives trades' profits only: the least that there is to do.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
import talib
from bench.material import CASH, FEE, SLIPPAGE, STOP, TAKE, UNITS, draw_bars, draw_windows, draw_wishes
from bench.measure import Measured, measure_each, measure_sweep, take_turns
from numba import njit

if TYPE_CHECKING:
    from bench.material import Bars
    from bench.measure import Effort
    from numpy.typing import NDArray

_BARS: Final = 1_000_000
_COMBINATIONS: Final = 1_000
_FAST, _SLOW = 12, 48


def replay_sparse(effort: Effort) -> Measured:
    """Signals on one bar in a thousand."""
    return _replay(effort, 0.001)


def replay_dense(effort: Effort) -> Measured:
    """Signals on one bar in ten."""
    return _replay(effort, 0.1)


def strategy(effort: Effort) -> Measured:
    """A crossing of two exponential means."""
    count = effort.scale(_BARS)
    bars = draw_bars(count)
    return measure_each(
        lambda: _trade_crossing(bars, _take_mean(bars, _FAST), _take_mean(bars, _SLOW)),
        effort,
        count=count,
        size=f"{count:,} bars",
        note="trades' profits only",
    )


def sweep(effort: Effort) -> Measured:
    """A grid over the two windows of that crossing, each mean computed once."""
    bars = draw_bars(effort.scale(_BARS))
    fast, slow = draw_windows(effort.scale_combinations(_COMBINATIONS))

    def work() -> None:
        means = {window: _take_mean(bars, window) for window in (*fast, *slow)}
        for short in fast:
            for long in slow:
                _trade_crossing(bars, means[short], means[long])

    _trade_crossing(bars, bars.open, bars.close)
    return measure_sweep(
        work, effort, combinations=len(fast) * len(slow), bars=len(bars), note="one thread; trades' profits only"
    )


def _replay(effort: Effort, density: float) -> Measured:
    count = effort.scale(_BARS)
    bars = draw_bars(count)
    works = [
        partial(_trade, bars, wishes.long, wishes.short, wishes.exit_long, wishes.exit_short)
        for wishes in draw_wishes(count, density)
    ]
    size = f"{count:,} bars, {len(works[0]()):,} trades"
    return measure_each(take_turns(works), effort, count=count, size=size, note="trades' profits only")


def _take_mean(bars: Bars, window: int) -> NDArray[np.float64]:
    mean: NDArray[np.float64] = talib.EMA(bars.close, window)
    return mean


def _trade_crossing(bars: Bars, fast: NDArray[np.float64], slow: NDArray[np.float64]) -> NDArray[np.float64]:
    over = fast > slow
    rose, fell = np.zeros(len(over), np.bool_), np.zeros(len(over), np.bool_)
    rose[1:] = over[1:] & ~over[:-1]
    fell[1:] = ~over[1:] & over[:-1]
    return _trade(bars, rose, fell, fell, rose)


def _trade(bars: Bars, *flags: NDArray[np.bool_]) -> NDArray[np.float64]:
    profits: NDArray[np.float64] = _walk((bars.open, bars.high, bars.low, bars.close), flags)
    return profits


@njit(cache=True)
def _walk(prices, flags):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202 - numba's types, and one loop
    open_, high, low, close = prices
    long, short, exit_long, exit_short = flags
    profits = np.empty(len(close))
    cash, count, side, entry, stop, take = CASH, 0, 0, 0.0, 0.0, 0.0
    for at in range(1, len(close)):
        before = at - 1
        fill = 0.0
        wish = 1 if long[before] and side != 1 else -1 if short[before] and side != -1 else 0
        if side != 0:
            leaves = wish != 0 or (exit_long[before] if side > 0 else exit_short[before])
            beyond = side * (open_[at] - stop) <= 0.0 or side * (open_[at] - take) >= 0.0
            if leaves or beyond:
                fill = open_[at]
            elif side * ((low[at] if side > 0 else high[at]) - stop) <= 0.0:
                fill = stop
            elif side * ((high[at] if side > 0 else low[at]) - take) >= 0.0:
                fill = take
        if fill > 0.0:
            fill *= 1.0 - side * SLIPPAGE
            profits[count] = UNITS * (side * (fill - entry) - FEE * (fill + entry))
            cash += profits[count]
            count += 1
            side = 0
        if wish != 0 and side == 0 and cash > 0.0:
            side = wish
            entry = open_[at] * (1.0 + side * SLIPPAGE)
            stop = entry - side * STOP * close[before]
            take = entry + side * TAKE * close[before]
    return profits[:count].copy()
