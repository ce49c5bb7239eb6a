"""How two series stand to each other, in one pass over both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from edgeproof.kernels._jit import jit

if TYPE_CHECKING:
    import numpy.typing as npt

    from edgeproof.kernels._arrays import FloatArray

UNKNOWN: Final = 0
BELOW: Final = 1
EQUAL: Final = 2
ABOVE: Final = 4


def relate_py(left: FloatArray, right: FloatArray) -> npt.NDArray[np.int8]:
    """``BELOW``, ``EQUAL`` or ``ABOVE``, as left stands to right, ``UNKNOWN`` where either is NaN; shape (n,)."""
    out = np.empty(len(left), np.int8)
    for i in range(len(left)):
        # Sums of choices rather than branches, so that the compiler compares eight at a time.
        out[i] = BELOW * (left[i] < right[i]) + EQUAL * (left[i] == right[i]) + ABOVE * (left[i] > right[i])
    return out


relate = jit(relate_py)
