"""A sweep against the same backtests run one by one, whatever the workers, the order and the chunks."""

from __future__ import annotations

from itertools import count, product
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from edgeproof.backtest import backtest
from edgeproof.backtest.sweeps import SCORES, NoCombination, TooManyCombinations, sweep
from edgeproof.domain.errors import InvalidValue, RequestError, UnknownName
from edgeproof.execution import Costs, Regime
from edgeproof.strategies import NotRunnable, load_strategy
from fakes.small_markets import make_bars, make_funding

if TYPE_CHECKING:
    from collections.abc import Mapping

CROSSING = """
name: crossing
thesis: A fast mean above a slow one.
timeframe: 5m
params: {fast: {default: 3, low: 2, high: 50}, slow: {default: 12, low: 2, high: 200}}
long: crosses_above(mean(close, fast), mean(close, slow))
short: crosses_below(mean(close, fast), mean(close, slow))
stop: 2 * atr(14)
"""
STRETCHED = """
name: stretched
thesis: What is stretched comes back.
timeframe: 1m
params: {window: {default: 20, low: 5, high: 100}, stretch: {default: 1.5, low: 0.5, high: 4.0}}
let: {z: "zscore(close, window)"}
long: z < -stretch
short: z > stretch
exit_long: z > 0
exit_short: z < 0
"""
GRID: Mapping[str, Any] = {"fast": range(3, 9), "slow": [10, 20, 40]}
ONE = make_bars("BTC-USDT", minutes=4_000, seed=1)
TWO = pl.concat([ONE, make_bars("ETH-USDT", minutes=3_000, seed=2)])


def run_one_by_one(bars: pl.DataFrame, text: str, points: list[dict[str, float]], **more: Any) -> list[Any]:  # noqa: ANN401
    return [backtest(bars, load_strategy(text), params=point, **more).metrics for point in points]


def list_points(grid: Mapping[str, Any]) -> list[dict[str, float]]:
    return [dict(zip(grid, values, strict=True)) for values in product(*grid.values())]


def test_a_grid_is_its_backtests_one_by_one_in_the_order_written() -> None:
    table = sweep(ONE, CROSSING, grid=GRID)
    expected = run_one_by_one(ONE, CROSSING, list_points(GRID))
    assert table["combination"].to_list() == list(range(18))
    assert list(zip(table["fast"], table["slow"], strict=True)) == list(product(*GRID.values()))
    for name in ("total_return", "trades", "fees", "max_drawdown", "profit_factor"):
        assert table[name].to_list() == [getattr(metrics, name) for metrics in expected], name
    assert table["sharpe"].to_list() == [m.sharpe.estimate if m.sharpe else None for m in expected]
    assert table["sharpe_low"].to_list() == [m.sharpe.low if m.sharpe else None for m in expected]
    assert table["score"].to_list() == table["sharpe"].to_list()
    assert table["total_return"].n_unique() > 12


def test_conditions_reach_every_backtest() -> None:
    funding = make_funding("BTC-USDT", minutes=4_000)
    table = sweep(ONE, CROSSING, grid={"fast": [3, 5]}, funding=funding, timeframes="15m", initial_equity=500.0)
    points: list[dict[str, float]] = [{"fast": 3}, {"fast": 5}]
    expected = run_one_by_one(ONE, CROSSING, points, funding=funding, timeframe="15m", initial_equity=500.0)
    assert table["final_equity"].to_list() == [metrics.final_equity for metrics in expected]
    assert table["funding"].abs().sum() > 0
    assert table["timeframe"].unique().to_list() == ["15m"]


def test_numpy_numbers_are_as_good_as_plain_ones() -> None:
    small: Any = np.int8(40)
    twenty: Any = np.int64(20)
    brought = sweep(
        ONE, CROSSING, random=small, seed=small, grid={"slow": twenty, "fast": np.arange(3, 50)}, workers=small,
        chunk=small, most=small,
    )  # fmt: skip
    plain = sweep(ONE, CROSSING, random=40, seed=40, grid={"slow": 20, "fast": range(3, 50)})
    assert_frame_equal(brought, plain)


