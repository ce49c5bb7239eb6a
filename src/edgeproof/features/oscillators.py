"""Oscillators: where price stands between two bounds, and when it has gone too far."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import talib

from edgeproof.features._arrays import divide, lag
from edgeproof.features._registry import CLOSE, HLC, MINUS_ONE_TO_ONE, OHLC, ZERO_TO_HUNDRED, Unit, register
from edgeproof.features._sharing import (
    average_closes,
    find_highest,
    find_lowest,
    find_typical_prices,
    shared,
    smooth_closes,
    sum_true_ranges,
)
from edgeproof.features._warm_up import one_less, settle_ema, settle_wilder, window
from edgeproof.features._windows import highest_over, lowest_over, mean_over, sum_over
from edgeproof.features.momentum import rsi

if TYPE_CHECKING:
    from edgeproof.domain.arrays import FloatArray
    from edgeproof.features._registry import FeatureInput

_add = partial(register, family="oscillators")
_SMOOTH_K = window(3, low=1, high=500, name="smooth_k")
_SMOOTH_D = window(3, low=1, high=500, name="smooth_d")
_STOCHRSI = (window(14, name="rsi_window"), window(14), _SMOOTH_K)
_CCI_SCALE = 0.015


def _place(values: FloatArray, lowest: FloatArray, highest: FloatArray) -> FloatArray:
    """Where values stand between two bounds, 0 to 100; NaN where the bounds meet."""
    return np.clip(100.0 * divide(values - lowest, highest - lowest), 0.0, 100.0)


@shared
def _locate(data: FeatureInput, bars: int) -> FloatArray:
    """Where the close stands in the window's range, 0 to 100."""
    return _place(data.bars.close, find_lowest(data, bars), find_highest(data, bars))


def _smoothed(values: FloatArray, bars: int) -> FloatArray:
    return np.clip(mean_over(values, bars), 0.0, 100.0)


@_add(
    unit=Unit.PERCENT,
    inputs=HLC,
    parameters=(window(14), _SMOOTH_K),
    warm_up=lambda bars, smooth_k: bars + smooth_k - 2,
    bounds=ZERO_TO_HUNDRED,
    source="Lane 1984: 100 (close - lowest low) / (highest high - lowest low), simple mean",
)
@shared
def stoch_k(data: FeatureInput, bars: int, smooth_k: int) -> FloatArray:
    """Slow stochastic %K: place of the close in the window's range, smoothed; null where there is no range."""
    return _smoothed(_locate(data, bars), smooth_k)


@_add(
    unit=Unit.PERCENT,
    inputs=HLC,
    parameters=(window(14), _SMOOTH_K, _SMOOTH_D),
    warm_up=lambda bars, smooth_k, smooth_d: bars + smooth_k + smooth_d - 3,
    bounds=ZERO_TO_HUNDRED,
    source="Lane 1984: simple mean of %K",
)
def stoch_d(data: FeatureInput, bars: int, smooth_k: int, smooth_d: int) -> FloatArray:
    """Slow stochastic %D: signal line of %K."""
    return _smoothed(stoch_k(data, bars, smooth_k), smooth_d)


@_add(
    unit=Unit.PERCENT,
    inputs=CLOSE,
    parameters=_STOCHRSI,
    warm_up=lambda rsi_window, bars, smooth_k: settle_wilder(rsi_window) + bars + smooth_k - 2,
    recursive=True,
    bounds=ZERO_TO_HUNDRED,
    source="Chande and Kroll 1994: stochastic of the RSI, simple mean",
)
@shared
def stochrsi_k(data: FeatureInput, rsi_window: int, bars: int, smooth_k: int) -> FloatArray:
    """Stochastic RSI %K: place of the RSI in its own range; null where the RSI stood still."""
    strength = rsi(data, rsi_window)
    return _smoothed(_place(strength, lowest_over(strength, bars), highest_over(strength, bars)), smooth_k)


@_add(
    unit=Unit.PERCENT,
    inputs=CLOSE,
    parameters=(*_STOCHRSI, _SMOOTH_D),
    warm_up=lambda rsi_window, bars, smooth_k, smooth_d: settle_wilder(rsi_window) + bars + smooth_k + smooth_d - 3,
    recursive=True,
    bounds=ZERO_TO_HUNDRED,
    source="Chande and Kroll 1994: simple mean of %K",
)
def stochrsi_d(data: FeatureInput, rsi_window: int, bars: int, smooth_k: int, smooth_d: int) -> FloatArray:
    """Stochastic RSI %D: signal line of %K."""
    return _smoothed(stochrsi_k(data, rsi_window, bars, smooth_k), smooth_d)


