"""Aggregates over the last ``window`` values, one pass each.

Nothing is ever subtracted from a running total. The values are cut into blocks of ``window``; a window that ends inside
a block is a tail of the block before (aggregated backwards, once a block) and a head of its own (aggregated forwards),
and the two are merged:

1. merge the head up to ``i`` with the stored tail of the block before: the answer at ``i``;
2. at the end of a block, aggregate its tails for the next one; the variance does so in the same loop, since its two
   chains do not wait for each other.

So an answer is as exact as a fresh one over its window alone: no drift over long series, nothing left behind by a
spike, an exact zero variance for equal values, and a NaN touches exactly the windows that contain it. The idea is van
Herk's (1992, for minima); means, variances and co-moments merge by Chan, Golub and LeVeque (1983), higher moments by
Pebay (2008).

Every kernel takes contiguous float64 arrays of shape (n,) and a window of 1 or more, and gives arrays of shape (n,),
NaN where there are fewer than ``window`` values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgeproof.kernels._jit import jit

if TYPE_CHECKING:
    from edgeproof.kernels._arrays import FloatArray


def rolling_sum_py(values: FloatArray, window: int) -> FloatArray:
    """Sum of each window."""
    n = len(values)
    out = np.full(n, np.nan)
    tail = np.zeros(window + 1)
    for start in range(0, n, window):
        stop = min(start + window, n)
        head = 0.0
        for i in range(start, stop):
            head += values[i]
            if i >= window - 1:
                out[i] = tail[i - start + 1] + head
        total = 0.0
        if stop - start == window:
            for i in range(window - 1, 0, -1):
                total += values[start + i]
                tail[i] = total
    return out


def rolling_max_py(values: FloatArray, window: int) -> FloatArray:
    """Highest value of each window."""
    n = len(values)
    out = np.full(n, np.nan)
    tail = np.full(window + 1, -np.inf)
    for start in range(0, n, window):
        stop = min(start + window, n)
        head = -np.inf
        for i in range(start, stop):
            value = values[i]
            # NaN compares false with everything, so it stays once it is in.
            if value > head or np.isnan(value):
                head = value
            if i >= window - 1:
                older = tail[i - start + 1]
                out[i] = older if older > head or np.isnan(older) else head
        best = -np.inf
        if stop - start == window:
            for i in range(window - 1, 0, -1):
                value = values[start + i]
                if value > best or np.isnan(value):
                    best = value
                tail[i] = best
    return out


def rolling_variance_py(values: FloatArray, window: int) -> tuple[FloatArray, FloatArray]:
    """Mean and population variance of each window; the variance of equal values is exactly zero."""
    n = len(values)
    means = np.full(n, np.nan)
    variances = np.full(n, np.nan)
    inverse = 1.0 / np.arange(1.0, window + 1.0)
    tail_mean, fresh_mean = np.zeros(window + 1), np.zeros(window + 1)
    tail_square, fresh_square = np.zeros(window + 1), np.zeros(window + 1)
    for start in range(0, n, window):
        stop = min(start + window, n)
        whole = stop - start == window
        mean = square = mean_back = square_back = 0.0
        for k in range(stop - start):
            i = start + k
            delta = values[i] - mean
            mean += delta * inverse[k]
            square += delta * (values[i] - mean)
            if i >= window - 1:
                share = (window - 1 - k) * inverse[window - 1]
                apart = tail_mean[k + 1] - mean
                means[i] = mean + apart * share
                variances[i] = (square + tail_square[k + 1]) * inverse[window - 1] + apart * apart * share * (
                    1.0 - share
                )
            if whole and k < window - 1:
                value = values[stop - 1 - k]
                delta = value - mean_back
                mean_back += delta * inverse[k]
                square_back += delta * (value - mean_back)
                fresh_mean[window - 1 - k] = mean_back
                fresh_square[window - 1 - k] = square_back
        tail_mean, fresh_mean = fresh_mean, tail_mean
        tail_square, fresh_square = fresh_square, tail_square
    return means, variances


def rolling_covariance_py(x: FloatArray, y: FloatArray, window: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Population variance of ``x``, of ``y``, and their covariance, over each window."""
    n = len(x)
    out_x = np.full(n, np.nan)
    out_y = np.full(n, np.nan)
    out_xy = np.full(n, np.nan)
    inverse = 1.0 / np.arange(1.0, window + 1.0)
    tail = np.zeros((window + 1, 5))
    for start in range(0, n, window):
        stop = min(start + window, n)
        mean_x = mean_y = square_x = square_y = cross = 0.0
        for i in range(start, stop):
            k = i - start
            delta_x = x[i] - mean_x
            delta_y = y[i] - mean_y
            mean_x += delta_x * inverse[k]
            mean_y += delta_y * inverse[k]
            square_x += delta_x * (x[i] - mean_x)
            square_y += delta_y * (y[i] - mean_y)
            cross += delta_x * (y[i] - mean_y)
            if i >= window - 1:
                share = (window - 1 - k) * inverse[window - 1]
                both = share * (1.0 - share)
                apart_x = tail[k + 1, 0] - mean_x
                apart_y = tail[k + 1, 1] - mean_y
                out_x[i] = (square_x + tail[k + 1, 2]) * inverse[window - 1] + apart_x * apart_x * both
                out_y[i] = (square_y + tail[k + 1, 3]) * inverse[window - 1] + apart_y * apart_y * both
                out_xy[i] = (cross + tail[k + 1, 4]) * inverse[window - 1] + apart_x * apart_y * both
        if stop - start == window:
            mean_x = mean_y = square_x = square_y = cross = 0.0
            for k in range(window - 1, 0, -1):
                i = start + k
                delta_x = x[i] - mean_x
                delta_y = y[i] - mean_y
                mean_x += delta_x * inverse[window - 1 - k]
                mean_y += delta_y * inverse[window - 1 - k]
                square_x += delta_x * (x[i] - mean_x)
                square_y += delta_y * (y[i] - mean_y)
                cross += delta_x * (y[i] - mean_y)
                tail[k, 0] = mean_x
                tail[k, 1] = mean_y
                tail[k, 2] = square_x
                tail[k, 3] = square_y
                tail[k, 4] = cross
    return out_x, out_y, out_xy


