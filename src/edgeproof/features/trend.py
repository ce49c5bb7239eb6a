"""Trend: whether price is going somewhere, how strongly, and when it turns."""

from __future__ import annotations

from functools import partial
from math import ceil
from typing import TYPE_CHECKING

import numpy as np
import talib

from edgeproof.features._arrays import divide, lag
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
from edgeproof.features._sharing import average_closes, average_true_ranges, shared, smooth_closes, sum_true_ranges
from edgeproof.features._warm_up import as_many, number, one_less, settle_ema, settle_wilder, window
from edgeproof.features._windows import covariance_over, ema_of, follow_supertrend, sum_over

if TYPE_CHECKING:
    from edgeproof.domain.arrays import FloatArray
    from edgeproof.features._registry import FeatureInput

_add = partial(register, family="trend")
_MACD = (window(12, name="fast"), window(26, name="slow"), window(9, name="signal"))
_SUPERTREND = (window(10), number("multiple", 3.0, 0.5, 10.0))
_SAR = (number("step", 0.02, 0.001, 0.2), number("limit", 0.2, 0.01, 1.0))


def _settle_sar(step: float, _limit: float) -> int:
    """A line that jumps forgets its beginning only by jumping: three times the slowest measured, decision 0041."""
    return ceil(10.0 / step)


def _settle_supertrend(bars: int, multiple: float) -> int:
    """As above: price needs about the square of the distance to cross it."""
    return settle_wilder(bars) + ceil(40.0 * multiple**2)


@_add(
    unit=Unit.PRICE,
    inputs=CLOSE,
    parameters=_MACD,
    warm_up=lambda fast, slow, _: settle_ema(max(fast, slow)),
    recursive=True,
    source="Appel 1979: EMA(fast) - EMA(slow)",
)
@shared
def macd(data: FeatureInput, fast: int, slow: int, _signal: int) -> FloatArray:
    """Moving average convergence/divergence: fast less slow exponential average."""
    return smooth_closes(data, fast) - smooth_closes(data, slow)


@_add(
    unit=Unit.PRICE,
    inputs=CLOSE,
    parameters=_MACD,
    warm_up=lambda fast, slow, signal: settle_ema(max(fast, slow), 2) + signal - 1,
    recursive=True,
    source="Appel 1979: EMA(signal) of the MACD",
)
@shared
def macd_signal(data: FeatureInput, fast: int, slow: int, signal: int) -> FloatArray:
    """Signal line of the MACD."""
    return talib.EMA(macd(data, fast, slow, signal), signal)


@_add(
    unit=Unit.PRICE,
    inputs=CLOSE,
    parameters=_MACD,
    warm_up=lambda fast, slow, signal: settle_ema(max(fast, slow), 2) + signal - 1,
    recursive=True,
    source="Aspray 1986: MACD - signal",
)
def macd_histogram(data: FeatureInput, fast: int, slow: int, signal: int) -> FloatArray:
    """MACD less its signal line."""
    return macd(data, fast, slow, signal) - macd_signal(data, fast, slow, signal)


@_add(
    unit=Unit.PERCENT,
    inputs=HLC,
    parameters=(window(14),),
    warm_up=lambda bars: settle_wilder(bars, 2),
    recursive=True,
    bounds=ZERO_TO_HUNDRED,
    source="Wilder 1978; TA-Lib ADX",
)
@shared
def adx(data: FeatureInput, bars: int) -> FloatArray:
    """Average directional index: how one-sided movement is, up or down; from about 25 on one speaks of a trend."""
    return talib.ADX(data.bars.high, data.bars.low, data.bars.close, bars)


@_add(
    unit=Unit.PERCENT,
    inputs=HLC,
    parameters=(window(14),),
    warm_up=settle_wilder,
    recursive=True,
    bounds=ZERO_TO_HUNDRED,
    source="Wilder 1978; TA-Lib PLUS_DI",
)
def plus_di(data: FeatureInput, bars: int) -> FloatArray:
    """Positive directional indicator: share of the true range that reached up."""
    return np.clip(talib.PLUS_DI(data.bars.high, data.bars.low, data.bars.close, bars), 0.0, 100.0)


@_add(
    unit=Unit.PERCENT,
    inputs=HLC,
    parameters=(window(14),),
    warm_up=settle_wilder,
    recursive=True,
    bounds=ZERO_TO_HUNDRED,
    source="Wilder 1978; TA-Lib MINUS_DI",
)
def minus_di(data: FeatureInput, bars: int) -> FloatArray:
    """Negative directional indicator: share of the true range that reached down."""
    return np.clip(talib.MINUS_DI(data.bars.high, data.bars.low, data.bars.close, bars), 0.0, 100.0)


@shared
def _aroon(data: FeatureInput, bars: int) -> tuple[FloatArray, FloatArray]:
    """Aroon down and up."""
    return talib.AROON(data.bars.high, data.bars.low, bars)


@_add(
    unit=Unit.PERCENT,
    inputs=HL,
    parameters=(window(25),),
    warm_up=as_many,
    bounds=ZERO_TO_HUNDRED,
    source="Chande 1995; TA-Lib AROON",
)
def aroon_up(data: FeatureInput, bars: int) -> FloatArray:
    """How recent the highest high is: 100 now, 0 at the window's far end."""
    return _aroon(data, bars)[1]


@_add(
    unit=Unit.PERCENT,
    inputs=HL,
    parameters=(window(25),),
    warm_up=as_many,
    bounds=ZERO_TO_HUNDRED,
    source="Chande 1995; TA-Lib AROON",
)
def aroon_down(data: FeatureInput, bars: int) -> FloatArray:
    """How recent the lowest low is: 100 now, 0 at the window's far end."""
    return _aroon(data, bars)[0]


