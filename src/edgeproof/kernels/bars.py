"""Bars from trades, in one pass."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from edgeproof.kernels._arrays import BoolArray, FloatArray, IntArray
from edgeproof.kernels._jit import jit

BarColumns: TypeAlias = tuple[
    IntArray, FloatArray, FloatArray, FloatArray, FloatArray, FloatArray, FloatArray, IntArray, FloatArray
]


def aggregate_trades_py(
    ts: IntArray, price: FloatArray, size: FloatArray, bought: BoolArray, bar_ms: int
) -> BarColumns:
    """Sum up the trades of each bar; bars without a trade are absent.

    Args:
        ts: UTC milliseconds, ascending, equal times allowed, shape (n,).
        price: Shape (n,).
        size: Base units, shape (n,).
        bought: True where the taker bought, shape (n,).
        bar_ms: Length of a bar in milliseconds; bars are counted from the epoch.

    Returns:
        Of each of m bars, arrays of shape (m,): open time, open, high, low, close, volume, quote volume, number of
        trades, volume bought by takers. Sums run in order of the trades.
    """
    n = ts.shape[0]
    most = 0
    if n:
        most = min(n, (ts[n - 1] // bar_ms) - (ts[0] // bar_ms) + 1)
    opens_at = np.empty(most, np.int64)
    prices = np.empty((4, most))
    sums = np.empty((3, most))
    counts = np.empty(most, np.int64)
    bar = -1
    ends_at = np.int64(0)
    high = low = volume = quote = taken = 0.0
    count = 0
    for i in range(n):
        traded, amount = price[i], size[i]
        if bar < 0 or ts[i] >= ends_at:
            if bar >= 0:
                prices[1, bar], prices[2, bar], prices[3, bar] = high, low, price[i - 1]
                sums[0, bar], sums[1, bar], sums[2, bar] = volume, quote, taken
                counts[bar] = count
            bar += 1
            start = ts[i] // bar_ms * bar_ms
            ends_at = start + bar_ms
            opens_at[bar], prices[0, bar] = start, traded
            high = low = traded
            volume = quote = taken = 0.0
            count = 0
        high = max(high, traded)
        low = min(low, traded)
        volume += amount
        quote += traded * amount
        if bought[i]:
            taken += amount
        count += 1
    if bar >= 0:
        prices[1, bar], prices[2, bar], prices[3, bar] = high, low, price[n - 1]
        sums[0, bar], sums[1, bar], sums[2, bar] = volume, quote, taken
        counts[bar] = count
    m = bar + 1
    return (
        opens_at[:m],
        prices[0, :m],
        prices[1, :m],
        prices[2, :m],
        prices[3, :m],
        sums[0, :m],
        sums[1, :m],
        counts[:m],
        sums[2, :m],
    )


aggregate_trades = jit(aggregate_trades_py)
