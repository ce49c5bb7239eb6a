"""Operators over the last n values; a window with an unknown value is unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgeproof.kernels.rolling import rolling_max, rolling_rank, rolling_sum, rolling_variance

if TYPE_CHECKING:
    from edgeproof.domain.arrays import FloatArray


def compute_window(operator: str, values: FloatArray, count: int) -> FloatArray:
    """Apply a window operator.

    Args:
        operator: One of highest, lowest, mean, stdev, zscore and rank.
        values: Shape (n,), contiguous.
        count: Length of the window, at least 1; at least 2 for the last three.

    Returns:
        Shape (n,); NaN before the window is full and where it holds a NaN.
    """
    match operator:
        case "highest":
            result = rolling_max(values, count)
        case "lowest":
            result = -rolling_max(-values, count)
        case "mean":
            result = rolling_sum(values, count) / count
        case "rank":
            result = rolling_rank(values, count)
        case "stdev":
            result = np.sqrt(rolling_variance(values, count)[1])
        case _:
            result = _score(values, count)
    return result


def _score(values: FloatArray, count: int) -> FloatArray:
    mean, variance = rolling_variance(values, count)
    spread = np.sqrt(variance)
    with np.errstate(divide="ignore", invalid="ignore"):
        score = (values - mean) / spread
    score[spread == 0] = np.nan
    return np.asarray(score)
