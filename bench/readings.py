"""Readings of one run: their JSON, and the table that people read."""

from __future__ import annotations

import statistics
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from bench.cases import OURS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from bench.cases import Case

_ABSENT: Final = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one engine did in one case; ``skipped`` says why there are no numbers.

    Attributes:
        case: The case's name.
        engine: Who did it.
        readings: One number a repeat, in the case's unit.
        size: How much was done in each.
        peak_mib: Largest resident memory of the process that did it, imports included.
        note: What a reader should know of how it was done.
        skipped: Why it was not measured; empty if it was.
    """

    case: str
    engine: str
    readings: tuple[float, ...] = ()
    size: str = ""
    peak_mib: float = 0.0
    note: str = ""
    skipped: str = ""

    @property
    def median(self) -> float | None:
        """The middle reading, or None where nothing was measured."""
        return statistics.median(self.readings) if self.readings else None

    def best(self, case: Case) -> float | None:
        """The reading that other work on the machine disturbed least."""
        return (max if case.more_is_better else min)(self.readings, default=None)

    @property
    def spread(self) -> float | None:
        """Half the distance from the least reading to the largest, as a share of the median."""
        middle = self.median
        return (max(self.readings) - min(self.readings)) / 2.0 / middle if middle else None


def compare(case: Case, ours: Reading, peer: Reading) -> float | None:
    """How many times as fast as the peer edgeproof is: above 1 is faster. None if either was not measured."""
    if not ours.median or not peer.median:
        return None
    return ours.median / peer.median if case.more_is_better else peer.median / ours.median


def meets_target(case: Case, ours: Reading) -> bool | None:
    """Whether edgeproof reaches the case's target; None without a target or a reading."""
    if case.target is None or ours.median is None:
        return None
    return ours.median >= case.target if case.more_is_better else ours.median <= case.target


def summarise(case: Case, readings: Sequence[Reading], *, judge: bool = True) -> dict[str, Any]:
    """One case as JSON: the target, whether it is met (unless not to be judged), and every engine with its ratio."""
    ours = next(reading for reading in readings if reading.engine == OURS)
    engines = [
        asdict(reading)
        | {
            "median": reading.median,
            "best": reading.best(case),
            "spread": reading.spread,
            "edgeproof_is_faster_by": compare(case, ours, reading) if reading.engine != OURS else None,
        }
        for reading in readings
    ]
    return {
        "name": case.name,
        "work": case.work,
        "unit": case.unit,
        "target": case.target,
        "more_is_better": case.more_is_better,
        "target_met": meets_target(case, ours) if judge else None,
        "engines": engines,
    }


def write_table(cases: Sequence[Mapping[str, Any]]) -> str:
    """The table: ratios first, then each engine's reading, its spread and memory; skips and notes below it."""
    header = ("work", "engine", "edgeproof is", "median", "best", "spread", "target", "met", "memory")
    rows: list[tuple[str, ...]] = [header]
    remarks = []
    for case in cases:
        for place, engine in enumerate(case["engines"]):
            rows.append((case["work"] if place == 0 else "", *_describe(case, engine)))
            told = engine["skipped"] or engine["note"]
            if told:
                kind = "not measured" if engine["skipped"] else "note"
                remarks.append(f"  {case['name']}, {engine['engine']}: {kind}: {told}")
    widths = [max(len(row[i]) for row in rows) for i in range(len(header))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join([*lines, "", *remarks]) + "\n"


def _describe(case: Mapping[str, Any], engine: Mapping[str, Any]) -> tuple[str, ...]:
    ratio, median, spread = engine["edgeproof_is_faster_by"], engine["median"], engine["spread"]
    ours = engine["engine"] == OURS
    met = {True: "yes", False: "NO", None: _ABSENT}[case["target_met"]] if ours else ""
    bound = "" if not ours else _ABSENT if case["target"] is None else _bound(case)
    return (
        engine["engine"],
        f"{_round(ratio)}x faster" if ratio is not None else "",
        f"{_round(median)} {case['unit']}" if median is not None else "skipped",
        _round(engine["best"]) if median is not None else "",
        f"+-{spread:.0%}" if spread is not None else "",
        bound,
        met,
        f"{engine['peak_mib']:,.0f} MiB" if median is not None else "",
    )


def _bound(case: Mapping[str, Any]) -> str:
    return f"{'>=' if case['more_is_better'] else '<='} {case['target']:g}"


def _round(value: float) -> str:
    """Three figures, without an exponent."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"  # noqa: PLR2004 - three figures