@pytest.mark.parametrize("compute", [None, "processes"])
def test_factors_of_slippage_reach_every_backtest(compute: str | None) -> None:
    dearer = TWO.with_columns(slippage_factor=pl.when(pl.col("symbol") == "BTC-USDT").then(10.0).otherwise(2.5))
    table = sweep(dearer, CROSSING, grid={"fast": [3, 5]}, compute=compute)
    for symbol in ("BTC-USDT", "ETH-USDT"):
        own = dearer.filter(pl.col("symbol") == symbol)
        expected = run_one_by_one(own, CROSSING, [{"fast": 3}, {"fast": 5}])
        found = table.filter(pl.col("symbol") == symbol)
        assert found["slippage"].to_list() == [metrics.slippage for metrics in expected]
        assert found["final_equity"].to_list() == [metrics.final_equity for metrics in expected]
    assert (table["slippage"] > sweep(TWO, CROSSING, grid={"fast": [3, 5]})["slippage"]).all()


@pytest.mark.parametrize("compute", [None, "processes"])
def test_regimes_reach_every_backtest(compute: str | None) -> None:
    costs = Costs(regimes=(Regime(when="close > sma(20)", factor=2.0), Regime(when="adx() > 25", factor=1.5)))
    table = sweep(TWO, CROSSING, grid={"fast": [3, 5]}, costs=costs, compute=compute)
    for symbol in ("BTC-USDT", "ETH-USDT"):
        expected = run_one_by_one(
            TWO.filter(pl.col("symbol") == symbol), CROSSING, [{"fast": 3}, {"fast": 5}], costs=costs
        )
        found = table.filter(pl.col("symbol") == symbol)
        assert found["slippage"].to_list() == [metrics.slippage for metrics in expected]
        assert found["final_equity"].to_list() == [metrics.final_equity for metrics in expected]
    assert (table["slippage"] > 1.2 * sweep(TWO, CROSSING, grid={"fast": [3, 5]})["slippage"]).all()


def test_a_regime_that_is_no_condition_is_refused_before_any_work() -> None:
    costs = Costs(regimes=(Regime(when="clsoe > 1", factor=2.0),))
    with pytest.raises(InvalidValue, match="did you mean 'close'"):
        sweep(ONE, CROSSING, grid={"fast": [3]}, costs=costs, compute="processes")


def test_factors_that_cannot_be_are_refused() -> None:
    with pytest.raises(InvalidValue, match="slippage_factor"):
        sweep(ONE.with_columns(slippage_factor=pl.lit(-1.0)), CROSSING, grid={"fast": [3]})


def test_every_symbol_timeframe_and_strategy_has_its_rows() -> None:
    grid = {"fast": [3, 4], "stretched.window": [10, 30, 50]}
    table = sweep(TWO, [CROSSING, STRETCHED], grid=grid, timeframes=["5m", "15m"])
    assert table.height == 2 * 2 * (2 + 3)
    assert table["combination"].to_list() == list(range(20))
    assert table.filter(strategy="crossing")["window"].null_count() == 8
    row = table.row(
        by_predicate=(pl.col("strategy") == "stretched")
        & (pl.col("symbol") == "ETH-USDT")
        & (pl.col("timeframe") == "15m")
        & (pl.col("window") == 30),
        named=True,
    )
    together = backtest(TWO, load_strategy(STRETCHED), params={"window": 30}, timeframe="15m", initial_equity=20_000.0)
    assert row["final_equity"] == together.by_symbol["ETH-USDT"].metrics.final_equity
    assert row["stretch"] == 1.5