@_add(
    unit=Unit.POINTS,
    inputs=HLC,
    parameters=(window(20, high=500),),
    warm_up=one_less,
    source="Lambert 1980: (typical price - mean) / (0.015 mean absolute deviation); TA-Lib CCI",
)
def cci(data: FeatureInput, bars: int) -> FloatArray:
    """Commodity channel index: distance of typical price from its mean, mostly within -100 and 100."""
    price = find_typical_prices(data)
    values = talib.CCI(data.bars.high, data.bars.low, data.bars.close, bars)
    return np.where(highest_over(price, bars) == lowest_over(price, bars), np.nan, values)


@_add(
    unit=Unit.PERCENT,
    inputs=HLC,
    parameters=(window(14),),
    warm_up=one_less,
    bounds=(-100.0, 0.0),
    source="Williams 1973: -100 (highest high - close) / (highest high - lowest low)",
)
def williams_r(data: FeatureInput, bars: int) -> FloatArray:
    """Williams %R: 0 at the window's high, -100 at its low; null where there is no range."""
    return _locate(data, bars) - 100.0


@_add(
    unit=Unit.PERCENT,
    inputs=HLC,
    parameters=(window(7, name="short"), window(14, name="middle"), window(28, name="long")),
    warm_up=max,
    bounds=ZERO_TO_HUNDRED,
    source="Williams 1985: buying pressure over true range, weights 4, 2 and 1",
)
def ultimate_oscillator(data: FeatureInput, short: int, middle: int, long: int) -> FloatArray:
    """Ultimate oscillator: buying pressure over three windows at once; null where nothing moved."""
    pressure = data.bars.close - np.minimum(data.bars.low, lag(data.bars.close))
    fast, mid, slow = (divide(sum_over(pressure, n), sum_true_ranges(data, n)) for n in (short, middle, long))
    return np.clip(100.0 * (4.0 * fast + 2.0 * mid + slow) / 7.0, 0.0, 100.0)


@_add(
    unit=Unit.PERCENT,
    inputs=CLOSE,
    parameters=(window(12, name="fast"), window(26, name="slow")),
    warm_up=lambda fast, slow: settle_ema(max(fast, slow)),
    recursive=True,
    source="100 (EMA(fast) - EMA(slow)) / EMA(slow)",
)
@shared
def ppo(data: FeatureInput, fast: int, slow: int) -> FloatArray:
    """Percentage price oscillator: the MACD in percent of price, comparable between symbols."""
    level = smooth_closes(data, slow)
    return 100.0 * divide(smooth_closes(data, fast) - level, level)


@_add(
    unit=Unit.PERCENT,
    inputs=CLOSE,
    parameters=(window(12, name="fast"), window(26, name="slow"), window(9, name="signal")),
    warm_up=lambda fast, slow, signal: settle_ema(max(fast, slow), 2) + signal - 1,
    recursive=True,
    source="EMA(signal) of the PPO",
)
def ppo_signal(data: FeatureInput, fast: int, slow: int, signal: int) -> FloatArray:
    """Signal line of the percentage price oscillator."""
    return talib.EMA(ppo(data, fast, slow), signal)


@_add(
    unit=Unit.PERCENT,
    inputs=CLOSE,
    parameters=(window(15),),
    warm_up=lambda bars: 1 + settle_ema(bars, 3),
    recursive=True,
    source="Hutson 1983; TA-Lib TRIX",
)
def trix(data: FeatureInput, bars: int) -> FloatArray:
    """One-bar rate of change of a triple-smoothed close."""
    return talib.TRIX(data.bars.close, bars)


@_add(
    unit=Unit.RATIO,
    inputs=OHLC,
    parameters=(window(14, low=1),),
    warm_up=one_less,
    bounds=MINUS_ONE_TO_ONE,
    source="Livshin 2001, over a window: sum of (close - open) / sum of (high - low)",
)
def bop(data: FeatureInput, bars: int) -> FloatArray:
    """Balance of power: net body as a share of all range; null where there is no range."""
    prices = data.bars
    net, whole = sum_over(prices.close - prices.open, bars), sum_over(prices.high - prices.low, bars)
    return np.clip(divide(net, whole), -1.0, 1.0)


@_add(
    unit=Unit.PRICE,
    inputs=CLOSE,
    parameters=(window(20),),
    warm_up=lambda bars: max(bars // 2 + 1, bars - 1),
    source="close of window / 2 + 1 bars ago - mean of the window: the causal form",
)
def dpo(data: FeatureInput, bars: int) -> FloatArray:
    """Detrended price oscillator: an older close against the mean around it, known only now."""
    return lag(data.bars.close, bars // 2 + 1) - average_closes(data, bars)
