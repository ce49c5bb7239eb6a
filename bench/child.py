"""Run one case in one engine, in a process of its own: ``python -m bench.child CASE ENGINE [--quick] [--bars N] ...``.

The last line on stdout is the reading as JSON. A peer that is not installed, or that fails, is a reading that says so.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import time
import warnings
from dataclasses import asdict
from typing import TYPE_CHECKING

from bench.measure import Effort, read_peak_mib
from bench.readings import Reading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.measure import Measured


def measure_case(case: str, engine: str, effort: Effort) -> Reading:
    """Import the engine, let it do the case, and say what it used."""
    try:
        work = getattr(importlib.import_module(f"bench.engines.{engine}_engine"), case)
        measured: Measured = work(effort)
    except ImportError as missing:
        return Reading(case=case, engine=engine, skipped=f"{missing}; pip install 'edgeproof[bench]' brings the peers")
    except Exception as failure:  # noqa: BLE001 - whatever a peer raises is its reading, not the end of the run
        told = " ".join(str(failure).split())
        return Reading(case=case, engine=engine, skipped=f"failed with {type(failure).__name__}: {told}")
    return Reading(
        case=case,
        engine=engine,
        readings=measured.readings,
        size=measured.size,
        note=measured.note,
        peak_mib=read_peak_mib() if measured.peak_mib is None else measured.peak_mib,
    )


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.child", description="Run one case in one engine.")
    parser.add_argument("case")
    parser.add_argument("engine")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--bars", type=int)
    parser.add_argument("--combinations", type=int)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--compute")
    parser.add_argument("--processor-time", action="store_const", dest="clock", const=time.process_time)
    parser.set_defaults(clock=time.perf_counter)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    asked = vars(_parse(sys.argv[1:]))
    reading = measure_case(asked.pop("case"), asked.pop("engine"), Effort(**asked))
    print(json.dumps(asdict(reading)))