@settings(deadline=None, max_examples=12)
@given(
    workers=st.integers(1, 3),
    chunk=st.integers(1, 20),
    fast=st.permutations([3, 4, 6]),
    slow=st.permutations([10, 20, 40]),
)
def test_workers_chunks_and_the_order_of_values_change_no_row(
    workers: int, chunk: int, fast: list[int], slow: list[int]
) -> None:
    plain = sweep(ONE, CROSSING, grid={"fast": [3, 4, 6], "slow": [10, 20, 40]})
    streamed: list[pl.DataFrame] = []
    table = sweep(
        ONE, CROSSING, grid={"slow": slow, "fast": fast}, workers=workers, chunk=chunk, on_rows=streamed.append
    )
    assert [frame.height for frame in streamed] == [chunk] * (9 // chunk) + [9 % chunk] * bool(9 % chunk)
    assert_frame_equal(pl.concat(streamed).sort("combination"), table)
    order = ["fast", "slow"]
    assert_frame_equal(table.sort(order).drop("combination"), plain.sort(order).drop("combination"))


@pytest.mark.parametrize("method", [{"random": 12}, {"optuna": 20}])
def test_a_seed_draws_the_same_combinations_whatever_the_workers_and_chunks(method: dict[str, Any]) -> None:
    first = sweep(ONE, STRETCHED, **method, seed=5, workers=1, chunk=3)
    again = sweep(ONE, STRETCHED, **method, seed=5, workers=2, chunk=100)
    other = sweep(ONE, STRETCHED, **method, seed=6)
    assert_frame_equal(first, again)
    assert first["stretch"].to_list() != other["stretch"].to_list()
    assert first.height == next(iter(method.values()))
    assert first["window"].is_between(5, 100).all()
    assert first["stretch"].is_between(0.5, 4.0).all()


def test_random_draws_from_a_grid_only_its_points_each_once() -> None:
    table = sweep(ONE, CROSSING, grid=GRID, random=10)
    points = list(zip(table["fast"], table["slow"], strict=True))
    assert len(set(points)) == 10
    assert set(points) <= set(product(*GRID.values()))
    everything = sweep(ONE, CROSSING, grid=GRID, random=1_000)
    assert everything.height == 18


def test_drawn_rows_are_their_backtests() -> None:
    table = sweep(ONE, STRETCHED, optuna=9, metric="total_return")
    points = [{"window": row["window"], "stretch": row["stretch"]} for row in table.iter_rows(named=True)]
    assert table["score"].to_list() == [m.total_return for m in run_one_by_one(ONE, STRETCHED, points)]


def test_a_search_learns_to_look_where_scores_are_good() -> None:
    table = sweep(ONE, STRETCHED, optuna=60, metric="total_return", seed=1)
    early, late = table.head(16)["score"], table.tail(16)["score"]
    assert np.median(late.to_numpy()) > np.median(early.to_numpy())


def test_a_search_in_a_small_grid_computes_nothing_twice() -> None:
    table = sweep(ONE, CROSSING, grid={"fast": [3, 5], "slow": [10, 30]}, optuna=40)
    points = list(zip(table["fast"], table["slow"], strict=True))
    assert len(points) == len(set(points)) <= 4


def test_where_leaves_combinations_out_of_every_method() -> None:
    grid = {"fast": range(5, 15), "slow": range(5, 15)}

    def rising(params: Mapping[str, float]) -> bool:
        return params["fast"] < params["slow"]

    methods: list[dict[str, Any]] = [{}, {"random": 20}, {"optuna": 20}]
    for method in methods:
        table = sweep(ONE, CROSSING, grid=grid, where=rising, **method)
        assert 0 < table.height <= 45
        assert (table["fast"] < table["slow"]).all()
        with pytest.raises(NoCombination, match="`where` leaves every combination out; give other values"):
            sweep(ONE, CROSSING, grid=grid, where=lambda _: False, **method)


def test_less_risk_scores_higher() -> None:
    table = sweep(ONE, CROSSING, grid=GRID, metric="max_drawdown")
    assert table["score"].to_list() == (-table["max_drawdown"]).to_list()


@pytest.mark.parametrize("metric", SCORES)
def test_every_score_is_a_column_of_the_table(metric: str) -> None:
    week = make_bars("BTC-USDT", minutes=11_000, seed=3)
    table = sweep(week, CROSSING, grid={"fast": [3]}, metric=metric)
    assert abs(table["score"].item()) == abs(table[metric].item())


def test_a_param_called_like_a_metric_keeps_both_columns() -> None:
    text = CROSSING.replace("fast", "exposure")
    table = sweep(ONE, text, grid={"exposure": [3, 5]})
    assert table["param_exposure"].to_list() == [3, 5]
    assert table["exposure"].is_between(0.0, 1.0).all()


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({}, "grid cannot be None"),
        ({"grid": {"fsat": [3]}}, "did you mean 'fast'"),
        ({"grid": {"fast": [3, 51]}}, "param fast cannot be 51; expected a whole number from 2 to 50"),
        ({"grid": {"fast": [3.5]}}, "param fast cannot be 3.5"),
        ({"grid": {"fast": []}}, "values of fast cannot be '0 of them'"),
        ({"grid": {"fast": [3, 4, 3]}}, "3 twice"),
        ({"grid": {"fast": "3:9"}}, "values of fast cannot be '3:9'"),
        ({"grid": {"fast": [True]}}, "param fast cannot be True"),
        ({"grid": {"fast": [float("nan")]}}, "param fast cannot be nan"),
        ({"grid": [3]}, "grid cannot be 'list'"),
        ({"grid": GRID, "most": 17}, "18 combinations are more than 17"),
        ({"random": 0}, "random cannot be 0"),
        ({"random": 5, "optuna": 5}, "expected one of them"),
        ({"grid": GRID, "metric": "sharp"}, "did you mean 'sharpe'"),
        ({"grid": GRID, "timeframes": []}, "timeframes cannot be 'none'"),
        ({"grid": GRID, "timeframes": "7x"}, "timeframe cannot be '7x'"),
        ({"grid": GRID, "workers": 0}, "workers cannot be 0"),
        ({"grid": GRID, "chunk": 0}, "chunk cannot be 0"),
        ({"grid": GRID, "where": lambda p: p["quick"] > 1}, "KeyError"),
        ({"grid": GRID, "initial_equity": 0}, "initial_equity cannot be 0"),
        ({"grid": GRID, "record": print}, "clock cannot be None"),
    ],
)
def test_a_wrong_request_is_one_line_before_any_work(more: dict[str, Any], says: str) -> None:
    worked: list[pl.DataFrame] = []
    with pytest.raises(RequestError) as raised:
        sweep(ONE, CROSSING, on_rows=worked.append, **more)
    assert says in str(raised.value)
    assert "\n" not in str(raised.value)
    assert not worked


