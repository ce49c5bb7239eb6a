"""One piece of work in one engine, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from bench.readings import Reading

ROOT: Final = Path(__file__).resolve().parent.parent
_TIMEOUT_S: Final = 1_800
_TAIL: Final = 300


def run_child(case: str, engine: str, *options: str) -> Reading:
    """Run a case and read what it said; a child that fails or never ends is a reading that says so."""
    command = [sys.executable, "-m", "bench.child", case, engine, *options]
    # A cluster that is started for a sweep and ends with it needs no token.
    environment = {"RAY_AUTH_MODE": "disabled"} | os.environ
    try:
        done = subprocess.run(  # noqa: S603 - our own module, by this interpreter
            command, cwd=ROOT, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False, env=environment
        )
    except subprocess.TimeoutExpired:
        return Reading(case=case, engine=engine, skipped=f"not done after {_TIMEOUT_S} s")
    # A cluster that ends may have the last word on stdout.
    told = [line for line in done.stdout.splitlines() if line.startswith('{"case"')]
    if done.returncode or not told:
        tail = " ".join(done.stderr.split())[-_TAIL:]
        return Reading(case=case, engine=engine, skipped=f"ended with status {done.returncode}: {tail}")
    fields = json.loads(told[-1])
    return Reading(**fields | {"readings": tuple(fields["readings"])})