@_add(
    unit=Unit.PERCENT,
    inputs=HL,
    parameters=(window(25),),
    warm_up=as_many,
    bounds=(-100.0, 100.0),
    source="Chande 1995; TA-Lib AROONOSC",
)
def aroon_oscillator(data: FeatureInput, bars: int) -> FloatArray:
    """Aroon up less Aroon down."""
    return talib.AROONOSC(data.bars.high, data.bars.low, bars)


@shared
def _fit_line(data: FeatureInput, bars: int) -> tuple[FloatArray, FloatArray]:
    """Slope a bar, and share of variance explained, of the least-squares line through the window."""
    time = np.arange(len(data.bars), dtype=np.float64)
    variance_time, variance, covariance = covariance_over(time, data.bars.close, bars)
    explained = divide(covariance**2, variance_time * variance)
    return divide(covariance, variance_time), np.clip(explained, 0.0, 1.0)


@_add(
    unit=Unit.PRICE,
    inputs=CLOSE,
    parameters=(window(14),),
    warm_up=one_less,
    source="Least squares; the end point of the line, as TA-Lib LINEARREG",
)
def linreg(data: FeatureInput, bars: int) -> FloatArray:
    """Where the least-squares line through the window's closes stands now."""
    # Its end point is three times the linearly weighted mean less twice the plain one.
    return 3.0 * talib.WMA(data.bars.close, bars) - 2.0 * average_closes(data, bars)


@_add(
    unit=Unit.PRICE,
    inputs=CLOSE,
    parameters=(window(14),),
    warm_up=one_less,
    source="Least squares; price a bar, as TA-Lib LINEARREG_SLOPE",
)
def linreg_slope(data: FeatureInput, bars: int) -> FloatArray:
    """Rise a bar of the least-squares line through the window's closes."""
    return _fit_line(data, bars)[0]


@_add(
    unit=Unit.RATIO,
    inputs=CLOSE,
    parameters=(window(14, low=3),),
    warm_up=one_less,
    bounds=ZERO_TO_ONE,
    source="Squared correlation of close and time",
)
def linreg_r2(data: FeatureInput, bars: int) -> FloatArray:
    """How well a straight line explains the window's closes; null for equal closes."""
    return _fit_line(data, bars)[1]


@_add(
    unit=Unit.PRICE,
    inputs=HL,
    parameters=_SAR,
    warm_up=_settle_sar,
    recursive=True,
    source="Wilder 1978; TA-Lib SAR",
)
def psar(data: FeatureInput, step: float, limit: float) -> FloatArray:
    """Parabolic stop and reverse: a trailing stop that quickens as the trend makes new extremes."""
    return talib.SAR(data.bars.high, data.bars.low, step, limit)


@shared
def _supertrend(data: FeatureInput, bars: int, multiple: float) -> tuple[FloatArray, FloatArray]:
    middle = (data.bars.high + data.bars.low) / 2.0
    return follow_supertrend(middle, data.bars.close, multiple * average_true_ranges(data, bars))


@_add(
    unit=Unit.PRICE,
    inputs=HLC,
    parameters=_SUPERTREND,
    warm_up=_settle_supertrend,
    recursive=True,
    source="Seban 2008: median price -/+ multiple x ATR, never loosened while price stays on its side",
)
def supertrend(data: FeatureInput, bars: int, multiple: float) -> FloatArray:
    """Supertrend line: the trailing stop below a rising, above a falling price."""
    return _supertrend(data, bars, multiple)[0]


@_add(
    unit=Unit.FLAG,
    inputs=HLC,
    parameters=_SUPERTREND,
    warm_up=_settle_supertrend,
    recursive=True,
    bounds=(-1.0, 1.0),
    source="Seban 2008: 1 above the supertrend line, -1 below",
)
def supertrend_side(data: FeatureInput, bars: int, multiple: float) -> FloatArray:
    """Which side of the supertrend line price is on."""
    return _supertrend(data, bars, multiple)[1]


@_add(
    unit=Unit.RATIO,
    inputs=HLC,
    parameters=(window(14),),
    warm_up=as_many,
    bounds=NOT_NEGATIVE,
    source="Botes and Siepman 2010: sum of |high - low before| / sum of true range",
)
def vortex_plus(data: FeatureInput, bars: int) -> FloatArray:
    """Positive vortex: movement from lows up to highs, in true ranges."""
    reach = np.abs(data.bars.high - lag(data.bars.low))
    return divide(sum_over(reach, bars), sum_true_ranges(data, bars))


@_add(
    unit=Unit.RATIO,
    inputs=HLC,
    parameters=(window(14),),
    warm_up=as_many,
    bounds=NOT_NEGATIVE,
    source="Botes and Siepman 2010: sum of |low - high before| / sum of true range",
)
def vortex_minus(data: FeatureInput, bars: int) -> FloatArray:
    """Negative vortex: movement from highs down to lows, in true ranges."""
    reach = np.abs(data.bars.low - lag(data.bars.high))
    return divide(sum_over(reach, bars), sum_true_ranges(data, bars))


@_add(
    unit=Unit.POINTS,
    inputs=HL,
    parameters=(window(9, name="smoothing"), window(25)),
    warm_up=lambda smoothing, bars: settle_ema(smoothing, 2) + bars - 1,
    recursive=True,
    bounds=NOT_NEGATIVE,
    source="Dorsey 1992: sum of EMA(range) / EMA(EMA(range))",
)
def mass_index(data: FeatureInput, smoothing: int, bars: int) -> FloatArray:
    """Mass index: widening then narrowing ranges, a bulge that precedes reversals."""
    once = ema_of(data.bars.high - data.bars.low, smoothing)
    return sum_over(divide(once, ema_of(once, smoothing)), bars)
