"""How much a market moves and trades at each minute of the week."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from edgeproof.domain.time import MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE

if TYPE_CHECKING:
    from edgeproof.domain.arrays import FloatArray, IntArray

# Size of a move at each full hour UTC, the mean being about 1: least before Europe wakes, most when New York opens.
_NIGHT_UTC: Final = (1.15, 1.1, 1.0, 0.88, 0.8, 0.74, 0.78, 0.88, 0.92, 0.88, 0.84, 0.86)
_DAY_UTC: Final = (0.96, 1.22, 1.42, 1.36, 1.22, 1.12, 1.06, 0.98, 0.92, 0.94, 1.0, 1.08)
_HOURS: Final = np.array([*_NIGHT_UTC, *_DAY_UTC])
_WEEKDAYS: Final = np.array([1.03, 1.05, 1.06, 1.09, 1.06, 0.8, 0.88])  # Monday first
_WEEK: Final = np.arange(0, 7 * MS_PER_DAY, MS_PER_MINUTE)
# 1970-01-01 was a Thursday.
_DAYS_FROM_MONDAY_TO_EPOCH: Final = 3


def scale_volatility(ts: IntArray) -> FloatArray:
    """The season's factor on volatility, shape of ``ts``; its mean square over a week is 1."""
    return _shape_week(ts) / float(np.sqrt(np.mean(_shape_week(_WEEK) ** 2)))


def scale_activity(ts: IntArray) -> FloatArray:
    """The season's factor on counts of trades, shape of ``ts``; its mean over a week is 1."""
    return _shape_week(ts) / float(np.mean(_shape_week(_WEEK)))


def _shape_week(ts: IntArray) -> FloatArray:
    hours = (ts % MS_PER_DAY) / MS_PER_HOUR
    by_hour = np.interp(hours, np.arange(25), np.append(_HOURS, _HOURS[0]))
    by_day = _WEEKDAYS[(ts // MS_PER_DAY + _DAYS_FROM_MONDAY_TO_EPOCH) % 7]
    return np.asarray(by_hour * by_day, dtype=np.float64)
