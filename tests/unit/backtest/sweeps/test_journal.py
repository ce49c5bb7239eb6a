"""Trials of a sweep: one a combination, made once, the same as a backtest's own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from edgeproof.backtest import describe_metrics, hash_result
from edgeproof.backtest.sweeps import sweep
from edgeproof.domain.errors import InvalidValue
from edgeproof.domain.instruments import Instrument
from edgeproof.execution import Costs, HourlySlippage, Regime
from edgeproof.strategies import MarketData, evaluate, load_strategy
from fakes.memory_ledger import MemoryLedger
from fakes.small_markets import START_MS, make_bars, make_funding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from edgeproof.domain.records import Trial

BARS = make_bars("BTC-USDT", minutes=3_000, seed=4)
CROSSING = load_strategy("""
name: crossing
thesis: A fast mean above a slow one.
timeframe: 5m
params: {fast: {default: 3, low: 2, high: 50}, slow: {default: 12, low: 2, high: 200}}
long: mean(close, fast) > mean(close, slow)
exit_long: mean(close, fast) < mean(close, slow)
""")
GRID: dict[str, Any] = {"fast": [3, 5, 7], "slow": [10, 20, 40]}


class Stopwatch:
    """Another millisecond at every look."""

    def __init__(self) -> None:
        self._now = START_MS

    def now_ms(self) -> int:
        self._now += 1
        return self._now


class Killed(Exception):  # noqa: N818 - what happened
    pass


class Ledger:
    """A ledger that is killed after so many chunks, and counts what it was given."""

    def __init__(self, *, chunks: int = 1_000) -> None:
        self.kept = MemoryLedger()
        self.given = 0
        self._chunks = chunks

    def record(self, trials: Sequence[Trial]) -> None:
        if self._chunks == 0:
            raise Killed
        self._chunks -= 1
        self.given += len(trials)
        self.kept.record_trials(trials)

    def recall(self, keys: Sequence[str]) -> Iterator[Trial]:
        return self.kept.trials(keys=keys)

    def sweep(self, bars: pl.DataFrame = BARS, **more: Any) -> pl.DataFrame:  # noqa: ANN401
        arguments: dict[str, Any] = {"grid": GRID, "chunk": 2, **more}
        return sweep(bars, CROSSING, record=self.record, recall=self.recall, clock=Stopwatch(), **arguments)


def test_every_combination_becomes_one_trial() -> None:
    ledger = Ledger()
    table = ledger.sweep()
    trials = list(ledger.kept.trials())
    assert ledger.given == len(trials) == len({trial.key for trial in trials}) == 9
    by_point = {(trial.params["fast"], trial.params["slow"]): trial for trial in trials}
    for row in table.iter_rows(named=True):
        trial = by_point[row["fast"], row["slow"]]
        assert trial.metrics["total_return"] == row["total_return"]
    assert {trial.origin for trial in trials} == {"sweep"}
    assert {trial.instrument for trial in trials} == {Instrument(venue="demo", symbol="BTC-USDT")}
    assert {(t.window.start_ms, t.window.end_ms) for t in trials} == {(START_MS, START_MS + 3_000 * 60_000)}


def test_a_trial_is_the_replay_of_its_params() -> None:
    from edgeproof.backtest import replay_signals  # noqa: PLC0415 - the oracle of this test alone
    from edgeproof.backtest.frames import split_bars  # noqa: PLC0415

    ledger = Ledger()
    ledger.sweep(grid={"fast": [5]})
    (trial,) = ledger.kept.trials()
    series = split_bars(BARS)
    signals = evaluate(CROSSING, MarketData(series), "BTC-USDT", params={"fast": 5})
    replay = replay_signals(series["BTC-USDT"], signals, costs=Costs(), symbol="BTC-USDT")
    assert trial.result_hash == hash_result(replay)
    assert trial.metrics["expectancy"] == describe_metrics(replay.metrics)["expectancy"]
    assert trial.params == {"fast": 5.0, "slow": 12.0}


def test_a_killed_sweep_goes_on_where_it_was() -> None:
    whole = Ledger().sweep()
    ledger = Ledger(chunks=2)
    with pytest.raises(Killed):
        ledger.sweep()
    assert ledger.given == 4
    again = Ledger()
    again.kept = ledger.kept
    assert_frame_equal(again.sweep(), whole)
    assert again.given == 5
    assert_frame_equal(again.sweep(workers=2, chunk=100), whole)
    assert again.given == 5


def test_a_search_asked_again_computes_nothing_and_finds_the_same() -> None:
    ledger = Ledger()
    first = ledger.sweep(grid=None, optuna=20)
    given = ledger.given
    assert_frame_equal(ledger.sweep(grid=None, optuna=20), first)
    assert ledger.given == given


def test_other_data_costs_or_equity_are_other_questions() -> None:
    ledger = Ledger()
    cheaper = replace(Costs(), taker=0.0001)
    later = BARS.tail(2_900)
    funding = make_funding("BTC-USDT", minutes=3_000)
    asked: list[dict[str, Any]] = [
        {},
        {"costs": cheaper},
        {"initial_equity": 100.0},
        {"bars": later},
        {"funding": funding},
        {"timeframes": "15m"},
        {"bars": BARS.with_columns(slippage_factor=pl.lit(2.0))},
        {"bars": BARS.with_columns(slippage_factor=pl.lit(3.0))},
        {"costs": Costs(fill_probability=0.5)},
        {"costs": Costs(hourly=HourlySlippage(buy=(0.0005,) * 24, sell=(0.0005,) * 24))},
        {"costs": Costs(hourly=HourlySlippage(buy=(0.0005,) * 24, sell=(0.0004, *(0.0005,) * 23)))},
        {"costs": Costs(regimes=(Regime(when="adx() > 25", factor=1.5),))},
        {"costs": Costs(regimes=(Regime(when="adx() > 25", factor=1.6),))},
        {"costs": Costs(regimes=(Regime(when="adx() > 26", factor=1.5),))},
        {"costs": Costs(regimes=(Regime(when="adx() > 25", factor=1.5), Regime(when="close > 1", factor=1.2)))},
    ]
    for at, more in enumerate(asked, start=1):
        ledger.sweep(**more)
        assert ledger.given == 9 * at, more


def test_costs_that_charge_the_same_are_the_same_question() -> None:
    ledger = Ledger()
    alike = HourlySlippage(buy=(0.0005,) * 24, sell=(0.0005,) * 24)
    first = ledger.sweep(costs=Costs(slippage=0.0005))
    for costs in (Costs(hourly=alike), Costs(slippage=0.0005, regimes=(Regime(when="close > 1", factor=1),))):
        assert_frame_equal(ledger.sweep(costs=costs), first)
    assert ledger.given == 9


def test_regimes_in_another_order_or_spelling_are_the_same_question() -> None:
    ledger = Ledger()
    wild, calm = Regime(when="adx() > 25", factor=1.5), Regime(when="rsi(14) < 30", factor=0.7)
    ledger.sweep(costs=Costs(regimes=(wild, calm)))
    ledger.sweep(costs=Costs(regimes=(calm, wild)))
    ledger.sweep(
        costs=Costs(regimes=(Regime(when="rsi( 14)<30", factor=0.7), Regime(when="(adx(14) > 25)", factor=1.5)))
    )
    assert ledger.given == 9


def test_a_question_without_factors_keeps_the_name_it_had() -> None:
    ledger = Ledger()
    # Round prices, which every processor makes alike.
    still = BARS.head(60).with_columns(pl.lit(100.0).alias(name) for name in ("open", "high", "low", "close", "volume"))
    ledger.sweep(still, grid={"fast": [5]}, funding=make_funding("BTC-USDT", minutes=60))
    (trial,) = ledger.kept.trials()
    assert trial.data_hash == "571a231da8ebdfd0"


def test_trials_need_a_name_for_their_market() -> None:
    with pytest.raises(InvalidValue, match="a frame without venue and symbol"):
        Ledger().sweep(BARS.drop("venue", "symbol"))
