"""Price: one number for a bar, and where in its range it closed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from edgeproof.features._arrays import divide
from edgeproof.features._registry import (
    CLOSE,
    HL,
    HLC,
    MINUS_ONE_TO_ONE,
    NOT_NEGATIVE,
    OHLC,
    ZERO_TO_ONE,
    Unit,
    register,
)
from edgeproof.features._sharing import find_highest, find_lowest, find_typical_prices
from edgeproof.features._warm_up import one_less, window
from edgeproof.features._windows import highest_over, lowest_over, rank_over, zscore_over

if TYPE_CHECKING:
    from edgeproof.domain.arrays import FloatArray
    from edgeproof.features._registry import FeatureInput

_add = partial(register, family="price")


@_add(unit=Unit.PRICE, inputs=HLC, source="(high + low + close) / 3")
def typical_price(data: FeatureInput) -> FloatArray:
    """Mean of high, low and close."""
    return find_typical_prices(data)


@_add(unit=Unit.PRICE, inputs=HL, source="(high + low) / 2")
def median_price(data: FeatureInput) -> FloatArray:
    """Middle of the bar's range."""
    return (data.bars.high + data.bars.low) / 2.0


@_add(unit=Unit.PRICE, inputs=HLC, source="(high + low + 2 close) / 4")
def weighted_close(data: FeatureInput) -> FloatArray:
    """Mean of high, low and close, the close counted twice."""
    return (data.bars.high + data.bars.low + 2.0 * data.bars.close) / 4.0


@_add(unit=Unit.PRICE, inputs=OHLC, source="(open + high + low + close) / 4")
def average_price(data: FeatureInput) -> FloatArray:
    """Mean of open, high, low and close; the close of a Heikin-Ashi candle."""
    bars = data.bars
    return (bars.open + bars.high + bars.low + bars.close) / 4.0


@_add(unit=Unit.PRICE, inputs=HL, source="high - low", bounds=NOT_NEGATIVE)
def hl_range(data: FeatureInput) -> FloatArray:
    """Height of the bar."""
    return np.maximum(data.bars.high - data.bars.low, 0.0)


@_add(unit=Unit.RATIO, inputs=HLC, source="(high - low) / close", bounds=NOT_NEGATIVE)
def hl_range_ratio(data: FeatureInput) -> FloatArray:
    """Height of the bar as a share of its close."""
    return divide(hl_range(data), data.bars.close)


@_add(unit=Unit.RATIO, inputs=HLC, source="(close - low) / (high - low)", bounds=ZERO_TO_ONE)
def close_location(data: FeatureInput) -> FloatArray:
    """Where in its range the bar closed: 0 at the low, 1 at the high; null for a bar without range."""
    bars = data.bars
    return np.clip(divide(bars.close - bars.low, bars.high - bars.low), 0.0, 1.0)


@_add(unit=Unit.PRICE, inputs=("open", "close"), source="close - open")
def body(data: FeatureInput) -> FloatArray:
    """Height of the candle's body, positive when it rose."""
    return data.bars.close - data.bars.open


@_add(unit=Unit.RATIO, inputs=OHLC, source="(close - open) / (high - low)", bounds=MINUS_ONE_TO_ONE)
def body_share(data: FeatureInput) -> FloatArray:
    """Signed body as a share of the bar's range; null for a bar without range."""
    bars = data.bars
    return np.clip(divide(bars.close - bars.open, bars.high - bars.low), -1.0, 1.0)


@_add(unit=Unit.RATIO, inputs=OHLC, source="(high - max(open, close)) / (high - low)", bounds=ZERO_TO_ONE)
def upper_wick(data: FeatureInput) -> FloatArray:
    """Wick above the body as a share of the bar's range; null for a bar without range."""
    bars = data.bars
    return np.clip(divide(bars.high - np.maximum(bars.open, bars.close), bars.high - bars.low), 0.0, 1.0)


@_add(unit=Unit.RATIO, inputs=OHLC, source="(min(open, close) - low) / (high - low)", bounds=ZERO_TO_ONE)
def lower_wick(data: FeatureInput) -> FloatArray:
    """Wick below the body as a share of the bar's range; null for a bar without range."""
    bars = data.bars
    return np.clip(divide(np.minimum(bars.open, bars.close) - bars.low, bars.high - bars.low), 0.0, 1.0)


@_add(
    unit=Unit.PRICE,
    inputs=CLOSE,
    parameters=(window(14),),
    warm_up=one_less,
    source="(highest close + lowest close) / 2",
)
def midpoint(data: FeatureInput, bars: int) -> FloatArray:
    """Middle between the highest and the lowest close of the window."""
    close = data.bars.close
    return (highest_over(close, bars) + lowest_over(close, bars)) / 2.0


@_add(
    unit=Unit.PRICE,
    inputs=HL,
    parameters=(window(14),),
    warm_up=one_less,
    source="(highest high + lowest low) / 2; with 9 and 26 the lines of Hosoda's Ichimoku",
)
def midprice(data: FeatureInput, bars: int) -> FloatArray:
    """Middle between the highest high and the lowest low of the window."""
    return (find_highest(data, bars) + find_lowest(data, bars)) / 2.0


@_add(
    unit=Unit.RATIO,
    inputs=CLOSE,
    parameters=(window(100, high=500),),
    warm_up=one_less,
    bounds=ZERO_TO_ONE,
    source="Share of the closes before that lie below, ties half",
)
def price_rank(data: FeatureInput, bars: int) -> FloatArray:
    """Where the close stands among the closes of the window before it."""
    return rank_over(data.bars.close, bars)


@_add(
    unit=Unit.STDEVS,
    inputs=CLOSE,
    parameters=(window(20),),
    warm_up=one_less,
    source="(close - mean) / population standard deviation",
)
def price_zscore(data: FeatureInput, bars: int) -> FloatArray:
    """Distance of the close from its mean, in standard deviations of the window; null for equal closes."""
    return zscore_over(data.bars.close, bars)
