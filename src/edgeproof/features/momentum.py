"""Momentum: how fast price has been moving."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import talib

from edgeproof.features._arrays import change, divide, simple_returns
from edgeproof.features._registry import CLOSE, HL, MINUS_ONE_TO_ONE, ZERO_TO_HUNDRED, ZERO_TO_ONE, Unit, register
from edgeproof.features._sharing import find_changes, find_moves, shared
from edgeproof.features._warm_up import as_many, settle_decay, settle_ema, settle_wilder, window
from edgeproof.features._windows import ema_of, highest_over, lowest_over, mean_over, smooth, sum_over

if TYPE_CHECKING:
    from edgeproof.domain.arrays import BoolArray, FloatArray
    from edgeproof.features._registry import FeatureInput

_add = partial(register, family="momentum")
_FISHER_SMOOTHING = 0.33
_FISHER_EDGE = 0.999


def _has_moved(close: FloatArray) -> BoolArray:
    """Whether the close has changed at all since the first bar: before that there is no strength to compare."""
    moved = np.zeros(len(close), dtype=np.bool_)
    moved[1:] = close[1:] != close[:-1]
    return np.logical_or.accumulate(moved)


@_add(
    unit=Unit.PERCENT,
    inputs=CLOSE,
    parameters=(window(10, low=1),),
    warm_up=as_many,
    source="100 (close / close ago - 1)",
)
def roc(data: FeatureInput, bars: int) -> FloatArray:
    """Rate of change of the close over the window."""
    return 100.0 * simple_returns(data.bars.close, bars)


@_add(unit=Unit.PRICE, inputs=CLOSE, parameters=(window(10, low=1),), warm_up=as_many, source="close - close ago")
def momentum(data: FeatureInput, bars: int) -> FloatArray:
    """Change of the close over the window."""
    return change(data.bars.close, bars)


@_add(
    unit=Unit.PERCENT,
    inputs=CLOSE,
    parameters=(window(14),),
    warm_up=settle_wilder,
    recursive=True,
    bounds=ZERO_TO_HUNDRED,
    source="Wilder 1978; TA-Lib RSI",
)
@shared
def rsi(data: FeatureInput, bars: int) -> FloatArray:
    """Relative strength index: share of rises in all movement; null while the close has never moved."""
    close = data.bars.close
    return np.where(_has_moved(close), talib.RSI(close, bars), np.nan)


@_add(
    unit=Unit.PERCENT,
    inputs=CLOSE,
    parameters=(window(14),),
    warm_up=as_many,
    bounds=(-100.0, 100.0),
    source="Chande and Kroll 1994: sums of rises and falls over the window, not smoothed",
)
def cmo(data: FeatureInput, bars: int) -> FloatArray:
    """Chande momentum oscillator: rises less falls, as a share of all movement; null where none."""
    moved = find_changes(data)
    return np.clip(100.0 * divide(sum_over(moved, bars), sum_over(find_moves(data), bars)), -100.0, 100.0)


@_add(
    unit=Unit.PERCENT,
    inputs=CLOSE,
    parameters=(window(25, name="long"), window(13, name="short")),
    warm_up=lambda long, short: 1 + long + short + settle_decay(2.0 / (max(long, short) + 1), 2),
    recursive=True,
    bounds=(-100.0, 100.0),
    source="Blau 1991: 100 EMA(EMA(change)) / EMA(EMA(|change|))",
)
def tsi(data: FeatureInput, long: int, short: int) -> FloatArray:
    """True strength index: change of the close over its size, both smoothed twice."""
    moved = find_changes(data)
    net = ema_of(ema_of(moved, long), short)
    gross = ema_of(ema_of(find_moves(data), long), short)
    return np.clip(100.0 * divide(net, gross), -100.0, 100.0)


@_add(
    unit=Unit.RATIO,
    inputs=CLOSE,
    parameters=(window(20),),
    warm_up=as_many,
    bounds=ZERO_TO_ONE,
    source="Kaufman 1995: |change over the window| / sum of |changes|",
)
def efficiency_ratio(data: FeatureInput, bars: int) -> FloatArray:
    """How straight price went: 1 for a line, near 0 for noise; null where nothing moved."""
    close = data.bars.close
    path = sum_over(find_moves(data), bars)
    return np.clip(divide(np.abs(change(close, bars)), path), 0.0, 1.0)


@_add(
    unit=Unit.PRICE,
    inputs=HL,
    parameters=(window(5, name="fast"), window(34, name="slow")),
    warm_up=lambda fast, slow: max(fast, slow) - 1,
    source="Williams: fast less slow mean of (high + low) / 2",
)
def awesome_oscillator(data: FeatureInput, fast: int, slow: int) -> FloatArray:
    """Fast less slow simple mean of the median price."""
    middle = (data.bars.high + data.bars.low) / 2.0
    return mean_over(middle, fast) - mean_over(middle, slow)


@_add(
    unit=Unit.POINTS,
    inputs=HL,
    parameters=(window(10),),
    warm_up=lambda bars: bars - 1 + settle_decay(_FISHER_SMOOTHING) + settle_decay(0.5),
    recursive=True,
    source="Ehlers 2002: inverse hyperbolic tangent of the smoothed place of the median price in its range",
)
def fisher(data: FeatureInput, bars: int) -> FloatArray:
    """Fisher transform: place of price in its range, stretched so that extremes stand out as sharp turns."""
    middle = (data.bars.high + data.bars.low) / 2.0
    lowest = lowest_over(middle, bars)
    place = 2.0 * divide(middle - lowest, highest_over(middle, bars) - lowest) - 1.0
    level = np.clip(smooth(place, _FISHER_SMOOTHING), -_FISHER_EDGE, _FISHER_EDGE)
    return smooth(2.0 * np.arctanh(level), 0.5)


@_add(
    unit=Unit.RATIO,
    inputs=CLOSE,
    parameters=(window(20),),
    warm_up=as_many,
    bounds=MINUS_ONE_TO_ONE,
    source="Efficiency ratio with the sign of the change",
)
def signed_efficiency(data: FeatureInput, bars: int) -> FloatArray:
    """How straight price went, and which way: 1 straight up, -1 straight down."""
    close = data.bars.close
    return np.clip(divide(change(close, bars), sum_over(find_moves(data), bars)), -1.0, 1.0)


@_add(
    unit=Unit.PERCENT,
    inputs=CLOSE,
    parameters=(window(11, name="fast", low=1), window(14, name="slow", low=1), window(10, name="smoothing")),
    warm_up=lambda fast, slow, smoothing: max(fast, slow) + smoothing - 1,
    source="Coppock 1962: weighted mean of the sum of two rates of change",
)
def coppock(data: FeatureInput, fast: int, slow: int, smoothing: int) -> FloatArray:
    """Coppock curve: two rates of change added and smoothed; turns up from below zero mark bottoms."""
    return talib.WMA(roc(data, fast) + roc(data, slow), smoothing)


@_add(
    unit=Unit.PERCENT,
    inputs=CLOSE,
    parameters=(window(14), window(3, name="smoothing")),
    warm_up=lambda bars, smoothing: settle_wilder(bars) + settle_ema(smoothing),
    recursive=True,
    bounds=ZERO_TO_HUNDRED,
    source="Exponential mean of Wilder's RSI",
)
def smoothed_rsi(data: FeatureInput, bars: int, smoothing: int) -> FloatArray:
    """Relative strength index, smoothed once more: fewer false crossings."""
    return np.clip(ema_of(rsi(data, bars), smoothing), 0.0, 100.0)