def test_values_without_end_are_refused() -> None:
    with pytest.raises(InvalidValue):
        sweep(ONE, CROSSING, grid={"fast": count(3)})


def test_a_grid_too_large_is_refused_at_once_however_large() -> None:
    text = STRETCHED.replace("high: 4.0", "high: 1e9")
    with pytest.raises(TooManyCombinations):
        sweep(ONE, text, grid={"window": range(5, 101), "stretch": range(1, 900_000)})


def test_params_that_no_feature_takes_together_are_refused_before_any_work() -> None:
    text = """
name: gap
thesis: A mean over what lies between two windows.
timeframe: 1m
params: {fast: {default: 5, low: 2, high: 50}, slow: {default: 30, low: 2, high: 200}}
long: close > ema(slow - fast)
"""
    grid: dict[str, Any] = {"fast": [5, 30], "slow": [20, 40]}
    worked: list[pl.DataFrame] = []
    with pytest.raises(RequestError, match=r"gap does not take fast=30, slow=20: .*; leave it out with `where`"):
        sweep(ONE, text, grid=grid, on_rows=worked.append)
    assert not worked
    assert sweep(ONE, text, grid=grid, where=lambda p: p["fast"] < p["slow"]).height == 3
    assert sweep(ONE, text, grid=grid, optuna=30)["combination"].len() == 3


def test_a_timeframe_the_bars_cannot_make_is_refused() -> None:
    with pytest.raises(NotRunnable):
        sweep(make_five_minutes(), STRETCHED, grid={"window": [20]}, timeframes="1m")


def test_strategies_of_one_name_are_refused() -> None:
    with pytest.raises(InvalidValue, match="each strategy once"):
        sweep(ONE, [CROSSING, CROSSING], grid=GRID)
    with pytest.raises(UnknownName):
        sweep(ONE, [CROSSING, STRETCHED], grid={"crossing.window": [3]})


def make_five_minutes() -> pl.DataFrame:
    return ONE.gather_every(5).with_columns(timeframe=pl.lit("5m"))


def test_an_absent_library_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = {"optuna": None}
    monkeypatch.setattr("edgeproof.backtest.sweeps.tuning.find_spec", absent.get)
    with pytest.raises(RequestError, match=r"needs optuna, which is not installed: pip install 'edgeproof\[search\]'"):
        sweep(ONE, CROSSING, optuna=5)
