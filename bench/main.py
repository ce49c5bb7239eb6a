"""The command line of the bench: one process per case and engine, one table, one JSON file."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bench.cases import CASES, OURS
from bench.curves import measure_curve, plan_curves
from bench.machine import describe_machine
from bench.readings import summarise, write_table
from bench.running import ROOT, run_child

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from bench.cases import Case


def main(arguments: Sequence[str]) -> int:
    """Measure, print the table, write the JSON; 1 if one of edgeproof's own cases failed."""
    options = _parse(arguments)
    machine = describe_machine()
    if options.curves:
        return _draw_curves(machine, quick=options.quick, folder=Path(options.results))
    cases = [case for case in CASES if not options.only or case.name in options.only]
    summaries = [_measure(case, quick=options.quick, peers=not options.no_peers) for case in cases]
    result = {
        "schema_version": 1,
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "quick": options.quick,
        "machine": machine,
        "cases": summaries,
    }
    print(write_table(summaries))
    print(_describe_machine(machine))
    path = _write(result, Path(options.results))
    print(f"results: {path}")
    return int(any(engine["skipped"] for case in summaries for engine in case["engines"][:1]))


def _draw_curves(machine: dict[str, Any], *, quick: bool, folder: Path) -> int:
    curves = [measure_curve(curve) for curve in plan_curves(quick=quick)]
    result = {
        "schema_version": 1,
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "quick": quick,
        "machine": machine,
        "curves": curves,
    }
    print(_describe_machine(machine))
    print(f"results: {_write(result, folder, 'curves-')}")
    ours = [line for curve in curves for line in curve["lines"] if line["engine"] == OURS and line["compute"] is None]
    return int(any(point["skipped"] for line in ours for point in line["points"]))


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="a tenth of the data, three repeats, no verdict on targets"
    )
    parser.add_argument("--only", action="append", metavar="NAME", choices=[case.name for case in CASES])
    parser.add_argument("--curves", action="store_true", help="how time and memory grow, instead of the table")
    parser.add_argument("--no-peers", action="store_true", help="measure edgeproof alone")
    parser.add_argument("--results", default=str(ROOT / "bench" / "results"), help="folder for the JSON")
    return parser.parse_args(arguments)


def _measure(case: Case, *, quick: bool, peers: bool) -> dict[str, Any]:
    readings = []
    for engine in case.engines if peers else case.engines[:1]:
        print(f"{case.name}: {engine} ...", file=sys.stderr, flush=True)
        readings.append(run_child(case.name, engine, *(["--quick"] if quick else [])))
    # Targets are for full sizes: over a tenth of the data, the fixed cost of a call weighs ten times as much.
    return summarise(case, readings, judge=not quick)


def _describe_machine(machine: dict[str, Any]) -> str:
    versions = ", ".join(f"{name} {told}" for name, told in machine["versions"].items() if told)
    memory = f"{machine['memory_mib']:,} MiB" if machine["memory_mib"] else "unknown memory"
    return (
        f"{machine['cores']} cores of {machine['processor']}, {memory}, {machine['system']}, "
        f"Python {machine['python']}, load {machine['load_1m'] or 0.0:.1f} at the start\n{versions}"
    )


def _write(result: dict[str, Any], folder: Path, prefix: str = "") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{prefix}{result['measured_at'].replace(':', '').replace('+0000', 'Z')}.json"
    path.write_text(json.dumps(result, indent=2) + "\n")
    return path
