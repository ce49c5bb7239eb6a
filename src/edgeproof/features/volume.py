"""Volume: how much was traded, and on which side of the price."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import talib

from edgeproof.features._arrays import change, divide, keep_where, lag, simple_returns
from edgeproof.features._registry import (
    MINUS_ONE_TO_ONE,
    NOT_NEGATIVE,
    ZERO_TO_HUNDRED,
    ZERO_TO_ONE,
    Unit,
    register,
)
from edgeproof.features._sharing import find_changes, find_log_returns, find_typical_prices, shared, sum_volumes
from edgeproof.features._warm_up import as_many, one_less, settle_ema, window
from edgeproof.features._windows import (
    correlation_over,
    ema_of,
    mean_over,
    rank_over,
    sum_over,
    zscore_over,
)

if TYPE_CHECKING:
    from edgeproof.domain.arrays import FloatArray
    from edgeproof.features._registry import FeatureInput

_add = partial(register, family="volume")
_VOLUME = ("volume",)
_CLOSE_VOLUME = ("close", "volume")
_HLC_VOLUME = ("high", "low", "close", "volume")


@shared
def _money_flow(data: FeatureInput) -> FloatArray:
    """Volume times where in its range the bar closed, from -1 to 1; 0 for a bar without range."""
    bars = data.bars
    location = divide(2.0 * bars.close - bars.high - bars.low, bars.high - bars.low)
    return np.where(bars.high == bars.low, 0.0, location) * bars.volume


@_add(
    unit=Unit.BASE,
    inputs=_VOLUME,
    parameters=(window(20, low=1),),
    warm_up=one_less,
    bounds=NOT_NEGATIVE,
    source="Arithmetic mean",
)
def volume_sma(data: FeatureInput, bars: int) -> FloatArray:
    """Mean volume of a bar."""
    return mean_over(data.bars.volume, bars)


@_add(
    unit=Unit.RATIO,
    inputs=_VOLUME,
    parameters=(window(20, low=1),),
    warm_up=as_many,
    bounds=NOT_NEGATIVE,
    source="volume / mean volume of the bars before",
)
def relative_volume(data: FeatureInput, bars: int) -> FloatArray:
    """Volume against the mean of the window before this bar: 2 is twice the usual."""
    return divide(data.bars.volume, lag(mean_over(data.bars.volume, bars)))


@_add(
    unit=Unit.STDEVS,
    inputs=_VOLUME,
    parameters=(window(50),),
    warm_up=one_less,
    source="(volume - mean) / population standard deviation",
)
def volume_zscore(data: FeatureInput, bars: int) -> FloatArray:
    """How unusual this bar's volume is within the window."""
    return zscore_over(data.bars.volume, bars)


@_add(
    unit=Unit.RATIO,
    inputs=_VOLUME,
    parameters=(window(100, high=500),),
    warm_up=one_less,
    bounds=ZERO_TO_ONE,
    source="Share of the volumes before that lie below, ties half",
)
def volume_rank(data: FeatureInput, bars: int) -> FloatArray:
    """Where this bar's volume stands among those of the window before it."""
    return rank_over(data.bars.volume, bars)


@_add(
    unit=Unit.PERCENT,
    inputs=_VOLUME,
    parameters=(window(10, low=1),),
    warm_up=as_many,
    source="100 (volume / volume ago - 1)",
)
def volume_roc(data: FeatureInput, bars: int) -> FloatArray:
    """Change of volume against the bar at the window's far end."""
    return 100.0 * (divide(data.bars.volume, lag(data.bars.volume, bars)) - 1.0)


@_add(
    unit=Unit.QUOTE,
    inputs=_HLC_VOLUME,
    parameters=(window(20, low=1),),
    warm_up=one_less,
    bounds=NOT_NEGATIVE,
    source="Mean of typical price x volume",
)
def dollar_volume(data: FeatureInput, bars: int) -> FloatArray:
    """Mean money traded a bar, at the bar's typical price."""
    return mean_over(find_typical_prices(data) * data.bars.volume, bars)


@_add(
    unit=Unit.BASE,
    inputs=_CLOSE_VOLUME,
    parameters=(window(50),),
    warm_up=as_many,
    source="Granville 1963; the classic line less itself a window ago, so that it has no starting point",
)
def obv(data: FeatureInput, bars: int) -> FloatArray:
    """On-balance volume of the window: volume of rising bars less that of falling ones."""
    return sum_over(np.sign(find_changes(data)) * data.bars.volume, bars)


@_add(
    unit=Unit.BASE,
    inputs=_HLC_VOLUME,
    parameters=(window(50),),
    warm_up=one_less,
    source="Chaikin's accumulation/distribution line less itself a window ago",
)
def ad_line(data: FeatureInput, bars: int) -> FloatArray:
    """Accumulation/distribution of the window: volume weighted by where in its range each bar closed."""
    return sum_over(_money_flow(data), bars)


