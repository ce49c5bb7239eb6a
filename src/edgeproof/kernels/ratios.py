"""Quotients that answer NaN, never an infinity, where there is no answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgeproof.kernels._jit import jit

if TYPE_CHECKING:
    from edgeproof.domain.arrays import FloatArray


def divide_py(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """Quotient of two arrays of shape (n,); NaN where the denominator is zero or the quotient overflows."""
    out = np.full(len(numerator), np.nan)
    for i in range(len(numerator)):
        if denominator[i] != 0.0:
            quotient = numerator[i] / denominator[i]
            if not np.isinf(quotient):
                out[i] = quotient
    return out


def divide_positive_py(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """Quotient of two arrays of shape (n,); NaN where either is not positive or the quotient over- or underflows."""
    out = np.full(len(numerator), np.nan)
    for i in range(len(numerator)):
        if numerator[i] > 0.0 and denominator[i] > 0.0:
            quotient = numerator[i] / denominator[i]
            if 0.0 < quotient < np.inf:
                out[i] = quotient
    return out


divide = jit(divide_py)
divide_positive = jit(divide_positive_py)
