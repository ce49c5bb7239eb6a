"""What users bring: a strategy or signals over a frame, and everything that can be wrong with them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import edgeproof
from edgeproof.backtest import backtest, backtest_signals
from edgeproof.domain.errors import InvalidValue, RequestError, SchemaMismatch, UnknownName
from edgeproof.domain.results import EQUITY_CURVE, TRADE_LIST
from edgeproof.execution import Costs
from edgeproof.strategies import load_strategy

START = datetime(2025, 6, 1, tzinfo=UTC)
FREE = Costs(taker=0, slippage=0, latency_ms=0)
CROSSING = """
name: crossing
thesis: A fast mean above a slow one.
timeframe: 5m
params: {fast: {default: 3, low: 2, high: 50}, slow: {default: 12, low: 2, high: 200}}
long: mean(close, fast) > mean(close, slow)
exit_long: mean(close, fast) < mean(close, slow)
"""


def make_frame(count: int = 600, *, seed: int = 1, step: str = "1m", **more: object) -> pl.DataFrame:
    prices = 100.0 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0.0, 0.001, count)))
    opens = np.concatenate([[100.0], prices[:-1]])
    ts = pl.datetime_range(START, START + timedelta(days=10_000), step, eager=True, time_unit="ms").head(count)
    return pl.DataFrame(
        {
            "ts": ts,
            "open": opens,
            "high": np.maximum(opens, prices) * 1.0005,
            "low": np.minimum(opens, prices) * 0.9995,
            "close": prices,
            "volume": np.ones(count),
        }
    ).with_columns(**{name: pl.lit(value) for name, value in more.items()})


# One's own signals


def test_arrays_series_and_lists_are_all_signals() -> None:
    frame = make_frame(50)
    truths = np.arange(50) % 7 == 0
    results = [backtest_signals(frame, long=long, max_hold=3) for long in (truths, pl.Series(truths), truths.tolist())]
    assert results[0].metrics.trades > 3
    assert results[0].metrics == results[1].metrics == results[2].metrics


def test_numbers_and_arrays_of_distances_are_one_thing() -> None:
    frame = make_frame(200)
    long = np.arange(200) % 9 == 0
    one = backtest_signals(frame, long=long, stop=0.3, take=0.3, leverage=2)
    many = backtest_signals(frame, long=long, stop=[0.3] * 200, take=pl.Series([0.3] * 200), leverage=np.full(200, 2))
    assert one.metrics == many.metrics
    assert {"stop", "take"} <= set(one.trades["exit_reason"])


def test_a_null_distance_is_none() -> None:
    frame = make_frame(60)
    long = np.arange(60) == 0
    absent = backtest_signals(frame, long=long, stop=pl.Series([None] * 60, dtype=pl.Float64))
    nothing = backtest_signals(frame, long=long, stop=pl.Series([None] * 60))
    assert absent.metrics == nothing.metrics == backtest_signals(frame, long=long).metrics


def test_volume_is_not_asked_of_those_who_bring_signals() -> None:
    assert backtest_signals(make_frame(20).drop("volume"), long=[True] * 20).metrics.trades == 1


def test_a_frame_of_one_bar_needs_to_say_how_long_it_is() -> None:
    with pytest.raises(InvalidValue, match="one bar"):
        backtest_signals(make_frame(1), long=[True])
    assert backtest_signals(make_frame(1), long=[True], timeframe="1m").metrics.trades == 0
    assert backtest_signals(make_frame(1, timeframe="1m"), long=[True]).metrics.trades == 0


BAD_SIGNALS: dict[str, tuple[dict[str, Any], str]] = {
    "none at all": ({"long": None}, "at least one"),
    "too few": ({"long": [True] * 9}, r"shape \(9,\)"),
    "a table": ({"long": np.zeros((10, 2), np.bool_)}, r"shape \(10, 2\)"),
    "numbers": ({"long": [1, 0] * 5}, "int64"),
    "truths with nulls": ({"long": pl.Series([True, None] * 5)}, "object|null"),
    "truths with NaN": ({"long": [True, float("nan")] * 5}, "truths"),
    "texts": ({"long": ["yes"] * 10}, "truths"),
    "ragged": ({"long": [[True], [True, False]]}, "ragged"),
    "negative stop": ({"stop": -1.0}, "0 or more"),
    "infinite take": ({"take": [1.0] * 9 + [np.inf]}, "inf at 9"),
    "stop of texts": ({"stop": "near"}, "numbers"),
    "short list of stops": ({"stop": [1.0, 2.0]}, r"shape \(2,\)"),
    "negative hold": ({"max_hold": -1}, "max_hold"),
    "hold of half a bar": ({"max_hold": 0.5}, "max_hold"),
    "hold without end": ({"max_hold": 10**12}, "max_hold"),
    "cool-down of half a bar": ({"cool_down": 0.5}, "cool_down"),
    "an order that rests no bar": ({"limit_offset": 1.0, "limit_wait": 0}, "limit_wait"),
    "an offset below zero": ({"limit_offset": -1.0}, "limit_offset"),
    "no share": ({"take_share": 0}, "take_share"),
    "more than all": ({"take_share": 1.01}, "take_share"),
    "a share of truth": ({"take_share": True}, "take_share"),
    "no equity": ({"initial_equity": 0.0}, "initial_equity"),
    "equity of NaN": ({"initial_equity": float("nan")}, "initial_equity"),
    "equity of text": ({"initial_equity": "10k"}, "initial_equity"),
    "timeframe of text": ({"timeframe": "soon"}, "timeframe"),
}


@pytest.mark.parametrize("case", BAD_SIGNALS)
def test_signals_that_cannot_be_are_refused_in_one_line(case: str) -> None:
    wrong, told = BAD_SIGNALS[case]
    with pytest.raises(RequestError, match=told) as refusal:
        backtest_signals(make_frame(10), **{"long": [True] * 10, **wrong})
    assert "\n" not in str(refusal.value)


def test_numpy_numbers_are_as_good_as_plain_ones() -> None:
    frame = make_frame(60)
    long = np.arange(60) % 7 == 0
    plain: dict[str, Any] = {
        "take": 0.2, "take_share": 0.5, "max_hold": 3, "cool_down": 1, "limit_offset": 0.01, "limit_wait": 2,
        "leverage": 2.0, "initial_equity": 1_000.0,
    }  # fmt: skip
    brought: dict[str, Any] = {
        name: value if name == "take" else np.int8(value) if isinstance(value, int) else np.float32(value)
        for name, value in plain.items()
    } | {"limit_offset": np.float64(0.01)}
    expected = backtest_signals(frame, long=long, **plain).metrics
    assert backtest_signals(frame, long=long, **brought).metrics == expected
    assert expected.trades > 0


def test_params_may_be_numpy_numbers() -> None:
    frame = make_frame(200)
    five: Any = np.int64(5)
    assert (
        backtest(frame, CROSSING, params={"fast": five}).metrics
        == backtest(frame, CROSSING, params={"fast": 5}).metrics
    )


@pytest.mark.parametrize("name", ["take_share", "max_hold", "initial_equity"])
def test_an_array_for_a_number_is_refused_by_its_shape(name: str) -> None:
    wrong: dict[str, Any] = {"long": [True] * 10, name: np.ones(300)}
    with pytest.raises(InvalidValue, match=rf"{name} cannot be ndarray of shape \(300,\); expected"):
        backtest_signals(make_frame(10), **wrong)


BAD_FRAMES: dict[str, tuple[pl.DataFrame, str]] = {
    "empty": (make_frame(10).clear(), "empty"),
    "no close": (make_frame(10).drop("close"), "close: missing"),
    "prices as text": (make_frame(10).with_columns(pl.col("open").cast(pl.String)), "open: is String"),
    "times as text": (make_frame(10).with_columns(pl.col("ts").cast(pl.String)), "ts: is String"),
    "unsorted": (make_frame(10).reverse(), "ascend"),
    "repeated": (pl.concat([make_frame(10), make_frame(10)]).sort("ts"), "ascend"),
    "a NaN": (make_frame(10).with_columns(close=pl.lit(float("nan"))), "close nan"),
    "a null": (make_frame(10).with_columns(low=pl.lit(None, dtype=pl.Float64)), "low nan"),
    "infinite": (make_frame(10).with_columns(high=pl.lit(float("inf"))), "high inf"),
    "zero": (make_frame(10).with_columns(low=pl.lit(0.0)), "low 0"),
    "negative": (make_frame(10).with_columns(low=-pl.col("low")), "low -"),
    "upside down": (make_frame(10).rename({"high": "low", "low": "high"}), "no high under its low"),
    "nanoseconds as milliseconds": (make_frame(10).with_columns(ts=pl.col("ts").dt.epoch("ns")), "whole minutes"),
    "seconds apart": (make_frame(10).with_columns(ts=pl.int_range(10) * 1_000), "whole minutes"),
    "two lengths": (make_frame(10).with_columns(timeframe=pl.Series(["1m", "5m"] * 5)), "1m, 5m"),
    "two venues": (make_frame(10).with_columns(venue=pl.Series(["x", "y"] * 5)), "x, y"),
    "two symbols": (pl.concat([make_frame(10, symbol="A-USDT"), make_frame(10, symbol="B-USDT")]), "2 symbols"),
    "symbols as numbers": (make_frame(10, symbol=7), "symbol: is Int32"),
    "bars closer than they are long": (make_frame(10, timeframe="5m"), "5m"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_FRAMES)
def test_bars_that_cannot_be_are_refused_in_one_line(case: str) -> None:
    frame, told = BAD_FRAMES[case]
    with pytest.raises((InvalidValue, SchemaMismatch), match=told) as refusal:
        backtest_signals(frame, long=np.ones(frame.height, np.bool_))
    assert "\n" not in str(refusal.value)


def test_something_that_is_no_frame_is_refused() -> None:
    with pytest.raises(InvalidValue, match="polars DataFrame"):
        backtest_signals({"ts": [1]}, long=[True])  # type: ignore[arg-type]
    with pytest.raises(InvalidValue, match="polars DataFrame"):
        backtest_signals(make_frame(10), long=[True] * 10, funding=[0.01])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("funding", "told"),
    [
        (pl.DataFrame({"ts": [START]}), "rate: missing"),
        (pl.DataFrame({"ts": [START], "rate": ["a"]}), "rate: is String"),
        (pl.DataFrame({"ts": ["a"], "rate": [0.1]}), "ts: is String"),
        (pl.DataFrame({"ts": [START], "rate": [float("nan")]}), "finite"),
        (pl.DataFrame({"ts": [START], "rate": [None]}, schema_overrides={"rate": pl.Float64}), "finite"),
        (pl.DataFrame({"ts": [START, START], "rate": [0.1, 0.1]}), "two rates at one time"),
    ],
)
def test_funding_that_cannot_be_is_refused_in_one_line(funding: pl.DataFrame, told: str) -> None:
    with pytest.raises(RequestError, match=told) as refusal:
        backtest_signals(make_frame(10), long=[True] * 10, funding=funding)
    assert "\n" not in str(refusal.value)


NASTY = st.floats(allow_nan=True, allow_infinity=True) | st.floats(1e-3, 1e6)


@settings(deadline=None, max_examples=200)
@given(data=st.data(), count=st.integers(1, 12))
def test_any_numbers_give_a_result_or_one_line(data: st.DataObject, count: int) -> None:
    drawn = {name: data.draw(arrays(np.float64, count, elements=NASTY)) for name in ("open", "high", "low", "close")}
    ts = data.draw(arrays(np.int64, count, elements=st.integers(-(2**62), 2**62) | st.integers(0, 10**13)))
    flags = data.draw(arrays(np.bool_, count))
    levels = data.draw(arrays(np.float64, count, elements=NASTY))
    try:
        result = backtest_signals(
            pl.DataFrame({"ts": np.sort(ts), **drawn}), long=flags, short=~flags, stop=levels, timeframe="1m"
        )
    except RequestError as refusal:
        assert "\n" not in str(refusal)  # noqa: PT017 - either outcome is right, an error must be one line
    else:
        assert np.isfinite(result.metrics.final_equity)


# A strategy over bars


def test_a_strategy_is_a_name_a_text_a_path_or_itself(tmp_path: Any) -> None:  # noqa: ANN401 - pathlib.Path
    frame = make_frame()
    (tmp_path / "crossing.yaml").write_text(CROSSING, "utf-8")
    results = [
        backtest(frame, strategy)
        for strategy in (CROSSING, tmp_path / "crossing.yaml", str(tmp_path / "crossing.yaml"), load_strategy(CROSSING))
    ]
    assert results[0].metrics.trades > 5
    assert all(result.metrics == results[0].metrics for result in results)
    assert backtest(make_frame(5_000), "ema_crossover", timeframe="1m").metrics.trades > 0


def test_a_wrong_name_offers_the_nearest() -> None:
    with pytest.raises(UnknownName, match="ema_crossover"):
        backtest(make_frame(), "ema_crosover")
    with pytest.raises(UnknownName, match="fast"):
        backtest(make_frame(), CROSSING, params={"fst": 5})


def test_decisions_may_be_made_on_other_bars_but_not_on_shorter_ones() -> None:
    frame = make_frame(step="5m")
    assert backtest(frame, CROSSING, timeframe="15m").metrics.trades < backtest(frame, CROSSING).metrics.trades
    with pytest.raises(RequestError, match="1m"):
        backtest(frame, CROSSING, timeframe="1m")


def test_missing_minutes_do_not_hide_how_long_a_bar_is() -> None:
    frame = make_frame().filter(pl.int_range(600) % 10 != 3)
    assert backtest(frame, CROSSING, timeframe="1m").metrics.trades > 0


def test_the_result_has_the_declared_frames() -> None:
    result = backtest(make_frame(), CROSSING)
    assert result.trades.schema == TRADE_LIST
    assert result.equity.schema == EQUITY_CURVE
    assert result.equity["equity"][-1] == pytest.approx(result.metrics.final_equity)
    assert len(result.daily_returns) == 1


def test_a_result_without_trades_has_the_declared_frames_too() -> None:
    result = backtest_signals(make_frame(20), long=[False] * 20)
    assert (result.trades.schema, result.trades.height) == (TRADE_LIST, 0)


def test_symbols_are_accounts_of_equal_capital_that_add_up() -> None:
    frame = pl.concat([make_frame(symbol="A-USDT"), make_frame(300, seed=2, symbol="B-USDT")])
    together = backtest(frame, CROSSING, initial_equity=20_000.0)
    alone = [backtest(part, CROSSING) for part in frame.partition_by("symbol", maintain_order=True)]
    assert list(together.by_symbol) == ["A-USDT", "B-USDT"]
    assert [one.metrics for one in alone] == [replay.metrics for replay in together.by_symbol.values()]
    assert together.metrics.final_equity == pytest.approx(sum(one.metrics.final_equity for one in alone))
    assert together.metrics.trades == sum(one.metrics.trades for one in alone)
    assert together.metrics.fees == pytest.approx(sum(one.metrics.fees for one in alone))
    assert together.trades["entry_ts"].is_sorted()
    assert set(together.trades["symbol"]) == {"A-USDT", "B-USDT"}
    grown = np.prod(1.0 + together.daily_returns)
    assert grown == pytest.approx(together.metrics.final_equity / 20_000.0)


def test_an_account_that_starts_later_holds_its_capital_until_then() -> None:
    late = make_frame(300, seed=2, symbol="B-USDT").with_columns(pl.col("ts") + pl.duration(days=3))
    result = backtest(pl.concat([make_frame(symbol="A-USDT"), late]), CROSSING)
    assert result.equity["equity"][0] == 10_000
    assert len(result.daily_returns) == 4
    assert result.metrics.days == pytest.approx(3 + 300 / 1_440)


def test_funding_goes_to_its_own_symbol() -> None:
    frame = pl.concat([make_frame(symbol="A-USDT"), make_frame(symbol="B-USDT")])
    funding = pl.DataFrame(
        {"symbol": ["B-USDT"] * 60, "ts": [START + timedelta(minutes=m) for m in range(0, 600, 10)], "rate": 0.01}
    )
    result = backtest(frame, CROSSING, funding=funding)
    assert result.by_symbol["A-USDT"].metrics.funding == 0
    assert result.by_symbol["B-USDT"].metrics.funding != 0
    with pytest.raises(InvalidValue, match="symbol"):
        backtest(frame, CROSSING, funding=funding.drop("symbol"))


def make_rates(*symbols: str) -> pl.DataFrame:
    """A rate every ten minutes, of each symbol the same."""
    times = [START + timedelta(minutes=m) for m in range(0, 600, 10)]
    return pl.concat([pl.DataFrame({"symbol": [name] * 60, "ts": times, "rate": 0.01}) for name in symbols])


@pytest.mark.parametrize("spelled", ["BTC-USDT", "BTCUSDT", "BTC/USDT:USDT", "btc_usdt", "XBT-USDT"])
@pytest.mark.parametrize("dtype", [pl.String, pl.Categorical])
def test_a_symbol_is_itself_however_it_is_spelled(spelled: str, dtype: Any) -> None:  # noqa: ANN401 - a polars type
    frame = make_frame(symbol="BTC-USDT")
    named = make_rates(spelled).with_columns(pl.col("symbol").cast(dtype))
    paid = backtest(frame, CROSSING, funding=named).metrics
    assert paid == backtest(frame, CROSSING, funding=named.drop("symbol")).metrics
    assert paid.funding != 0
    assert paid == backtest(frame.with_columns(symbol=pl.lit("BTCUSDT")), CROSSING, funding=named).metrics


def test_prints_of_another_spelling_settle_bars_too() -> None:
    frame = make_frame(200, seed=5, symbol="BTC/USDT").with_columns(
        high=pl.col("close") * 1.01, low=pl.col("close") * 0.99
    )
    ups = frame.select(pl.col("ts") + pl.duration(seconds=1), price=pl.col("high"), symbol=pl.lit("BTCUSDT"))
    strategy = CROSSING + "stop: close * 0.005\ntake: close * 0.005\n"
    assert set(backtest(frame, strategy, costs=FREE, trades=ups).trades["exit_reason"]) == {"take"}


def test_the_very_spelling_comes_before_another_of_the_same_pair() -> None:
    spot_and_perpetual = [make_frame(symbol=name) for name in ("BTC/USDT", "BTC/USDT:USDT")]
    result = backtest(pl.concat(spot_and_perpetual), CROSSING, funding=make_rates("BTC/USDT:USDT"))
    assert result.by_symbol["BTC/USDT"].metrics.funding == 0
    assert result.by_symbol["BTC/USDT:USDT"].metrics.funding != 0


@pytest.mark.parametrize(
    ("bars", "rows", "told"),
    [
        (["BTC-USDT"], ["ETHUSDT"], "rows of ETHUSDT'; expected rows of the bars' symbols; .*BTC-USDT"),
        (["BTC-USDT", "X"], ["A", "B", "C", "D", "Y"], "rows of A, B, C and 2 more"),
        ([""], ["BTC-USDT", "ETH-USDT"], "rows of one symbol, since the bars name none"),
        (["BTC-USDT"], ["BTCUSDT", "BTC_USDT"], "one spelling of a symbol"),
        (["BTC-USDT", "BTC_USDT"], ["BTCUSDT"], "one spelling of a symbol; it may also be BTC-USDT, BTC_USDT"),
    ],
)
def test_rows_of_other_symbols_are_refused_in_one_line(bars: list[str], rows: list[str], told: str) -> None:
    frame = pl.concat([make_frame(symbol=name) for name in bars])
    frame = frame.drop("symbol") if bars == [""] else frame
    funding = make_rates(*rows)
    prints = funding.select("symbol", "ts", price=pl.lit(100.0))
    for given_funding, given_trades in ((funding, None), (None, prints)):
        with pytest.raises(InvalidValue, match=told) as refusal:
            backtest(frame, CROSSING, funding=given_funding, trades=given_trades)
        assert "\n" not in str(refusal.value)


def test_rows_of_no_symbol_at_all_are_no_rows() -> None:
    frame = make_frame(symbol="BTC-USDT")
    assert backtest(frame, CROSSING, funding=make_rates("BTCUSDT").clear()).metrics.funding == 0


def test_costs_only_ever_hurt() -> None:
    frame = make_frame()
    free, dear = (backtest(frame, CROSSING, costs=costs).metrics for costs in (FREE, Costs()))
    assert dear.trades == free.trades
    assert dear.final_equity < free.final_equity


def test_the_breakdown_of_costs_adds_up() -> None:
    result = backtest(make_frame(), CROSSING)
    costs = result.costs
    assert costs.net == pytest.approx(costs.gross - costs.slippage - costs.fees - costs.funding)
    assert costs.net == pytest.approx(result.metrics.final_equity - 10_000)
    assert min(costs.slippage, costs.fees) > 0


def test_the_package_is_the_function_too() -> None:
    assert edgeproof.backtest(make_frame(), CROSSING).metrics == backtest(make_frame(), CROSSING).metrics


# What a bar leaves open, and what it cost


def test_trades_of_the_market_settle_the_bars_of_their_own_symbol() -> None:
    one = make_frame(200, seed=5).with_columns(high=pl.col("close") * 1.01, low=pl.col("close") * 0.99)
    frame = pl.concat([one.with_columns(symbol=pl.lit(name)) for name in ("A-USDT", "B-USDT")])
    ups = one.select(pl.col("ts") + pl.duration(seconds=1), price=pl.col("high"), symbol=pl.lit("B-USDT"))
    strategy = CROSSING + "stop: close * 0.005\ntake: close * 0.005\n"
    result = backtest(frame, strategy, costs=FREE, trades=ups)
    reasons = {name: set(result.by_symbol[name].trades["exit_reason"]) for name in ("A-USDT", "B-USDT")}
    assert "stop" in reasons["A-USDT"]
    assert reasons["B-USDT"] == {"take"}


def test_a_column_of_factors_makes_slippage_dearer_where_it_says_so() -> None:
    frame = make_frame(300)
    costs = Costs(taker=0, slippage=0.001, latency_ms=0)
    long = np.arange(300) % 50 == 0
    plain, dear, none = (
        backtest_signals(bars, long=long, max_hold=5, costs=costs).metrics.slippage
        for bars in (frame, *(frame.with_columns(slippage_factor=pl.lit(factor)) for factor in (2.0, 0)))
    )
    assert dear == pytest.approx(2 * plain, rel=1e-2)
    assert none == 0


def test_factors_that_would_eat_the_price_are_refused() -> None:
    frame = make_frame(10).with_columns(slippage_factor=pl.lit(500.0))
    with pytest.raises(InvalidValue, match="slippage_factor"):
        backtest_signals(frame, long=[True] * 10, costs=Costs(slippage=0.01))
