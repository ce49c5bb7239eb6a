"""Channels: bands around price, and price's place among them.

Every channel includes the present bar. A breakout asks whether the close left the channel of the bars *before*, so
compare with ``lag(donchian_upper(20), 1)``: a close cannot exceed a channel that already contains its own high.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from edgeproof.features._arrays import divide, flag
from edgeproof.features._registry import CLOSE, HLC, NOT_NEGATIVE, ZERO_TO_ONE, Unit, register
from edgeproof.features._sharing import (
    average_closes,
    average_true_ranges,
    find_deviation,
    find_highest,
    find_lowest,
    smooth_closes,
)
from edgeproof.features._warm_up import number, one_less, settle_ema, settle_wilder, window

if TYPE_CHECKING:
    from edgeproof.domain.arrays import FloatArray
    from edgeproof.features._registry import FeatureInput

_add = partial(register, family="channels")
_WIDTH = number("width", 2.0, 0.1, 10.0)
_BOLLINGER = (window(20), _WIDTH)
_KELTNER = (window(20), _WIDTH, window(10, name="atr_window"))
_SQUEEZE = (window(20), _WIDTH, number("keltner_width", 1.5, 0.1, 10.0))
_CHANDELIER = (window(22), number("multiple", 3.0, 0.5, 10.0))
_BOLLINGER_SOURCE = "Bollinger 2001: mean and population standard deviation of the close"


def _settle_keltner(bars: int, _width: float, atr_window: int) -> int:
    return max(settle_ema(bars), settle_wilder(atr_window))


@_add(
    unit=Unit.PRICE,
    inputs=CLOSE,
    parameters=_BOLLINGER,
    warm_up=lambda bars, _: bars - 1,
    source=f"{_BOLLINGER_SOURCE}; mean + width x deviation",
)
def bb_upper(data: FeatureInput, bars: int, width: float) -> FloatArray:
    """Upper Bollinger band."""
    mean, deviation = find_deviation(data, bars)
    return mean + width * deviation


@_add(
    unit=Unit.PRICE,
    inputs=CLOSE,
    parameters=_BOLLINGER,
    warm_up=lambda bars, _: bars - 1,
    source=f"{_BOLLINGER_SOURCE}; the mean",
)
def bb_middle(data: FeatureInput, bars: int, _width: float) -> FloatArray:
    """Middle Bollinger band: the simple moving average; the width is accepted and changes nothing."""
    return average_closes(data, bars)


@_add(
    unit=Unit.PRICE,
    inputs=CLOSE,
    parameters=_BOLLINGER,
    warm_up=lambda bars, _: bars - 1,
    source=f"{_BOLLINGER_SOURCE}; mean - width x deviation",
)
def bb_lower(data: FeatureInput, bars: int, width: float) -> FloatArray:
    """Lower Bollinger band."""
    mean, deviation = find_deviation(data, bars)
    return mean - width * deviation


@_add(
    unit=Unit.RATIO,
    inputs=CLOSE,
    parameters=_BOLLINGER,
    warm_up=lambda bars, _: bars - 1,
    source=f"{_BOLLINGER_SOURCE}; (close - lower) / (upper - lower)",
)
def bb_percent(data: FeatureInput, bars: int, width: float) -> FloatArray:
    """Place of the close between the Bollinger bands: 0 at the lower, 1 at the upper; null for equal closes."""
    mean, deviation = find_deviation(data, bars)
    return 0.5 + divide(data.bars.close - mean, 2.0 * width * deviation)


@_add(
    unit=Unit.RATIO,
    inputs=CLOSE,
    parameters=_BOLLINGER,
    warm_up=lambda bars, _: bars - 1,
    bounds=NOT_NEGATIVE,
    source=f"{_BOLLINGER_SOURCE}; (upper - lower) / middle",
)
def bb_width(data: FeatureInput, bars: int, width: float) -> FloatArray:
    """Distance between the Bollinger bands, as a share of the middle one."""
    mean, deviation = find_deviation(data, bars)
    return divide(2.0 * width * deviation, mean)


@_add(
    unit=Unit.PRICE,
    inputs=HLC,
    parameters=_KELTNER,
    warm_up=_settle_keltner,
    recursive=True,
    source="Keltner 1960, as Raschke trades it: EMA of the close + width x ATR",
)
def keltner_upper(data: FeatureInput, bars: int, width: float, atr_window: int) -> FloatArray:
    """Upper Keltner band."""
    return smooth_closes(data, bars) + width * average_true_ranges(data, atr_window)


@_add(
    unit=Unit.PRICE,
    inputs=HLC,
    parameters=_KELTNER,
    warm_up=_settle_keltner,
    recursive=True,
    source="Keltner 1960, as Raschke trades it: EMA of the close - width x ATR",
)
def keltner_lower(data: FeatureInput, bars: int, width: float, atr_window: int) -> FloatArray:
    """Lower Keltner band."""
    return smooth_closes(data, bars) - width * average_true_ranges(data, atr_window)


@_add(
    unit=Unit.RATIO,
    inputs=HLC,
    parameters=_KELTNER,
    warm_up=_settle_keltner,
    recursive=True,
    source="(close - lower) / (upper - lower) of the Keltner bands",
)
def keltner_percent(data: FeatureInput, bars: int, width: float, atr_window: int) -> FloatArray:
    """Place of the close between the Keltner bands: 0 at the lower, 1 at the upper."""
    away = data.bars.close - smooth_closes(data, bars)
    return 0.5 + divide(away, 2.0 * width * average_true_ranges(data, atr_window))


@_add(
    unit=Unit.FLAG,
    inputs=HLC,
    parameters=_SQUEEZE,
    warm_up=lambda bars, *_: settle_wilder(bars),
    recursive=True,
    bounds=ZERO_TO_ONE,
    source="Carter 2005: Bollinger band narrower than Keltner band of the same window",
)
def bb_squeeze(data: FeatureInput, bars: int, width: float, keltner_width: float) -> FloatArray:
    """1 while the Bollinger bands lie inside the Keltner bands: the market holds its breath."""
    _, deviation = find_deviation(data, bars)
    ranges = average_true_ranges(data, bars)
    return flag(width * deviation < keltner_width * ranges, deviation, ranges)


@_add(
    unit=Unit.PRICE,
    inputs=("high",),
    parameters=(window(20, low=1),),
    warm_up=one_less,
    source="Donchian: highest high",
)
def donchian_upper(data: FeatureInput, bars: int) -> FloatArray:
    """Highest high of the window, this bar's included."""
    return find_highest(data, bars)


