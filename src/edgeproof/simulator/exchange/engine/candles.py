"""Candles of one instrument: minutes at rest, every other bar added up when it is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from edgeproof.domain.time import MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE

if TYPE_CHECKING:
    from edgeproof.domain.arrays import IntArray
    from edgeproof.simulator.exchange.engine.trades import TradeBatch

TS, OPEN, HIGH, LOW, CLOSE, LOTS, VALUE = range(7)
COLUMNS: Final = 7
_MONTH: Final = "1M"
_LONGEST_MONTH_MS: Final = 31 * MS_PER_DAY
# Weeks begin on Mondays; 1970-01-01 was a Thursday.
_FIRST_MONDAY_MS: Final = 4 * MS_PER_DAY

BARS: Final = {
    **{f"{n}m": n * MS_PER_MINUTE for n in (1, 3, 5, 15, 30)},
    **{f"{n}H": n * MS_PER_HOUR for n in (1, 2, 4, 6, 8, 12)},
    **{f"{n}D": n * MS_PER_DAY for n in (1, 3)},
    "1W": 7 * MS_PER_DAY,
    _MONTH: _LONGEST_MONTH_MS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Which candles are asked for: those with ``before < ts < after``, the newest ``limit`` of them."""

    before: int | None = None
    after: int | None = None
    limit: int = 500


class CandleBook:
    """An instrument's candles. Minutes without a trade are flat at the last close, so no minute is missing."""

    __slots__ = ("_count", "_rows")

    def __init__(self, history: IntArray) -> None:
        self._count = len(history)
        self._rows = np.empty((max(2 * len(history), 4_096), COLUMNS), dtype=np.int64)
        self._rows[: self._count] = history

    @property
    def minutes(self) -> IntArray:
        """All minutes so far, the one being made included, shape (n, 7), oldest first; a view."""
        return self._rows[: self._count]

    def fold(self, batch: TradeBatch) -> None:
        """Add trades to the minutes they belong to."""
        minutes = batch.ts // MS_PER_MINUTE * MS_PER_MINUTE
        if minutes[0] == minutes[-1]:
            self._fold_minute(int(minutes[0]), batch.ticks, batch.lots)
            return
        edges = np.flatnonzero(np.diff(minutes)) + 1
        for start, stop in zip((0, *edges), (*edges, len(batch)), strict=True):
            self._fold_minute(int(minutes[start]), batch.ticks[start:stop], batch.lots[start:stop])

    def roll(self, now_ms: int) -> None:
        """Begin the minute that ``now_ms`` lies in, and any that nobody traded in before it."""
        if not self._count:
            return
        minute = now_ms // MS_PER_MINUTE * MS_PER_MINUTE
        while (last := int(self._rows[self._count - 1, TS])) < minute:
            close = int(self._rows[self._count - 1, CLOSE])
            self._append((last + MS_PER_MINUTE, close, close, close, close, 0, 0))

    def read(self, bar: str, page: Page) -> IntArray:
        """Candles of a bar, newest first, shape (k, 7)."""
        length = BARS[bar]
        rows = self.minutes
        if page.after is not None:
            rows = rows[: np.searchsorted(rows[:, TS], _open_of(page.after - 1, bar, length) + length)]
        if len(rows):
            oldest = int(rows[-1, TS]) - (page.limit + 1) * length
            oldest = max(oldest, page.before or 0)
            rows = rows[np.searchsorted(rows[:, TS], _open_of(oldest, bar, length)) :]
        made = rows if bar == "1m" else _add_up(rows, _open_of(rows[:, TS], bar, length))
        if page.after is not None:
            made = made[made[:, TS] < page.after]
        if page.before is not None:
            made = made[made[:, TS] > page.before]
        return made[::-1][: page.limit]

    def _fold_minute(self, minute: int, ticks: IntArray, lots: IntArray) -> None:
        self.roll(minute)
        if not self._count:
            first = int(ticks[0])
            self._append((minute, first, first, first, first, 0, 0))
        row = self._rows[self._count - 1]
        if not row[LOTS]:
            row[OPEN] = row[HIGH] = row[LOW] = ticks[0]
        row[HIGH] = max(row[HIGH], ticks.max())
        row[LOW] = min(row[LOW], ticks.min())
        row[CLOSE] = ticks[-1]
        row[LOTS] += lots.sum()
        row[VALUE] += (ticks * lots).sum()

    def _append(self, row: tuple[int, ...]) -> None:
        if self._count == len(self._rows):
            self._rows = np.concatenate([self._rows, np.empty_like(self._rows)])
        self._rows[self._count] = row
        self._count += 1


def is_closed(open_ms: int, bar: str, now_ms: int) -> bool:
    """Whether the candle that opened then has closed by now."""
    return int(_open_of(now_ms, bar, BARS[bar])) > open_ms


def _open_of(ts: IntArray | int, bar: str, length: int) -> IntArray:
    """Open times of the bars that these moments lie in."""
    moments = np.asarray(ts, dtype=np.int64)
    if bar == _MONTH:
        months = moments.astype("datetime64[ms]").astype("datetime64[M]")
        return np.asarray(months.astype("datetime64[ms]").astype(np.int64))
    shift = _FIRST_MONDAY_MS if bar == "1W" else 0
    return np.asarray((moments - shift) // length * length + shift)


def _add_up(rows: IntArray, opens: IntArray) -> IntArray:
    if not len(rows):
        return rows
    starts = np.concatenate(([0], np.flatnonzero(np.diff(opens)) + 1))
    ends = np.concatenate((starts[1:], [len(rows)])) - 1
    # A larger bar's prices come from minutes that traded; where none did, all are flat at one price anyway.
    made = np.empty((len(starts), COLUMNS), dtype=np.int64)
    made[:, TS] = opens[starts]
    made[:, OPEN] = rows[starts, OPEN]
    made[:, HIGH] = np.maximum.reduceat(rows[:, HIGH], starts)
    made[:, LOW] = np.minimum.reduceat(rows[:, LOW], starts)
    made[:, CLOSE] = rows[ends, CLOSE]
    made[:, LOTS] = np.add.reduceat(rows[:, LOTS], starts)
    made[:, VALUE] = np.add.reduceat(rows[:, VALUE], starts)
    return made
