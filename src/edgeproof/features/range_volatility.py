"""Volatility from the whole bar: open, high, low and close tell several times what closes tell alone."""

from __future__ import annotations

from functools import partial
from math import log
from typing import TYPE_CHECKING

from edgeproof.features._arrays import lag, log_ratio, root
from edgeproof.features._registry import HL, NOT_NEGATIVE, OHLC, Unit, register
from edgeproof.features._sharing import find_log_bodies, find_log_ranges, shared
from edgeproof.features._warm_up import as_many, one_less, window
from edgeproof.features._windows import mean_over, sample_stdev_over

if TYPE_CHECKING:
    from edgeproof.domain.arrays import FloatArray
    from edgeproof.features._registry import FeatureInput

_add = partial(register, family="volatility", unit=Unit.RATIO, bounds=NOT_NEGATIVE)
_BODY_WEIGHT = 2.0 * log(2.0) - 1.0
_YANG_ZHANG_ALPHA = 1.34


@shared
def _rogers_satchell_variance(data: FeatureInput) -> FloatArray:
    top, bottom = (log_ratio(price, data.bars.open) for price in (data.bars.high, data.bars.low))
    end = find_log_bodies(data)
    return top * (top - end) + bottom * (bottom - end)


@_add(
    inputs=HL,
    parameters=(window(50, low=1),),
    warm_up=one_less,
    source="Parkinson 1980: root of the mean of ln(high / low)^2 / (4 ln 2)",
)
def parkinson(data: FeatureInput, bars: int) -> FloatArray:
    """Volatility a bar from highs and lows; assumes no drift and no gaps."""
    return root(mean_over(find_log_ranges(data) ** 2, bars) / (4.0 * log(2.0)))


@_add(
    inputs=OHLC,
    parameters=(window(50, low=1),),
    warm_up=one_less,
    source="Garman and Klass 1980: root of the mean of ln(high / low)^2 / 2 - (2 ln 2 - 1) ln(close / open)^2",
)
def garman_klass(data: FeatureInput, bars: int) -> FloatArray:
    """Volatility a bar from open, high, low and close; assumes no drift and no gaps."""
    wide = find_log_ranges(data) ** 2 / 2.0
    return root(mean_over(wide - _BODY_WEIGHT * find_log_bodies(data) ** 2, bars))


@_add(
    inputs=OHLC,
    parameters=(window(50, low=1),),
    warm_up=one_less,
    source="Rogers and Satchell 1991: ln(h/c) ln(h/o) + ln(l/c) ln(l/o), mean, root",
)
def rogers_satchell(data: FeatureInput, bars: int) -> FloatArray:
    """Volatility a bar from open, high, low and close, whatever the drift; assumes no gaps."""
    return root(mean_over(_rogers_satchell_variance(data), bars))


@_add(
    inputs=OHLC,
    parameters=(window(50),),
    warm_up=as_many,
    source="Yang and Zhang 2000: gap variance + k open-to-close variance + (1 - k) Rogers-Satchell",
)
def yang_zhang(data: FeatureInput, bars: int) -> FloatArray:
    """Volatility a bar from open, high, low and close, whatever the drift, gaps included."""
    prices = data.bars
    share = (_YANG_ZHANG_ALPHA - 1.0) / (_YANG_ZHANG_ALPHA + (bars + 1.0) / (bars - 1.0))
    gaps = sample_stdev_over(log_ratio(prices.open, lag(prices.close)), bars) ** 2
    bodies = sample_stdev_over(find_log_bodies(data), bars) ** 2
    inside = mean_over(_rogers_satchell_variance(data), bars)
    return root(gaps + share * bodies + (1.0 - share) * inside)
