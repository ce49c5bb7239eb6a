"""A process that writes batches of trials and tells on its standard output what was committed.

Run as ``python -m fakes.ledger_writer URL NAME BATCHES``; each batch has ``TRIALS_A_BATCH`` trials of this writer and
one trial that all writers have in common.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from edgeproof.adapters.database import open_ledger
from fakes.ledger_values import make_stage, make_trial

TRIALS_A_BATCH = 40
_TESTS = Path(__file__).resolve().parents[1]


def start_writer(url: str, name: str, batches: int) -> subprocess.Popen[str]:
    """Start a writer as a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "fakes.ledger_writer", url, name, str(batches)],
        cwd=_TESTS,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def write_batches(url: str, name: str, batches: int) -> None:
    """Write the batches, one unit of work each, with a cycle and its stage beside them."""
    with open_ledger(url) as ledger:
        _tell("ready")
        for batch in range(batches):
            own = [make_trial(f"{name} {batch} {number}") for number in range(TRIALS_A_BATCH)]
            ledger.record_trials([*own, make_trial(f"common {batch}")])
            _tell(str(batch + 1))
            if name.startswith("cycle"):
                cycle = ledger.begin_cycle(name, {}, now_ms=batch, pid=1)
                ledger.record_stage(cycle.cycle_id, make_stage("backtest", done=batch), now_ms=batch)


def _tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    write_batches(sys.argv[1], sys.argv[2], int(sys.argv[3]))
