"""A venue that sends nonsense between its trades, live: the lake holds the trades, and the nonsense is counted."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

from edgeproof.adapters.lake import DeltaLake
from edgeproof.simulator.exchange import Fault, FaultKind
from edgeproof.simulator.exchange.protocol.hostile import FORMS
from fakes.intake_desk import VENUE, Told, open_exchange, take_in
from fakes.intake_truth import compare_with_truth
from fakes.memory_journal import MemoryJournal

if TYPE_CHECKING:
    from pathlib import Path

    from edgeproof.ops.intake.service import Intake

ROUNDS = 3


def test_the_lake_equals_the_truth_whatever_nonsense_comes_between(tmp_path: Path) -> None:
    exchange, clock = open_exchange(trades_per_second=300)
    lake, journal = DeltaLake(tmp_path / "lake"), MemoryJournal()
    sent = Counter[str]()

    def until(intake: Intake) -> bool:
        counts = intake.collector.counts
        rounds = min(sent.values()) if len(sent) == len(FORMS) else 0
        if counts["trades"] > 0 and rounds < ROUNDS:
            form = FORMS[sent.total() % len(FORMS)]
            exchange.inject(Fault(kind=FaultKind.MALFORMED, detail=form))
            sent[form] += 1
        heard = sum(intake.collector.refused.values()) >= ROUNDS * len(FORMS)
        return rounds == ROUNDS and heard and counts["trades"] >= 1_500

    with exchange:
        intake = asyncio.run(
            take_in(exchange, tmp_path, lake, clock, until, journal=journal, told=Told(), within_s=60.0)
        )
        found = compare_with_truth(lake, journal, exchange.trades(), VENUE)
    assert found.held >= 1_500
    assert (found.made, found.doubled, found.invented, found.unmarked) == (found.held, 0, 0, 0)
    assert sum(intake.collector.refused.values()) == ROUNDS * len(FORMS)
    assert intake.collector.counts["connections"] == 1
    kinds = intake.collector.refused
    assert {"not JSON", "wrong types", "frame too long", "binary frame", "unknown channel"} <= set(kinds)
    assert (kinds["binary frame"], kinds["frame too long"]) == (ROUNDS, ROUNDS)
    (run,) = journal.runs()
    assert run.heartbeat is not None
    shown = {name: count for name, count in run.heartbeat.counts.items() if name.startswith("refused: ")}
    assert shown.keys() <= {f"refused: {kind}" for kind in kinds}
    assert shown["refused: frame too long"] >= 1
