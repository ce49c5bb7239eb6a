"""Finding bars without looking at each: by their time, and by the prices they reach."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numba.extending import register_jitable

from edgeproof.kernels._jit import jit

if TYPE_CHECKING:
    from edgeproof.kernels._arrays import FloatArray, IntArray

SPAN: Final = 32  # bars whose range is known before a replay
_BLOCK: Final = 8  # bars looked at before asking whether any touched a level


def range_spans_py(high: FloatArray, low: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Highest high and lowest low of every whole ``SPAN`` of bars from the first on, shape (n // SPAN,) each."""
    spans = len(high) // SPAN
    span_high, span_low = np.empty(spans), np.empty(spans)
    for span in range(spans):
        most, least = high[span * SPAN], low[span * SPAN]
        for bar in range(span * SPAN + 1, (span + 1) * SPAN):
            most, least = max(most, high[bar]), min(least, low[bar])
        span_high[span], span_low[span] = most, least
    return span_high, span_low


range_spans = jit(range_spans_py)


@register_jitable
def locate_bar(ts: IntArray, due: np.int64, start: int, step_ms: int) -> int:
    """First bar from ``start`` on that opens at or after ``due``; the number of bars where there is none."""
    bars = len(ts)
    if start >= bars or ts[start] >= due:
        return start
    # Bars are at least a step apart, so the answer lies at or before this guess, and at it where no bar is missing.
    guess: int = start + (due - ts[start] + step_ms - 1) // step_ms
    if guess < bars and ts[guess - 1] < due:
        return guess
    below: int = start
    above: int = min(guess, bars)
    while above - below > 1:
        middle = (below + above) // 2
        if ts[middle] < due:
            below = middle
        else:
            above = middle
    return above


@register_jitable
def range_block(high: FloatArray, low: FloatArray, start: int) -> tuple[float, float]:
    """Lowest low and highest high of the ``_BLOCK`` bars from ``start`` on."""
    lows, highs = low[start : start + _BLOCK], high[start : start + _BLOCK]
    least, most = lows[0], highs[0]
    for other in range(1, _BLOCK):
        least = min(least, lows[other])
        most = max(most, highs[other])
    return least, most


@register_jitable
def scan_bars(
    high: FloatArray,
    low: FloatArray,
    start: int,
    stop: int,
    floor: float,
    ceiling: float,
    lowest: float,
    highest: float,
) -> tuple[int, float, float]:
    """First bar of ``start`` up to ``stop`` that reaches down to ``floor`` or up to ``ceiling``, else ``stop``.

    Returns:
        That bar, and the lowest low and highest high of the bars before it, starting from those given.
    """
    bar = start
    if stop - start >= _BLOCK:
        last = stop - _BLOCK
        while True:
            least, most = range_block(high, low, bar)
            if least <= floor or most >= ceiling:
                break
            lowest = min(lowest, least)
            highest = max(highest, most)
            if bar == last:
                return stop, lowest, highest
            # The last block reaches back over bars that were looked at: looking twice changes nothing.
            bar = min(bar + _BLOCK, last)
    while bar < stop and low[bar] > floor and high[bar] < ceiling:
        lowest, highest = min(lowest, low[bar]), max(highest, high[bar])
        bar += 1
    return bar, lowest, highest


@register_jitable
def skip_spans(
    span_high: FloatArray,
    span_low: FloatArray,
    start: int,
    stop: int,
    floor: float,
    ceiling: float,
    lowest: float,
    highest: float,
) -> tuple[int, float, float]:
    """First bar of the first span that touches a level or ends beyond ``stop``; else as :func:`scan_bars`.

    ``start`` begins a span; ``span_high`` and ``span_low`` come from :func:`range_spans`.
    """
    span = start // SPAN
    while (span + 1) * SPAN <= stop and span_low[span] > floor and span_high[span] < ceiling:
        lowest, highest = min(lowest, span_low[span]), max(highest, span_high[span])
        span += 1
    return span * SPAN, lowest, highest


@register_jitable
def scan_trailing(
    side: int,
    high: FloatArray,
    low: FloatArray,
    start: int,
    stop: int,
    adverse: float,
    take: float,
    trail: float,
    lowest: float,
    highest: float,
) -> tuple[int, float, float]:
    """As :func:`scan_bars` with a level that follows the best price of the bars before, ``trail`` away from it."""
    bar = start
    while bar < stop:
        until = min(bar + _BLOCK, stop)
        if until == bar + _BLOCK:
            # The level moves with the best price at most as far as the block's own, whichever bar that is.
            least, most = range_block(high, low, bar)
            near = max(adverse, max(highest, most) - trail) if side > 0 else min(adverse, min(lowest, least) + trail)
            if (least > near and most < take) if side > 0 else (most < near and least > take):
                lowest, highest = min(lowest, least), max(highest, most)
                bar = until
                continue
        while bar < until:
            if side > 0:
                if low[bar] <= max(adverse, highest - trail) or high[bar] >= take:
                    return bar, lowest, highest
            elif high[bar] >= min(adverse, lowest + trail) or low[bar] <= take:
                return bar, lowest, highest
            lowest, highest = min(lowest, low[bar]), max(highest, high[bar])
            bar += 1
    return bar, lowest, highest
