"""Seasonality: what the clock and the calendar say at the bar's close, when a decision is made. All times are UTC."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from edgeproof.domain.time import MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE
from edgeproof.features._arrays import divide, flag, log_ratio
from edgeproof.features._registry import MINUS_ONE_TO_ONE, ZERO_TO_ONE, Parameter, Unit, register
from edgeproof.features._sharing import shared

if TYPE_CHECKING:
    from edgeproof.domain.arrays import FloatArray, IntArray
    from edgeproof.features._registry import FeatureInput

_add = partial(register, family="seasonality", inputs=("ts",))
_THURSDAY = 3  # the epoch began on one; Monday is 0
_DAYS_PER_WEEK = 7
_SATURDAY = 5
_HOURS_PER_DAY = 24
_FUNDING_EVERY_MS = 8 * MS_PER_HOUR
_LAST_MINUTE = MS_PER_DAY / MS_PER_MINUTE - 1.0


@shared
def _of_day_ms(data: FeatureInput) -> IntArray:
    return data.bars.known_at % MS_PER_DAY


@shared
def _angle(data: FeatureInput) -> FloatArray:
    return _of_day_ms(data).astype(np.float64) * (2.0 * np.pi / MS_PER_DAY)


def _weekday(data: FeatureInput) -> IntArray:
    return (data.bars.known_at // MS_PER_DAY + _THURSDAY) % _DAYS_PER_WEEK


def _between(data: FeatureInput, first_hour: float, last_hour: float) -> FloatArray:
    hour = _of_day_ms(data) / MS_PER_HOUR
    return flag((hour >= first_hour) & (hour < last_hour))


@_add(unit=Unit.RATIO, bounds=MINUS_ONE_TO_ONE, source="sin(2 pi time of day)")
def hour_sin(data: FeatureInput) -> FloatArray:
    """Time of day on a circle, first coordinate: 0 at midnight, 1 at 06:00."""
    sine: FloatArray = np.sin(_angle(data))
    return sine


@_add(unit=Unit.RATIO, bounds=MINUS_ONE_TO_ONE, source="cos(2 pi time of day)")
def hour_cos(data: FeatureInput) -> FloatArray:
    """Time of day on a circle, second coordinate: 1 at midnight, -1 at noon."""
    cosine: FloatArray = np.cos(_angle(data))
    return cosine


@_add(unit=Unit.DAYS, bounds=(0.0, 6.0), source="Days since Monday")
def day_of_week(data: FeatureInput) -> FloatArray:
    """Day of the week: 0 Monday to 6 Sunday."""
    return _weekday(data).astype(np.float64)


@_add(unit=Unit.MINUTES, bounds=(0.0, _LAST_MINUTE), source="Minutes since 00:00 UTC")
def minute_of_day(data: FeatureInput) -> FloatArray:
    """Minutes of the UTC day that have passed."""
    return _of_day_ms(data) / MS_PER_MINUTE


@_add(unit=Unit.FLAG, bounds=ZERO_TO_ONE, source="Saturday or Sunday, UTC")
def is_weekend(data: FeatureInput) -> FloatArray:
    """1 on Saturday and Sunday."""
    return flag(_weekday(data) >= _SATURDAY)


@_add(unit=Unit.FLAG, bounds=ZERO_TO_ONE, source="00:00 to 08:00 UTC")
def asia_session(data: FeatureInput) -> FloatArray:
    """1 during the Asian trading day."""
    return _between(data, 0.0, 8.0)


@_add(unit=Unit.FLAG, bounds=ZERO_TO_ONE, source="07:00 to 16:00 UTC")
def europe_session(data: FeatureInput) -> FloatArray:
    """1 during the European trading day."""
    return _between(data, 7.0, 16.0)


@_add(unit=Unit.FLAG, bounds=ZERO_TO_ONE, source="13:30 to 20:00 UTC: New York's hours in summer, whatever the season")
def us_session(data: FeatureInput) -> FloatArray:
    """1 during the American trading day."""
    return _between(data, 13.5, 20.0)


@_add(unit=Unit.MINUTES, bounds=(0.0, 480.0), source="Minutes until the next of 00:00, 08:00 and 16:00 UTC")
def minutes_to_funding(data: FeatureInput) -> FloatArray:
    """Minutes until the next eight-hourly funding settlement; 480 at a settlement itself."""
    passed: FloatArray = (data.bars.known_at % _FUNDING_EVERY_MS).astype(np.float64)
    return (_FUNDING_EVERY_MS - passed) / MS_PER_MINUTE


@_add(
    unit=Unit.RATIO,
    inputs=("ts", "open", "close"),
    parameters=(Parameter(name="days", default=20, low=1, high=365),),
    warm_up_days=lambda days: days + 1,
    source="Mean of ln(last close / first open) of the same UTC hour over the days before",
)
def hour_of_day_return(data: FeatureInput, days: int) -> FloatArray:
    """Mean return that the hour now beginning, or under way, brought on the days before."""
    first: int = data.bars.ts[0] // MS_PER_HOUR
    hour = data.bars.ts // MS_PER_HOUR - first
    began = np.flatnonzero(np.diff(hour, prepend=-1))
    ended = np.append(began[1:], len(hour)) - 1
    by_hour = np.full(int(hour[-1]) + 1, np.nan)
    by_hour[hour[began]] = log_ratio(data.bars.close[ended], data.bars.open[began])
    # Of the first hour perhaps only a part is here.
    by_hour[0] = np.nan
    now = data.bars.known_at // MS_PER_HOUR - first
    return _average_days_before(by_hour, int(now[-1]) + 1, days)[now]


def _average_days_before(by_hour: FloatArray, hours: int, days: int) -> FloatArray:
    """For each of ``hours`` hours the mean of ``by_hour`` 24, 48, ... hours before, hours without a bar left out.

    NaN while there are not yet so many days, and where none of them had a bar in that hour.
    """
    total, count = np.zeros(hours), np.zeros(hours)
    for day in range(1, days + 1):
        shift = _HOURS_PER_DAY * day
        past = by_hour[: max(hours - shift, 0)]
        known = np.flatnonzero(~np.isnan(past))
        total[known + shift] += past[known]
        count[known + shift] += 1.0
    mean = divide(total, count)
    mean[: _HOURS_PER_DAY * days + 1] = np.nan
    return mean
