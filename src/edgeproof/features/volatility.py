"""Volatility from closes and true ranges, per bar unless the name says otherwise."""

from __future__ import annotations

from functools import partial
from math import log, sqrt
from typing import TYPE_CHECKING

import numpy as np

from edgeproof.domain.time import MS_PER_DAY
from edgeproof.features._arrays import divide, lag, root
from edgeproof.features._registry import (
    CLOSE,
    HL,
    HLC,
    NOT_NEGATIVE,
    ZERO_TO_HUNDRED,
    ZERO_TO_ONE,
    Unit,
    register,
)
from edgeproof.features._sharing import (
    average_true_ranges,
    find_log_returns,
    find_return_variance,
    find_squared_returns,
    find_true_ranges,
    shared,
    sum_true_ranges,
)
from edgeproof.features._warm_up import as_many, number, settle_decay, settle_ema, settle_wilder, window
from edgeproof.features._windows import (
    deviation_over,
    ema_of,
    highest_over,
    lowest_over,
    mean_over,
    rank_roughly_over,
    smooth,
    sum_over,
)

if TYPE_CHECKING:
    from edgeproof.domain.arrays import FloatArray
    from edgeproof.features._registry import FeatureInput

_add = partial(register, family="volatility", bounds=NOT_NEGATIVE)
_EWMA_SEED = 20
_DAYS_PER_YEAR = 365


@_add(unit=Unit.PRICE, inputs=HLC, warm_up=lambda: 1, source="Wilder 1978: max(high, close before) - min(low, ...)")
def true_range(data: FeatureInput) -> FloatArray:
    """Range of the bar, gap from the close before included."""
    return find_true_ranges(data)


@_add(
    unit=Unit.PRICE,
    inputs=HLC,
    parameters=(window(14),),
    warm_up=settle_wilder,
    recursive=True,
    source="Wilder 1978; TA-Lib ATR",
)
def atr(data: FeatureInput, bars: int) -> FloatArray:
    """Average true range."""
    return average_true_ranges(data, bars)


@_add(
    unit=Unit.PERCENT,
    inputs=HLC,
    parameters=(window(14),),
    warm_up=settle_wilder,
    recursive=True,
    source="100 atr / close; TA-Lib NATR",
)
def natr(data: FeatureInput, bars: int) -> FloatArray:
    """Average true range in percent of the close."""
    return 100.0 * divide(atr(data, bars), data.bars.close)


@_add(
    unit=Unit.RATIO,
    inputs=HLC,
    parameters=(window(14, name="fast"), window(100, name="slow")),
    warm_up=lambda fast, slow: settle_wilder(max(fast, slow)),
    recursive=True,
    source="fast atr / slow atr",
)
def atr_ratio(data: FeatureInput, fast: int, slow: int) -> FloatArray:
    """Average true range now against its own longer past: above 1 the market widens."""
    return divide(atr(data, fast), atr(data, slow))


@_add(
    unit=Unit.RATIO,
    inputs=CLOSE,
    parameters=(window(50),),
    warm_up=as_many,
    source="Sample standard deviation of log returns",
)
@shared
def return_stdev(data: FeatureInput, bars: int) -> FloatArray:
    """Standard deviation of one-bar returns."""
    _, variance = find_return_variance(data, bars)
    return np.sqrt(variance * (bars / (bars - 1.0)))


@_add(
    unit=Unit.RATIO,
    inputs=CLOSE,
    parameters=(window(50),),
    warm_up=as_many,
    source="return_stdev x root of bars in 365 days",
)
def annualised_volatility(data: FeatureInput, bars: int) -> FloatArray:
    """Standard deviation of returns, as a share a year of 365 days: 0.8 is 80 % a year."""
    return return_stdev(data, bars) * sqrt(_DAYS_PER_YEAR * MS_PER_DAY / data.bars.timeframe.ms)


@_add(
    unit=Unit.RATIO,
    inputs=CLOSE,
    parameters=(window(50, low=1),),
    warm_up=as_many,
    source="Andersen and Bollerslev 1998: root of the sum of squared log returns",
)
@shared
def realised_volatility(data: FeatureInput, bars: int) -> FloatArray:
    """How far price travelled over the whole window, by its squared returns."""
    return root(sum_over(find_squared_returns(data), bars))


@_add(
    unit=Unit.RATIO,
    inputs=CLOSE,
    parameters=(number("decay", 0.94, 0.5, 0.999),),
    warm_up=lambda decay: _EWMA_SEED + settle_decay(1.0 - decay),
    recursive=True,
    source="RiskMetrics 1996: variance = decay x variance + (1 - decay) x squared return",
)
def ewma_volatility(data: FeatureInput, decay: float) -> FloatArray:
    """Volatility of one-bar returns with exponentially fading memory."""
    return root(smooth(find_squared_returns(data), 1.0 - decay, _EWMA_SEED))


@_add(
    unit=Unit.RATIO,
    inputs=CLOSE,
    parameters=(window(50),),
    warm_up=lambda bars: 2 * bars - 1,
    source="Standard deviation / mean of return_stdev over the same window",
)
def volatility_of_volatility(data: FeatureInput, bars: int) -> FloatArray:
    """How unsteady volatility itself is."""
    mean, deviation = deviation_over(return_stdev(data, bars), bars)
    return divide(deviation, mean)


