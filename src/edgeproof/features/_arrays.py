"""Arithmetic on whole columns that answers NaN, never a warning or an infinity, where there is no answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np

from edgeproof.kernels import masks, ratios

if TYPE_CHECKING:
    from edgeproof.domain.arrays import BoolArray, FloatArray
    from edgeproof.domain.series import BarSeries

Values = TypeVar("Values", "FloatArray", "BoolArray")


def freeze(values: Values) -> Values:
    """A contiguous read-only view: columns taken from frames are read-only, and one kind of array compiles once."""
    view = np.ascontiguousarray(values).view()
    view.flags.writeable = False
    return view


def divide(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """The quotient; NaN where the denominator is zero or the quotient overflows."""
    return ratios.divide(freeze(numerator), freeze(denominator))


def log_ratio(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """Natural logarithm of the quotient; NaN where either is not positive."""
    quotient = ratios.divide_positive(freeze(numerator), freeze(denominator))
    return np.log(quotient, out=quotient)


def root(values: FloatArray) -> FloatArray:
    """Square root; zero where rounding, or an impossible bar, left a value below zero."""
    return np.sqrt(np.maximum(values, 0.0))


def lag(values: FloatArray, bars: int = 1) -> FloatArray:
    """Each bar's value ``bars`` bars ago; NaN where there is none."""
    out = np.full(len(values), np.nan)
    if bars < len(values):
        out[bars:] = values[: len(values) - bars]
    return out


def change(values: FloatArray, bars: int = 1) -> FloatArray:
    """Each value less the value ``bars`` bars ago."""
    return values - lag(values, bars)


def simple_returns(close: FloatArray, bars: int = 1) -> FloatArray:
    """Return over ``bars`` bars, as a share of where it began."""
    growth = ratios.divide_by_past(freeze(close), bars)
    return np.subtract(growth, 1.0, out=growth)


def log_returns(close: FloatArray, bars: int = 1) -> FloatArray:
    """Logarithmic return over ``bars`` bars."""
    growth = ratios.divide_by_past(freeze(close), bars)
    return np.log(growth, out=growth)


def typical(bars: BarSeries) -> FloatArray:
    """Mean of high, low and close."""
    return (bars.high + bars.low + bars.close) / 3.0


def true_ranges(bars: BarSeries) -> FloatArray:
    """Range of each bar, widened to the close before it; NaN at the first bar."""
    before = lag(bars.close)
    return np.maximum(bars.high, before) - np.minimum(bars.low, before)


def flag(condition: BoolArray, *known: FloatArray) -> FloatArray:
    """1.0 where true, 0.0 where not, NaN where any of ``known`` is."""
    out = condition.astype(np.float64)
    for values in known:
        out[np.isnan(values)] = np.nan
    return out


def keep_where(condition: BoolArray, values: FloatArray, known: FloatArray) -> FloatArray:
    """``values`` where the condition holds, zero elsewhere, NaN where ``known`` is."""
    return masks.keep_where(freeze(condition), freeze(values), freeze(known))
