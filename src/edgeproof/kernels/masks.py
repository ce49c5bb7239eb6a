"""Values kept where a condition holds, in one pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgeproof.kernels._jit import jit

if TYPE_CHECKING:
    from edgeproof.kernels._arrays import BoolArray, FloatArray


def keep_where_py(condition: BoolArray, values: FloatArray, known: FloatArray) -> FloatArray:
    """``values`` where the condition holds, zero elsewhere, NaN where ``known`` is; all of shape (n,)."""
    out = np.empty(len(values))
    for i in range(len(values)):
        # Choices rather than branches, so that the compiler takes eight at a time.
        kept = values[i] if condition[i] else 0.0
        out[i] = np.nan if np.isnan(known[i]) else kept
    return out


keep_where = jit(keep_where_py)