@_add(
    unit=Unit.BASE,
    inputs=_HLC_VOLUME,
    parameters=(window(3, name="fast"), window(10, name="slow")),
    warm_up=lambda fast, slow: settle_ema(max(fast, slow)),
    recursive=True,
    source="Chaikin; TA-Lib ADOSC",
)
def chaikin_oscillator(data: FeatureInput, fast: int, slow: int) -> FloatArray:
    """Fast less slow exponential mean of the accumulation/distribution line."""
    bars = data.bars
    return talib.ADOSC(bars.high, bars.low, bars.close, bars.volume, fast, slow)


@_add(
    unit=Unit.RATIO,
    inputs=_HLC_VOLUME,
    parameters=(window(20),),
    warm_up=one_less,
    bounds=MINUS_ONE_TO_ONE,
    source="Chaikin: sum of money flow volume / sum of volume",
)
def cmf(data: FeatureInput, bars: int) -> FloatArray:
    """Chaikin money flow: 1 when every bar closed at its high, -1 at its low, weighted by volume."""
    return np.clip(divide(sum_over(_money_flow(data), bars), sum_volumes(data, bars)), -1.0, 1.0)


@_add(
    unit=Unit.PERCENT,
    inputs=_HLC_VOLUME,
    parameters=(window(14),),
    warm_up=as_many,
    bounds=ZERO_TO_HUNDRED,
    source="Quong and Soudack 1989",
)
def mfi(data: FeatureInput, bars: int) -> FloatArray:
    """Money flow index: share of money traded in bars whose typical price rose; null where none moved."""
    price = find_typical_prices(data)
    moved = change(price)
    flow = price * data.bars.volume
    rising = sum_over(keep_where(moved > 0.0, flow, moved), bars)
    falling = sum_over(keep_where(moved < 0.0, flow, moved), bars)
    return np.clip(100.0 * divide(rising, rising + falling), 0.0, 100.0)


@_add(
    unit=Unit.QUOTE,
    inputs=_CLOSE_VOLUME,
    parameters=(window(13),),
    warm_up=lambda bars: 1 + settle_ema(bars),
    recursive=True,
    source="Elder 1993: exponential mean of change x volume",
)
def force_index(data: FeatureInput, bars: int) -> FloatArray:
    """Change of the close times volume, smoothed."""
    return ema_of(find_changes(data) * data.bars.volume, bars)


@_add(
    unit=Unit.BASE,
    inputs=_CLOSE_VOLUME,
    parameters=(window(50),),
    warm_up=as_many,
    source="Price-volume trend less itself a window ago: sum of return x volume",
)
def price_volume_trend(data: FeatureInput, bars: int) -> FloatArray:
    """Volume of the window, each bar's weighted by its return."""
    return sum_over(simple_returns(data.bars.close) * data.bars.volume, bars)


@_add(
    unit=Unit.PERCENT,
    inputs=_VOLUME,
    parameters=(window(12, name="fast"), window(26, name="slow")),
    warm_up=lambda fast, slow: settle_ema(max(fast, slow)),
    recursive=True,
    source="100 (fast - slow) / slow, of exponential means of volume",
)
def pvo(data: FeatureInput, fast: int, slow: int) -> FloatArray:
    """Percentage volume oscillator: fast against slow mean volume."""
    level = ema_of(data.bars.volume, slow)
    return 100.0 * divide(ema_of(data.bars.volume, fast) - level, level)


@_add(
    unit=Unit.RATIO,
    inputs=_CLOSE_VOLUME,
    parameters=(window(20),),
    warm_up=as_many,
    bounds=ZERO_TO_ONE,
    source="Volume of bars that rose / volume of bars that moved",
)
def up_volume_share(data: FeatureInput, bars: int) -> FloatArray:
    """Share of the window's volume that traded in bars that closed higher, of those that moved."""
    moved = find_changes(data)
    rising = sum_over(keep_where(moved > 0.0, data.bars.volume, moved), bars)
    falling = sum_over(keep_where(moved < 0.0, data.bars.volume, moved), bars)
    return np.clip(divide(rising, rising + falling), 0.0, 1.0)


@_add(
    unit=Unit.RATIO,
    inputs=_CLOSE_VOLUME,
    parameters=(window(50, low=3),),
    warm_up=as_many,
    bounds=MINUS_ONE_TO_ONE,
    source="Pearson correlation of log return and volume",
)
def volume_return_correlation(data: FeatureInput, bars: int) -> FloatArray:
    """Whether heavy bars rise (1) or fall (-1)."""
    return correlation_over(find_log_returns(data), data.bars.volume, bars)
