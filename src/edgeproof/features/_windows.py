"""Rolling kernels, as features call them: what one line of a formula says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgeproof.features._arrays import divide, freeze, root
from edgeproof.kernels import recursive, rolling

if TYPE_CHECKING:
    from edgeproof.domain.arrays import BoolArray, FloatArray


def sum_over(values: FloatArray, bars: int) -> FloatArray:
    """Sum of the last ``bars`` values."""
    return rolling.rolling_sum(freeze(values), bars)


def mean_over(values: FloatArray, bars: int) -> FloatArray:
    """Mean of the last ``bars`` values."""
    return sum_over(values, bars) / bars


def highest_over(values: FloatArray, bars: int) -> FloatArray:
    """Highest of the last ``bars`` values."""
    return rolling.rolling_max(freeze(values), bars)


def lowest_over(values: FloatArray, bars: int) -> FloatArray:
    """Lowest of the last ``bars`` values."""
    return -rolling.rolling_max(freeze(-values), bars)


def variance_over(values: FloatArray, bars: int) -> tuple[FloatArray, FloatArray]:
    """Mean and population variance of the last ``bars`` values."""
    return rolling.rolling_variance(freeze(values), bars)


def deviation_over(values: FloatArray, bars: int) -> tuple[FloatArray, FloatArray]:
    """Mean and population standard deviation of the last ``bars`` values."""
    mean, variance = variance_over(values, bars)
    return mean, np.sqrt(variance)


def sample_stdev_over(values: FloatArray, bars: int) -> FloatArray:
    """Sample standard deviation (divisor ``bars - 1``) of the last ``bars`` values."""
    _, variance = variance_over(values, bars)
    return np.sqrt(variance * (bars / (bars - 1.0)))


def zscore_over(values: FloatArray, bars: int) -> FloatArray:
    """Distance from the mean of the last ``bars`` values, in their population standard deviations."""
    mean, deviation = deviation_over(values, bars)
    return divide(values - mean, deviation)


def rank_over(values: FloatArray, bars: int) -> FloatArray:
    """Share of the ``bars - 1`` values before that lie below the newest, ties half."""
    return rolling.rolling_rank(freeze(values), bars)


def rank_roughly_over(values: FloatArray, bars: int) -> FloatArray:
    """As ``rank_over``, for computed values: those equal in single precision tie, instead of ranking by rounding."""
    return rank_over(values.astype(np.float32).astype(np.float64), bars)


def covariance_over(x: FloatArray, y: FloatArray, bars: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Population variance of ``x``, of ``y``, and their covariance over the last ``bars`` values."""
    return rolling.rolling_covariance(freeze(x), freeze(y), bars)


def correlation_over(x: FloatArray, y: FloatArray, bars: int) -> FloatArray:
    """Pearson correlation over the last ``bars`` values; NaN where either does not vary."""
    variance_x, variance_y, covariance = covariance_over(x, y, bars)
    # Two roots, not the root of a product: the product of two small variances would underflow.
    return np.clip(divide(divide(covariance, np.sqrt(variance_x)), np.sqrt(variance_y)), -1.0, 1.0)


def weighted_deviation_over(values: FloatArray, weights: FloatArray, bars: int) -> tuple[FloatArray, FloatArray]:
    """Weighted mean and standard deviation of the last ``bars`` values; NaN where the weights sum to zero."""
    mean, variance = rolling.rolling_weighted_variance(freeze(values), freeze(weights), bars)
    return mean, root(variance)


def moments_over(values: FloatArray, bars: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Second, third and fourth central moment of the last ``bars`` values."""
    return rolling.rolling_moments(freeze(values), bars)


def smooth(values: FloatArray, alpha: float, seed: int = 1) -> FloatArray:
    """Exponential mean of weight ``alpha``, started by the mean of ``seed`` values."""
    return recursive.smooth(freeze(values), alpha, seed)


def ema_of(values: FloatArray, bars: int) -> FloatArray:
    """Exponential mean of weight ``2 / (bars + 1)``, started by the mean of ``bars`` values."""
    return smooth(values, 2.0 / (bars + 1.0), bars)


def wilder_of(values: FloatArray, bars: int) -> FloatArray:
    """Wilder's mean: exponential, of weight ``1 / bars``, started by the mean of ``bars`` values."""
    return smooth(values, 1.0 / bars, bars)


def smooth_adaptively(values: FloatArray, alphas: FloatArray) -> FloatArray:
    """Exponential mean with a weight for each value."""
    return recursive.smooth_adaptively(freeze(values), freeze(alphas))


def sum_since(values: FloatArray, starts: BoolArray) -> FloatArray:
    """Running sum since the newest start; NaN before the first."""
    return recursive.sum_since(freeze(values), freeze(starts))


def follow_supertrend(middle: FloatArray, close: FloatArray, distance: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The supertrend line, and the side of it price is on."""
    return recursive.follow_supertrend(freeze(middle), freeze(close), freeze(distance))
