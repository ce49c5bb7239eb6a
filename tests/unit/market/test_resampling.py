from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.domain.errors import InvalidValue
from edgeproof.domain.series import VALUE_COLUMNS, BarSeries
from edgeproof.domain.time import MS_PER_MINUTE, ONE_MINUTE, Timeframe
from edgeproof.market import resample

FIVE_MINUTES = Timeframe(5)


def make_minutes(minutes: list[int], seed: int = 0) -> BarSeries:
    """One bar at each of these minutes since the epoch, prices drawn around 100."""
    draw = np.random.default_rng(seed)
    n = len(minutes)
    body = draw.uniform(90, 110, (2, n))
    return BarSeries(
        timeframe=ONE_MINUTE,
        ts=np.array(minutes, dtype=np.int64) * MS_PER_MINUTE,
        open=body[0],
        high=body.max(axis=0, initial=0) + draw.uniform(0, 2, n),
        low=body.min(axis=0, initial=200) - draw.uniform(0, 2, n),
        close=body[1],
        volume=draw.uniform(0, 5, n),
        quote_volume=draw.uniform(0, 5, n),
        trades=draw.integers(0, 9, n).astype(np.float64),
        taker_buy_volume=np.where(draw.random(n) < 0.2, np.nan, 1.0),
    )


def opens_in_minutes(series: BarSeries) -> list[int]:
    return [int(minute) for minute in series.ts // MS_PER_MINUTE]


def assert_same(left: BarSeries, right: BarSeries) -> None:
    assert left.timeframe == right.timeframe
    assert left.ts.tolist() == right.ts.tolist()
    for column in VALUE_COLUMNS:
        np.testing.assert_array_equal(getattr(left, column), getattr(right, column), err_msg=column)


minutes_with_gaps = st.lists(st.integers(0, 400), min_size=0, max_size=120, unique=True).map(sorted)


def test_five_minutes_have_the_first_open_the_extremes_the_last_close_and_the_sum() -> None:
    series = make_minutes([10, 11, 12, 13, 14])
    bar = resample(series, FIVE_MINUTES)
    assert opens_in_minutes(bar) == [10]
    assert bar.open[0] == series.open[0]
    assert bar.high[0] == series.high.max()
    assert bar.low[0] == series.low.min()
    assert bar.close[0] == series.close[-1]
    assert bar.volume[0] == pytest.approx(series.volume.sum())
    assert bar.trades[0] == series.trades.sum()


def test_a_bucket_the_series_begins_inside_is_dropped() -> None:
    assert opens_in_minutes(resample(make_minutes(list(range(12, 25))), FIVE_MINUTES)) == [15, 20]


def test_a_bucket_is_formed_only_when_its_end_has_come() -> None:
    assert opens_in_minutes(resample(make_minutes(list(range(10, 19))), FIVE_MINUTES)) == [10]
    assert opens_in_minutes(resample(make_minutes(list(range(10, 20))), FIVE_MINUTES)) == [10, 15]


def test_a_bucket_that_lacks_its_last_minute_is_formed_once_a_later_bar_has_closed() -> None:
    assert opens_in_minutes(resample(make_minutes([10, 11, 12]), FIVE_MINUTES)) == []
    assert opens_in_minutes(resample(make_minutes([10, 11, 12, 15]), FIVE_MINUTES)) == [10]


def test_missing_minutes_contribute_nothing_and_empty_buckets_are_absent() -> None:
    series = make_minutes([10, 13, 27, 30])
    bars = resample(series, FIVE_MINUTES)
    assert opens_in_minutes(bars) == [10, 25]
    assert bars.volume[0] == series.volume[:2].sum()


def test_a_sum_with_an_unknown_part_is_unknown() -> None:
    series = make_minutes(list(range(10, 20)))
    series.taker_buy_volume[:] = 1.0
    series.taker_buy_volume[3] = np.nan
    np.testing.assert_array_equal(resample(series, FIVE_MINUTES).taker_buy_volume, [np.nan, 5.0])


def test_the_same_timeframe_returns_the_same_bars() -> None:
    series = make_minutes([1, 2, 5])
    assert resample(series, ONE_MINUTE) is series


def test_an_empty_series_gives_an_empty_series() -> None:
    assert len(resample(make_minutes([]), FIVE_MINUTES)) == 0
    assert resample(make_minutes([]), FIVE_MINUTES).timeframe == FIVE_MINUTES


def test_a_timeframe_that_is_no_multiple_is_refused() -> None:
    five = resample(make_minutes(list(range(10, 40))), FIVE_MINUTES)
    with pytest.raises(InvalidValue, match="multiple"):
        resample(five, Timeframe(8))
    with pytest.raises(InvalidValue, match="multiple"):
        resample(five, ONE_MINUTE)


def test_bars_that_straddle_two_buckets_are_refused() -> None:
    series = make_minutes([10, 11])
    series.ts[:] += 30_000
    with pytest.raises(InvalidValue, match="a multiple of 1m"):
        resample(series, FIVE_MINUTES)


@settings(deadline=None, max_examples=60)
@given(minutes=minutes_with_gaps, cut=st.integers(0, 120), length=st.sampled_from([2, 5, 15, 60]))
def test_resampling_the_past_gives_the_beginning_of_resampling_the_whole(
    minutes: list[int], cut: int, length: int
) -> None:
    series = make_minutes(minutes)
    whole = resample(series, Timeframe(length))
    past = resample(series.slice(0, cut), Timeframe(length))
    assert_same(past, whole.slice(0, len(past)))


@settings(deadline=None, max_examples=60)
@given(minutes=minutes_with_gaps, length=st.sampled_from([2, 5, 15, 60]))
def test_no_bar_is_known_before_the_bars_it_is_made_of(minutes: list[int], length: int) -> None:
    series = make_minutes(minutes)
    bars = resample(series, Timeframe(length))
    assert len(bars) == 0 or bars.known_at[-1] <= series.known_at[-1]
    assert len(bars) == 0 or bars.ts[0] >= series.ts[0] - series.ts[0] % bars.timeframe.ms


@settings(deadline=None, max_examples=40)
@given(minutes=minutes_with_gaps, length=st.sampled_from([2, 5, 15, 60]))
def test_polars_group_by_dynamic_agrees_where_buckets_are_whole(minutes: list[int], length: int) -> None:
    series = make_minutes(minutes)
    oracle = (
        series.to_frame()
        .group_by_dynamic("ts", every=f"{length}m", closed="left", label="left")
        .agg(pl.first("open"), pl.max("high"), pl.min("low"), pl.last("close"), pl.sum("volume"))
    )
    bars = resample(series, Timeframe(length)).to_frame().select("ts", "open", "high", "low", "close", "volume")
    whole = oracle.join(bars.select("ts"), on="ts", how="semi")
    assert whole.height == bars.height
    for column in ("open", "high", "low", "close", "volume"):
        np.testing.assert_allclose(whole[column].to_numpy(), bars[column].to_numpy(), rtol=1e-12)


@settings(deadline=None, max_examples=40)
@given(minutes=minutes_with_gaps)
def test_in_two_steps_prices_are_those_of_one_step(minutes: list[int]) -> None:
    series = make_minutes(minutes)
    once = resample(series, Timeframe(60))
    twice = resample(resample(series, Timeframe(15)), Timeframe(60))
    shared = np.isin(once.ts, twice.ts)
    assert set(twice.ts.tolist()) <= set(once.ts.tolist())
    np.testing.assert_array_equal(once.high[shared], twice.high)
    np.testing.assert_array_equal(once.close[shared], twice.close)
