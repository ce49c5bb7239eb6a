from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from edgeproof.backtest import Replay, describe_conditions, make_trial, name_trial
from edgeproof.domain.instruments import Instrument, InstrumentRules, MarginTier
from edgeproof.domain.time import MS_PER_DAY, Timeframe, Window
from edgeproof.execution import Costs
from fakes.tiny_market import FREE, START_MS, make_bars, trade

if TYPE_CHECKING:
    from edgeproof.domain.records import Trial

BTC = Instrument(venue="venue", symbol="BTC-USDT")
WINDOW = Window(start_ms=START_MS, end_ms=START_MS + MS_PER_DAY)


def replay_some(stop: float = 3.0) -> Replay:
    return trade(make_bars(*["100 104 97 101", "101 105 99 100"] * 20), "L..x" * 10, stop=stop)


def make(replay: Replay | None = None, **changes: Any) -> Trial:  # noqa: ANN401 - one of make_trial's many arguments
    question: dict[str, Any] = {
        "strategy_hash": "abc",
        "strategy": "some",
        "params": {"fast": 3},
        "instrument": BTC,
        "timeframe": Timeframe(5),
        "window": WINDOW,
        "data_hash": "data",
        "costs": FREE,
        "origin": "test",
        "created_ms": 1,
    }
    return make_trial(replay or replay_some(), **{**question, **changes})


def test_asking_the_same_again_gives_the_same_key_and_result() -> None:
    first, second = make(), make(created_ms=2, origin="cycle", strategy="renamed", params={"fast": 3.0})
    assert (first.key, first.result_hash) == (second.key, second.result_hash)


@pytest.mark.parametrize(
    "change",
    [
        {"strategy_hash": "abd"},
        {"params": {"fast": 4}},
        {"instrument": Instrument(venue="other", symbol="BTC-USDT")},
        {"timeframe": Timeframe(1)},
        {"window": Window(start_ms=START_MS, end_ms=START_MS + 1)},
        {"data_hash": "date"},
        {"costs": Costs()},
        {"rules": InstrumentRules(lot=1.0)},
    ],
)
def test_whatever_changes_the_answer_changes_the_key(change: dict[str, Any]) -> None:
    assert make(**change).key != make().key


def test_another_answer_has_another_result_hash() -> None:
    assert make(replay_some(stop=1.0)).result_hash != make().result_hash


def test_the_initial_equity_is_part_of_the_question() -> None:
    richer = trade(make_bars("100", "100", "101"), "L", equity=20_000.0)
    assert make(richer).key != make().key


def test_the_key_is_known_before_the_trial_is_made() -> None:
    trial = make()
    key = name_trial(
        strategy_hash="abc",
        params={"fast": 3},
        instrument=BTC,
        timeframe=Timeframe(5),
        window=WINDOW,
        data_hash="data",
        conditions=describe_conditions(FREE, None, 10_000.0),
    )
    assert trial.key == key


def test_a_trial_holds_what_the_replay_found() -> None:
    replay = replay_some()
    trial = make(replay)
    assert trial.trades == len(replay.records) == replay.metrics.trades
    assert trial.first_day == "2025-06-01"
    assert trial.daily_returns == tuple(replay.daily_returns.tolist())
    assert json.loads(json.dumps(dict(trial.metrics), allow_nan=False))["final_equity"] == replay.metrics.final_equity


def test_a_sharpe_interval_is_an_object_of_its_own() -> None:
    metrics = replace(replay_some().metrics, sharpe=None)
    assert make(replace(replay_some(), metrics=metrics)).metrics["sharpe"] is None


def test_usual_conditions_are_told_as_they_always_were() -> None:
    # The key of every trial ever made rests on these words: what was added later is told only where it is unusual.
    usual = {"maker", "taker", "slippage", "latency_ms", "lot", "tick", "min_size", "max_leverage"}
    assert describe_conditions(Costs(), None, 10_000.0).keys() == usual | {"maintenance_margin", "initial_equity"}


def test_margin_tiers_are_conditions() -> None:
    tiers = (
        MarginTier(max_notional=1e5, maintenance=0.01, max_leverage=50.0),
        MarginTier(max_notional=float("inf"), maintenance=0.02, max_leverage=20.0),
    )
    told = describe_conditions(Costs(), InstrumentRules(tiers=tiers), 10_000.0)
    assert (told["tier1_max_notional"], told["tier2_maintenance"], told["tier2_max_leverage"]) == (1e5, 0.02, 20.0)
    assert "tier2_max_notional" not in told
