"""Quotients that answer NaN, never an infinity, where there is no answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgeproof.kernels._jit import jit

if TYPE_CHECKING:
    from edgeproof.kernels._arrays import FloatArray


def divide_py(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """Quotient of two arrays of shape (n,); NaN where the denominator is zero or the quotient overflows."""
    n = len(numerator)
    out = np.empty(n)
    for i in range(n):
        # Choices rather than branches, so that the compiler divides eight at a time.
        quotient = numerator[i] / (denominator[i] if denominator[i] != 0.0 else np.nan)
        out[i] = quotient if abs(quotient) < np.inf else np.nan
    return out


def divide_positive_py(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """Quotient of two arrays of shape (n,); NaN where either is not positive or the quotient over- or underflows."""
    n = len(numerator)
    out = np.empty(n)
    for i in range(n):
        quotient = (numerator[i] if numerator[i] > 0.0 else np.nan) / (
            denominator[i] if denominator[i] > 0.0 else np.nan
        )
        out[i] = quotient if (quotient > 0.0) & (quotient < np.inf) else np.nan
    return out


def divide_by_past_py(values: FloatArray, bars: int) -> FloatArray:
    """Each value over the one ``bars`` before it, shape (n,); NaN where there is none or either is not positive."""
    n = len(values)
    out = np.empty(n)
    out[:bars] = np.nan
    for i in range(bars, n):
        past = values[i - bars]
        quotient = (values[i] if values[i] > 0.0 else np.nan) / (past if past > 0.0 else np.nan)
        out[i] = quotient if (quotient > 0.0) & (quotient < np.inf) else np.nan
    return out


divide = jit(divide_py)
divide_positive = jit(divide_positive_py)
divide_by_past = jit(divide_by_past_py)
