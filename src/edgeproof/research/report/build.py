"""The report as JSON: a pure function of what the cycle found. Keys are stable (DESIGN, section 8)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from edgeproof.backtest import break_down_costs
from edgeproof.domain.records import Verdict
from edgeproof.domain.time import MS_PER_SECOND, Timeframe, format_ms
from edgeproof.research.coverage import describe_coverage
from edgeproof.research.ranking import WEIGHTS, grade
from edgeproof.research.report.numbers import round_floats, thin_curve
from edgeproof.research.report.words import say_rules
from edgeproof.research.request import describe_absent
from edgeproof.research.review import review_cycle

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edgeproof.domain.records import StageRecord
    from edgeproof.evidence import EvidenceCard
    from edgeproof.research.coverage import Coverage
    from edgeproof.research.ranking import Scored
    from edgeproof.research.results import CycleResult, Judged

SCHEMA_VERSION: Final = 1
DEPLOYABLE_WIN_RATE: Final = 0.60
DEPLOYABLE_SHARPE: Final = 1.5
# Keys whose values tell when, not what: two runs of one request differ in nothing else.
TIME_KEYS: Final = ("started_at", "finished_at", "stages")


def build_report(result: CycleResult) -> dict[str, Any]:
    """The whole report; every number finite and rounded, every list in a fixed order."""
    report = {
        "schema_version": SCHEMA_VERSION,
        "run_id": result.run_id,
        "version": result.version,
        "started_at": format_ms(result.started_ms),
        "finished_at": format_ms(result.finished_ms),
        "universe": [_describe_market(c) for c in result.coverages],
        "window": _describe_window(result),
        "data": _describe_data(result),
        "activity": _count_activity(result),
        "pools": {
            "strategies": [_describe_row(row) for row in result.pool],
            "models": [],
            "ensembles": [],
        },
        "archived": [_describe_archived(row) for row in result.judged[len(result.pool) :]],
        "candidates": [_name_row(row) for row in result.pool if is_deployable(row)],
        "verdicts": result.verdicts,
        "placebo": {"status": "not_run", "reason": "this version has no placebo run yet"},
        "health": asdict(result.health),
        "stages": [_describe_stage(stage) for stage in result.stages],
        "review": [asdict(remark) for remark in review_cycle(result)],
        "costs": _describe_costs(result),
        "failures": [asdict(failure) for failure in result.failures],
        "skipped": [asdict(skipped) for skipped in result.skipped],
    }
    rounded: dict[str, Any] = round_floats(report)
    return rounded


def close_report(report: Mapping[str, Any], stage: StageRecord, *, finished_ms: int) -> dict[str, Any]:
    """The report with its own stage and the time it was finished: what is known only after it is built."""
    return {
        **report,
        "finished_at": format_ms(finished_ms),
        "stages": [*report["stages"], _describe_stage(stage)],
    }


def is_deployable(row: Judged) -> bool:
    """Whether a row passes the librarian's thresholds: win rate, Sharpe ratio and a verdict that nothing failed."""
    metrics = row.ranked.best.candidate.metrics
    return (
        row.card.verdict in {Verdict.PROVISIONAL, Verdict.PROVEN}
        and (metrics.win_rate or 0.0) >= DEPLOYABLE_WIN_RATE
        and metrics.sharpe is not None
        and metrics.sharpe.estimate >= DEPLOYABLE_SHARPE
    )


def _describe_market(coverage: Coverage) -> dict[str, Any]:
    return {
        "instrument": str(coverage.instrument),
        "venue": coverage.instrument.venue,
        "symbol": coverage.instrument.symbol,
        "timeframe": coverage.timeframe.name,
    }


def _describe_window(result: CycleResult) -> dict[str, Any]:
    window = result.universe.window
    return {"start": format_ms(window.start_ms), "end": format_ms(window.end_ms), "days": window.days}


