"""What the ledger remembers, as values; rows and sessions stay in its adapter."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edgeproof.domain.instruments import Instrument
    from edgeproof.domain.time import Window


class RunStatus(StrEnum):
    """The life of a cycle or a stage: running, then one of the others."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


class Verdict(StrEnum):
    """How strong the proof of a strategy is."""

    INSUFFICIENT = "insufficient"
    REJECTED = "rejected"
    PROVISIONAL = "provisional"
    PROVEN = "proven"


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyVersion:
    """One content of one strategy; two spellings of the same strategy have one hash."""

    strategy_hash: str
    name: str
    text: str
    origin: str  # library, workspace, cli
    first_seen_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One evaluation of one strategy version with one set of parameters on one window of one instrument.

    ``key`` names the question (strategy, parameters, instrument, timeframe, window, data, costs); ``result_hash`` names
    the answer, so that asking again must give the same one.
    """

    key: str
    strategy_hash: str
    strategy: str
    params: Mapping[str, float]
    instrument: Instrument
    timeframe: str
    window: Window
    data_hash: str
    costs: Mapping[str, float]
    trades: int
    metrics: Mapping[str, Any]  # JSON of domain.results.Metrics
    first_day: str  # ISO date of daily_returns[0]
    daily_returns: tuple[float, ...]
    result_hash: str
    origin: str  # cycle, cli, sweep, ...
    created_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StageRecord:
    """One stage of a cycle."""

    name: str
    status: RunStatus
    started_ms: int
    finished_ms: int | None = None
    done: int = 0  # units of work finished, of `total`
    total: int = 0
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleRecord:
    """One pass of the loop. ``run_id`` names its inputs: the same request on the same data has the same one."""

    cycle_id: int
    run_id: str
    status: RunStatus
    request: Mapping[str, Any]
    started_ms: int
    finished_ms: int | None = None
    heartbeat_ms: int | None = None
    pid: int | None = None
    detail: str = ""
    stages: tuple[StageRecord, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RankingDecision:
    """Why one candidate was kept or archived in one cycle."""

    strategy_hash: str
    strategy: str
    instrument: str
    timeframe: str
    action: str  # kept, archived
    reason: str
    score: float
    rank: int | None
    ingredients: Mapping[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolEntry:
    """One place in a pool after one cycle."""

    pool: str  # strategies, models, ensembles
    rank: int
    strategy_hash: str
    strategy: str
    instrument: str
    timeframe: str
    score: float
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRecord:
    """One report as it was given, JSON text and all."""

    cycle_id: int
    run_id: str
    created_ms: int
    json_text: str
