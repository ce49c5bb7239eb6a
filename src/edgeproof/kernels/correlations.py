"""How the returns of several markets move together, as known at each midnight."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgeproof.kernels._jit import jit

if TYPE_CHECKING:
    from edgeproof.kernels._arrays import FloatArray, IntArray


def correlate_days_py(returns: FloatArray, known_on: IntArray, days: int, window: int, fewest: int) -> FloatArray:
    """Correlate every pair over the returns of the last days, of those periods in which both have one.

    Args:
        returns: NaN where a market has none, shape (n, markets).
        known_on: First day at whose midnight each row was known, not negative, ascending, shape (n,).
        days: How many days to tell of.
        window: Days looked back over.
        fewest: Rows in which both have a return, below which nothing is known.

    Returns:
        Shape (days, markets, markets); NaN where nothing is known or a market stood still, 1 on the diagonal.
    """
    rows, markets = returns.shape
    known = np.full((days, markets, markets), np.nan)
    for a in range(markets):
        known[:, a, a] = 1.0
        for b in range(a):
            sums = np.zeros((days, 6))  # of each day: count, x, y, xx, yy, xy
            for row in range(rows):
                x, y = returns[row, a], returns[row, b]
                day = known_on[row]
                if day < days and not np.isnan(x) and not np.isnan(y):
                    sums[day, 0] += 1.0
                    sums[day, 1] += x
                    sums[day, 2] += y
                    sums[day, 3] += x * x
                    sums[day, 4] += y * y
                    sums[day, 5] += x * y
            for day in range(days):
                count, x, y, xx, yy, xy = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
                for past in range(max(0, day - window + 1), day + 1):
                    count += sums[past, 0]
                    x += sums[past, 1]
                    y += sums[past, 2]
                    xx += sums[past, 3]
                    yy += sums[past, 4]
                    xy += sums[past, 5]
                spread = (count * xx - x * x) * (count * yy - y * y)
                if count >= fewest and spread > 0.0:
                    known[day, a, b] = known[day, b, a] = (count * xy - x * y) / np.sqrt(spread)
    return known


correlate_days = jit(correlate_days_py)
