"""When money was made: days, months, hours of the week, and the times between two peaks."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from edgeproof.domain.time import MS_PER_DAY
from edgeproof.evidence import estimate_sharpe

if TYPE_CHECKING:
    from edgeproof.domain.arrays import FloatArray, IntArray
    from edgeproof.domain.results import Interval

_USUAL_WINDOW: Final = 30
_LEAST_WINDOW: Final = 10
_HOURS: Final = 24
_DAYS: Final = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawdown:
    """A fall from a peak of equity and the way back.

    Attributes:
        peak_ms: When equity stood highest before, UTC milliseconds.
        bottom_ms: When it stood lowest.
        back_ms: When it stood as high again; None where it has not.
        depth: Share of the peak that was lost at the bottom.
        days: From the peak to the way back, or to the end of the record.
    """

    peak_ms: int
    bottom_ms: int
    back_ms: int | None
    depth: float
    days: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """One month's compound return; ``whole`` where every day of it is in the record."""

    year: int
    month: int
    gained: float
    whole: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WeekHours:
    """What trades earned by the UTC hour in which they were entered, Monday first; rows are hours.

    Attributes:
        pnl: Quote units, shape (24, 7).
        trades: Shape (24, 7).
    """

    pnl: FloatArray
    trades: IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class RollingSharpe:
    """The annual Sharpe ratio of the ``window`` days that end with each day, None where they have no spread."""

    window: int
    days: tuple[date, ...]
    values: tuple[Interval | None, ...]


def find_drawdowns(ts: IntArray, equity: FloatArray, *, most: int = 5) -> list[Drawdown]:
    """The deepest falls, deepest first, of equity sampled at ``ts`` (UTC milliseconds), both of shape (n,)."""
    peak = np.maximum.accumulate(equity)
    under = equity < peak
    turns = np.flatnonzero(np.diff(under, prepend=False, append=False))
    falls = [
        _describe_fall(ts, equity, peak, start, stop)
        for start, stop in zip(turns[::2].tolist(), turns[1::2].tolist(), strict=True)
    ]
    return sorted(falls, key=lambda fall: -fall.depth)[:most]


def _describe_fall(ts: IntArray, equity: FloatArray, peak: FloatArray, start: int, stop: int) -> Drawdown:
    """The fall whose samples below the peak are ``start`` up to ``stop``."""
    bottom = start + int(np.argmin(equity[start:stop]))
    back = int(ts[stop]) if stop < len(ts) else None
    return Drawdown(
        peak_ms=int(ts[start - 1]),
        bottom_ms=int(ts[bottom]),
        back_ms=back,
        depth=1.0 - float(equity[bottom] / peak[bottom]),
        days=((int(ts[-1]) if back is None else back) - int(ts[start - 1])) / MS_PER_DAY,
    )


def measure_underwater(equity: FloatArray) -> FloatArray:
    """Share below the highest equity so far, 0 or negative, shape (n,)."""
    peak = np.maximum.accumulate(equity)
    return np.asarray(equity / np.where(peak > 0.0, peak, 1.0) - 1.0, dtype=np.float64)


def list_months(first_day: date, daily_returns: FloatArray) -> list[Month]:
    """Compound returns of calendar months, in order."""
    days = [first_day + timedelta(days=number) for number in range(len(daily_returns))]
    months: dict[tuple[int, int], list[float]] = {}
    for day, gained in zip(days, daily_returns.tolist(), strict=True):
        months.setdefault((day.year, day.month), []).append(gained)
    return [
        Month(
            year=year,
            month=month,
            gained=float(np.prod(1.0 + np.array(returns))) - 1.0,
            whole=len(returns) == monthrange(year, month)[1],
        )
        for (year, month), returns in months.items()
    ]


def add_up_week_hours(trades: pl.DataFrame) -> WeekHours:
    """Trades (``TRADE_LIST``) by the hour and weekday of their entry; they add up to all of them."""
    entry = pl.col("entry_ts").dt
    sums = trades.group_by(entry.hour().alias("hour"), entry.weekday().alias("day")).agg(pl.col("pnl").sum(), pl.len())
    pnl, count = np.zeros((_HOURS, _DAYS)), np.zeros((_HOURS, _DAYS), np.int64)
    for hour, day, gained, number in sums.iter_rows():
        pnl[hour, day - 1], count[hour, day - 1] = gained, number
    return WeekHours(pnl=pnl, trades=count)


def roll_sharpe(first_day: date, daily_returns: FloatArray) -> RollingSharpe | None:
    """The Sharpe ratio over a month that rolls, over a third of the record where that is less.

    None for fewer than 20 days: no window in them is both shorter than the record and long enough.
    """
    window = min(_USUAL_WINDOW, max(_LEAST_WINDOW, len(daily_returns) // 3))
    if len(daily_returns) < 2 * _LEAST_WINDOW:
        return None
    ends = range(window, len(daily_returns) + 1)
    return RollingSharpe(
        window=window,
        days=tuple(first_day + timedelta(days=end - 1) for end in ends),
        values=tuple(estimate_sharpe(daily_returns[end - window : end]) for end in ends),
    )
