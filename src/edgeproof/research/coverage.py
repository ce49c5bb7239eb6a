"""How much of the window each market's bars cover, in numbers and in a plain sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from edgeproof.domain.time import from_ms

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from edgeproof.domain.arrays import IntArray
    from edgeproof.domain.instruments import Instrument
    from edgeproof.domain.time import Timeframe, Window

_MOST_NAMED = 12
_EDGE = 0.01


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


def measure_coverage(instrument: Instrument, timeframe: Timeframe, ts: IntArray, window: Window) -> Coverage:
    """Measure one market; ``ts`` are the opens of its bars in the window, ascending, at least one."""
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
    )


def describe_coverage(coverages: Sequence[Coverage]) -> str:
    """Say which markets do not cover the window and how, in one or a few sentences."""
    total = len(coverages)
    whole = sum(c.is_whole for c in coverages)
    if whole == total:
        return (
            f"{'The market covers' if total == 1 else f'All {total} markets cover'} the whole window, no bar missing."
        )
    told = [f"{whole} of {_count(total, 'market covers', 'markets cover')} the whole window."]
    early = [c for c in coverages if c.ends_early]
    late = [c for c in coverages if c.begins_late]
    broken = [c for c in coverages if c.missing_inside]
    if early:
        told.append(f"{_count(len(early), 'ends', 'end')} early, {_date(c.last_ms for c in early)}: {_name(early)}.")
    if late:
        told.append(f"{_count(len(late), 'begins', 'begin')} late, {_date(c.first_ms for c in late)}: {_name(late)}.")
    if broken:
        missing = sum(c.missing_inside for c in broken)
        told.append(f"{_count(len(broken), 'has', 'have')} holes, {missing:,} bars in all: {_name(broken)}.")
    if early or late:
        told.append("Results of markets with less history rest on fewer days.")
    return " ".join(told)


def _date(moments: Iterable[int]) -> str:
    days = sorted({f"{from_ms(ms):%Y-%m-%d}" for ms in moments})
    return f"on {days[0]}" if len(days) == 1 else f"between {days[0]} and {days[-1]}"


def _name(coverages: Sequence[Coverage]) -> str:
    names = [c.instrument.symbol for c in coverages]
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
