"""The VWAP family: the price that the average unit of volume paid, over a window or since the UTC day began."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from edgeproof.features._arrays import divide
from edgeproof.features._registry import NOT_NEGATIVE, Unit, register
from edgeproof.features._sessions import find_session_starts
from edgeproof.features._sharing import find_typical_prices, shared
from edgeproof.features._warm_up import number, one_less, window
from edgeproof.features._windows import sum_since, weighted_deviation_over

if TYPE_CHECKING:
    from edgeproof.domain.arrays import BoolArray, FloatArray
    from edgeproof.features._registry import FeatureInput

_add = partial(register, family="vwap")
_INPUTS = ("high", "low", "close", "volume")
_WIDTH = number("width", 2.0, 0.1, 10.0)


@shared
def _find_starts(data: FeatureInput) -> BoolArray:
    return find_session_starts(data.bars)


@shared
def _vwap(data: FeatureInput, bars: int) -> tuple[FloatArray, FloatArray]:
    return weighted_deviation_over(find_typical_prices(data), data.bars.volume, bars)


@_add(
    unit=Unit.PRICE,
    inputs=_INPUTS,
    parameters=(window(48),),
    warm_up=one_less,
    source="Sum of typical price x volume / sum of volume; Berkowitz, Logue and Noser 1988",
)
def vwap(data: FeatureInput, bars: int) -> FloatArray:
    """Volume-weighted average price of the window; null where nothing traded."""
    return _vwap(data, bars)[0]


@_add(unit=Unit.RATIO, inputs=_INPUTS, parameters=(window(48),), warm_up=one_less, source="close / vwap - 1")
def vwap_distance(data: FeatureInput, bars: int) -> FloatArray:
    """How far the close lies from the window's VWAP."""
    return divide(data.bars.close, vwap(data, bars)) - 1.0


@_add(
    unit=Unit.STDEVS,
    inputs=_INPUTS,
    parameters=(window(48),),
    warm_up=one_less,
    source="(close - vwap) / volume-weighted standard deviation of the typical price",
)
def vwap_zscore(data: FeatureInput, bars: int) -> FloatArray:
    """Distance of the close from the window's VWAP, in volume-weighted standard deviations."""
    middle, deviation = _vwap(data, bars)
    return divide(data.bars.close - middle, deviation)


@_add(
    unit=Unit.PRICE,
    inputs=_INPUTS,
    parameters=(window(48), _WIDTH),
    warm_up=lambda bars, _: bars - 1,
    source="vwap + width x volume-weighted standard deviation",
)
def vwap_upper(data: FeatureInput, bars: int, width: float) -> FloatArray:
    """Upper band around the window's VWAP."""
    middle, deviation = _vwap(data, bars)
    return middle + width * deviation


@_add(
    unit=Unit.PRICE,
    inputs=_INPUTS,
    parameters=(window(48), _WIDTH),
    warm_up=lambda bars, _: bars - 1,
    source="vwap - width x volume-weighted standard deviation",
)
def vwap_lower(data: FeatureInput, bars: int, width: float) -> FloatArray:
    """Lower band around the window's VWAP."""
    middle, deviation = _vwap(data, bars)
    return middle - width * deviation


@_add(
    unit=Unit.PRICE,
    inputs=("ts", *_INPUTS),
    warm_up_days=lambda: 1,
    source="Sum of typical price x volume / sum of volume, since 00:00 UTC",
)
@shared
def session_vwap(data: FeatureInput) -> FloatArray:
    """Volume-weighted average price of the UTC day so far; null until a day's first bar has been seen."""
    starts = _find_starts(data)
    money = sum_since(find_typical_prices(data) * data.bars.volume, starts)
    return divide(money, session_volume(data))


@_add(
    unit=Unit.RATIO,
    inputs=("ts", *_INPUTS),
    warm_up_days=lambda: 1,
    source="close / session vwap - 1",
)
def session_vwap_distance(data: FeatureInput) -> FloatArray:
    """How far the close lies from the UTC day's VWAP."""
    return divide(data.bars.close, session_vwap(data)) - 1.0


@_add(
    unit=Unit.BASE,
    inputs=("ts", "volume"),
    warm_up_days=lambda: 1,
    bounds=NOT_NEGATIVE,
    source="Sum of volume since 00:00 UTC",
)
@shared
def session_volume(data: FeatureInput) -> FloatArray:
    """Volume of the UTC day so far."""
    return sum_since(data.bars.volume, _find_starts(data))
