"""The score's promises, and what becomes of every candidate."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.evidence import TrialField, describe_field
from edgeproof.research.candidates import Candidate, Ingredients, measure_steadiness, read_candidate
from edgeproof.research.ranking import WEIGHTS, grade, rank_candidates, score
from fakes.cycle_results import draw_candidates, make_metrics, make_trial

FIELD = TrialField(total=500, effective=200, standard_variance=1.0)
SYMBOLS = ("BTC-USDT", "ETH-USDT", "SOL-USDT")

shares = st.floats(0.0, 1.0)


@st.composite
def ingredients(draw: st.DrawFn) -> Ingredients:
    has_sharpe = draw(st.booleans())
    markets = draw(st.integers(1, 40))
    return Ingredients(
        has_sharpe=has_sharpe,
        trades=draw(st.integers(30, 5_000) if has_sharpe else st.integers(0, 29)),
        net_return=draw(st.floats(-1.0, 5.0)),
        probability=draw(shares) if has_sharpe else None,
        deflated=draw(shares) if has_sharpe else None,
        profit_factor=draw(st.none() | st.floats(0.0, 50.0)),
        drawdown=draw(shares),
        markets_earned=draw(st.integers(0, markets)),
        markets=markets,
        steadiness=draw(shares),
        costs_share=draw(st.none() | st.floats(0.0, 20.0)),
    )


@given(ingredients())
@settings(deadline=None, max_examples=200)
def test_a_score_is_between_0_and_100_and_stays_in_its_band(given_ingredients: Ingredients) -> None:
    value = score(given_ingredients)
    assert 0.0 <= value < 100.0
    earned = given_ingredients.net_return > 0.0
    if not given_ingredients.has_sharpe:
        assert value < (20.0 if earned else 5.0)
    else:
        assert (value >= 25.0) if earned else (20.0 <= value < 25.0)
    assert all(0.0 <= share <= 1.0 for share in grade(given_ingredients).values())


@given(ingredients(), ingredients())
@settings(deadline=None, max_examples=200)
def test_few_trades_never_outrank_enough_trades(one: Ingredients, other: Ingredients) -> None:
    if one.has_sharpe and not other.has_sharpe:
        assert score(one) > score(other)


@given(ingredients(), st.data())
@settings(deadline=None, max_examples=300)
def test_a_better_ingredient_never_lowers_the_score(worse: Ingredients, data: st.DataObject) -> None:
    better = replace(
        worse,
        trades=worse.trades + data.draw(st.integers(0, 500) if worse.has_sharpe else st.just(0)),
        net_return=worse.net_return + data.draw(st.floats(0.0, 3.0)),
        probability=None if worse.probability is None else data.draw(st.floats(worse.probability, 1.0)),
        deflated=None if worse.deflated is None else data.draw(st.floats(worse.deflated, 1.0)),
        profit_factor=None
        if worse.profit_factor is None
        else data.draw(st.floats(worse.profit_factor, worse.profit_factor + 50.0)),
        drawdown=data.draw(st.floats(0.0, worse.drawdown)),
        markets_earned=data.draw(st.integers(worse.markets_earned, worse.markets)),
        steadiness=data.draw(st.floats(worse.steadiness, 1.0)),
        costs_share=None if worse.costs_share is None else data.draw(st.floats(0.0, worse.costs_share)),
    )
    assert score(better) >= score(worse) - 1e-9


@pytest.mark.parametrize(
    "better",
    [
        {"trades": 900},
        {"probability": 0.99},
        {"deflated": 0.9, "probability": 0.95},
        {"profit_factor": 1.9},
        {"drawdown": 0.01},
        {"markets_earned": 9},
        {"steadiness": 0.9},
        {"costs_share": 0.1},
    ],
)
def test_every_ingredient_counts(better: dict[str, float]) -> None:
    plain = Ingredients(
        has_sharpe=True,
        trades=100,
        net_return=0.02,
        probability=0.8,
        deflated=0.1,
        profit_factor=1.2,
        drawdown=0.05,
        markets_earned=5,
        markets=10,
        steadiness=0.6,
        costs_share=0.5,
    )
    assert score(replace(plain, **better)) > score(plain) + 0.1  # type: ignore[arg-type]


@given(ingredients(), ingredients())
@settings(deadline=None, max_examples=200)
def test_among_losers_the_smaller_loss_is_never_outweighed(one: Ingredients, other: Ingredients) -> None:
    one, other = (replace(i, net_return=-abs(i.net_return) / 5.0, trades=max(i.trades, 1)) for i in (one, other))
    if one.has_sharpe == other.has_sharpe and one.net_return >= other.net_return:
        assert score(one) >= score(other)


def test_more_trades_on_more_markets_do_not_outweigh_the_loss() -> None:
    small = Ingredients(
        has_sharpe=True,
        trades=40,
        net_return=-0.358,
        probability=0.01,
        deflated=0.0,
        profit_factor=0.7,
        drawdown=0.4,
        markets_earned=0,
        markets=12,
        steadiness=0.1,
        costs_share=None,
    )
    large = replace(small, trades=4_000, net_return=-0.889, markets_earned=6)
    assert score(small) > score(large)
    assert grade(large)["trades"] == grade(large)["markets"] == 0.0


def test_weights_add_up_to_one() -> None:
    assert sum(WEIGHTS.values()) == pytest.approx(1.0)


def test_a_candidate_without_trades_scores_nothing() -> None:
    candidate = read_candidate(make_trial("idle", np.zeros(30), trades=0))
    ranking = rank_candidates([candidate], FIELD)
    assert ranking.kept[0].best.score == 0.0


def test_a_field_in_which_everything_loses_does_not_look_good() -> None:
    losers = draw_candidates(strategies=("a", "b", "c"), symbols=SYMBOLS, edges=(-0.02, -0.03, -0.02))
    ranking = rank_candidates(losers, FIELD)
    assert all(row.best.score < 25.0 for row in ranking.kept)


def test_luck_alone_scores_below_an_edge() -> None:
    names = tuple(f"luck_{i}" for i in range(12))
    luck = draw_candidates(strategies=names, symbols=SYMBOLS, edges=(0.0,) * 12, seed=3)
    edge = draw_candidates(strategies=("edge",), symbols=SYMBOLS, edges=(0.006,), seed=4)
    everything = [*luck, *edge]
    field = describe_field(np.array([c.daily_returns for c in everything]), total=len(everything))
    ranking = rank_candidates(everything, field)
    assert ranking.kept[0].best.candidate.strategy == "edge"
    assert ranking.kept[0].best.score > 75.0
    assert ranking.kept[1].best.score < ranking.kept[0].best.score - 15.0


@given(ingredients())
@settings(deadline=None, max_examples=200)
def test_what_luck_explains_cannot_score_high(given_ingredients: Ingredients) -> None:
    if (given_ingredients.deflated or 0.0) <= 0.5:
        assert score(given_ingredients) <= 62.5


def test_a_strategy_has_one_row_however_many_candidates_it_has() -> None:
    candidates = draw_candidates(strategies=("a", "b", "c"), symbols=SYMBOLS, edges=(0.001, 0.0, -0.001))
    ranking = rank_candidates(candidates, FIELD)
    assert sorted(row.best.candidate.strategy for row in ranking.kept) == ["a", "b", "c"]
    assert all(len(row.others) == 8 for row in ranking.kept)
    assert all(row.best.score >= other.score for row in ranking.kept for other in row.others)
    assert [row.rank for row in ranking.kept] == [1, 2, 3]


def test_every_candidate_gets_one_decision_with_a_reason() -> None:
    candidates = draw_candidates(strategies=("a", "b", "c"), symbols=SYMBOLS, edges=(0.001, 0.0, -0.001))
    decisions = rank_candidates(candidates, FIELD, places=2).decisions
    assert len(decisions) == len(candidates)
    assert all(decision.reason for decision in decisions)
    assert sum(decision.action == "kept" for decision in decisions) == 2
    below = [d for d in decisions if d.action == "archived" and d.rank is not None]
    assert [d.rank for d in below] == [3]
    assert "the last of the 2 places" in below[0].reason


def test_the_order_of_candidates_changes_nothing() -> None:
    candidates = draw_candidates(strategies=("a", "b", "c"), symbols=SYMBOLS, edges=(0.001, 0.0, -0.001))
    shuffled = list(candidates)
    np.random.default_rng(1).shuffle(shuffled)
    assert rank_candidates(shuffled, FIELD) == rank_candidates(candidates, FIELD)


def test_equal_candidates_are_ordered_by_name() -> None:
    days = np.random.default_rng(1).normal(size=30) * 0.01
    twins = [read_candidate(make_trial(name, days)) for name in ("zebra", "ant", "mole")]
    ranking = rank_candidates(twins, FIELD)
    assert [row.best.candidate.strategy for row in ranking.kept] == ["ant", "mole", "zebra"]


def make_suspect(strategy: str, symbol: str = "BTC-USDT") -> Candidate:
    days = 0.01 + 0.001 * np.random.default_rng(1).normal(size=30)
    metrics = replace(make_metrics(days, trades=200), win_rate=0.99)
    return read_candidate(make_trial(strategy, days, symbol=symbol, trades=200, metrics=metrics))


def test_what_is_too_good_does_not_represent_its_strategy() -> None:
    honest = read_candidate(make_trial("a", 0.001 + 0.01 * np.random.default_rng(2).normal(size=30), symbol="ETH-USDT"))
    ranking = rank_candidates([make_suspect("a"), honest], FIELD)
    assert ranking.kept[0].best.candidate is honest
    reasons = [d.reason for d in ranking.decisions if d.instrument == "binance:BTC-USDT"]
    assert reasons[0].startswith("quarantined: 99% of 200 trades won")


def test_a_strategy_that_is_only_too_good_is_quarantined() -> None:
    ranking = rank_candidates([make_suspect("a"), make_suspect("a", "ETH-USDT")], FIELD)
    assert ranking.kept == ()
    assert ranking.quarantined == ("a",)
    assert all(decision.action == "archived" for decision in ranking.decisions)


def test_a_half_that_stands_still_is_not_steady() -> None:
    earning = 0.01 + 0.001 * np.random.default_rng(1).normal(size=15)
    assert measure_steadiness(np.r_[np.zeros(15), earning]) == 0.0
    assert measure_steadiness(np.r_[earning, earning]) > 0.99
    assert measure_steadiness(np.r_[earning, -earning]) < 0.01
    assert measure_steadiness(np.full(30, 0.01)) == 1.0
    assert measure_steadiness(np.array([0.1])) == 0.0
