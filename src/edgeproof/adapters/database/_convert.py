"""From rows to the values of the domain, and back."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from edgeproof.adapters.database._codec import decode_json, encode_json, pack_floats, unpack_floats
from edgeproof.domain.errors import InvalidValue
from edgeproof.domain.instruments import Instrument
from edgeproof.domain.records import (
    CycleRecord,
    PoolEntry,
    RankingDecision,
    ReportRecord,
    RunStatus,
    StageRecord,
    StrategyVersion,
    Trial,
    Verdict,
)
from edgeproof.domain.time import Window

if TYPE_CHECKING:
    from edgeproof.adapters.database._rows import (
        CycleRow,
        PoolEntryRow,
        RankingDecisionRow,
        ReportRow,
        StageRow,
        StrategyVersionRow,
        TrialRow,
    )


def to_cycle(row: CycleRow) -> CycleRecord:
    """The cycle of a row, with its stages."""
    return CycleRecord(
        cycle_id=row.cycle_id,
        run_id=row.run_id,
        status=RunStatus(row.status),
        request=decode_json(row.request),
        started_ms=row.started_ms,
        finished_ms=row.finished_ms,
        heartbeat_ms=row.heartbeat_ms,
        pid=row.pid,
        detail=row.detail,
        stages=tuple(to_stage(stage) for stage in row.stages),
    )


def to_stage(row: StageRow) -> StageRecord:
    """The stage of a row."""
    return StageRecord(
        name=row.name,
        status=RunStatus(row.status),
        started_ms=row.started_ms,
        finished_ms=row.finished_ms,
        done=row.done,
        total=row.total,
        detail=row.detail,
    )


def from_stage(stage: StageRecord) -> dict[str, Any]:
    """The columns of a stage, but for its cycle and position."""
    return {
        "name": stage.name,
        "status": str(stage.status),
        "started_ms": int(stage.started_ms),
        "finished_ms": None if stage.finished_ms is None else int(stage.finished_ms),
        "done": int(stage.done),
        "total": int(stage.total),
        "detail": stage.detail,
    }


def to_version(row: StrategyVersionRow) -> StrategyVersion:
    """The strategy version of a row."""
    return StrategyVersion(
        strategy_hash=row.strategy_hash,
        name=row.name,
        text=row.text,
        origin=row.origin,
        first_seen_ms=row.first_seen_ms,
    )


def from_version(version: StrategyVersion) -> dict[str, Any]:
    """The columns of a strategy version."""
    return {
        "strategy_hash": version.strategy_hash,
        "name": version.name,
        "text": version.text,
        "origin": version.origin,
        "first_seen_ms": int(version.first_seen_ms),
    }


def to_trial(row: TrialRow) -> Trial:
    """The trial of a row."""
    return Trial(
        key=row.key,
        strategy_hash=row.strategy_hash,
        strategy=row.strategy,
        params=decode_json(row.params),
        instrument=Instrument(venue=row.venue, symbol=row.symbol),
        timeframe=row.timeframe,
        window=Window(start_ms=row.window_start_ms, end_ms=row.window_end_ms),
        data_hash=row.data_hash,
        costs=decode_json(row.costs),
        trades=row.trades,
        metrics=decode_json(row.metrics),
        first_day=row.first_day,
        daily_returns=unpack_floats(row.daily_returns),
        result_hash=row.result_hash,
        origin=row.origin,
        created_ms=row.created_ms,
    )


def from_trial(trial: Trial) -> dict[str, Any]:
    """The columns of a trial."""
    return {
        "key": trial.key,
        "strategy_hash": trial.strategy_hash,
        "strategy": trial.strategy,
        "params": encode_json("params", trial.params),
        "venue": trial.instrument.venue,
        "symbol": trial.instrument.symbol,
        "timeframe": trial.timeframe,
        "window_start_ms": int(trial.window.start_ms),
        "window_end_ms": int(trial.window.end_ms),
        "data_hash": trial.data_hash,
        "costs": encode_json("costs", trial.costs),
        "trades": int(trial.trades),
        "metrics": encode_json("metrics", trial.metrics),
        "first_day": trial.first_day,
        "daily_returns": pack_floats(trial.daily_returns),
        "result_hash": trial.result_hash,
        "origin": trial.origin,
        "created_ms": int(trial.created_ms),
    }


def to_decision(row: RankingDecisionRow) -> RankingDecision:
    """The decision of a row."""
    return RankingDecision(
        strategy_hash=row.strategy_hash,
        strategy=row.strategy,
        instrument=row.instrument,
        timeframe=row.timeframe,
        action=row.action,
        reason=row.reason,
        score=row.score,
        rank=row.rank,
        ingredients=decode_json(row.ingredients),
    )


def from_decision(decision: RankingDecision) -> dict[str, Any]:
    """The columns of a decision, but for its cycle and position."""
    return {
        "strategy_hash": decision.strategy_hash,
        "strategy": decision.strategy,
        "instrument": decision.instrument,
        "timeframe": decision.timeframe,
        "action": decision.action,
        "reason": decision.reason,
        "score": _finite_score(decision.score),
        "rank": None if decision.rank is None else int(decision.rank),
        "ingredients": encode_json("ingredients", decision.ingredients),
    }


def to_pool_entry(row: PoolEntryRow) -> PoolEntry:
    """The pool entry of a row."""
    return PoolEntry(
        pool=row.pool,
        rank=row.rank,
        strategy_hash=row.strategy_hash,
        strategy=row.strategy,
        instrument=row.instrument,
        timeframe=row.timeframe,
        score=row.score,
        verdict=Verdict(row.verdict),
    )


def from_pool_entry(entry: PoolEntry) -> dict[str, Any]:
    """The columns of a pool entry, but for its cycle."""
    return {
        "pool": entry.pool,
        "rank": int(entry.rank),
        "strategy_hash": entry.strategy_hash,
        "strategy": entry.strategy,
        "instrument": entry.instrument,
        "timeframe": entry.timeframe,
        "score": _finite_score(entry.score),
        "verdict": str(entry.verdict),
    }


def to_report(row: ReportRow) -> ReportRecord:
    """The report of a row."""
    return ReportRecord(
        cycle_id=row.cycle_id,
        run_id=row.run_id,
        created_ms=row.created_ms,
        json_text=row.json_text,
    )


def _finite_score(score: float) -> float:
    # SQLite keeps NaN as null, PostgreSQL as NaN: neither is a score.
    if not math.isfinite(score):
        raise InvalidValue("score", float(score), "a finite number")
    return float(score)
