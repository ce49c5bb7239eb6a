"""The report's JSON: its keys, its numbers and what it promises about itself."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.domain.records import RunStatus, StageRecord, Verdict
from edgeproof.research.report import TIME_KEYS, build_report, close_report
from edgeproof.research.report.build import is_deployable
from edgeproof.research.report.numbers import round_floats, thin_curve
from edgeproof.research.results import Curve
from fakes.cycle_results import END_MS, make_result

STABLE_KEYS = {
    *("schema_version", "run_id", "started_at", "finished_at", "universe", "window", "data", "activity", "pools"),
    *("candidates", "verdicts", "placebo", "health", "stages", "review", "costs"),
}
ACTIVITY_KEYS = {
    *("strategies_designed", "strategies_tuned", "strategies_archived", "models_trained", "ensembles_tested"),
    *("trials_total", "trials_effective"),
}


def test_the_stable_keys_are_there() -> None:
    report = build_report(make_result())
    assert set(report) >= STABLE_KEYS
    assert set(report["activity"]) >= ACTIVITY_KEYS
    assert set(report["pools"]) == {"strategies", "models", "ensembles"}
    assert set(report["verdicts"]) == {"proven", "provisional", "rejected", "insufficient"}
    assert set(report["health"]) == {"score", "label", "components"}
    assert all(set(stage) == {"name", "status", "seconds"} for stage in report["stages"])
    assert report["placebo"]["status"] == "not_run"


def test_the_report_is_strict_json() -> None:
    report = build_report(make_result())
    assert json.loads(json.dumps(report, allow_nan=False)) == report


def test_the_same_result_gives_the_same_report() -> None:
    assert json.dumps(build_report(make_result())) == json.dumps(build_report(make_result()))


def test_times_differ_between_runs_and_nothing_else_does() -> None:
    result = make_result()
    later = replace(result, started_ms=END_MS + 5_000, finished_ms=END_MS + 99_000, stages=result.stages[:1])
    first, second = build_report(result), build_report(later)
    assert {key for key in first if first[key] != second[key]} == set(TIME_KEYS)


def test_every_row_of_the_pool_shows_its_evidence() -> None:
    for row in build_report(make_result())["pools"]["strategies"]:
        assert row["verdict"] == row["evidence"]["verdict"]
        assert row["trials"]["best_of"] == 9
        assert {gate["status"] for gate in row["evidence"]["gates"]} <= {"passed", "failed", "not_run"}
        assert row["evidence"]["trials_total"] == 36
        assert [one["symbol"] for one in row["by_symbol"]] == ["BTC-USDT", "ETH-USDT", "SOL-USDT"]
        assert [one["timeframe"] for one in row["by_timeframe"]] == ["1m", "5m", "1h"]
        costs = row["costs"]
        paid = costs["fees"] + costs["funding"] + costs["slippage"]
        assert costs["gross"] - paid == pytest.approx(costs["net"], rel=1e-6)


def test_a_strategy_below_the_pool_is_archived_with_a_reason() -> None:
    report = build_report(make_result(places=3))
    assert len(report["pools"]["strategies"]) == 3
    assert [row["rank"] for row in report["archived"]] == [4]
    assert report["archived"][0]["summary"]
    assert report["activity"]["strategies_archived"] == 1


def test_verdicts_count_every_strategy_once() -> None:
    assert sum(build_report(make_result())["verdicts"].values()) == 4


def test_only_a_verdict_that_nothing_failed_makes_a_candidate() -> None:
    row = make_result().judged[0]
    best = row.ranked.best
    strong = replace(best.candidate, metrics=replace(best.candidate.metrics, win_rate=0.7))
    winner = replace(
        row,
        ranked=replace(row.ranked, best=replace(best, candidate=strong)),
        card=replace(row.card, verdict=Verdict.PROVISIONAL),
    )
    assert is_deployable(winner)
    assert not is_deployable(replace(winner, card=replace(row.card, verdict=Verdict.REJECTED)))
    assert not is_deployable(replace(winner, ranked=row.ranked))


def test_the_report_stage_is_told_last() -> None:
    stage = StageRecord(name="report", status=RunStatus.DONE, started_ms=END_MS, finished_ms=END_MS + 250)
    closed = close_report(build_report(make_result()), stage, finished_ms=END_MS + 60_000)
    assert closed["stages"][-1] == {"name": "report", "status": "done", "seconds": 0.25}
    assert closed["finished_at"] == "2025-06-24T00:01:00Z"


def test_the_review_says_what_a_reader_must_know() -> None:
    topics = {remark["topic"] for remark in build_report(make_result())["review"]}
    assert topics >= {"coverage", "luck", "failures"}
    losing = build_report(make_result(edges=(-0.02, -0.02, -0.02, -0.02)))
    assert losing["review"][0]["topic"] == "nothing_earned"


def test_a_row_that_was_not_reproduced_is_a_warning() -> None:
    result = make_result()
    doubtful = replace(result, judged=(replace(result.judged[0], reproduced=False), *result.judged[1:]))
    remarks = {remark["topic"]: remark for remark in build_report(doubtful)["review"]}
    assert remarks["reproducibility"]["severity"] == "warning"


@given(st.floats(allow_nan=True, allow_infinity=True))
@settings(deadline=None)
def test_numbers_are_finite_and_close_or_absent(value: float) -> None:
    (rounded,) = round_floats([value])
    if np.isfinite(value):
        assert rounded == pytest.approx(value, rel=1e-7)
        assert str(rounded) != "-0.0"
    else:
        assert rounded is None


@given(st.integers(1, 2_000), st.integers(2, 400), st.integers(0, 2**16))
@settings(deadline=None, max_examples=60)
def test_a_thinned_curve_keeps_its_end_and_its_deepest_fall(count: int, points: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    equity = 10_000.0 * np.exp(np.cumsum(rng.normal(0.0, 0.01, size=count)))
    curve = Curve(ts=np.arange(count, dtype=np.int64) * 3_600_000, equity=equity)
    thin = thin_curve(curve, points=points)
    assert len(thin["ts"]) == len(thin["equity"]) == len(thin["drawdown"]) <= points
    assert thin["equity"][-1] == pytest.approx(equity[-1], rel=1e-5)
    deepest = (1.0 - equity / np.maximum.accumulate(equity)).max()
    assert max(thin["drawdown"]) == pytest.approx(deepest, rel=1e-5, abs=1e-9)
