"""Curves made short enough to be drawn without hiding a peak or a fall."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from edgeproof.domain.arrays import FloatArray, IntArray

MOST_POINTS: Final = 2_000


def keep_extremes(values: FloatArray, *, most: int = MOST_POINTS) -> IntArray:
    """Which points of a curve to draw: of each stretch its lowest and highest, and both ends of the curve.

    Args:
        values: Finite, shape (n,).
        most: How many points may be drawn, 4 or more; all of them where there are no more.

    Returns:
        Positions, ascending, shape (m,), m at most ``most``.
    """
    count = len(values)
    if count <= most:
        return np.arange(count)
    starts = np.unique(np.linspace(0, count, (most - 2) // 2, endpoint=False).astype(np.int64))
    ends = np.append(starts[1:], count)
    kept = {0, count - 1}
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        stretch = values[start:end]
        kept |= {start + int(np.argmin(stretch)), start + int(np.argmax(stretch))}
    return np.array(sorted(kept), dtype=np.int64)
