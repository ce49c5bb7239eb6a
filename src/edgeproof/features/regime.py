"""Regime: what kind of market this is, by one rule that looks back only.

1. ``volatility_rank(window, history)``: where volatility stands in its own trailing history.
2. In the top fifth the market is *volatile*; in the bottom fifth *quiet*.
3. In between, ``adx(14)`` of 25 or more makes it *trending*, less makes it *ranging*.

So exactly one regime holds at any time. The thresholds are quantiles of the market's own past, never of its whole
history, and a market is not compared with another.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from edgeproof.features._arrays import divide, flag, log_returns
from edgeproof.features._registry import CLOSE, HLC, NOT_NEGATIVE, ZERO_TO_ONE, Unit, register
from edgeproof.features._sharing import find_return_variance, shared
from edgeproof.features._warm_up import settle_wilder, window
from edgeproof.features._windows import deviation_over
from edgeproof.features.trend import adx
from edgeproof.features.volatility import volatility_rank

if TYPE_CHECKING:
    from edgeproof.domain.arrays import FloatArray
    from edgeproof.features._registry import FeatureInput

TRENDING: Final = 1.0
RANGING: Final = 2.0
VOLATILE: Final = 3.0
QUIET: Final = 4.0
_TOP_FIFTH = 0.8
_BOTTOM_FIFTH = 0.2
_ADX_WINDOW = 14
_ADX_OF_A_TREND = 25.0

_add = partial(register, family="regime")
_PARAMETERS = (window(20), window(240, name="history", high=500))
_RULE = "top fifth of trailing volatility: volatile; bottom fifth: quiet; else ADX(14) >= 25: trending; else ranging"


def _settle_regime(bars: int, history: int) -> int:
    return max(bars + history - 1, settle_wilder(_ADX_WINDOW, 2))


_add_rule = partial(_add, inputs=HLC, parameters=_PARAMETERS, warm_up=_settle_regime, recursive=True, source=_RULE)


@_add_rule(unit=Unit.CODE, bounds=(TRENDING, QUIET))
@shared
def regime(data: FeatureInput, bars: int, history: int) -> FloatArray:
    """Regime of the market: 1 trending, 2 ranging, 3 volatile, 4 quiet."""
    rank = volatility_rank(data, bars, history)
    strength = adx(data, _ADX_WINDOW)
    code = np.where(strength >= _ADX_OF_A_TREND, TRENDING, RANGING)
    code = np.where(rank >= _TOP_FIFTH, VOLATILE, np.where(rank <= _BOTTOM_FIFTH, QUIET, code))
    return np.where(np.isnan(rank) | np.isnan(strength), np.nan, code)


def _is_in(data: FeatureInput, bars: int, history: int, code: float) -> FloatArray:
    now = regime(data, bars, history)
    return flag(now == code, now)


@_add_rule(unit=Unit.FLAG, bounds=ZERO_TO_ONE)
def regime_trending(data: FeatureInput, bars: int, history: int) -> FloatArray:
    """1 while the market trends."""
    return _is_in(data, bars, history, TRENDING)


@_add_rule(unit=Unit.FLAG, bounds=ZERO_TO_ONE)
def regime_ranging(data: FeatureInput, bars: int, history: int) -> FloatArray:
    """1 while the market goes sideways at ordinary volatility."""
    return _is_in(data, bars, history, RANGING)


@_add_rule(unit=Unit.FLAG, bounds=ZERO_TO_ONE)
def regime_volatile(data: FeatureInput, bars: int, history: int) -> FloatArray:
    """1 while volatility is in the top fifth of its trailing history."""
    return _is_in(data, bars, history, VOLATILE)


@_add_rule(unit=Unit.FLAG, bounds=ZERO_TO_ONE)
def regime_quiet(data: FeatureInput, bars: int, history: int) -> FloatArray:
    """1 while volatility is in the bottom fifth of its trailing history."""
    return _is_in(data, bars, history, QUIET)


@_add(
    unit=Unit.RATIO,
    inputs=CLOSE,
    parameters=(window(100), window(5, name="step", high=500)),
    warm_up=lambda bars, step: bars + step - 1,
    bounds=NOT_NEGATIVE,
    source="Lo and MacKinlay 1988: mean squared return of `step` bars / (step x that of one bar), overlapping",
)
def variance_ratio(data: FeatureInput, bars: int, step: int) -> FloatArray:
    """Above 1 moves go on, below 1 they turn back; 1 is a random walk."""
    mean, variance = find_return_variance(data, bars)
    long_mean, long_deviation = deviation_over(log_returns(data.bars.close, step), bars)
    return divide(long_deviation**2 + (long_mean - step * mean) ** 2, step * np.sqrt(variance) ** 2)
