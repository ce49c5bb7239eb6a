"""Volatility: how far price moves."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import talib

from edgeproof.features._registry import Unit, register
from edgeproof.features._warm_up import settle_wilder, window

if TYPE_CHECKING:
    from edgeproof.domain.arrays import FloatArray
    from edgeproof.features._registry import FeatureInput

_add = partial(register, family="volatility")


@_add(
    unit=Unit.PRICE,
    inputs=("high", "low", "close"),
    parameters=(window(14),),
    warm_up=settle_wilder,
    recursive=True,
    bounds=(0.0, float("inf")),
    source="Wilder 1978, New Concepts in Technical Trading Systems",
)
def atr(data: FeatureInput, bars: int) -> FloatArray:
    """Average true range."""
    return talib.ATR(data.bars.high, data.bars.low, data.bars.close, bars)
