"""Stages of a cycle as they happen: written to the ledger with a heartbeat, and told to whoever listens."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from edgeproof.domain.records import RunStatus, StageRecord

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edgeproof.domain.stores import Ledger
    from edgeproof.domain.time import Clock
    from edgeproof.research.progress import ProgressListener

STAGES = ("score", "backtest", "rank", "evidence", "report")


class StageKeeper:
    """Keeps the stages of one open cycle."""

    def __init__(self, cycle_id: int, ledger: Ledger, clock: Clock, listener: ProgressListener) -> None:
        self._cycle_id = cycle_id
        self._ledger = ledger
        self._clock = clock
        self._listener = listener
        self.finished: list[StageRecord] = []

    @contextmanager
    def run(self, name: str, *, total: int = 0, started_ms: int | None = None) -> Iterator[RunningStage]:
        """Run a stage; it is done when its block ends, and left as it stands when the block fails."""
        start = self._clock.now_ms() if started_ms is None else started_ms
        stage = RunningStage(self, StageRecord(name=name, status=RunStatus.RUNNING, started_ms=start, total=total))
        self.tell(stage.record)
        yield stage
        stage.record = replace(stage.record, status=RunStatus.DONE, finished_ms=self._clock.now_ms())
        self.finished.append(stage.record)
        self.tell(stage.record)

    def tell(self, stage: StageRecord) -> None:
        """Write a stage's present state and tell the listener."""
        self._ledger.record_stage(self._cycle_id, stage, now_ms=self._clock.now_ms())
        self._listener.stage_changed(stage)


class RunningStage:
    """A stage while its block runs."""

    def __init__(self, keeper: StageKeeper, record: StageRecord) -> None:
        self._keeper = keeper
        self.record = record

    def advance(self, units: int = 1, *, detail: str | None = None) -> None:
        """Count units of work as finished."""
        told = self.record.detail if detail is None else detail
        self.record = replace(self.record, done=self.record.done + units, detail=told)
        self._keeper.tell(self.record)
