"""How time and memory grow: with bars, with combinations, with workers; peers beside us in the same run."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from bench.cases import OURS
from bench.running import run_child

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.readings import Reading

_FEWER: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One engine on its way up.

    Attributes:
        name: What the chart calls it.
        engine: A module of ``bench.engines``.
        most: The last point it is asked: beyond it, it would take minutes or all memory.
        least: The first point it is asked: before it, only its start would be measured.
        workers, compute: Who computes a sweep.
    """

    name: str
    engine: str
    most: int
    least: int = 1
    workers: int = 1
    compute: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One piece of work, done at ever larger sizes.

    Attributes:
        name: What the chart calls it.
        case: Function of each engine's module.
        over: What grows: ``bars`` or ``combinations``.
        points: Its sizes.
        bars: Bars of a sweep.
        lines: Who does it.
    """

    name: str
    case: str
    over: str
    points: tuple[int, ...]
    lines: tuple[Line, ...]
    bars: int | None = None


_BARS: Final = (10_000, 100_000, 1_000_000, 10_000_000)
CURVES: Final = (
    Curve(
        name="replay of signals on 10 % of bars",
        case="replay_dense",
        over="bars",
        points=_BARS,
        lines=(
            Line(name="edgeproof", engine=OURS, most=10_000_000),
            Line(name="plain loop", engine="plain", most=10_000_000),
            Line(name="vectorbt", engine="vectorbt", most=1_000_000),
            Line(name="backtesting.py", engine="backtesting", most=100_000),
        ),
    ),
    Curve(
        name="a strategy from bars to metrics",
        case="strategy",
        over="bars",
        points=_BARS,
        lines=(
            Line(name="edgeproof", engine=OURS, most=10_000_000),
            Line(name="plain loop", engine="plain", most=10_000_000),
            Line(name="vectorbt", engine="vectorbt", most=1_000_000),
        ),
    ),
    Curve(
        name="sweep over 50,000 bars",
        case="sweep",
        over="combinations",
        points=(1, 10, 100, 1_000, 10_000),
        bars=50_000,
        lines=(
            Line(name="edgeproof, 1 thread", engine=OURS, most=10_000),
            Line(name="edgeproof, 2 threads", engine=OURS, most=10_000, workers=2),
            Line(name="edgeproof, 2 processes", engine=OURS, least=100, most=10_000, workers=2, compute="processes"),
            Line(name="edgeproof, 2 on Ray", engine=OURS, least=100, most=10_000, workers=2, compute="local"),
            Line(name="plain loop, 1 thread", engine="plain", most=10_000),
        ),
    ),
)


def plan_curves(*, quick: bool) -> tuple[Curve, ...]:
    """Every curve; when quick, without its last point and over a tenth of the bars."""
    if not quick:
        return CURVES
    return tuple(
        Curve(
            name=one.name,
            case=one.case,
            over=one.over,
            points=one.points[:-1],
            lines=one.lines,
            bars=None if one.bars is None else one.bars // _FEWER,
        )
        for one in CURVES
    )


def measure_curve(curve: Curve) -> dict[str, Any]:
    """Every line's reading at every point it is asked, as JSON."""
    lines = [asdict(line) | {"points": _measure_line(curve, line)} for line in curve.lines]
    return {"name": curve.name, "case": curve.case, "over": curve.over, "bars": curve.bars, "lines": lines}


def relate_times(curve: Mapping[str, Any]) -> dict[str, list[tuple[int, float]]]:
    """Every line's points: the size, and the time of one bar or combination beside the first line's at its last."""
    unit = next(point["best"] for point in reversed(curve["lines"][0]["points"]) if point["best"] is not None)
    return {
        line["name"]: [(point["at"], point["best"] / unit) for point in line["points"] if point["best"] is not None]
        for line in curve["lines"]
    }


def _measure_line(curve: Curve, line: Line) -> list[dict[str, Any]]:
    points = []
    for size in (size for size in curve.points if line.least <= size <= line.most):
        print(f"{curve.case}: {line.name}, {size:,} {curve.over} ...", file=sys.stderr, flush=True)
        options = ["--quick", f"--{curve.over}", str(size), "--workers", str(line.workers)]
        options += ["--bars", str(curve.bars)] if curve.bars is not None else []
        # One process at work: its own time, which other work on the machine does not stretch.
        options += ["--processor-time"] if curve.over == "bars" else []
        options += ["--compute", line.compute] if line.compute is not None else []
        points.append(_describe(size, run_child(curve.case, line.engine, *options)))
    return points


def _describe(size: int, reading: Reading) -> dict[str, Any]:
    return {
        "at": size,
        "readings": reading.readings,
        "best": min(reading.readings, default=None),
        "peak_mib": reading.peak_mib,
        "size": reading.size,
        "note": reading.note,
        "skipped": reading.skipped,
    }
