"""How much of the window each market's bars cover, in numbers and in a plain sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from edgeproof.domain.time import MS_PER_HOUR, from_ms

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from edgeproof.domain.arrays import FloatArray, IntArray
    from edgeproof.domain.instruments import Instrument
    from edgeproof.domain.time import Timeframe, Window

_MOST_NAMED = 12
_EDGE = 0.01
_HALF = 0.5
# Venues settle every eight hours at the latest: a shorter stretch without funding misses nothing.
_SETTLEMENT_HOURS = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """One market's bars against the window.

    Attributes:
        instrument: The market.
        timeframe: Length of its bars.
        bars: Bars inside the window.
        expected: Bars a market without a missing one would have.
        first_ms, last_ms: Opens of the first and the last bar.
        missing_before, missing_inside, missing_after: Bars missing before the first, between first and last, and after
            the last.
        gaps: Stretches of missing bars between first and last.
        settlements: Funding settlements inside the window.
        longest_unfunded_hours: The longest stretch, while there are bars, without a settlement.
        uncounted: Bars without a count of trades among bars that have one: the minutes in which a live intake lost
            trades have the venue's candle and nothing more. 0 where the source counts no trades at all.
    """

    instrument: Instrument
    timeframe: Timeframe
    bars: int
    expected: int
    first_ms: int
    last_ms: int
    missing_before: int
    missing_inside: int
    missing_after: int
    gaps: int
    settlements: int
    longest_unfunded_hours: float
    uncounted: int = 0

    @property
    def share(self) -> float:
        """Bars over expected bars, 0 to 1."""
        return min(1.0, self.bars / self.expected)

    @property
    def begins_late(self) -> bool:
        """Whether more than a hundredth of the window passes before the first bar."""
        return self.missing_before > _EDGE * self.expected

    @property
    def ends_early(self) -> bool:
        """Whether more than a hundredth of the window passes after the last bar."""
        return self.missing_after > _EDGE * self.expected

    @property
    def is_whole(self) -> bool:
        """Whether it begins and ends with the window and no bar is missing between."""
        return not (self.begins_late or self.ends_early or self.missing_inside)

    @property
    def lacks_funding(self) -> bool:
        """Whether there is no settlement at all where there should have been one."""
        return not self.settlements and self.longest_unfunded_hours > _SETTLEMENT_HOURS


def measure_coverage(  # noqa: PLR0913 - a market, its bars' columns and the window
    instrument: Instrument,
    timeframe: Timeframe,
    ts: IntArray,
    window: Window,
    *,
    funding_ts: IntArray | None = None,
    trades: FloatArray | None = None,
) -> Coverage:
    """Measure one market.

    Args:
        instrument: The market.
        timeframe: Length of its bars.
        ts: Opens of its bars in the window, UTC milliseconds, ascending, at least one, shape (n,).
        window: The window.
        funding_ts: When funding was settled in the window, UTC milliseconds, ascending, shape (m,); None for never.
        trades: Trades in each bar, NaN where they were not counted, shape (n,); None where they never were.
    """
    settled = np.empty(0, dtype=np.int64) if funding_ts is None else funding_ts
    steps = np.diff(ts) // timeframe.ms
    first, last = int(ts[0]), int(ts[-1])
    return Coverage(
        instrument=instrument,
        timeframe=timeframe,
        bars=len(ts),
        expected=max(1, (window.end_ms - window.start_ms) // timeframe.ms),
        first_ms=first,
        last_ms=last,
        missing_before=(first - window.start_ms) // timeframe.ms,
        missing_inside=int(np.maximum(steps - 1, 0).sum()),
        missing_after=max(0, (window.end_ms - last) // timeframe.ms - 1),
        gaps=int((steps > 1).sum()),
        settlements=len(settled),
        longest_unfunded_hours=_find_longest_ms(settled, first, last + timeframe.ms) / MS_PER_HOUR,
        uncounted=0 if trades is None else _count_gaps_of_counts(trades),
    )


def describe_uncounted(coverages: Sequence[Coverage]) -> str:
    """Say in which markets trades are missing behind some bars, in one sentence; empty where none are."""
    lacking = [c for c in coverages if c.uncounted]
    if not lacking:
        return ""
    bars = sum(c.uncounted for c in lacking)
    return (
        f"{_count(bars, 'bar', 'bars')} of {name_markets(lacking, coverages)}"
        f" {'has' if bars == 1 else 'have'} no trade count, though others do: trades were lost there or never came."
        " Prices and volume are the venue's own; features of order flow are unknown in those bars."
    )


def describe_missing_funding(coverages: Sequence[Coverage]) -> str:
    """Say which markets have no funding rates, in one sentence; empty where none lacks them."""
    lacking = [c for c in coverages if c.lacks_funding]
    if not lacking:
        return ""
    return (
        f"{len(lacking)} of {_count(len(coverages), 'market has', 'markets have')} no funding rates"
        f" ({name_markets(lacking, coverages)}): what holding a position costs there is not in these results;"
        " import them."
    )


def describe_sparse(coverages: Sequence[Coverage]) -> str:
    """Say which markets have bars for less than half of the window, in two sentences; empty where none has so few."""
    sparse = [c for c in coverages if c.share < _HALF]
    if not sparse:
        return ""
    return (
        f"{len(sparse)} of {_count(len(coverages), 'market has', 'markets have')} bars for less than half of the"
        f" window: {name_markets(sparse, coverages)}. Results there rest on fewer days."
    )


def _count_gaps_of_counts(trades: FloatArray) -> int:
    unknown = int(np.isnan(trades).sum())
    return 0 if unknown == len(trades) else unknown


def _find_longest_ms(settled: IntArray, start_ms: int, end_ms: int) -> int:
    """The longest stretch from ``start_ms`` to ``end_ms`` with no settlement inside it."""
    inside = settled[(settled >= start_ms) & (settled < end_ms)]
    return int(np.diff(np.concatenate([[start_ms], inside, [end_ms]])).max())


def describe_coverage(coverages: Sequence[Coverage]) -> str:
    """Say which markets do not cover the window and how, in one or a few sentences."""
    total = len(coverages)
    whole = sum(c.is_whole for c in coverages)
    if whole == total:
        missing = sum(c.missing_before + c.missing_after for c in coverages)
        bars = f"{_count(missing, 'bar', 'bars')} missing at its edges" if missing else "no bar missing"
        return f"{'The market covers' if total == 1 else f'All {total} markets cover'} the whole window, {bars}."
    told = [f"{whole} of {_count(total, 'market covers', 'markets cover')} the whole window."]
    early = [c for c in coverages if c.ends_early]
    late = [c for c in coverages if c.begins_late]
    broken = [c for c in coverages if c.missing_inside]
    if early:
        told.append(
            f"{_count(len(early), 'ends', 'end')} early, {_date(c.last_ms for c in early)}:"
            f" {name_markets(early, coverages)}."
        )
    if late:
        told.append(
            f"{_count(len(late), 'begins', 'begin')} late, {_date(c.first_ms for c in late)}:"
            f" {name_markets(late, coverages)}."
        )
    if broken:
        missing = sum(c.missing_inside for c in broken)
        told.append(
            f"{_count(len(broken), 'has', 'have')} holes, {missing:,} bars in all: {name_markets(broken, coverages)}."
        )
    if early or late:
        told.append("Results of markets with less history rest on fewer days.")
    return " ".join(told)


def _date(moments: Iterable[int]) -> str:
    days = sorted({f"{from_ms(ms):%Y-%m-%d}" for ms in moments})
    return f"on {days[0]}" if len(days) == 1 else f"between {days[0]} and {days[-1]}"


def name_markets(coverages: Sequence[Coverage], among: Sequence[Coverage]) -> str:
    """Their symbols; with the venue where all of them are those of several."""
    alone = len({c.instrument.venue for c in among}) == 1
    names = [c.instrument.symbol if alone else str(c.instrument) for c in coverages]
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