@_add(
    unit=Unit.PRICE,
    inputs=("low",),
    parameters=(window(20, low=1),),
    warm_up=one_less,
    source="Donchian: lowest low",
)
def donchian_lower(data: FeatureInput, bars: int) -> FloatArray:
    """Lowest low of the window, this bar's included."""
    return find_lowest(data, bars)


@_add(
    unit=Unit.RATIO,
    inputs=HLC,
    parameters=(window(20, low=1),),
    warm_up=one_less,
    bounds=NOT_NEGATIVE,
    source="(highest high - lowest low) / close",
)
def donchian_width(data: FeatureInput, bars: int) -> FloatArray:
    """Height of the Donchian channel as a share of the close."""
    return divide(find_highest(data, bars) - find_lowest(data, bars), data.bars.close)


@_add(
    unit=Unit.RATIO,
    inputs=HLC,
    parameters=(window(20, low=1),),
    warm_up=one_less,
    source="(close - lowest low) / (highest high - lowest low)",
)
def donchian_percent(data: FeatureInput, bars: int) -> FloatArray:
    """Place of the close in the Donchian channel: 0 at the bottom, 1 at the top."""
    lowest = find_lowest(data, bars)
    return divide(data.bars.close - lowest, find_highest(data, bars) - lowest)


@_add(
    unit=Unit.PRICE,
    inputs=HLC,
    parameters=_CHANDELIER,
    warm_up=lambda bars, _: settle_wilder(bars),
    recursive=True,
    source="LeBeau 1995: highest high - multiple x ATR",
)
def chandelier_long(data: FeatureInput, bars: int, multiple: float) -> FloatArray:
    """Chandelier exit of a long position, hung from the window's highest high."""
    return find_highest(data, bars) - multiple * average_true_ranges(data, bars)


@_add(
    unit=Unit.PRICE,
    inputs=HLC,
    parameters=_CHANDELIER,
    warm_up=lambda bars, _: settle_wilder(bars),
    recursive=True,
    source="LeBeau 1995: lowest low + multiple x ATR",
)
def chandelier_short(data: FeatureInput, bars: int, multiple: float) -> FloatArray:
    """Chandelier exit of a short position, hung over the window's lowest low."""
    return find_lowest(data, bars) + multiple * average_true_ranges(data, bars)
