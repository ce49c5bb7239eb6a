"""Cross-asset: this market beside the reference market (BTC, unless told otherwise). Null without a reference.

The reference's bar of equal time closes at the same moment, so its return is known when this market's is.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from edgeproof.features._arrays import divide, lag, log_ratio, log_returns, root, simple_returns
from edgeproof.features._registry import MINUS_ONE_TO_ONE, NOT_NEGATIVE, Parameter, Unit, register
from edgeproof.features._warm_up import as_many, one_less, window
from edgeproof.features._windows import correlation_over, covariance_over, zscore_over

if TYPE_CHECKING:
    from edgeproof.domain.arrays import FloatArray
    from edgeproof.features._registry import FeatureInput

_add = partial(register, family="cross_asset")
_BOTH = ("close", "reference")
_LAG = Parameter(name="lag", default=1, low=0, high=500)


def _reference_close(data: FeatureInput) -> FloatArray:
    return np.full(len(data.bars), np.nan) if data.reference is None else data.reference.close


def _returns(data: FeatureInput, bars: int = 1) -> tuple[FloatArray, FloatArray]:
    """Log returns of this market and of the reference."""
    return log_returns(data.bars.close, bars), log_returns(_reference_close(data), bars)


@_add(
    unit=Unit.RATIO,
    inputs=("reference",),
    parameters=(window(1, low=1),),
    warm_up=as_many,
    source="reference close / reference close ago - 1",
)
def reference_return(data: FeatureInput, bars: int) -> FloatArray:
    """Return of the reference market over the window."""
    return simple_returns(_reference_close(data), bars)


@_add(
    unit=Unit.RATIO,
    inputs=_BOTH,
    parameters=(window(20, low=1),),
    warm_up=as_many,
    source="log return - log return of the reference",
)
def relative_strength(data: FeatureInput, bars: int) -> FloatArray:
    """How much more than the reference this market gained over the window."""
    own, reference = _returns(data, bars)
    return own - reference


@_add(
    unit=Unit.RATIO,
    inputs=_BOTH,
    parameters=(window(100, low=3),),
    warm_up=as_many,
    source="Sharpe 1964: covariance with the reference / variance of the reference, of log returns",
)
def beta(data: FeatureInput, bars: int) -> FloatArray:
    """How far this market moves when the reference moves by one; null where the reference stood still."""
    own, reference = _returns(data)
    variance, _, covariance = covariance_over(reference, own, bars)
    return divide(covariance, variance)


@_add(
    unit=Unit.RATIO,
    inputs=_BOTH,
    parameters=(window(100, low=3),),
    warm_up=as_many,
    bounds=MINUS_ONE_TO_ONE,
    source="Pearson correlation of log returns",
)
def correlation(data: FeatureInput, bars: int) -> FloatArray:
    """How closely this market moves with the reference."""
    own, reference = _returns(data)
    return correlation_over(own, reference, bars)


@_add(
    unit=Unit.RATIO,
    inputs=_BOTH,
    parameters=(window(100, low=3), _LAG),
    warm_up=lambda bars, lag: bars + lag,
    bounds=MINUS_ONE_TO_ONE,
    source="Pearson correlation of log return with the reference's, lagged",
)
def lead_lag(data: FeatureInput, bars: int, bars_ago: int) -> FloatArray:
    """How closely this market follows what the reference did some bars ago."""
    own, reference = _returns(data)
    return correlation_over(own, lag(reference, bars_ago), bars)


@_add(
    unit=Unit.RATIO,
    inputs=_BOTH,
    parameters=(window(100, low=3),),
    warm_up=as_many,
    source="log return - beta x log return of the reference",
)
def residual_return(data: FeatureInput, bars: int) -> FloatArray:
    """This bar's return, less what the reference explains of it."""
    own, reference = _returns(data)
    return own - beta(data, bars) * reference


@_add(
    unit=Unit.RATIO,
    inputs=_BOTH,
    parameters=(window(100, low=3),),
    warm_up=as_many,
    bounds=NOT_NEGATIVE,
    source="Root of variance - covariance^2 / variance of the reference, of log returns",
)
def residual_volatility(data: FeatureInput, bars: int) -> FloatArray:
    """Volatility a bar that the reference does not explain."""
    own, reference = _returns(data)
    variance, own_variance, covariance = covariance_over(reference, own, bars)
    return root(own_variance - divide(covariance**2, variance))


@_add(
    unit=Unit.RATIO,
    inputs=_BOTH,
    parameters=(window(100, low=3),),
    warm_up=as_many,
    bounds=NOT_NEGATIVE,
    source="Standard deviation of log returns / that of the reference",
)
def relative_volatility(data: FeatureInput, bars: int) -> FloatArray:
    """Volatility of this market against that of the reference."""
    own, reference = _returns(data)
    variance, own_variance, _ = covariance_over(reference, own, bars)
    return root(divide(own_variance, variance))


@_add(
    unit=Unit.STDEVS,
    inputs=_BOTH,
    parameters=(window(240, low=3),),
    warm_up=one_less,
    source="z-score of ln(close / reference close)",
)
def spread_zscore(data: FeatureInput, bars: int) -> FloatArray:
    """How unusual the price ratio to the reference is within the window."""
    return zscore_over(log_ratio(data.bars.close, _reference_close(data)), bars)
