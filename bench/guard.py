"""Fail where edgeproof has become slow beside a peer: ``python -m bench.guard [--record]``.

Both do a small piece of the same work in turns, in one process, timed by the processor time of all its threads: what
else runs on the machine delays them, but hardly counts. The best reading of each stands for it, and their ratio is
compared with the one in ``baseline.json``. Seconds are compared with nothing: they belong to a machine.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import time
import warnings
from dataclasses import dataclass
from math import floor, log10
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bench.cases import CASES, OURS
from bench.measure import Effort

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.measure import Measured

BASELINE: Final = Path(__file__).with_name("baseline.json")
MOST_FALL: Final = 2.0
_TURNS: Final = 3
_TRIES: Final = 3
_RECORDED_RUNS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """One piece of work, the peer it is compared with, and how much of it is done."""

    case: str
    peer: str
    bars: int


# Peers that every developer has: the libraries edgeproof itself stands on, and a loop of our own.
GUARDED: Final = (
    Guarded(case="replay_sparse", peer="plain", bars=300_000),
    Guarded(case="replay_dense", peer="plain", bars=300_000),
    Guarded(case="strategy", peer="plain", bars=200_000),
    Guarded(case="sweep", peer="plain", bars=50_000),
    Guarded(case="features", peer="talib", bars=50_000),
    Guarded(case="trades_to_bars", peer="polars", bars=1_000_000),
)


def main(arguments: Sequence[str]) -> int:
    """Measure and compare; 1 if something has fallen by more than a factor of two."""
    options = _parse(arguments)
    warnings.simplefilter("ignore")
    if options.record:
        runs = [{one.case: measure_ratio(one) for one in GUARDED} for _ in range(_RECORDED_RUNS)]
        # The least of several, rounded down: a baseline that luck made high would fail an innocent change.
        ratios = {one.case: _round_down(min(run[one.case] for run in runs)) for one in GUARDED}
        BASELINE.write_text(json.dumps({"schema_version": 1, "edgeproof_is_faster_by": ratios}, indent=2) + "\n")
        print(f"recorded: {ratios}")
        return 0
    baseline = read_baseline(BASELINE)
    fallen = [one.case for one in GUARDED if not _holds(one, baseline)]
    if fallen:
        print(
            f"error: {', '.join(fallen)}: less than 1/{MOST_FALL:g} of the speed beside its peer that baseline.json "
            "has; make it fast again, or say in the commit why `python -m bench.guard --record` was run",
            file=sys.stderr,
        )
    return int(bool(fallen))


def read_baseline(path: Path) -> dict[str, float]:
    """How many times as fast as its peer each piece of work was."""
    ratios: dict[str, float] = json.loads(path.read_text())["edgeproof_is_faster_by"]
    return ratios


def measure_ratio(one: Guarded) -> float:
    """How many times as fast as the peer edgeproof is: above 1 is faster."""
    more_is_better = next(case.more_is_better for case in CASES if case.name == one.case)
    ours, theirs = _measure_in_turns(one)
    if more_is_better:
        return max(ours) / max(theirs)
    return min(theirs) / min(ours)


def has_fallen(ratio: float, baseline: float) -> bool:
    """Whether a ratio is less than half of what it was."""
    return ratio * MOST_FALL < baseline


def _holds(one: Guarded, baseline: Mapping[str, float]) -> bool:
    """Whether one of several tries shows the speed; a busy machine hides it, and nothing feigns it."""
    for _ in range(_TRIES):
        ratio = measure_ratio(one)
        known = baseline[one.case]
        print(f"{one.case}: {ratio:.3g} times as fast as {one.peer}, {ratio / known:.2f} of the baseline", flush=True)
        if not has_fallen(ratio, known):
            return True
    return False


def _measure_in_turns(one: Guarded) -> tuple[list[float], list[float]]:
    effort = Effort(quick=True, bars=one.bars, combinations=20, workers=1, clock=time.process_time)
    readings: dict[str, list[float]] = {OURS: [], one.peer: []}
    for _ in range(_TURNS):
        for engine, kept in readings.items():
            work = getattr(importlib.import_module(f"bench.engines.{engine}_engine"), one.case)
            measured: Measured = work(effort)
            kept.extend(measured.readings)
    return readings[OURS], readings[one.peer]


def _round_down(ratio: float) -> float:
    """Two figures."""
    step = 10.0 ** (floor(log10(ratio)) - 1)
    return round(floor(ratio / step) * step, 6)


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.guard", description="Fail where a ratio to a peer has halved.")
    parser.add_argument("--record", action="store_true", help="write baseline.json anew")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
