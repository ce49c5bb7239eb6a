"""Features of the UTC day and of the clock."""

from __future__ import annotations

import numpy as np
import pytest

from edgeproof.domain.time import MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE, ONE_MINUTE, Timeframe
from edgeproof.features import FeatureInput, compute_feature
from fakes.feature_markets import SUNDAY_MS, make_bars, random_bars, slice_input

HOUR = Timeframe(60)


def hourly(bars: int, seed: int = 1, start_ms: int = SUNDAY_MS) -> FeatureInput:
    return FeatureInput(bars=random_bars(bars, seed, timeframe=HOUR, start_ms=start_ms))


def at_times(ts: list[int], timeframe: Timeframe = ONE_MINUTE) -> FeatureInput:
    one = np.arange(1.0, len(ts) + 1.0)
    return FeatureInput(
        bars=make_bars(
            open=one, high=one, low=one, close=one, volume=one, ts=np.array(ts, dtype=np.int64), timeframe=timeframe
        )
    )


def test_session_vwap_starts_anew_each_day_and_averages_the_day_so_far() -> None:
    data = hourly(72)
    bars, values = data.bars, compute_feature("session_vwap", (), data)
    typical = (bars.high + bars.low + bars.close) / 3.0
    for at, first in ((0, 0), (5, 0), (23, 0), (24, 24), (47, 24), (71, 48)):
        day = slice(first, at + 1)
        assert values[at] == pytest.approx(np.average(typical[day], weights=bars.volume[day]))


def test_a_day_of_which_only_a_part_was_seen_is_null() -> None:
    part = slice_input(hourly(72), 5, 72)
    values = compute_feature("session_vwap", (), part)
    assert np.isnan(values[:19]).all()
    np.testing.assert_array_equal(values[19:], compute_feature("session_vwap", (), hourly(72))[24:])


def test_a_day_whose_first_minutes_are_missing_still_counts_once_the_day_before_was_seen() -> None:
    data = at_times([SUNDAY_MS - MS_PER_MINUTE, SUNDAY_MS + 3 * MS_PER_MINUTE, SUNDAY_MS + 4 * MS_PER_MINUTE])
    np.testing.assert_array_equal(compute_feature("session_volume", (), data), [np.nan, 2.0, 5.0])


def test_levels_of_the_day_before_are_known_from_the_next_midnight() -> None:
    data = hourly(80)
    bars = data.bars
    for name, expected in (
        ("previous_session_high", bars.high[24:48].max()),
        ("previous_session_low", bars.low[24:48].min()),
        ("previous_session_close", bars.close[47]),
        ("pivot_point", (bars.high[24:48].max() + bars.low[24:48].min() + bars.close[47]) / 3.0),
    ):
        values = compute_feature(name, (), data)
        assert np.isnan(values[:24]).all()
        assert (values[48:72] == expected).all(), name


def test_session_return_begins_at_the_days_open() -> None:
    data = hourly(48)
    values = compute_feature("session_return", (), data)
    assert values[40] == pytest.approx(data.bars.close[40] / data.bars.open[24] - 1.0)


def test_the_clock_is_read_at_the_close_when_the_decision_is_made() -> None:
    # A bar that opens on Sunday at 23:00 closes on Monday at 00:00.
    data = at_times([SUNDAY_MS + 22 * MS_PER_HOUR, SUNDAY_MS + 23 * MS_PER_HOUR], HOUR)
    assert compute_feature("day_of_week", (), data).tolist() == [6.0, 0.0]
    assert compute_feature("is_weekend", (), data).tolist() == [1.0, 0.0]
    assert compute_feature("minute_of_day", (), data).tolist() == [1_380.0, 0.0]
    assert compute_feature("hour_cos", (), data)[1] == 1.0
    assert compute_feature("minutes_to_funding", (), data).tolist() == [60.0, 480.0]
    assert compute_feature("asia_session", (), data).tolist() == [0.0, 1.0]


def test_trading_days_of_the_continents() -> None:
    data = at_times([SUNDAY_MS + h * MS_PER_HOUR - MS_PER_MINUTE for h in (7, 8, 13, 14, 20)])
    assert compute_feature("asia_session", (), data).tolist() == [1.0, 0.0, 0.0, 0.0, 0.0]
    assert compute_feature("europe_session", (), data).tolist() == [1.0, 1.0, 1.0, 1.0, 0.0]
    assert compute_feature("us_session", (), data).tolist() == [0.0, 0.0, 0.0, 1.0, 0.0]


def test_hour_of_day_return_is_the_mean_of_that_hour_on_the_days_before() -> None:
    data = hourly(24 * 6)
    bars = data.bars
    by_hour = np.log(bars.close / bars.open)
    values = compute_feature("hour_of_day_return", (3,), data)
    # Bar i closes when hour i + 1 begins, so the mean is over hours i + 1 - 24, - 48 and - 72.
    for at in (80, 100, 143):
        assert values[at] == pytest.approx(np.mean([by_hour[at + 1 - 24 * d] for d in (1, 2, 3)]))
    assert np.isnan(values[:72]).all()


def test_hour_of_day_return_reads_minutes_as_hours_and_leaves_missing_hours_out() -> None:
    minutes = random_bars(24 * 60 * 4, seed=3)
    whole = FeatureInput(bars=minutes)
    at = 24 * 60 * 3 + 90  # known at 01:31 of the fourth day
    values = compute_feature("hour_of_day_return", (2,), whole)
    hours = [(d * 1_440 + 60, d * 1_440 + 119) for d in (1, 2)]
    expected = [np.log(minutes.close[last] / minutes.open[first]) for first, last in hours]
    assert values[at] == pytest.approx(np.mean(expected))
    kept = np.flatnonzero((np.arange(len(minutes)) < hours[0][0]) | (np.arange(len(minutes)) > hours[0][1]))
    holed = make_bars(
        ts=minutes.ts[kept],
        **{c: getattr(minutes, c)[kept] for c in ("open", "high", "low", "close", "volume")},
    )
    values = compute_feature("hour_of_day_return", (2,), FeatureInput(bars=holed))
    assert values[at - 60] == pytest.approx(expected[1])


def test_daily_bars_are_sessions_of_their_own() -> None:
    data = FeatureInput(bars=random_bars(40, seed=4, timeframe=Timeframe(1_440)))
    np.testing.assert_array_equal(compute_feature("session_open", (), data), data.bars.open)
    np.testing.assert_array_equal(compute_feature("previous_session_high", (), data)[1:], data.bars.high[:-1])
    assert data.bars.ts[0] % MS_PER_DAY == 0
