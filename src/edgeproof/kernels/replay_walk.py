"""Finding bars without looking at each: by their time, and by the prices they reach."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from numba.extending import register_jitable

if TYPE_CHECKING:
    import numpy as np

    from edgeproof.kernels._arrays import FloatArray, IntArray

_BLOCK: Final = 8  # bars looked at before asking whether any touched a level


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
    while bar + _BLOCK <= stop:
        lows, highs = low[bar : bar + _BLOCK], high[bar : bar + _BLOCK]
        least, most = lows[0], highs[0]
        for other in range(1, _BLOCK):
            least = min(least, lows[other])
            most = max(most, highs[other])
        if least <= floor or most >= ceiling:
            break
        lowest = min(lowest, least)
        highest = max(highest, most)
        bar += _BLOCK
    while bar < stop and low[bar] > floor and high[bar] < ceiling:
        lowest, highest = min(lowest, low[bar]), max(highest, high[bar])
        bar += 1
    return bar, lowest, highest


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
        if side > 0:
            if low[bar] <= max(adverse, highest - trail) or high[bar] >= take:
                break
        elif high[bar] >= min(adverse, lowest + trail) or low[bar] <= take:
            break
        lowest, highest = min(lowest, low[bar]), max(highest, high[bar])
        bar += 1
    return bar, lowest, highest
