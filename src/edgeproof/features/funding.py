"""Funding: what holders of a perpetual pay each other, and so which side is crowded. Null without funding."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from edgeproof.features._arrays import change
from edgeproof.features._registry import Parameter, Unit, register
from edgeproof.features._warm_up import as_many, one_less, window
from edgeproof.features._windows import mean_over, zscore_over

if TYPE_CHECKING:
    from edgeproof.domain.arrays import FloatArray
    from edgeproof.features._registry import FeatureInput

_add = partial(register, family="funding", inputs=("funding_rate",))
_SETTLEMENTS = Parameter(name="settlements_a_day", default=3, low=1, high=24)
_DAYS_PER_YEAR = 365
_MOST_BARS = 50_000


def _rate(data: FeatureInput) -> FloatArray:
    return np.full(len(data.bars), np.nan) if data.funding_rate is None else data.funding_rate


@_add(unit=Unit.RATIO, source="The rate last settled at the bar's close")
def funding_rate(data: FeatureInput) -> FloatArray:
    """Newest funding rate known at the bar's close; positive: longs pay shorts."""
    return _rate(data).copy()


@_add(unit=Unit.RATIO, parameters=(_SETTLEMENTS,), source="rate x settlements a day x 365")
def funding_annualised(data: FeatureInput, settlements_a_day: int) -> FloatArray:
    """Newest funding rate, as a share a year."""
    return _rate(data) * (settlements_a_day * _DAYS_PER_YEAR)


@_add(
    unit=Unit.RATIO,
    parameters=(window(1_440, high=_MOST_BARS),),
    warm_up=one_less,
    source="Mean over bars, so weighted by how long each rate stood",
)
def funding_mean(data: FeatureInput, bars: int) -> FloatArray:
    """Mean funding rate of the window."""
    return mean_over(_rate(data), bars)


@_add(
    unit=Unit.STDEVS,
    parameters=(window(4_320, high=_MOST_BARS),),
    warm_up=one_less,
    source="(rate - mean) / population standard deviation over bars",
)
def funding_zscore(data: FeatureInput, bars: int) -> FloatArray:
    """How unusual the newest funding rate is; null for a window in which it never changed."""
    return zscore_over(_rate(data), bars)


@_add(
    unit=Unit.RATIO,
    parameters=(window(480, low=1, high=_MOST_BARS),),
    warm_up=as_many,
    source="rate - rate a window ago",
)
def funding_change(data: FeatureInput, bars: int) -> FloatArray:
    """Change of the funding rate over the window."""
    return change(_rate(data), bars)