def _describe_data(result: CycleResult) -> dict[str, Any]:
    bars = sum(c.bars for c in result.coverages)
    expected = sum(c.expected for c in result.coverages)
    return {
        "data_hash": result.data_hash,
        "bars": bars,
        "expected": expected,
        "coverage": bars / expected,
        "summary": " ".join(filter(None, (describe_coverage(result.coverages), describe_absent(result.universe)))),
        "left_out": [
            {
                "instrument": str(one.instrument),
                "venue": one.instrument.venue,
                "symbol": one.instrument.symbol,
                "last_bar": format_ms(one.last_ms),
            }
            for one in result.universe.absent
        ],
        "symbols": [
            {
                "instrument": str(c.instrument),
                "symbol": c.instrument.symbol,
                "timeframe": c.timeframe.name,
                "bars": c.bars,
                "expected": c.expected,
                "coverage": c.share,
                "first": format_ms(c.first_ms),
                "last": format_ms(c.last_ms),
                "gaps": c.gaps,
                "missing_before": c.missing_before,
                "missing_inside": c.missing_inside,
                "missing_after": c.missing_after,
                "funding_settlements": c.settlements,
                "longest_unfunded_hours": c.longest_unfunded_hours,
            }
            for c in result.coverages
        ],
    }


def _count_activity(result: CycleResult) -> dict[str, int]:
    return {
        "strategies_tested": result.strategies,
        "strategies_designed": 0,
        "strategies_tuned": 0,
        "strategies_archived": len(result.ranking.archived) + len(result.ranking.quarantined),
        "strategies_quarantined": len(result.ranking.quarantined),
        "models_trained": 0,
        "ensembles_tested": 0,
        "evaluations": result.evaluations,
        "evaluations_failed": len(result.failures),
        "trials_total": result.field.total,
        "trials_effective": result.field.effective,
    }


def _describe_row(row: Judged) -> dict[str, Any]:
    best = row.ranked.best
    return {
        **_name_row(row),
        "strategy_hash": row.thesis.strategy_hash,
        "thesis": row.thesis.thesis,
        "source": row.thesis.source,
        "params": dict(sorted(row.params.items())),
        "summary": row.card.summary,
        "trials": {
            "best_of": len(row.ranked.others) + 1,
            "with_trades": sum(s.ingredients.trades > 0 for s in _all_of(row)),
            "earned": sum(s.ingredients.net_return > 0.0 for s in _all_of(row)),
            "quarantined": sum(bool(s.candidate.suspicions) for s in _all_of(row)),
        },
        "evidence": _describe_card(row.card),
        "reproduced": row.reproduced,
        "ingredients": _describe_ingredients(best),
        "metrics": asdict(best.candidate.metrics),
        "costs": asdict(break_down_costs(best.candidate.metrics)),
        "by_symbol": _tell_by_symbol(row),
        "by_timeframe": _tell_by_timeframe(row),
        "curve": None if row.curve is None else thin_curve(row.curve),
    }


def _name_row(row: Judged) -> dict[str, Any]:
    best = row.ranked.best.candidate
    metrics = best.metrics
    return {
        "rank": row.ranked.rank,
        "strategy": best.strategy,
        "instrument": str(best.instrument),
        "venue": best.instrument.venue,
        "symbol": best.instrument.symbol,
        "timeframe": best.timeframe,
        "verdict": str(row.card.verdict),
        "score": row.ranked.best.score,
        "days": metrics.days,
        "trades": metrics.trades,
        "net_return": metrics.total_return,
        "win_rate": metrics.win_rate,
        "sharpe": None if metrics.sharpe is None else metrics.sharpe.estimate,
    }


def _describe_archived(row: Judged) -> dict[str, Any]:
    return {**_name_row(row), "strategy_hash": row.thesis.strategy_hash, "summary": row.card.summary}


def _describe_card(card: EvidenceCard) -> dict[str, Any]:
    return {
        "verdict": str(card.verdict),
        "trials_total": card.field.total,
        "trials_effective": card.field.effective,
        "sharpe_per_day": card.sharpe_per_day,
        "best_of_worthless_per_day": card.best_of_worthless_per_day,
        "more_days": card.more_days,
        "gates": [{**asdict(gate), "status": str(gate.status)} for gate in card.gates],
    }