def rolling_weighted_variance_py(values: FloatArray, weights: FloatArray, window: int) -> tuple[FloatArray, FloatArray]:
    """Weighted mean and population variance of each window; NaN where the weights, none negative, sum to zero."""
    n = len(values)
    means = np.full(n, np.nan)
    variances = np.full(n, np.nan)
    tail = np.zeros((window + 1, 3))
    for start in range(0, n, window):
        stop = min(start + window, n)
        mean = square = total = 0.0
        for i in range(start, stop):
            total += weights[i]
            if total != 0.0:
                delta = values[i] - mean
                mean += delta * (weights[i] / total)
                square += weights[i] * delta * (values[i] - mean)
            if i >= window - 1:
                k = i - start
                whole = total + tail[k + 1, 2]
                if whole != 0.0:
                    share = tail[k + 1, 2] / whole
                    apart = tail[k + 1, 0] - mean
                    means[i] = mean + apart * share
                    variances[i] = (square + tail[k + 1, 1]) / whole + apart * apart * share * (1.0 - share)
        if stop - start == window:
            mean = square = total = 0.0
            for k in range(window - 1, 0, -1):
                i = start + k
                total += weights[i]
                if total != 0.0:
                    delta = values[i] - mean
                    mean += delta * (weights[i] / total)
                    square += weights[i] * delta * (values[i] - mean)
                tail[k, 0] = mean
                tail[k, 1] = square
                tail[k, 2] = total
    return means, variances


def rolling_moments_py(values: FloatArray, window: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Second, third and fourth central moment of each window."""
    n = len(values)
    out = np.full((3, n), np.nan)
    tail = np.zeros((window + 1, 4))
    for start in range(0, n, window):
        stop = min(start + window, n)
        mean = m2 = m3 = m4 = 0.0
        for i in range(start, stop):
            count = i - start + 1.0
            delta = values[i] - mean
            step = delta / count
            term = delta * step * (count - 1.0)
            mean += step
            m4 += term * step * step * (count * count - 3.0 * count + 3.0) + 6.0 * step * step * m2 - 4.0 * step * m3
            m3 += term * step * (count - 2.0) - 3.0 * step * m2
            m2 += term
            if i >= window - 1:
                k = i - start + 1
                a = count
                b = window - count
                apart = tail[k, 0] - mean
                d1 = apart / window
                t2, t3, t4 = tail[k, 1], tail[k, 2], tail[k, 3]
                out[0, i] = (m2 + t2 + apart * d1 * a * b) / window
                out[1, i] = (m3 + t3 + apart * d1 * d1 * a * b * (a - b) + 3.0 * d1 * (a * t2 - b * m2)) / window
                out[2, i] = (
                    m4
                    + t4
                    + apart * d1 * d1 * d1 * a * b * (a * a - a * b + b * b)
                    + 6.0 * d1 * d1 * (a * a * t2 + b * b * m2)
                    + 4.0 * d1 * (a * t3 - b * m3)
                ) / window
        if stop - start == window:
            mean = m2 = m3 = m4 = 0.0
            for k in range(window - 1, 0, -1):
                count = window - k + 0.0
                delta = values[start + k] - mean
                step = delta / count
                term = delta * step * (count - 1.0)
                mean += step
                m4 += (
                    term * step * step * (count * count - 3.0 * count + 3.0) + 6.0 * step * step * m2 - 4.0 * step * m3
                )
                m3 += term * step * (count - 2.0) - 3.0 * step * m2
                m2 += term
                tail[k, 0] = mean
                tail[k, 1] = m2
                tail[k, 2] = m3
                tail[k, 3] = m4
    return out[0], out[1], out[2]


def rolling_rank_py(values: FloatArray, window: int) -> FloatArray:
    """Where the newest value stands among the ``window - 1`` before it: share below, ties half; 0 to 1.

    A window of 1 has nobody to stand among: NaN. Counting is linear in the window, at about 0.1 ns a value.
    """
    n = len(values)
    out = np.full(n, np.nan)
    clean = 0
    for i in range(n):
        value = values[i]
        clean = 0 if np.isnan(value) else clean + 1
        if clean >= window > 1:
            # A slice and 32-bit counts, not indices and 64-bit ones: only so does the compiler count eight at a time.
            others = values[i - window + 1 : i]
            twice_below = np.int32(0)
            for k in range(len(others)):
                twice_below += np.int32(others[k] < value) + np.int32(others[k] <= value)
            out[i] = twice_below / (2.0 * (window - 1))
    return out


rolling_sum = jit(rolling_sum_py)
rolling_max = jit(rolling_max_py)
rolling_variance = jit(rolling_variance_py)
rolling_covariance = jit(rolling_covariance_py)
rolling_weighted_variance = jit(rolling_weighted_variance_py)
rolling_moments = jit(rolling_moments_py)
rolling_rank = jit(rolling_rank_py)
