"""Gates, suspicion and verdict: what is asked of a result, and what follows from the answers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.domain.records import Verdict
from edgeproof.domain.results import Interval, Metrics
from edgeproof.evidence import (
    EvidenceCard,
    Findings,
    GateStatus,
    TrialField,
    compound,
    find_suspicions,
    measure_moments,
    probabilistic_sharpe,
    weigh_evidence,
)

FIELD = TrialField(total=1_350, effective=300, standard_variance=1.0)
ALONE = TrialField(total=1, effective=1, standard_variance=1.0)

_rng = np.random.default_rng(8)
STEADY = Findings(
    trades=200,
    daily_returns=0.01 + 0.004 * _rng.normal(size=30),
    trade_returns=0.0015 + 0.002 * _rng.normal(size=200),
    false_discovery=0.001,
    costs_doubled_return=0.2,
    delayed_return=0.25,
)

METRICS = Metrics(
    days=30.0,
    trades=200,
    initial_equity=10_000.0,
    final_equity=10_500.0,
    total_return=0.05,
    annual_return=0.8,
    annual_volatility=0.2,
    sharpe=Interval(estimate=4.0, low=-1.0, high=9.0),
    sortino=6.0,
    calmar=5.0,
    max_drawdown=0.05,
    max_drawdown_days=4.0,
    win_rate=0.55,
    profit_factor=1.4,
    expectancy=2.5,
    average_win=10.0,
    average_loss=-8.0,
    best_trade=50.0,
    worst_trade=-30.0,
    exposure=0.4,
    turnover=200.0,
    fees=120.0,
    funding=3.0,
    slippage=100.0,
    gross_profit=1_750.0,
    gross_loss=-1_250.0,
    average_mae=0.01,
    average_mfe=0.012,
    average_hold_minutes=60.0,
    median_hold_minutes=45.0,
    liquidations=0,
    rejected_orders=0,
)


def failed_gates(card: EvidenceCard) -> list[str]:
    return [gate.name for gate in card.gates if gate.status is GateStatus.FAILED]


def test_a_result_that_passes_every_gate_there_is_stays_provisional() -> None:
    card = weigh_evidence(STEADY, FIELD, seed=1)
    assert card.verdict is Verdict.PROVISIONAL
    assert failed_gates(card) == []
    assert "11 gates" in card.summary


def test_what_was_not_run_is_listed_with_its_reason() -> None:
    skipped = {g.name: g.reason for g in weigh_evidence(STEADY, FIELD, seed=1).gates if g.status is GateStatus.NOT_RUN}
    assert set(skipped) >= {"vault", "placebo", "overfitting", "superior_ability", "neighbours", "regimes"}
    assert all(skipped.values())


@pytest.mark.parametrize(
    ("change", "gate"),
    [
        ({"suspicions": ("too good",)}, "sentinel"),
        ({"costs_doubled_return": -0.01}, "costs_doubled"),
        ({"delayed_return": 0.0}, "delayed"),
        ({"trade_returns": np.r_[np.full(195, -0.001), np.full(5, 0.1)]}, "best_trades_removed"),
        ({"daily_returns": np.r_[np.full(15, -0.001), 0.02 + np.arange(15) * 1e-3]}, "both_halves"),
        ({"daily_returns": np.zeros(30)}, "sharpe"),
        ({"daily_returns": -0.0005 + 0.01 * np.tile([1.0, -1.0], 15)}, "deflated_sharpe"),
    ],
)
def test_each_failure_alone_rejects(change: dict[str, object], gate: str) -> None:
    card = weigh_evidence(replace(STEADY, **change), FIELD, seed=1)  # type: ignore[arg-type]
    assert card.verdict is Verdict.REJECTED
    assert gate in failed_gates(card)
    assert gate.replace("_", " ") in card.summary


@pytest.mark.parametrize("rate", [0.2, None])
def test_what_only_luck_speaks_against_waits_for_more_data(rate: float | None) -> None:
    card = weigh_evidence(replace(STEADY, false_discovery=rate), FIELD, seed=1)
    assert card.verdict is Verdict.INSUFFICIENT
    assert failed_gates(card) == ["false_discovery"]
    assert "luck is not ruled out (false discovery)" in card.summary


def test_what_no_length_of_data_would_tell_from_luck_is_rejected() -> None:
    worthless = replace(STEADY, daily_returns=-0.0005 + 0.01 * np.tile([1.0, -1.0], 15))
    card = weigh_evidence(worthless, FIELD, seed=1)
    assert (card.verdict, card.more_days) == (Verdict.REJECTED, None)


def test_few_trades_are_insufficient_however_good_they_look() -> None:
    card = weigh_evidence(replace(STEADY, trades=29), FIELD, seed=1)
    assert card.verdict is Verdict.INSUFFICIENT
    assert "29 trades" in card.summary


NOT_RUN_AGAIN = replace(STEADY, trade_returns=None, costs_doubled_return=None, delayed_return=None)


@pytest.mark.parametrize(
    "finding", [NOT_RUN_AGAIN, replace(STEADY, delayed_return=None), replace(STEADY, costs_doubled_return=None)]
)
def test_what_was_not_run_again_is_insufficient_at_best_and_says_so(finding: Findings) -> None:
    card = weigh_evidence(finding, FIELD, seed=1)
    assert failed_gates(card) == []
    assert card.verdict is Verdict.INSUFFICIENT
    assert card.summary.startswith("Insufficient: it was not run again")


def test_what_was_not_run_again_can_still_be_rejected_or_lucky() -> None:
    lucky = weigh_evidence(replace(NOT_RUN_AGAIN, false_discovery=0.3), FIELD, seed=1)
    assert lucky.verdict is Verdict.INSUFFICIENT
    assert "luck is not ruled out (false discovery), and it was not run again" in lucky.summary
    suspect = weigh_evidence(replace(NOT_RUN_AGAIN, suspicions=("too good",)), FIELD, seed=1)
    assert suspect.verdict is Verdict.REJECTED


def test_nine_days_are_too_few_for_a_ratio_to_be_judged_and_ten_are_not() -> None:
    nine = weigh_evidence(replace(STEADY, daily_returns=STEADY.daily_returns[:9]), ALONE, seed=1)
    reasons = {gate.name: (gate.value, gate.reason) for gate in nine.gates if gate.name.endswith("sharpe")}
    assert reasons == dict.fromkeys(("sharpe", "deflated_sharpe"), (None, "fewer than 10 days"))
    assert (nine.verdict, nine.more_days) == (Verdict.INSUFFICIENT, 1)
    ten = weigh_evidence(replace(STEADY, daily_returns=STEADY.daily_returns[:10]), ALONE, seed=1)
    assert not {"sharpe", "deflated_sharpe"} & set(failed_gates(ten))


def test_a_gate_that_needs_trades_that_were_not_kept_is_not_run() -> None:
    card = weigh_evidence(replace(STEADY, trade_returns=None, delayed_return=None), FIELD, seed=1)
    gates = {gate.name: gate.status for gate in card.gates}
    assert gates["best_trades_removed"] is gates["mean_trade"] is gates["delayed"] is GateStatus.NOT_RUN


def test_the_same_record_needs_more_days_among_many_trials_than_alone() -> None:
    record = replace(STEADY, daily_returns=0.002 + 0.01 * np.tile([1.0, -1.0], 15))
    alone = weigh_evidence(record, ALONE, seed=1).more_days
    assert alone is not None
    assert alone > 0
    among_many = weigh_evidence(record, FIELD, seed=1).more_days
    assert among_many is not None
    assert alone < among_many < 1_000


@given(st.floats(0.0005, 0.004), st.integers(2, 5_000))
@settings(deadline=None, max_examples=40)
def test_so_many_more_days_like_these_pass_the_gate_and_one_less_does_not(drift: float, trials: int) -> None:
    field = TrialField(total=trials, effective=trials, standard_variance=1.3)
    moments = measure_moments(drift + 0.01 * np.tile([1.0, -1.0], 15))
    more_days = weigh_evidence(
        Findings(trades=100, daily_returns=drift + 0.01 * np.tile([1.0, -1.0], 15)), field, seed=1
    ).more_days
    assert moments is not None
    assert more_days is not None

    def be_sure(days: int) -> float:
        return probabilistic_sharpe(replace(moments, periods=days), field.expect_luck(days))

    assert be_sure(30 + more_days) >= 0.95 - 1e-9
    assert more_days == 0 or be_sure(29 + more_days) < 0.95


def test_a_sure_record_needs_no_more_days() -> None:
    assert weigh_evidence(STEADY, ALONE, seed=1).more_days == 0


def test_the_same_question_has_the_same_card() -> None:
    assert weigh_evidence(STEADY, FIELD, seed=4) == weigh_evidence(STEADY, FIELD, seed=4)


@given(st.integers(0, 60), st.floats(-0.02, 0.02), st.integers(0, 99))
@settings(deadline=None, max_examples=30)
def test_nothing_is_proven_while_the_vault_is_missing(trades: int, drift: float, seed: int) -> None:
    days = drift + 0.01 * np.random.default_rng(seed).normal(size=30)
    card = weigh_evidence(Findings(trades=trades, daily_returns=days), FIELD, seed=seed)
    assert card.verdict in {Verdict.INSUFFICIENT, Verdict.REJECTED, Verdict.PROVISIONAL}
    assert card.verdict is Verdict.INSUFFICIENT or trades >= 30


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"win_rate": 0.97}, "97% of 200 trades"),
        ({"sharpe": Interval(estimate=25.0, low=12.0, high=38.0)}, "12.0"),
        ({"profit_factor": 14.0}, "14.0 times"),
    ],
)
def test_what_is_too_good_is_said(change: dict[str, object], told: str) -> None:
    (reason,) = find_suspicions(replace(METRICS, **change), STEADY.daily_returns * 0.0)  # type: ignore[arg-type]
    assert told in reason


def test_a_month_without_a_losing_day_is_suspicious() -> None:
    assert find_suspicions(METRICS, np.full(30, 0.001)) == ("not one losing day in 30",)
    assert find_suspicions(METRICS, np.r_[np.full(29, 0.001), -0.001]) == ()


def test_a_handful_of_trades_may_all_win() -> None:
    assert find_suspicions(replace(METRICS, trades=12, win_rate=1.0), np.full(30, 0.001)) == ()


def test_returns_compound() -> None:
    assert compound(np.array([0.1, -0.5])) == pytest.approx(-0.45)
    assert compound(np.empty(0)) == 0.0
