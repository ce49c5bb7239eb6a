"""Results of cycles that never ran: trials drawn at random, judged by the real ranking and the real gates."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import numpy as np

from edgeproof.domain.instruments import Instrument
from edgeproof.domain.records import RunStatus, StageRecord, Trial
from edgeproof.domain.results import Interval, Metrics
from edgeproof.domain.time import MS_PER_DAY, MS_PER_HOUR, ONE_MINUTE, Timeframe, Window, parse_instant
from edgeproof.evidence import Findings, compound, describe_field, weigh_evidence
from edgeproof.research.candidates import Candidate, read_candidate
from edgeproof.research.coverage import Coverage, measure_coverage
from edgeproof.research.health import Component, sum_health
from edgeproof.research.ranking import Ranked, rank_candidates
from edgeproof.research.request import CycleRequest, Market, Universe
from edgeproof.research.results import Curve, CycleResult, Failure, Judged, Thesis

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgeproof.domain.arrays import FloatArray

END_MS = parse_instant("2025-06-24T00:00Z")
WINDOW = Window(start_ms=END_MS - 30 * MS_PER_DAY, end_ms=END_MS)
EQUITY = 10_000.0


def make_metrics(daily_returns: FloatArray, *, trades: int, costs_share: float = 0.4) -> Metrics:
    """Measures that agree with each other and with the daily returns."""
    net = compound(daily_returns)
    equity = EQUITY * np.cumprod(1.0 + daily_returns)
    gains = float(np.maximum(daily_returns, 0.0).sum()) * EQUITY
    losses = float(np.minimum(daily_returns, 0.0).sum()) * EQUITY
    spread = float(daily_returns.std(ddof=1))
    sharpe = float(daily_returns.mean()) / spread * 365**0.5 if spread > 0.0 and trades >= 30 else None
    costs = costs_share * max(gains, 1.0)
    peak = np.maximum.accumulate(np.r_[EQUITY, equity])
    return Metrics(
        days=float(len(daily_returns)),
        trades=trades,
        initial_equity=EQUITY,
        final_equity=EQUITY * (1.0 + net),
        total_return=net,
        annual_return=(1.0 + net) ** (365 / len(daily_returns)) - 1.0,
        annual_volatility=spread * 365**0.5,
        sharpe=None if sharpe is None else Interval(estimate=sharpe, low=sharpe - 6.8, high=sharpe + 6.8),
        sortino=None,
        calmar=None,
        max_drawdown=float((1.0 - np.r_[EQUITY, equity] / peak).max()),
        max_drawdown_days=3.5,
        win_rate=None if trades == 0 else 0.52,
        profit_factor=None if losses == 0.0 else gains / -losses,
        expectancy=None if trades == 0 else net * EQUITY / trades,
        average_win=12.0,
        average_loss=-10.0,
        best_trade=90.0,
        worst_trade=-70.0,
        exposure=0.35,
        turnover=120.0,
        fees=costs * 0.5,
        funding=costs * 0.05,
        slippage=costs * 0.45,
        gross_profit=gains,
        gross_loss=-losses,
        average_mae=0.008,
        average_mfe=0.009,
        average_hold_minutes=75.0,
        median_hold_minutes=40.0,
        liquidations=0,
        rejected_orders=0,
    )


def make_trial(  # noqa: PLR0913 - a trial is many things, most of them with a default
    strategy: str,
    daily_returns: FloatArray,
    *,
    symbol: str = "BTC-USDT",
    timeframe: str = "5m",
    trades: int = 120,
    metrics: Metrics | None = None,
) -> Trial:
    """A trial with these daily returns."""
    measured = make_metrics(daily_returns, trades=trades) if metrics is None else metrics
    return Trial(
        key=f"{strategy}/{symbol}/{timeframe}",
        strategy_hash=f"hash-of-{strategy}",
        strategy=strategy,
        params={"window": 48.0},
        instrument=Instrument(venue="binance", symbol=symbol),
        timeframe=timeframe,
        window=WINDOW,
        data_hash="0123456789abcdef",
        costs={"taker": 0.0006},
        trades=trades,
        metrics=asdict(measured),
        first_day="2025-05-25",
        daily_returns=tuple(daily_returns.tolist()),
        result_hash=f"result-of-{strategy}/{symbol}/{timeframe}",
        origin="cycle",
        created_ms=END_MS,
    )


def draw_candidates(
    *, strategies: Sequence[str], symbols: Sequence[str], edges: Sequence[float], seed: int = 1
) -> list[Candidate]:
    """Every strategy on every symbol at three timeframes; ``edges`` are mean daily returns, one a strategy."""
    rng = np.random.default_rng(seed)
    return [
        read_candidate(
            make_trial(
                strategy,
                edge + 0.012 * rng.normal(size=30),
                symbol=symbol,
                timeframe=timeframe,
                trades=int(rng.integers(5, 400)),
            )
        )
        for strategy, edge in zip(strategies, edges, strict=True)
        for symbol in symbols
        for timeframe in ("1m", "5m", "1h")
    ]


def make_result(
    *,
    strategies: Sequence[str] = ("vwap_reversion", "ema_crossover", "momentum", "reversal"),
    symbols: Sequence[str] = ("BTC-USDT", "ETH-USDT", "SOL-USDT"),
    edges: Sequence[float] = (0.012, 0.001, -0.002, -0.006),
    places: int = 20,
    thesis: str = "Price stretched away from its mean snaps back.",
) -> CycleResult:
    """A whole result; the last symbol's bars end three weeks early."""
    candidates = draw_candidates(strategies=strategies, symbols=symbols, edges=edges)
    field = describe_field(np.array([c.daily_returns for c in candidates]), total=len(candidates))
    ranking = rank_candidates(candidates, field, places=places)
    judged = tuple(judge(row, thesis=thesis, kept=row in ranking.kept) for row in (*ranking.kept, *ranking.archived))
    return CycleResult(
        run_id="3f9a1c",
        version="0.1.0",
        started_ms=END_MS,
        finished_ms=END_MS + 24_000,
        request=CycleRequest(),
        universe=Universe(
            markets=tuple(
                Market(instrument=Instrument(venue="binance", symbol=s), timeframe=ONE_MINUTE, end_ms=END_MS)
                for s in symbols
            ),
            window=WINDOW,
        ),
        coverages=tuple(cover(symbol, is_short=symbol == symbols[-1]) for symbol in symbols),
        data_hash="0123456789abcdef",
        strategies=len(strategies),
        evaluations=len(candidates),
        field=field,
        ranking=ranking,
        judged=judged,
        failures=(Failure(strategy="momentum", instrument="binance:SOL-USDT", timeframe="1m", reason="no bars left"),),
        skipped=(),
        health=sum_health(
            (
                Component(name="coverage", share=0.77, weight=40.0, detail="100,000 of 129,600 bars"),
                Component(name="evidence", share=0.3, weight=60.0, detail="mean score of the best five: 30"),
            )
        ),
        stages=(
            StageRecord(name="score", status=RunStatus.DONE, started_ms=END_MS, finished_ms=END_MS + 1_200),
            StageRecord(name="backtest", status=RunStatus.DONE, started_ms=END_MS, finished_ms=END_MS + 21_000),
            StageRecord(name="rank", status=RunStatus.DONE, started_ms=END_MS, finished_ms=END_MS + 300),
        ),
    )


