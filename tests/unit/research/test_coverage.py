"""Coverage counts what is there and says plainly what is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.domain.instruments import Instrument
from edgeproof.domain.time import MS_PER_DAY, MS_PER_MINUTE, ONE_MINUTE, Window
from edgeproof.research.coverage import (
    Coverage,
    describe_coverage,
    describe_missing_funding,
    describe_sparse,
    describe_uncounted,
    measure_coverage,
)

DAY = Window(start_ms=0, end_ms=MS_PER_DAY)


def cover(minutes: list[int], symbol: str = "BTC-USDT", venue: str = "demo") -> Coverage:
    ts = np.array(minutes, dtype=np.int64) * MS_PER_MINUTE
    return measure_coverage(Instrument(venue=venue, symbol=symbol), ONE_MINUTE, ts, DAY)


WHOLE = cover(list(range(1_440)))


@given(st.sets(st.integers(0, 1_439), min_size=1))
@settings(deadline=None, max_examples=60)
def test_what_is_there_and_what_is_missing_make_the_window(minutes: set[int]) -> None:
    found = cover(sorted(minutes))
    missing = found.missing_before + found.missing_inside + found.missing_after
    assert found.bars + missing == found.expected == 1_440


def test_a_window_without_a_missing_bar_is_whole() -> None:
    assert WHOLE.is_whole
    assert WHOLE.share == 1.0
    assert describe_coverage([WHOLE]) == "The market covers the whole window, no bar missing."
    assert describe_coverage([WHOLE, WHOLE]) == "All 2 markets cover the whole window, no bar missing."


def test_a_market_that_stops_a_few_minutes_sooner_still_covers_the_window() -> None:
    assert cover(list(range(1_430))).is_whole


def test_holes_are_counted_as_stretches_and_as_bars() -> None:
    found = cover([0, 1, 5, 6, 9, *range(10, 1_440)])
    assert (found.gaps, found.missing_inside) == (2, 5)
    assert "1 has holes, 5 bars in all: BTC-USDT." in describe_coverage([found])


def test_the_sentence_says_who_ends_early_and_when() -> None:
    short = cover(list(range(600)), "ETH-USDT")
    late = cover(list(range(700, 1_440)), "SOL-USDT")
    told = describe_coverage([WHOLE, short, late])
    assert told.startswith("1 of 3 markets cover the whole window. 1 ends early, on 1970-01-01: ETH-USDT.")
    assert "1 begins late, on 1970-01-01: SOL-USDT." in told
    assert told.endswith("Results of markets with less history rest on fewer days.")


@given(st.sets(st.integers(0, 1_439)), st.integers(0, 700), st.integers(740, 1_439))
@settings(deadline=None, max_examples=60)
def test_the_longest_stretch_without_funding_is_the_longest_run_of_minutes_without_one(
    settled: set[int], first: int, last: int
) -> None:
    found = measure_coverage(
        Instrument(venue="demo", symbol="BTC-USDT"),
        ONE_MINUTE,
        np.array([first, last], dtype=np.int64) * MS_PER_MINUTE,
        DAY,
        funding_ts=np.array(sorted(settled), dtype=np.int64) * MS_PER_MINUTE,
    )
    longest = run = 0
    for minute in range(first, last + 1):
        run = 0 if minute in settled else run
        run += 1
        longest = max(longest, run)
    assert found.settlements == len(settled)
    assert found.longest_unfunded_hours * 60 == pytest.approx(longest)


def test_markets_without_funding_rates_are_named() -> None:
    funded = replace(WHOLE, settlements=3, longest_unfunded_hours=8.0)
    assert describe_missing_funding([funded]) == ""
    assert describe_missing_funding([funded, cover(list(range(1_440)), "ETH-USDT")]) == (
        "1 of 2 markets have no funding rates (ETH-USDT): what holding a position costs there is not in these results;"
        " import them."
    )


def test_markets_of_several_venues_are_named_with_them() -> None:
    funded = replace(WHOLE, settlements=3, longest_unfunded_hours=8.0)
    other = cover(list(range(1_440)), venue="other")
    assert "(other:BTC-USDT)" in describe_missing_funding([funded, other])
    assert "(BTC-USDT)" in describe_missing_funding([other])


def test_markets_with_bars_for_less_than_half_of_the_window_are_named() -> None:
    half, little = cover(list(range(720)), "HALF-USDT"), cover(list(range(719)), "LITTLE-USDT")
    assert describe_sparse([WHOLE, half]) == ""
    assert describe_sparse([WHOLE, half, little]) == (
        "1 of 3 markets have bars for less than half of the window: LITTLE-USDT. Results there rest on fewer days."
    )


def test_a_few_hours_without_a_settlement_are_nothing_to_remark() -> None:
    assert describe_missing_funding([cover(list(range(480)))]) == ""


def test_many_names_are_cut_short() -> None:
    short = [cover(list(range(600)), f"A{i}-USDT") for i in range(15)]
    assert "A11-USDT and 3 more." in describe_coverage([WHOLE, *short])


def test_bars_without_a_count_are_told_where_others_have_one() -> None:
    counts = np.full(1_440, 12.0)
    counts[100:103] = np.nan
    ts = np.arange(1_440, dtype=np.int64) * ONE_MINUTE.ms
    one = measure_coverage(Instrument(venue="v", symbol="A-USDT"), ONE_MINUTE, ts, DAY, trades=counts)
    assert one.uncounted == 3
    assert describe_uncounted([one]).startswith("3 bars of A-USDT have no trade count")
    never = measure_coverage(Instrument(venue="v", symbol="B-USDT"), ONE_MINUTE, ts, DAY, trades=counts * np.nan)
    assert never.uncounted == 0
    assert describe_uncounted([never]) == ""
