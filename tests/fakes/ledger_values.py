"""Values a ledger keeps, made with as few words as a test needs."""

from __future__ import annotations

from edgeproof.domain.instruments import Instrument
from edgeproof.domain.records import (
    PoolEntry,
    RankingDecision,
    ReportRecord,
    RunStatus,
    StageRecord,
    StrategyVersion,
    Trial,
    Verdict,
)
from edgeproof.domain.time import MS_PER_DAY, Window

MORNING_MS = 1_748_908_800_000  # 2025-06-03
WINDOW = Window(start_ms=MORNING_MS - 30 * MS_PER_DAY, end_ms=MORNING_MS)


def make_trial(  # noqa: PLR0913 - a test names only what it is about
    key: str = "k1",
    *,
    result_hash: str = "answer",
    strategy_hash: str = "ema-hash",
    daily_returns: tuple[float, ...] = (0.01, -0.02, 0.1 + 0.2),
    metrics: dict[str, object] | None = None,
    params: dict[str, float] | None = None,
    trades: int = 42,
) -> Trial:
    """One trial of an EMA crossover on bitcoin."""
    return Trial(
        key=key,
        strategy_hash=strategy_hash,
        strategy="ema_crossover",
        params={"fast": 9.0, "slow": 21.0} if params is None else params,
        instrument=Instrument(venue="blofin", symbol="BTC-USDT"),
        timeframe="5m",
        window=WINDOW,
        data_hash="d" * 16,
        costs={"maker": 0.0002, "taker": 0.0006},
        trades=trades,
        metrics={"sharpe": {"estimate": 1.25, "low": -0.1, "high": 2.5}, "calmar": None}
        if metrics is None
        else metrics,
        first_day="2025-05-04",
        daily_returns=daily_returns,
        result_hash=result_hash,
        origin="cycle",
        created_ms=MORNING_MS,
    )


def make_version(
    strategy_hash: str = "ema-hash", name: str = "ema_crossover", text: str = "name: x"
) -> StrategyVersion:
    """One strategy version of the library."""
    return StrategyVersion(
        strategy_hash=strategy_hash, name=name, text=text, origin="library", first_seen_ms=MORNING_MS
    )


def make_stage(
    name: str, status: RunStatus = RunStatus.RUNNING, *, done: int = 0, total: int = 0, finished_ms: int | None = None
) -> StageRecord:
    """One stage of a cycle."""
    return StageRecord(name=name, status=status, started_ms=MORNING_MS, finished_ms=finished_ms, done=done, total=total)


def make_decision(
    strategy: str = "ema_crossover",
    *,
    action: str = "kept",
    rank: int | None = 1,
    score: float = 61.5,
    ingredients: dict[str, float | None] | None = None,
) -> RankingDecision:
    """Why one candidate was kept or archived."""
    return RankingDecision(
        strategy_hash=f"{strategy}-hash",
        strategy=strategy,
        instrument="blofin:BTC-USDT",
        timeframe="5m",
        action=action,
        reason="best of its pool" if action == "kept" else "fewer than 30 trades",
        score=score,
        rank=rank,
        ingredients={"sharpe": 0.5, "calmar": None} if ingredients is None else ingredients,
    )


def make_place(
    rank: int = 1, strategy: str = "ema_crossover", *, pool: str = "strategies", score: float = 61.5
) -> PoolEntry:
    """One place in a pool."""
    return PoolEntry(
        pool=pool,
        rank=rank,
        strategy_hash=f"{strategy}-hash",
        strategy=strategy,
        instrument="blofin:BTC-USDT",
        timeframe="5m",
        score=score,
        verdict=Verdict.PROVISIONAL,
    )


def make_report(cycle_id: int, json_text: str = '{"schema_version": 1}') -> ReportRecord:
    """One report of a cycle."""
    return ReportRecord(cycle_id=cycle_id, run_id="run", created_ms=MORNING_MS, json_text=json_text)
