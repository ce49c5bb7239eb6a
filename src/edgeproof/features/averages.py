"""Moving averages: one idea, price without its noise, and a dozen bargains between smoothness and delay."""

from __future__ import annotations

from functools import partial
from math import isqrt
from typing import TYPE_CHECKING

import numpy as np
import talib

from edgeproof.features._arrays import change, divide, lag
from edgeproof.features._registry import CLOSE, Unit, register
from edgeproof.features._sharing import average_closes, find_moves, smooth_closes
from edgeproof.features._warm_up import number, one_less, settle_decay, settle_ema, window
from edgeproof.features._windows import smooth_adaptively, sum_over, weighted_deviation_over

if TYPE_CHECKING:
    from edgeproof.domain.arrays import FloatArray
    from edgeproof.features._registry import FeatureInput

_add = partial(register, family="trend")
_KAMA_FAST = 2.0 / (2 + 1)
_KAMA_SLOW = 2.0 / (30 + 1)
_T3_STAGES = 6


@_add(unit=Unit.PRICE, inputs=CLOSE, parameters=(window(20, low=1),), warm_up=one_less, source="Arithmetic mean")
def sma(data: FeatureInput, bars: int) -> FloatArray:
    """Simple moving average of the close."""
    return average_closes(data, bars)


@_add(
    unit=Unit.PRICE,
    inputs=CLOSE,
    parameters=(window(20),),
    warm_up=settle_ema,
    recursive=True,
    source="TA-Lib EMA: weight 2 / (window + 1), started by the first mean",
)
def ema(data: FeatureInput, bars: int) -> FloatArray:
    """Exponential moving average of the close."""
    return smooth_closes(data, bars)


@_add(
    unit=Unit.PRICE,
    inputs=CLOSE,
    parameters=(window(20),),
    warm_up=one_less,
    source="TA-Lib WMA: weights that grow by one from the oldest bar to the newest",
)
def wma(data: FeatureInput, bars: int) -> FloatArray:
    """Linearly weighted moving average of the close."""
    return talib.WMA(data.bars.close, bars)


@_add(
    unit=Unit.PRICE,
    inputs=CLOSE,
    parameters=(window(20),),
    warm_up=lambda bars: settle_ema(bars, 2),
    recursive=True,
    source="Mulloy 1994; TA-Lib DEMA",
)
def dema(data: FeatureInput, bars: int) -> FloatArray:
    """Double exponential moving average: an EMA with most of its delay taken out."""
    return talib.DEMA(data.bars.close, bars)


@_add(
    unit=Unit.PRICE,
    inputs=CLOSE,
    parameters=(window(20),),
    warm_up=lambda bars: settle_ema(bars, 3),
    recursive=True,
    source="Mulloy 1994; TA-Lib TEMA",
)
def tema(data: FeatureInput, bars: int) -> FloatArray:
    """Triple exponential moving average: faster still, and rougher."""
    return talib.TEMA(data.bars.close, bars)


@_add(unit=Unit.PRICE, inputs=CLOSE, parameters=(window(20),), warm_up=one_less, source="TA-Lib TRIMA")
def trima(data: FeatureInput, bars: int) -> FloatArray:
    """Triangular moving average: a mean of means, weighted to the middle of the window."""
    return talib.TRIMA(data.bars.close, bars)


@_add(
    unit=Unit.PRICE,
    inputs=CLOSE,
    parameters=(window(10),),
    warm_up=lambda bars: bars + settle_decay(_KAMA_SLOW**2),
    recursive=True,
    source="Kaufman 1995: weight (efficiency (2/3 - 2/31) + 2/31)^2",
)
def kama(data: FeatureInput, bars: int) -> FloatArray:
    """Kaufman's adaptive moving average: quick in a trend, still in noise."""
    close = data.bars.close
    path = sum_over(find_moves(data), bars)
    # Nothing moved: no efficiency to speak of, so the slowest weight.
    efficiency = np.where(path == 0.0, 0.0, divide(np.abs(change(close, bars)), path))
    return smooth_adaptively(close, (efficiency * (_KAMA_FAST - _KAMA_SLOW) + _KAMA_SLOW) ** 2)


@_add(
    unit=Unit.PRICE,
    inputs=CLOSE,
    parameters=(window(20, low=4),),
    warm_up=lambda bars: bars - 1 + isqrt(bars) - 1,
    source="Hull 2005: WMA(2 WMA(window / 2) - WMA(window), root of window)",
)
def hma(data: FeatureInput, bars: int) -> FloatArray:
    """Hull moving average: smooth, with little delay."""
    close = data.bars.close
    return talib.WMA(2.0 * talib.WMA(close, bars // 2) - talib.WMA(close, bars), isqrt(bars))


@_add(
    unit=Unit.PRICE,
    inputs=CLOSE,
    parameters=(window(20),),
    warm_up=lambda bars: (bars - 1) // 2 + settle_ema(bars),
    recursive=True,
    source="Ehlers and Way 2010: EMA of 2 close - close of (window - 1) / 2 bars ago",
)
def zlema(data: FeatureInput, bars: int) -> FloatArray:
    """Zero-lag exponential moving average: an EMA of the close plus its recent change."""
    close = data.bars.close
    return talib.EMA(2.0 * close - lag(close, (bars - 1) // 2), bars)


@_add(
    unit=Unit.PRICE,
    inputs=CLOSE,
    parameters=(window(5), number("factor", 0.7, 0.0, 1.0)),
    warm_up=lambda bars, _: settle_ema(bars, _T3_STAGES),
    recursive=True,
    source="Tillson 1998; TA-Lib T3",
)
def t3(data: FeatureInput, bars: int, factor: float) -> FloatArray:
    """Tillson's average: six EMAs in a row, sharpened by the factor."""
    return talib.T3(data.bars.close, bars, factor)


@_add(
    unit=Unit.PRICE,
    inputs=("close", "volume"),
    parameters=(window(20),),
    warm_up=one_less,
    source="Sum of close x volume / sum of volume",
)
def vwma(data: FeatureInput, bars: int) -> FloatArray:
    """Volume-weighted moving average of the close; null where nothing traded."""
    return weighted_deviation_over(data.bars.close, data.bars.volume, bars)[0]


@_add(unit=Unit.RATIO, inputs=CLOSE, parameters=(window(20, low=1),), warm_up=one_less, source="close / sma - 1")
def sma_distance(data: FeatureInput, bars: int) -> FloatArray:
    """How far the close lies from its simple moving average."""
    return divide(data.bars.close, sma(data, bars)) - 1.0


@_add(
    unit=Unit.RATIO,
    inputs=CLOSE,
    parameters=(window(20),),
    warm_up=settle_ema,
    recursive=True,
    source="close / ema - 1",
)
def ema_distance(data: FeatureInput, bars: int) -> FloatArray:
    """How far the close lies from its exponential moving average."""
    return divide(data.bars.close, ema(data, bars)) - 1.0


@_add(
    unit=Unit.RATIO,
    inputs=CLOSE,
    parameters=(window(20, name="fast"), window(50, name="slow")),
    warm_up=lambda fast, slow: settle_ema(max(fast, slow)),
    recursive=True,
    source="fast ema / slow ema - 1",
)
def ema_ratio(data: FeatureInput, fast: int, slow: int) -> FloatArray:
    """How far the fast exponential moving average lies above the slow one."""
    return divide(ema(data, fast), ema(data, slow)) - 1.0