def judge(row: Ranked, *, thesis: str, kept: bool) -> Judged:
    """Weigh a row by the real gates, its trades made up from its days."""
    candidate = row.best.candidate
    days = candidate.daily_returns
    card = weigh_evidence(
        Findings(
            trades=candidate.metrics.trades,
            daily_returns=days,
            trade_returns=np.repeat(days / 4.0, 4),
            suspicions=candidate.suspicions,
            false_discovery=0.3,
            costs_doubled_return=candidate.metrics.total_return - 0.02 if kept else None,
            delayed_return=candidate.metrics.total_return - 0.01 if kept else None,
        ),
        describe_field(days[np.newaxis, :], total=36),
        seed=7,
    )
    return Judged(
        ranked=row,
        card=card,
        thesis=Thesis(strategy_hash=candidate.trial.strategy_hash, thesis=thesis, source="a textbook"),
        params=candidate.trial.params,
        curve=draw_curve(days) if kept else None,
        reproduced=True if kept else None,
    )


def draw_curve(daily_returns: FloatArray) -> Curve:
    """Hourly equity that reaches each day's close."""
    hours = 24 * len(daily_returns)
    growth = np.repeat(np.log1p(daily_returns) / 24.0, 24)
    return Curve(
        ts=WINDOW.start_ms + np.arange(1, hours + 1, dtype=np.int64) * MS_PER_HOUR,
        equity=EQUITY * np.exp(np.cumsum(growth)),
    )


def cover(symbol: str, *, is_short: bool = False) -> Coverage:
    """Coverage by minutes, whole or ending three weeks early."""
    end = WINDOW.end_ms - (21 * MS_PER_DAY if is_short else 0)
    ts = np.arange(WINDOW.start_ms, end, ONE_MINUTE.ms, dtype=np.int64)
    return measure_coverage(Instrument(venue="binance", symbol=symbol), Timeframe(1), ts, WINDOW)


def with_stage(result: CycleResult, stage: StageRecord) -> CycleResult:
    """The same result after one more stage."""
    return replace(result, stages=(*result.stages, stage))
