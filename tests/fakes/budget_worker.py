"""A process that makes requests against a shared budget as fast as it is let, and writes down when."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from edgeproof.adapters.rate_budget import BudgetLedger, BudgetRules, Grant, Limit, Urgency

RULES = BudgetRules(
    limits=(Limit(requests=40, window_ms=400), Limit(requests=100, window_ms=2_000)), live_share=1.0, burst=10
)


def run(file: Path, log: Path, seconds: float) -> None:
    """Ask until the time is over; each line of the log is one request, by the clock that all processes share."""
    ledger = BudgetLedger(file, "live", RULES)
    end = time.monotonic() + seconds
    with log.open("a", buffering=1) as lines:
        while time.monotonic() < end:
            answer = ledger.ask(Urgency.LIVE)
            if isinstance(answer, Grant):
                lines.write(f"{answer.at_ms}\n")
            else:
                time.sleep(min(answer.ms, 20) / 1_000)


if __name__ == "__main__":
    run(Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]))
