from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.domain.series import BarSeries
from edgeproof.domain.time import MS_PER_MINUTE, Timeframe
from edgeproof.sheets import gather_candles
from fakes.accounts import START_MS, make_walk


def make_series(minutes: list[int], *, timeframe: str = "1m") -> BarSeries:
    walk = make_walk(len(minutes)).with_columns(ts=pl.Series([START_MS + m * MS_PER_MINUTE for m in minutes]))
    return BarSeries.from_frame(walk, Timeframe.parse(timeframe))


@settings(deadline=None, max_examples=60)
@given(minutes=st.lists(st.integers(0, 50_000), min_size=1, max_size=200, unique=True), most=st.integers(1, 40))
def test_no_high_or_low_is_lost_and_each_candle_is_its_bars(minutes: list[int], most: int) -> None:
    bars = make_series(sorted(minutes))
    candles = gather_candles(bars, most=most)
    assert 1 <= len(candles) <= max(most, 1)
    assert candles.bars == len(minutes)
    at = bars.ts // candles.length_ms * candles.length_ms
    expected = (
        pl.DataFrame({"at": at, "o": bars.open, "h": bars.high, "l": bars.low, "c": bars.close})
        .group_by("at", maintain_order=True)
        .agg(pl.col("o").first(), pl.col("h").max(), pl.col("l").min(), pl.col("c").last())
    )
    for column, found in zip("ohlc", (candles.open, candles.high, candles.low, candles.close), strict=True):
        np.testing.assert_array_equal(expected[column].to_numpy(), found)
    np.testing.assert_array_equal(expected["at"].to_numpy(), candles.ts)


def test_few_bars_stay_as_they_are() -> None:
    bars = make_series([0, 1, 5])
    candles = gather_candles(bars, most=3)
    assert candles.length_ms == candles.bar_ms == MS_PER_MINUTE
    np.testing.assert_array_equal(candles.ts, bars.ts)


def test_the_length_is_one_a_reader_can_name_and_the_shortest_that_does() -> None:
    assert gather_candles(make_series(list(range(1_000))), most=100).length_ms == 10 * MS_PER_MINUTE
    assert gather_candles(make_series(list(range(1_000))), most=99).length_ms == 15 * MS_PER_MINUTE


def test_candles_are_made_of_whole_bars() -> None:
    candles = gather_candles(make_series(list(range(0, 1_500, 15)), timeframe="15m"), most=60)
    assert candles.length_ms == 30 * MS_PER_MINUTE


def test_bars_that_are_not_numbers_are_left_out() -> None:
    bars = make_series([0, 1, 2])
    candles = gather_candles(replace(bars, high=np.array([200.0, np.nan, 200.0])), most=10)
    assert len(candles) == 2
    assert candles.bars == 3


@pytest.mark.parametrize("count", [1, 2])
def test_a_bar_alone_is_a_candle(count: int) -> None:
    assert len(gather_candles(make_series(list(range(count))), most=1)) == 1
