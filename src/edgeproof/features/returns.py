"""Returns: what a holder gained, over one bar, many, or a day, and how such gains are spread."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from edgeproof.features._arrays import divide, flag, lag, log_returns, simple_returns
from edgeproof.features._registry import (
    CLOSE,
    MINUS_ONE_TO_ONE,
    NOT_NEGATIVE,
    ZERO_TO_ONE,
    Parameter,
    Unit,
    register,
)
from edgeproof.features._sharing import (
    find_highest,
    find_log_returns,
    find_lowest,
    find_return_moments,
    find_return_variance,
)
from edgeproof.features._warm_up import as_many, one_less, window
from edgeproof.features._windows import (
    correlation_over,
    highest_over,
    lowest_over,
    mean_over,
)

if TYPE_CHECKING:
    from edgeproof.domain.arrays import FloatArray
    from edgeproof.features._registry import FeatureInput

_add = partial(register, family="returns")
_STREAK_LIMIT = Parameter(name="limit", default=20, low=1, high=500)
_LAG = Parameter(name="lag", default=1, low=1, high=500)


@_add(unit=Unit.RATIO, inputs=CLOSE, parameters=(window(1, low=1),), warm_up=as_many, source="close / close ago - 1")
def simple_return(data: FeatureInput, bars: int) -> FloatArray:
    """Change of the close over the window, as a share of where it began."""
    return simple_returns(data.bars.close, bars)


@_add(unit=Unit.RATIO, inputs=CLOSE, parameters=(window(1, low=1),), warm_up=as_many, source="ln(close / close ago)")
def log_return(data: FeatureInput, bars: int) -> FloatArray:
    """Logarithmic change of the close over the window; such returns add up over time."""
    return log_returns(data.bars.close, bars)


@_add(unit=Unit.RATIO, inputs=("open", "close"), warm_up=lambda: 1, source="open / close before - 1")
def gap(data: FeatureInput) -> FloatArray:
    """Jump from the close before to this bar's open."""
    return divide(data.bars.open, lag(data.bars.close)) - 1.0


@_add(unit=Unit.RATIO, inputs=("open", "close"), source="close / open - 1")
def intrabar_return(data: FeatureInput) -> FloatArray:
    """Change from the bar's open to its close."""
    return divide(data.bars.close, data.bars.open) - 1.0


@_add(
    unit=Unit.RATIO,
    inputs=("high", "close"),
    parameters=(window(50),),
    warm_up=one_less,
    bounds=(-1.0, 0.0),
    source="close / highest high - 1",
)
def drawdown(data: FeatureInput, bars: int) -> FloatArray:
    """How far the close lies below the highest high of the window."""
    return np.minimum(divide(data.bars.close, find_highest(data, bars)) - 1.0, 0.0)


@_add(
    unit=Unit.RATIO,
    inputs=("low", "close"),
    parameters=(window(50),),
    warm_up=one_less,
    bounds=NOT_NEGATIVE,
    source="close / lowest low - 1",
)
def rebound(data: FeatureInput, bars: int) -> FloatArray:
    """How far the close lies above the lowest low of the window."""
    return np.maximum(divide(data.bars.close, find_lowest(data, bars)) - 1.0, 0.0)


@_add(
    unit=Unit.BARS,
    inputs=CLOSE,
    parameters=(_STREAK_LIMIT,),
    warm_up=as_many,
    source="Signed count of closes in a row above (below) the close before, no further than the limit",
)
def streak(data: FeatureInput, limit: int) -> FloatArray:
    """Rising (or, negative, falling) closes in a row, counted up to the limit."""
    close = data.bars.close
    direction = np.sign(close - lag(close))
    turned = np.ones(len(close), dtype=np.bool_)
    turned[1:] = direction[1:] != direction[:-1]
    began = np.maximum.accumulate(np.where(turned, np.arange(len(close)), 0))
    counted = np.minimum(np.arange(len(close)) - began + 1, limit) * direction
    counted[:limit] = np.nan
    return counted


