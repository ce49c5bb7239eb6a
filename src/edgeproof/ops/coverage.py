"""What the lake holds of each instrument: how much, from when to when, and where bars are missing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from edgeproof.domain.frames import BARS
from edgeproof.domain.time import MS_PER_DAY, Timeframe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgeproof.domain.arrays import FloatArray, IntArray
    from edgeproof.domain.instruments import Instrument
    from edgeproof.domain.stores import Holding, Lake


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesCoverage:
    """What the lake holds of one instrument (and timeframe, for bars).

    Attributes:
        table: ``bars``, ``trades`` or ``funding``.
        instrument: Whose.
        timeframe: Of bars; None for others.
        rows: How many.
        first_ms: Time of the first; for bars, its open.
        last_ms: Time of the last.
        expected: Bars from first to last if none were missing; for others as many as there are.
        gaps: Stretches without a bar.
        longest_gap: Bars missing in the longest.
        first_day: Days since the epoch of ``daily[0]``.
        daily: Share of each UTC day that bars cover, 0 to 1, from the first bar's day to the last's; empty for others.
    """

    table: str
    instrument: Instrument
    timeframe: str | None
    rows: int
    first_ms: int
    last_ms: int
    expected: int
    gaps: int = 0
    longest_gap: int = 0
    first_day: int = 0
    daily: tuple[float, ...] = ()

    @property
    def share(self) -> float:
        """Share of the expected bars that are there."""
        return self.rows / self.expected if self.expected else 1.0


def measure_coverage(
    lake: Lake, *, venue: str | None = None, symbols: Sequence[str] | None = None
) -> tuple[SeriesCoverage, ...]:
    """Look at everything the lake holds, or at one venue or some symbols of it.

    Returns:
        One entry per table, instrument and timeframe, sorted by venue, symbol, table and length of bars.
    """
    wanted = [
        holding
        for holding in lake.holdings()
        if venue in {None, holding.instrument.venue} and (symbols is None or holding.instrument.symbol in symbols)
    ]
    return tuple(sorted((_measure(lake, holding) for holding in wanted), key=_order))


def cover_days(ts: IntArray, timeframe: Timeframe) -> tuple[int, FloatArray]:
    """The share of each UTC day that bars cover.

    Args:
        ts: Opens, UTC milliseconds, ascending, shape (n,), n at least 1.
        timeframe: Length of the bars.

    Returns:
        Days since the epoch of the first, and shares from 0 to 1, one for each day to the last.
    """
    days = ts // MS_PER_DAY
    first = int(days[0])
    if timeframe.ms <= MS_PER_DAY:
        counts = np.bincount(days - first).astype(np.float64)
        return first, counts * (timeframe.ms / MS_PER_DAY)
    length = timeframe.ms // MS_PER_DAY
    shares = np.zeros(int(days[-1]) - first + length)
    for day in range(length):
        shares[days - first + day] = 1.0
    return first, shares


def _measure(lake: Lake, holding: Holding) -> SeriesCoverage:
    plain = SeriesCoverage(
        table=holding.table,
        instrument=holding.instrument,
        timeframe=holding.timeframe,
        rows=holding.rows,
        first_ms=holding.first_ms,
        last_ms=holding.last_ms,
        expected=holding.rows,
    )
    if holding.table != BARS.name or holding.timeframe is None:
        return plain
    timeframe = Timeframe.parse(holding.timeframe)
    ts = lake.bars(holding.instrument, timeframe)["ts"].dt.epoch("ms").to_numpy()
    absent = np.diff(ts) // timeframe.ms - 1
    first_day, shares = cover_days(ts, timeframe)
    return replace(
        plain,
        expected=int(ts[-1] - ts[0]) // timeframe.ms + 1,
        gaps=int(np.count_nonzero(absent)),
        longest_gap=int(absent.max(initial=0)),
        first_day=first_day,
        daily=tuple(float(share) for share in shares.round(6)),
    )


def _order(series: SeriesCoverage) -> tuple[str, str, str, int]:
    length = Timeframe.parse(series.timeframe).minutes if series.timeframe else 0
    return series.instrument.venue, series.instrument.symbol, series.table, length