def _describe_ingredients(scored: Scored) -> dict[str, dict[str, Any]]:
    shares = grade(scored.ingredients)
    values = {
        "deflated": scored.ingredients.deflated,
        "probability": scored.ingredients.probability,
        "profit_factor": scored.ingredients.profit_factor,
        "markets": scored.ingredients.markets_earned / max(1, scored.ingredients.markets),
        "steadiness": scored.ingredients.steadiness,
        "drawdown": scored.ingredients.drawdown,
        "trades": scored.ingredients.trades,
        "costs": scored.ingredients.costs_share,
    }
    return {name: {"value": values[name], "share": shares[name], "weight": WEIGHTS[name]} for name in WEIGHTS}


def _all_of(row: Judged) -> tuple[Scored, ...]:
    return (row.ranked.best, *row.ranked.others)


def _tell_by_symbol(row: Judged) -> list[dict[str, Any]]:
    """What the strategy did on every market at the timeframe that represents it, in order of market."""
    timeframe = row.ranked.best.candidate.timeframe
    same = [s for s in _all_of(row) if s.candidate.timeframe == timeframe]
    return [
        {
            "instrument": str(s.candidate.instrument),
            "symbol": s.candidate.instrument.symbol,
            "trades": s.candidate.metrics.trades,
            "net_return": s.candidate.metrics.total_return,
            "sharpe": None if s.candidate.metrics.sharpe is None else s.candidate.metrics.sharpe.estimate,
            "win_rate": s.candidate.metrics.win_rate,
            "max_drawdown": s.candidate.metrics.max_drawdown,
            "score": s.score,
            "quarantined": "; ".join(s.candidate.suspicions) or None,
        }
        for s in sorted(same, key=lambda s: s.candidate.place)
    ]


def _tell_by_timeframe(row: Judged) -> list[dict[str, Any]]:
    """On how many markets the strategy earned at each timeframe, shortest first."""
    groups: dict[str, list[Scored]] = defaultdict(list)
    for scored in _all_of(row):
        groups[scored.candidate.timeframe].append(scored)
    return [
        {
            "timeframe": timeframe,
            "markets": len(group),
            "earned": sum(s.ingredients.net_return > 0.0 for s in group),
            "trades": sum(s.ingredients.trades for s in group),
            "mean_net_return": sum(s.ingredients.net_return for s in group) / len(group),
            "mean_return_before_costs": sum(_return_before_costs(s) for s in group) / len(group),
        }
        for timeframe, group in sorted(groups.items(), key=lambda item: Timeframe.parse(item[0]))
    ]


def _return_before_costs(scored: Scored) -> float:
    metrics = scored.candidate.metrics
    return break_down_costs(metrics).gross / metrics.initial_equity


def _describe_stage(stage: StageRecord) -> dict[str, Any]:
    end = stage.started_ms if stage.finished_ms is None else stage.finished_ms
    return {"name": stage.name, "status": str(stage.status), "seconds": (end - stage.started_ms) / MS_PER_SECOND}


def _describe_costs(result: CycleResult) -> dict[str, Any]:
    """The assumed costs, and what they took from the pool's rows, each an account of its own."""
    totals = [break_down_costs(row.ranked.best.candidate.metrics) for row in result.pool]
    names = ("gross", "fees", "funding", "slippage", "net")
    return {
        "assumed": result.request.costs.to_dict(),
        "initial_equity": result.request.initial_equity,
        "rules": say_rules(
            sum(coverage.instrument in result.request.rules for coverage in result.coverages), len(result.coverages)
        ),
        "pool": {name: _sum(totals, name) for name in names},
    }


def _sum(totals: Sequence[object], name: str) -> float:
    return float(sum(getattr(total, name) for total in totals))
