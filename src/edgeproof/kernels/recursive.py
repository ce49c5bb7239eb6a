"""Loops in which each value grows out of the one before.

Every kernel takes contiguous float64 arrays of shape (n,) and gives arrays of shape (n,), NaN where undefined.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgeproof.kernels._jit import jit

if TYPE_CHECKING:
    from edgeproof.kernels._arrays import BoolArray, FloatArray


def smooth_py(values: FloatArray, alpha: float, seed: int) -> FloatArray:
    """Exponential mean of weight ``alpha``, started by the plain mean of ``seed`` values.

    The first value stands where the seed is complete. A NaN gives NaN and starts over.
    """
    n = len(values)
    out = np.full(n, np.nan)
    level = 0.0
    seen = 0
    for i in range(n):
        value = values[i]
        if np.isnan(value):
            seen = 0
            level = 0.0
            continue
        seen += 1
        if seen < seed:
            level += value
            continue
        level = (level + value) / seed if seen == seed else level + alpha * (value - level)
        out[i] = level
    return out


def smooth_adaptively_py(values: FloatArray, alphas: FloatArray) -> FloatArray:
    """Exponential mean whose weight changes with every value, started by the first value that has a weight.

    A value or weight that is NaN gives NaN and starts over.
    """
    n = len(values)
    out = np.full(n, np.nan)
    level = np.nan
    for i in range(n):
        level = values[i] if np.isnan(level) else level + alphas[i] * (values[i] - level)
        if np.isnan(alphas[i]):
            level = np.nan
        out[i] = level
    return out


def sum_since_py(values: FloatArray, starts: BoolArray) -> FloatArray:
    """Running sum since the newest start, that value included; NaN before the first start."""
    n = len(values)
    out = np.full(n, np.nan)
    total = np.nan
    for i in range(n):
        total = values[i] if starts[i] else total + values[i]
        out[i] = total
    return out


def follow_supertrend_py(middle: FloatArray, close: FloatArray, distance: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The supertrend line, and the side price is on: 1 above it, -1 below.

    Below a rising price the line is ``middle - distance``, and only rises; above a falling price ``middle + distance``,
    and only falls; a close beyond it changes sides. Both are NaN until ``distance`` is known; the first side is up.
    """
    n = len(close)
    line = np.full(n, np.nan)
    side = np.full(n, np.nan)
    lower = upper = now = np.nan
    for i in range(n):
        if np.isnan(distance[i]):
            lower = upper = now = np.nan
            continue
        new_lower = middle[i] - distance[i]
        new_upper = middle[i] + distance[i]
        if np.isnan(now):
            lower, upper, now = new_lower, new_upper, 1.0
        else:
            lower = max(new_lower, lower) if close[i - 1] >= lower else new_lower
            upper = min(new_upper, upper) if close[i - 1] <= upper else new_upper
            if now > 0.0 and close[i] < lower:
                now = -1.0
            elif now < 0.0 and close[i] > upper:
                now = 1.0
        side[i] = now
        line[i] = lower if now > 0.0 else upper
    return line, side


smooth = jit(smooth_py)
smooth_adaptively = jit(smooth_adaptively_py)
sum_since = jit(sum_since_py)
follow_supertrend = jit(follow_supertrend_py)
