"""The UTC day as a trading session: crypto never closes, but its day begins at 00:00 UTC."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from edgeproof.domain.time import MS_PER_DAY

if TYPE_CHECKING:
    from edgeproof.domain.arrays import BoolArray, FloatArray, IntArray
    from edgeproof.domain.series import BarSeries


def find_session_starts(bars: BarSeries) -> BoolArray:
    """Which bars open a UTC day; a bar belongs to the day in which it opens.

    The first bar of all counts only when it opens at 00:00: earlier bars of its day may be missing, and a day of which
    only a part was seen would give other values than the same day seen whole.
    """
    day = bars.ts // MS_PER_DAY
    starts = np.empty(len(day), dtype=np.bool_)
    starts[1:] = day[1:] != day[:-1]
    starts[:1] = bars.ts[:1] % MS_PER_DAY == 0
    return starts


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sessions:
    """The days of a series that are known from their start.

    Attributes:
        first: Position of each session's first bar, shape (sessions,).
        of_bar: The session each bar belongs to, shape (n,); -1 before the first.
    """

    first: IntArray
    of_bar: IntArray

    @classmethod
    def of(cls, bars: BarSeries) -> Sessions:
        """Find them."""
        starts = find_session_starts(bars)
        return cls(first=np.flatnonzero(starts), of_bar=np.cumsum(starts) - 1)

    def spread(self, per_session: FloatArray, *, ago: int = 0) -> FloatArray:
        """Give every bar the value of its session, or of the session ``ago`` before; NaN where there is none."""
        out = np.full(len(self.of_bar), np.nan)
        known = self.of_bar >= ago
        out[known] = per_session[self.of_bar[known] - ago]
        return out
