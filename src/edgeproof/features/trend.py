"""Trend: where price is going, smoothed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import talib

from edgeproof.features._registry import Unit, register
from edgeproof.features._warm_up import one_less, settle_ema, window

if TYPE_CHECKING:
    from edgeproof.domain.arrays import FloatArray
    from edgeproof.features._registry import FeatureInput

_add = partial(register, family="trend")


@_add(unit=Unit.PRICE, inputs=("close",), parameters=(window(20, low=1),), warm_up=one_less, source="Arithmetic mean")
def sma(data: FeatureInput, bars: int) -> FloatArray:
    """Simple moving average of the close."""
    return talib.SMA(data.bars.close, bars)


@_add(
    unit=Unit.PRICE,
    inputs=("close",),
    parameters=(window(20),),
    warm_up=settle_ema,
    recursive=True,
    source="TA-Lib EMA: alpha 2 / (window + 1), seeded by the first mean",
)
def ema(data: FeatureInput, bars: int) -> FloatArray:
    """Exponential moving average of the close."""
    return talib.EMA(data.bars.close, bars)
