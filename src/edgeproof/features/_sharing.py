"""What several features are made of, computed once for all that ask.

A function here takes a ``FeatureInput`` and plain arguments. Where the input has a place to keep results
(``FeatureInput.shared``), the second feature that asks is given what the first one computed: read-only, since it is
everybody's. Where it has none, each call computes afresh.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

import numpy as np
import talib

from edgeproof.features import _arrays, _windows

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgeproof.domain.arrays import FloatArray
    from edgeproof.features._registry import FeatureInput

P = ParamSpec("P")
T = TypeVar("T")


def shared(compute: Callable[Concatenate[FeatureInput, P], T]) -> Callable[Concatenate[FeatureInput, P], T]:
    """Let a function keep its result with the input, for the next one that asks with the same arguments."""

    @wraps(compute)
    def recall(data: FeatureInput, /, *args: P.args, **kwargs: P.kwargs) -> T:
        if data.shared is None:
            return compute(data, *args, **kwargs)
        key = (compute, args, tuple(kwargs.items()))
        if key not in data.shared:
            data.shared[key] = _protect(compute(data, *args, **kwargs))
        found: T = data.shared[key]
        return found

    return recall


def _protect(result: Any) -> Any:  # noqa: ANN401 - one array, several, or an object with arrays of its own
    if isinstance(result, tuple):
        return tuple(map(_arrays.freeze, result))
    return _arrays.freeze(result) if isinstance(result, np.ndarray) else result


@shared
def find_changes(data: FeatureInput) -> FloatArray:
    """Change of the close from bar to bar."""
    return _arrays.change(data.bars.close)


@shared
def find_moves(data: FeatureInput) -> FloatArray:
    """Size of the close's change from bar to bar."""
    moves: FloatArray = np.abs(find_changes(data))
    return moves


@shared
def find_log_returns(data: FeatureInput) -> FloatArray:
    """Logarithmic returns of one bar."""
    return _arrays.log_returns(data.bars.close)


@shared
def find_squared_returns(data: FeatureInput) -> FloatArray:
    """Squares of the logarithmic returns of one bar."""
    returns = find_log_returns(data)
    return returns * returns


@shared
def find_log_ranges(data: FeatureInput) -> FloatArray:
    """Logarithm of each bar's high over its low."""
    return _arrays.log_ratio(data.bars.high, data.bars.low)


@shared
def find_log_bodies(data: FeatureInput) -> FloatArray:
    """Logarithm of each bar's close over its open."""
    return _arrays.log_ratio(data.bars.close, data.bars.open)


@shared
def find_typical_prices(data: FeatureInput) -> FloatArray:
    """Mean of high, low and close."""
    return _arrays.typical(data.bars)


@shared
def find_true_ranges(data: FeatureInput) -> FloatArray:
    """Range of each bar, widened to the close before it."""
    return _arrays.true_ranges(data.bars)


@shared
def sum_true_ranges(data: FeatureInput, bars: int) -> FloatArray:
    """Sum of the window's true ranges."""
    return _windows.sum_over(find_true_ranges(data), bars)


@shared
def average_true_ranges(data: FeatureInput, bars: int) -> FloatArray:
    """Wilder's average true range."""
    return talib.ATR(data.bars.high, data.bars.low, data.bars.close, bars)


@shared
def smooth_closes(data: FeatureInput, bars: int) -> FloatArray:
    """Exponential moving average of the close."""
    return talib.EMA(data.bars.close, bars)


@shared
def average_closes(data: FeatureInput, bars: int) -> FloatArray:
    """Simple moving average of the close."""
    return _windows.mean_over(data.bars.close, bars)


@shared
def find_deviation(data: FeatureInput, bars: int) -> tuple[FloatArray, FloatArray]:
    """Mean and population standard deviation of the window's closes."""
    return _windows.deviation_over(data.bars.close, bars)


@shared
def find_return_variance(data: FeatureInput, bars: int) -> tuple[FloatArray, FloatArray]:
    """Mean and population variance of the window's one-bar returns."""
    return _windows.variance_over(find_log_returns(data), bars)


@shared
def find_return_moments(data: FeatureInput, bars: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Second, third and fourth central moment of the window's one-bar returns."""
    return _windows.moments_over(find_log_returns(data), bars)


@shared
def find_highest(data: FeatureInput, bars: int) -> FloatArray:
    """Highest high of the window."""
    return _windows.highest_over(data.bars.high, bars)


@shared
def find_lowest(data: FeatureInput, bars: int) -> FloatArray:
    """Lowest low of the window."""
    return _windows.lowest_over(data.bars.low, bars)


@shared
def sum_volumes(data: FeatureInput, bars: int) -> FloatArray:
    """Volume of the window."""
    return _windows.sum_over(data.bars.volume, bars)
