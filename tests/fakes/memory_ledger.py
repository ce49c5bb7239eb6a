"""A ledger kept in memory: obeys the same contract as the SQL one, for tests of what uses a ledger."""

from __future__ import annotations

import json
import math
from array import array
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from edgeproof.domain.errors import InvalidValue
from edgeproof.domain.records import (
    CycleRecord,
    PoolEntry,
    RankingDecision,
    ReportRecord,
    RunStatus,
    StageRecord,
    StrategyVersion,
    Trial,
)
from edgeproof.domain.stores import IrreproducibleTrial

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_UNFINISHED = (RunStatus.RUNNING, RunStatus.INTERRUPTED)


@dataclass(slots=True)
class _Cycle:
    """A cycle and everything that hangs on it."""

    record: CycleRecord
    stages: dict[str, StageRecord] = field(default_factory=dict)
    decisions: tuple[RankingDecision, ...] = ()
    pool: tuple[PoolEntry, ...] = ()
    reports: list[ReportRecord] = field(default_factory=list)

    def close_running_stages(self, status: RunStatus) -> None:
        for stage in self.stages.values():
            if stage.status is RunStatus.RUNNING:
                self.stages[stage.name] = replace(stage, status=status)


class MemoryLedger:
    """Implements ``domain.stores.Ledger`` on dictionaries."""

    def __init__(self) -> None:
        self._cycles: dict[int, _Cycle] = {}
        self._versions: dict[str, StrategyVersion] = {}
        self._trials: dict[str, Trial] = {}

    def begin_cycle(self, run_id: str, request: Mapping[str, Any], *, now_ms: int, pid: int) -> CycleRecord:
        asked = _as_json("request", request)
        left = [cycle for cycle in self._cycles.values() if cycle.record.status in _UNFINISHED]
        for cycle in left:
            cycle.record = replace(cycle.record, status=RunStatus.INTERRUPTED)
            cycle.close_running_stages(RunStatus.INTERRUPTED)
        cycle = next((c for c in reversed(left) if c.record.run_id == run_id), None) or self._open(
            run_id, asked, now_ms
        )
        cycle.record = replace(
            cycle.record,
            status=RunStatus.RUNNING,
            finished_ms=None,
            heartbeat_ms=int(now_ms),
            pid=int(pid),
            detail="",
        )
        return _complete(cycle)

    def _open(self, run_id: str, request: Mapping[str, Any], now_ms: int) -> _Cycle:
        cycle_id = len(self._cycles) + 1
        record = CycleRecord(
            cycle_id=cycle_id,
            run_id=run_id,
            status=RunStatus.RUNNING,
            request=request,
            started_ms=int(now_ms),
        )
        return self._cycles.setdefault(cycle_id, _Cycle(record))

    def record_stage(self, cycle_id: int, stage: StageRecord, *, now_ms: int) -> None:
        cycle = self._running(cycle_id)
        cycle.stages[stage.name] = stage
        cycle.record = replace(cycle.record, heartbeat_ms=int(now_ms))

    def finish_cycle(self, cycle_id: int, status: RunStatus, *, now_ms: int, detail: str = "") -> None:
        if status is RunStatus.RUNNING:
            raise InvalidValue("status of a finished cycle", str(status), "done, failed or interrupted")
        cycle = self._running(cycle_id)
        cycle.close_running_stages(status)
        cycle.record = replace(
            cycle.record,
            status=status,
            finished_ms=int(now_ms),
            heartbeat_ms=int(now_ms),
            detail=detail,
        )

    def cycles(self, *, limit: int = 20) -> Sequence[CycleRecord]:
        newest = sorted(
            self._cycles.values(),
            key=lambda cycle: (cycle.record.heartbeat_ms or 0, cycle.record.cycle_id),
            reverse=True,
        )
        return tuple(_complete(cycle) for cycle in newest[:limit])

    def record_strategies(self, versions: Iterable[StrategyVersion]) -> int:
        before = len(self._versions)
        for version in versions:
            self._versions.setdefault(version.strategy_hash, version)
        return len(self._versions) - before

    def strategy_versions(self) -> Sequence[StrategyVersion]:
        return tuple(self._versions.values())

    def record_trials(self, trials: Sequence[Trial]) -> int:
        fresh: dict[str, Trial] = {}
        clashes: list[tuple[str, str, str]] = []
        for trial in trials:
            known = self._trials.get(trial.key) or fresh.get(trial.key)
            if known is None:
                fresh[trial.key] = _plain_trial(trial)
            elif known.result_hash != trial.result_hash:
                clashes.append((trial.key, known.result_hash, trial.result_hash))
        if clashes:
            key, before, now = clashes[0]
            raise IrreproducibleTrial(key, before, now, conflicts=len(clashes))
        self._trials.update(fresh)
        return len(fresh)

    def trials(self, *, keys: Iterable[str] | None = None) -> Iterator[Trial]:
        wanted = None if keys is None else set(keys)
        return iter([trial for trial in self._trials.values() if wanted is None or trial.key in wanted])

    def count_trials(self) -> int:
        return len(self._trials)

    def record_ranking(self, cycle_id: int, decisions: Sequence[RankingDecision], pool: Sequence[PoolEntry]) -> None:
        cycle = self._running(cycle_id)
        places = [(entry.pool, entry.rank) for entry in pool]
        for place in places:
            if places.count(place) > 1:
                raise InvalidValue("pool", f"{place[0]} rank {place[1]}", "each rank once in a pool")
        for score in (*(decision.score for decision in decisions), *(entry.score for entry in pool)):
            if not math.isfinite(score):
                raise InvalidValue("score", float(score), "a finite number")
        cycle.decisions = tuple(
            replace(
                decision,
                rank=None if decision.rank is None else int(decision.rank),
                score=float(decision.score),
                ingredients=_as_json("ingredients", decision.ingredients),
            )
            for decision in decisions
        )
        cycle.pool = tuple(replace(entry, rank=int(entry.rank), score=float(entry.score)) for entry in pool)

    def decisions(self, cycle_id: int) -> Sequence[RankingDecision]:
        cycle = self._cycles.get(cycle_id)
        given = cycle.decisions if cycle else ()
        return tuple(sorted(given, key=lambda d: (d.action != "kept", d.rank is None, d.rank or 0)))

    def pool(self, pool: str) -> Sequence[PoolEntry]:
        finished = self._finished()
        entries = finished[0].pool if finished else ()
        return tuple(sorted((entry for entry in entries if entry.pool == pool), key=lambda entry: entry.rank))

    def record_report(self, report: ReportRecord) -> None:
        self._known(report.cycle_id).reports.append(report)

    def latest_report(self) -> ReportRecord | None:
        return next((cycle.reports[-1] for cycle in self._finished() if cycle.reports), None)

    def _finished(self) -> list[_Cycle]:
        """Cycles that were done, the newest first."""
        done = [cycle for cycle in self._cycles.values() if cycle.record.status is RunStatus.DONE]
        return sorted(done, key=lambda cycle: (cycle.record.finished_ms or 0, cycle.record.cycle_id), reverse=True)

    def _known(self, cycle_id: int) -> _Cycle:
        if cycle_id not in self._cycles:
            raise InvalidValue("cycle_id", cycle_id, "the id of a recorded cycle")
        return self._cycles[cycle_id]

    def _running(self, cycle_id: int) -> _Cycle:
        cycle = self._known(cycle_id)
        if cycle.record.status is not RunStatus.RUNNING:
            raise InvalidValue("cycle_id", cycle_id, f"a running cycle; this one is {cycle.record.status}")
        return cycle


def _complete(cycle: _Cycle) -> CycleRecord:
    return replace(cycle.record, stages=tuple(cycle.stages.values()))


def _plain_trial(trial: Trial) -> Trial:
    """The trial as it would come back from a disk: plain numbers, strict JSON."""
    return replace(
        trial,
        params=_as_json("params", trial.params),
        costs=_as_json("costs", trial.costs),
        metrics=_as_json("metrics", trial.metrics),
        trades=int(trial.trades),
        daily_returns=tuple(array("d", trial.daily_returns)),
        created_ms=int(trial.created_ms),
    )


def _as_json(what: str, value: Mapping[str, Any]) -> dict[str, Any]:
    """The value after a trip through strict JSON, numpy scalars made plain."""
    try:
        text = json.dumps(dict(value), allow_nan=False, default=_make_plain)
    except (TypeError, ValueError) as error:
        raise InvalidValue(what, "not JSON", f"finite numbers, text, lists and mappings ({error})") from None
    read: dict[str, Any] = json.loads(text)
    return read


def _make_plain(value: object) -> object:
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} is not JSON")
