"""Names to values, and frames to frames."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.domain.errors import InvalidValue, SchemaMismatch, UnknownName
from edgeproof.domain.series import BarSeries
from edgeproof.domain.time import ONE_MINUTE, Timeframe
from edgeproof.features import (
    FEATURES,
    FeatureInput,
    align_reference,
    compute_feature,
    compute_features,
    infer_timeframe,
    parse_call,
)
from fakes.feature_markets import random_bars


def frame_of(symbol: str, bars: int = 300, seed: int = 1, *, gaps: bool = False) -> pl.DataFrame:
    return random_bars(bars, seed, gaps=gaps).to_frame().with_columns(symbol=pl.lit(symbol))


def test_every_registered_feature_becomes_a_column_when_none_is_named() -> None:
    frame = frame_of("BTC-USDT")
    table = compute_features(frame)
    assert table.columns == ["ts", "symbol", *FEATURES.names]
    assert table.height == frame.height
    assert set(table.select(FEATURES.names).dtypes) == {pl.Float64()}
    assert not any(table[name].is_nan().any() for name in FEATURES.names)


def test_a_column_is_named_as_it_was_asked_for() -> None:
    table = compute_features(frame_of("BTC-USDT"), ["ema(50)", "ema", " rsi ( 7 ) "])
    assert table.columns == ["ts", "symbol", "ema(50)", "ema", " rsi ( 7 ) "]
    assert table["ema(50)"].null_count() == 49


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1_000), gaps=st.booleans())
def test_no_symbol_takes_anything_from_another(seed: int, gaps: bool) -> None:  # noqa: FBT001 - drawn by hypothesis
    one, other = frame_of("ADA-USDT", 200, seed, gaps=gaps), frame_of("XRP-USDT", 150, seed + 1)
    shuffled = pl.concat([one, other]).sample(fraction=1.0, shuffle=True, seed=seed)
    together = compute_features(shuffled)
    for frame in (one, other):
        mixed = together.filter(pl.col("symbol") == frame["symbol"][0]).sort("ts")
        assert mixed.equals(compute_features(frame))


def test_rows_come_back_in_the_order_they_were_given() -> None:
    frame = frame_of("ADA-USDT").sample(fraction=1.0, shuffle=True, seed=4)
    assert compute_features(frame, ["sma(3)"])["ts"].equals(frame["ts"])


def test_a_frame_without_symbols_is_one_instrument() -> None:
    frame = frame_of("ADA-USDT").drop("symbol")
    table = compute_features(frame, ["sma(3)"])
    assert table.columns == ["ts", "sma(3)"]
    assert table["sma(3)"][10] == pytest.approx(frame["close"][8:11].mean())


def test_cross_asset_features_compare_with_the_reference_in_the_frame() -> None:
    ada, btc = frame_of("ADA-USDT", seed=1), frame_of("BTC-USDT", seed=2)
    table = compute_features(pl.concat([ada, btc]), ["correlation(100)", "reference_return"])
    own = table.filter(pl.col("symbol") == "ADA-USDT")
    btc_return = btc["close"][-1] / btc["close"][-2] - 1.0
    assert own["reference_return"][-1] == pytest.approx(btc_return)
    assert table.filter(pl.col("symbol") == "BTC-USDT")["correlation(100)"][-1] == pytest.approx(1.0)
    alone = compute_features(ada, ["correlation(100)"])
    assert alone["correlation(100)"].null_count() == ada.height


def test_each_symbol_gets_its_own_funding() -> None:
    bars = pl.concat([frame_of("ADA-USDT"), frame_of("XRP-USDT")])
    funding = pl.DataFrame({"symbol": ["ADA-USDT"], "ts": bars["ts"][:1], "rate": [0.01]})
    table = compute_features(bars, ["funding_rate"], funding=funding)
    assert (table.filter(pl.col("symbol") == "ADA-USDT")["funding_rate"] == 0.01).all()
    assert table.filter(pl.col("symbol") == "XRP-USDT")["funding_rate"].null_count() == 300


def test_the_finest_step_of_the_whole_frame_is_its_timeframe() -> None:
    # ADA has two bars an hour apart; it still is a frame of minutes, so its first bar is known a minute after its open.
    minutes = frame_of("XRP-USDT", 120, seed=2)
    sparse = frame_of("ADA-USDT", 120).filter(pl.int_range(pl.len()) % 60 == 0)
    table = compute_features(pl.concat([minutes, sparse]), ["minute_of_day"])
    assert table.filter(pl.col("symbol") == "ADA-USDT")["minute_of_day"].to_list() == [1.0, 61.0]


def test_an_empty_frame_gives_an_empty_table_with_its_columns() -> None:
    table = compute_features(frame_of("ADA-USDT").clear(), ["ema", "rsi"])
    assert table.columns == ["ts", "symbol", "ema", "rsi"]
    assert table.height == 0


def test_one_bar_is_enough_to_answer() -> None:
    table = compute_features(frame_of("ADA-USDT").head(1), ["ema", "typical_price"])
    assert table["ema"].null_count() == 1
    assert table["typical_price"].null_count() == 0


def test_optional_columns_may_be_absent() -> None:
    frame = frame_of("ADA-USDT").drop("quote_volume", "trades", "taker_buy_volume")
    table = compute_features(frame, ["vpin", "amihud", "sma"])
    assert table["vpin"].null_count() == table["amihud"].null_count() == 300
    assert table["sma"].null_count() == 19


def test_a_frame_that_is_not_bars_is_refused_by_column() -> None:
    with pytest.raises(SchemaMismatch, match="ts: missing"):
        compute_features(pl.DataFrame({"close": [1.0]}))
    with pytest.raises(SchemaMismatch, match="volume: missing"):
        compute_features(frame_of("ADA-USDT").drop("volume"))
    with pytest.raises(SchemaMismatch, match="ts: 1 nulls"):
        compute_features(frame_of("ADA-USDT").with_columns(pl.when(pl.int_range(pl.len()) > 0).then("ts").alias("ts")))
    with pytest.raises(SchemaMismatch, match="ts: is String"):
        compute_features(frame_of("ADA-USDT").with_columns(pl.col("ts").cast(pl.String)))
    with pytest.raises(SchemaMismatch, match="symbol: 300 nulls"):
        compute_features(frame_of("ADA-USDT").with_columns(symbol=pl.lit(None, pl.String)))
    with pytest.raises(InvalidValue, match="times that strictly ascend"):
        compute_features(pl.concat([frame_of("ADA-USDT"), frame_of("ADA-USDT")]))


@pytest.mark.parametrize("dtype", [pl.Datetime("us"), pl.Datetime("ns", "UTC"), pl.Datetime("ms", "UTC"), pl.Int64])
def test_times_may_come_in_any_unit_that_says_which(dtype: pl.DataType) -> None:
    frame = frame_of("ADA-USDT")
    table = compute_features(frame.with_columns(pl.col("ts").cast(dtype)), ["session_vwap"])
    assert table["session_vwap"].equals(compute_features(frame, ["session_vwap"])["session_vwap"])


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ("emma", "no feature 'emma'; did you mean 'ema'"),
        ("ema(1)", "window of ema cannot be 1.0; expected a whole number from 2 to 5000"),
        ("ema(2.5)", "window of ema cannot be 2.5; expected a whole number"),
        ("ema(nan)", "window of ema cannot be nan; expected a whole number"),
        ("ema(1e9)", "expected a whole number from 2 to 5000"),
        ("ema(5, 6)", "number of arguments of ema cannot be 2; expected at most 1"),
        ("hour_sin(3)", "number of arguments of hour_sin cannot be 1; expected none"),
        ("bb_upper(20, 0)", "width of bb_upper cannot be 0.0; expected a number from 0.1 to 10"),
        ("ema(x)", "expected numbers between the brackets"),
        ("ema(20", "expected a name, or a name and numbers"),
        ("ema 20", "expected a name, or a name and numbers"),
    ],
)
def test_a_wrong_request_is_told_what_was_wrong(call: str, told: str) -> None:
    with pytest.raises((InvalidValue, UnknownName)) as caught:
        compute_features(frame_of("ADA-USDT"), [call])
    assert told in str(caught.value)


def test_arguments_left_out_take_their_defaults() -> None:
    assert parse_call("macd") == parse_call("macd()") == parse_call("macd(12, 26)") == ("macd", (12, 26, 9))
    data = FeatureInput(bars=random_bars(100, seed=1))
    np.testing.assert_array_equal(compute_feature("rsi", (), data), compute_feature("rsi", (14,), data))


def test_numpy_numbers_are_numbers_and_kept_as_python_has_them() -> None:
    (window,) = FEATURES["ema"].check_arguments([np.int64(20)])  # type: ignore[list-item] # numpy's number on purpose
    assert window == 20
    assert type(window) is int


def test_truth_values_and_texts_are_no_numbers() -> None:
    for wrong in (True, "20", None):
        with pytest.raises(InvalidValue, match="window of ema"):
            FEATURES["ema"].check_arguments([wrong])  # type: ignore[list-item]


def test_beside_the_bars_everything_has_one_value_a_bar() -> None:
    bars = random_bars(10, seed=1)
    with pytest.raises(InvalidValue, match="funding_rate cannot be '9 values'; expected 10 values"):
        FeatureInput(bars=bars, funding_rate=np.zeros(9))
    with pytest.raises(InvalidValue, match="reference cannot be '9 bars'"):
        FeatureInput(bars=bars, reference=bars.slice(0, 9))


def test_a_reference_with_other_times_is_null_where_it_has_no_bar() -> None:
    bars = random_bars(10, seed=1)
    kept = np.array([0, 1, 4, 5, 9])
    sparse = BarSeries.from_frame(bars.to_frame()[kept.tolist()], ONE_MINUTE)
    aligned = align_reference(sparse, bars)
    assert np.flatnonzero(~np.isnan(aligned.close)).tolist() == kept.tolist()
    np.testing.assert_array_equal(aligned.close[kept], bars.close[kept])
    assert np.isnan(align_reference(bars.slice(0, 0), bars).close).all()


def test_warm_up_counts_whole_days_in_bars_of_the_timeframe() -> None:
    session = FEATURES["session_vwap"]
    assert session.warm_up() == 1_440
    assert session.warm_up((), Timeframe(60)) == 24
    assert session.warm_up((), Timeframe(1_440)) == 1


def test_a_step_that_is_no_timeframe_is_refused() -> None:
    assert infer_timeframe(np.array([0, 300_000, 900_000])) == Timeframe(5)
    assert infer_timeframe(np.array([5])) == ONE_MINUTE
    for step in (1_500, 7 * 60_000):
        with pytest.raises(InvalidValue):
            infer_timeframe(np.array([0, step]))