@_add(
    unit=Unit.RATIO,
    inputs=CLOSE,
    parameters=(window(20),),
    warm_up=as_many,
    bounds=ZERO_TO_ONE,
    source="Psychological line: bars that rose / bars",
)
def up_share(data: FeatureInput, bars: int) -> FloatArray:
    """Share of bars in the window that closed above the close before."""
    before = lag(data.bars.close)
    return np.clip(mean_over(flag(data.bars.close > before, before), bars), 0.0, 1.0)


@_add(
    unit=Unit.RATIO,
    inputs=CLOSE,
    parameters=(window(100, low=3),),
    warm_up=as_many,
    source="Third central moment / population standard deviation cubed, of log returns",
)
def return_skew(data: FeatureInput, bars: int) -> FloatArray:
    """Skewness of one-bar returns: negative when the large ones fall."""
    second, third, _ = find_return_moments(data, bars)
    return divide(third, second * np.sqrt(second))


@_add(
    unit=Unit.RATIO,
    inputs=CLOSE,
    parameters=(window(100, low=4),),
    warm_up=as_many,
    source="Fourth central moment / squared variance - 3, of log returns",
)
def return_kurtosis(data: FeatureInput, bars: int) -> FloatArray:
    """Excess kurtosis of one-bar returns: 0 for a normal distribution, more with fat tails."""
    second, _, fourth = find_return_moments(data, bars)
    return divide(fourth, second**2) - 3.0


@_add(
    unit=Unit.RATIO,
    inputs=CLOSE,
    parameters=(window(100, low=3), _LAG),
    warm_up=lambda bars, lag: bars + lag,
    bounds=MINUS_ONE_TO_ONE,
    source="Pearson correlation of log returns with themselves, lagged",
)
def return_autocorrelation(data: FeatureInput, bars: int, bars_ago: int) -> FloatArray:
    """Correlation of one-bar returns with those some bars ago: positive in trends, negative when price bounces."""
    returns = find_log_returns(data)
    return correlation_over(returns, lag(returns, bars_ago), bars)


@_add(
    unit=Unit.STDEVS,
    inputs=CLOSE,
    parameters=(window(50, low=3),),
    warm_up=as_many,
    source="(log return - mean) / population standard deviation",
)
def return_zscore(data: FeatureInput, bars: int) -> FloatArray:
    """How unusual the newest one-bar return is within the window."""
    mean, variance = find_return_variance(data, bars)
    return divide(find_log_returns(data) - mean, np.sqrt(variance))


@_add(
    unit=Unit.RATIO,
    inputs=CLOSE,
    parameters=(window(50, low=3),),
    warm_up=as_many,
    source="Sharpe 1966: mean / standard deviation of log returns, one bar, not annualised",
)
def return_sharpe(data: FeatureInput, bars: int) -> FloatArray:
    """Mean one-bar return of the window over its standard deviation; null for equal returns."""
    mean, variance = find_return_variance(data, bars)
    return divide(mean, np.sqrt(variance))


@_add(
    unit=Unit.RATIO,
    inputs=CLOSE,
    parameters=(window(50),),
    warm_up=as_many,
    source="Bali, Cakici and Whitelaw 2011: the MAX effect",
)
def highest_return(data: FeatureInput, bars: int) -> FloatArray:
    """Best one-bar return of the window."""
    return highest_over(simple_returns(data.bars.close), bars)


@_add(
    unit=Unit.RATIO,
    inputs=CLOSE,
    parameters=(window(50),),
    warm_up=as_many,
    source="The MAX effect of Bali, Cakici and Whitelaw 2011, on the other side",
)
def lowest_return(data: FeatureInput, bars: int) -> FloatArray:
    """Worst one-bar return of the window."""
    return lowest_over(simple_returns(data.bars.close), bars)
