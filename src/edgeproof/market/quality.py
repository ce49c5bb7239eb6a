"""What is wrong with bars, and what is done about it.

Every fault has one answer, written here once: bars that would corrupt a result are refused, bars that are merely odd
are kept as published and counted, and nothing is ever invented to fill a gap (docs/decisions/0020-odd-bars.md).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from edgeproof.domain.frames import BARS, conform
from edgeproof.domain.instruments import Instrument
from edgeproof.domain.series import PRICE_COLUMNS
from edgeproof.domain.time import Timeframe, format_ms

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_JUMP_FACTOR: Final = 1.5
_SUMS: Final = ("volume", "quote_volume", "trades", "taker_buy_volume")


class Fault(StrEnum):
    """What can be wrong with a bar, or with its place among the others."""

    NOT_FINITE = "a price or volume is not a finite number"
    NOT_POSITIVE = "a price is zero or negative"
    HIGH_BELOW_LOW = "high below low"
    CLOSE_OUTSIDE = "close outside high and low"
    NEGATIVE_VOLUME = "a volume or count is negative"
    OFF_GRID = "open time is no multiple of the timeframe"
    CONTRADICTION = "another bar of the same time with other values"
    DUPLICATE = "the same bar twice"
    DISORDER = "earlier than the bar before it"
    MISSING = "no bar between the first and the last"
    OPEN_OUTSIDE = "open outside high and low"
    JUMP = "a price 1.5 times away from the close before"
    ZERO_VOLUME = "nothing was traded"


ANSWERS: Final[Mapping[Fault, str]] = {
    Fault.NOT_FINITE: "refused",
    Fault.NOT_POSITIVE: "refused",
    Fault.HIGH_BELOW_LOW: "refused",
    Fault.CLOSE_OUTSIDE: "refused",
    Fault.NEGATIVE_VOLUME: "refused",
    Fault.OFF_GRID: "refused",
    Fault.CONTRADICTION: "the first is kept",
    Fault.DUPLICATE: "kept once",
    Fault.DISORDER: "sorted",
    Fault.MISSING: "left absent",
    Fault.OPEN_OUTSIDE: "kept as published",
    Fault.JUMP: "kept as published",
    Fault.ZERO_VOLUME: "kept as published",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesQuality:
    """One instrument's bars of one timeframe.

    Attributes:
        rows: Distinct bar times, refused bars not counted.
        first_ms, last_ms: Opens of the first and the last of them.
        gaps: Stretches without a bar between first and last.
        missing: Bars absent in those stretches.
        longest_gap: Bars absent in the longest.
        faults: How many bars show each fault; only those that occur.
        samples: The first bar that shows it, as text.
    """

    instrument: Instrument
    timeframe: Timeframe
    rows: int
    first_ms: int
    last_ms: int
    gaps: int
    missing: int
    longest_gap: int
    faults: Mapping[Fault, int]
    samples: Mapping[Fault, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityReport:
    """Every series of a frame of bars, in order of venue, symbol and timeframe."""

    series: tuple[SeriesQuality, ...] = ()

    @property
    def faults(self) -> Mapping[Fault, int]:
        """How many bars show each fault, over all series, worst first."""
        total: Counter[Fault] = Counter()
        for one in self.series:
            total.update(one.faults)
        return {fault: total[fault] for fault in Fault if total[fault]}

    @property
    def rows(self) -> int:
        """Distinct bars."""
        return sum(one.rows for one in self.series)

    @property
    def gaps(self) -> int:
        """Stretches without a bar inside a series."""
        return sum(one.gaps for one in self.series)

    @property
    def missing(self) -> int:
        """Bars absent inside a series."""
        return sum(one.missing for one in self.series)

    def merge(self, later: QualityReport) -> QualityReport:
        """Put two parts of the same source together; a stretch without bars between the parts is a gap."""
        merged = {(one.instrument, one.timeframe): one for one in self.series}
        for one in later.series:
            known = merged.get((one.instrument, one.timeframe))
            merged[one.instrument, one.timeframe] = _merge_series(known, one) if known else one
        return QualityReport(series=tuple(merged[key] for key in sorted(merged)))


def inspect_bars(frame: pl.DataFrame) -> QualityReport:
    """Look at bars of any number of instruments and timeframes, as they came; changes nothing.

    Raises:
        SchemaMismatch: The frame is not one of bars.
        InvalidValue: A timeframe is none.
    """
    bars = conform(frame, BARS)
    parts = bars.partition_by("venue", "symbol", "timeframe", maintain_order=True)
    series = [_inspect_series(part) for part in parts]
    return QualityReport(series=tuple(sorted(series, key=lambda one: (one.instrument, one.timeframe))))


def refusing_checks(timeframes: Iterable[str]) -> dict[Fault, pl.Expr]:
    """Expressions over a frame of bars, true where a bar is refused, by fault."""
    price = [pl.col(column) for column in PRICE_COLUMNS]
    off_grid = [
        (pl.col("timeframe") == name) & (pl.col("ts").dt.epoch("ms") % Timeframe.parse(name).ms != 0)
        for name in timeframes
    ]
    return {
        Fault.NOT_FINITE: ~pl.all_horizontal(column.is_finite() for column in (*price, pl.col("volume"))),
        Fault.NOT_POSITIVE: pl.any_horizontal(column <= 0 for column in price),
        Fault.HIGH_BELOW_LOW: pl.col("high") < pl.col("low"),
        Fault.CLOSE_OUTSIDE: _is_outside("close"),
        Fault.NEGATIVE_VOLUME: pl.any_horizontal((pl.col(column) < 0).fill_null(value=False) for column in _SUMS),
        Fault.OFF_GRID: pl.any_horizontal(off_grid) if off_grid else pl.lit(value=False),
    }


def _inspect_series(part: pl.DataFrame) -> SeriesQuality:
    timeframe = Timeframe.parse(part["timeframe"][0])
    checks = refusing_checks([timeframe.name])
    flags = part.with_columns(test.fill_null(value=True).alias(fault) for fault, test in checks.items())
    sound = flags.filter(~pl.any_horizontal(list(checks))).select(BARS.schema.names())
    distinct = sound.unique("ts", keep="first", maintain_order=True).sort("ts")
    disorder = sound.filter(pl.col("ts").diff() < pl.duration(milliseconds=0))
    odd = _flag_odd_bars(distinct, timeframe)
    gaps = _measure_gaps(distinct, timeframe)
    found = (
        _find_faults(flags, list(checks))
        | _find_repeats(sound, distinct)
        | _take_faults(disorder, Fault.DISORDER)
        | gaps.as_fault()
        | _find_faults(odd, [Fault.OPEN_OUTSIDE, Fault.JUMP, Fault.ZERO_VOLUME])
    )
    times = distinct["ts"].dt.epoch("ms")
    return SeriesQuality(
        instrument=Instrument(venue=part["venue"][0], symbol=part["symbol"][0]),
        timeframe=timeframe,
        rows=distinct.height,
        first_ms=int(times[0]) if distinct.height else 0,
        last_ms=int(times[-1]) if distinct.height else 0,
        gaps=gaps.count,
        missing=gaps.missing,
        longest_gap=gaps.longest,
        faults={fault: found[fault][0] for fault in Fault if fault in found},
        samples={fault: found[fault][1] for fault in Fault if fault in found},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gaps:
    count: int
    missing: int
    longest: int
    first: str

    def as_fault(self) -> dict[Fault, tuple[int, str]]:
        return {Fault.MISSING: (self.missing, self.first)} if self.missing else {}


def _measure_gaps(distinct: pl.DataFrame, timeframe: Timeframe) -> _Gaps:
    times = distinct["ts"].dt.epoch("ms").to_numpy()
    absent = np.diff(times) // timeframe.ms - 1
    at = np.flatnonzero(absent > 0)
    if not at.size:
        return _Gaps(count=0, missing=0, longest=0, first="")
    first = f"{absent[at[0]]} absent after {format_ms(int(times[at[0]]))}"
    return _Gaps(count=at.size, missing=int(absent[at].sum()), longest=int(absent.max()), first=first)


def _flag_odd_bars(bars: pl.DataFrame, timeframe: Timeframe) -> pl.DataFrame:
    before = pl.col("close").shift(1)
    adjacent = pl.col("ts").diff() == pl.duration(milliseconds=timeframe.ms)
    jump = adjacent & ((pl.col("high") > before * _JUMP_FACTOR) | (pl.col("low") < before / _JUMP_FACTOR))
    return bars.with_columns(
        _is_outside("open").alias(Fault.OPEN_OUTSIDE),
        jump.fill_null(value=False).alias(Fault.JUMP),
        (pl.col("volume") == 0).alias(Fault.ZERO_VOLUME),
    )


def _is_outside(column: str) -> pl.Expr:
    return (pl.col(column) > pl.col("high")) | (pl.col(column) < pl.col("low"))


def _find_repeats(sound: pl.DataFrame, distinct: pl.DataFrame) -> dict[Fault, tuple[int, str]]:
    if sound.height == distinct.height:
        return {}
    different = sound.unique(maintain_order=True)
    others = different.filter(~pl.col("ts").is_first_distinct())
    same = sound.filter(~pl.struct(pl.all()).is_first_distinct())
    return _take_faults(others, Fault.CONTRADICTION) | _take_faults(same, Fault.DUPLICATE)


def _find_faults(flags: pl.DataFrame, faults: list[Fault]) -> dict[Fault, tuple[int, str]]:
    found: dict[Fault, tuple[int, str]] = {}
    for fault in faults:
        found |= _take_faults(flags.filter(pl.col(fault)), fault)
    return found


def _take_faults(bars: pl.DataFrame, fault: Fault) -> dict[Fault, tuple[int, str]]:
    return {fault: (bars.height, _show_bar(bars))} if bars.height else {}


def _show_bar(bars: pl.DataFrame) -> str:
    bar = bars.row(0, named=True)
    values = " ".join(f"{name} {bar[name]}" for name in (*PRICE_COLUMNS, "volume"))
    return f"{bar['symbol']} {bar['timeframe']} {bar['ts']:%Y-%m-%dT%H:%M:%SZ} {values}"


def _merge_series(earlier: SeriesQuality, later: SeriesQuality) -> SeriesQuality:
    both = [one for one in (earlier, later) if one.rows]
    absent = max(0, (later.first_ms - earlier.last_ms) // earlier.timeframe.ms - 1) if len(both) > 1 else 0
    faults = Counter(earlier.faults) + Counter(later.faults) + Counter({Fault.MISSING: absent})
    return SeriesQuality(
        instrument=earlier.instrument,
        timeframe=earlier.timeframe,
        rows=earlier.rows + later.rows,
        first_ms=min((one.first_ms for one in both), default=0),
        last_ms=max((one.last_ms for one in both), default=0),
        gaps=earlier.gaps + later.gaps + (absent > 0),
        missing=earlier.missing + later.missing + absent,
        longest_gap=max(earlier.longest_gap, later.longest_gap, absent),
        faults={fault: faults[fault] for fault in Fault if faults[fault]},
        samples={**later.samples, **earlier.samples},
    )