@_add(
    unit=Unit.RATIO,
    inputs=CLOSE,
    parameters=(window(20, name="fast"), window(100, name="slow")),
    warm_up=max,
    source="return_stdev(fast) / return_stdev(slow)",
)
def volatility_ratio(data: FeatureInput, fast: int, slow: int) -> FloatArray:
    """Volatility now against its own longer past."""
    return divide(return_stdev(data, fast), return_stdev(data, slow))


@_add(
    unit=Unit.RATIO,
    inputs=CLOSE,
    parameters=(window(20), window(240, name="history", high=500)),
    warm_up=lambda bars, history: bars + history - 1,
    bounds=ZERO_TO_ONE,
    source="Share of the window's earlier return_stdev values that lie below, ties half",
)
@shared
def volatility_rank(data: FeatureInput, bars: int, history: int) -> FloatArray:
    """Where volatility stands in its own trailing history: 0 the calmest, 1 the wildest."""
    return rank_roughly_over(return_stdev(data, bars), history)


@_add(
    unit=Unit.RATIO,
    inputs=CLOSE,
    parameters=(window(50),),
    warm_up=as_many,
    source="Sortino and van der Meer 1991: root of the mean squared fall",
)
def downside_deviation(data: FeatureInput, bars: int) -> FloatArray:
    """Volatility of falling bars alone."""
    return root(mean_over(np.minimum(find_log_returns(data), 0.0) ** 2, bars))


@_add(
    unit=Unit.RATIO,
    inputs=CLOSE,
    parameters=(window(50),),
    warm_up=as_many,
    source="Root of the mean squared rise",
)
def upside_deviation(data: FeatureInput, bars: int) -> FloatArray:
    """Volatility of rising bars alone."""
    return root(mean_over(np.maximum(find_log_returns(data), 0.0) ** 2, bars))


@_add(
    unit=Unit.PERCENT,
    inputs=CLOSE,
    parameters=(window(14),),
    warm_up=lambda bars: 2 * bars - 2,
    source="Martin 1987: root of the mean squared percentage below the highest close of the window",
)
def ulcer_index(data: FeatureInput, bars: int) -> FloatArray:
    """Depth and length of drawdowns within the window."""
    close = data.bars.close
    below = 100.0 * (divide(close, highest_over(close, bars)) - 1.0)
    return root(mean_over(below**2, bars))


@_add(
    unit=Unit.PERCENT,
    inputs=HL,
    parameters=(window(10),),
    warm_up=lambda bars: bars + settle_ema(bars),
    recursive=True,
    bounds=(-100.0, float("inf")),
    source="Chaikin: change of the exponential mean range over the window",
)
def chaikin_volatility(data: FeatureInput, bars: int) -> FloatArray:
    """Growth of the mean bar range against a window ago."""
    level = ema_of(data.bars.high - data.bars.low, bars)
    return 100.0 * (divide(level, lag(level, bars)) - 1.0)


@_add(
    unit=Unit.PERCENT,
    inputs=HLC,
    parameters=(window(14),),
    warm_up=as_many,
    bounds=ZERO_TO_HUNDRED,
    source="Dreiss: 100 log(sum of true range / range of the window) / log(window)",
)
def choppiness(data: FeatureInput, bars: int) -> FloatArray:
    """Choppiness index: near 100 price went nowhere, near 0 it went straight."""
    # The window's range reaches to the closes before its bars, as their true ranges do: so it never exceeds their sum.
    before = lag(data.bars.close)
    top = highest_over(np.maximum(data.bars.high, before), bars)
    bottom = lowest_over(np.minimum(data.bars.low, before), bars)
    ratio = divide(sum_true_ranges(data, bars), top - bottom)
    return np.clip(100.0 / log(bars) * np.log(np.maximum(ratio, 1.0)), 0.0, 100.0)


@_add(
    unit=Unit.RATIO,
    inputs=CLOSE,
    parameters=(window(50, low=3),),
    warm_up=as_many,
    source="Barndorff-Nielsen and Shephard 2004: root of pi/2 x sum of |return| x |return before|, to scale",
)
@shared
def bipower_volatility(data: FeatureInput, bars: int) -> FloatArray:
    """How far price travelled over the window, jumps left out."""
    size = np.abs(find_log_returns(data))
    products = sum_over(size * lag(size), bars - 1)
    return root(np.pi / 2.0 * products * (bars / (bars - 1.0)))


@_add(
    unit=Unit.RATIO,
    inputs=CLOSE,
    parameters=(window(50, low=3),),
    warm_up=as_many,
    bounds=ZERO_TO_ONE,
    source="Barndorff-Nielsen and Shephard 2004: 1 - bipower / realised variance, 0 where negative",
)
def jump_share(data: FeatureInput, bars: int) -> FloatArray:
    """Share of the window's variance that came in jumps; null where nothing moved."""
    continuous = divide(bipower_volatility(data, bars), realised_volatility(data, bars)) ** 2
    return np.clip(1.0 - continuous, 0.0, 1.0)
