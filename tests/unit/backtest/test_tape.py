from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest

from edgeproof.backtest import prepare_tape
from edgeproof.backtest.tape import find_day_ends
from edgeproof.domain.errors import InvalidValue, SchemaMismatch
from edgeproof.domain.time import MS_PER_DAY, MS_PER_HOUR
from fakes.tiny_market import START_MS, make_bars, make_funding, make_prints

HOUR = MS_PER_HOUR


def test_samples_are_the_last_bars_of_hours_that_have_bars() -> None:
    tape = prepare_tape(make_bars(*["100"] * 6, minutes=[0, 58, 59, 60, 300, 301]))
    assert tape.samples.tolist() == [2, 3, 5]
    assert ((tape.sample_ts - START_MS) // 60_000).tolist() == [0, 60, 61, 302]


def test_a_sample_at_midnight_belongs_to_the_day_that_ends_there() -> None:
    first, ends = find_day_ends(START_MS + np.array([0, 12, 24, 36]) * HOUR)
    assert (first, ends.tolist()) == (date(2025, 6, 1), [2, 3])


def test_a_day_without_samples_has_the_sample_of_the_day_before() -> None:
    _, ends = find_day_ends(START_MS + np.array([0, 12, 80]) * HOUR)
    assert ends.tolist() == [1, 1, 1, 2]


def test_a_bar_longer_than_a_day_is_counted_on_the_day_it_closes() -> None:
    tape = prepare_tape(make_bars("100", "110", timeframe="7d"))
    assert len(tape.day_ends) == 14
    assert tape.day_ends.tolist() == [0] * 6 + [1] * 7 + [2]


def test_an_open_outside_its_bar_widens_its_range() -> None:
    tape = prepare_tape(make_bars("100", "105 101 99 100", "100 101 99 95"))
    assert (tape.high.tolist(), tape.low.tolist()) == ([100, 105, 101], [100, 99, 95])


def test_bars_that_are_sound_are_not_copied() -> None:
    bars = make_bars("100 101 99 100", "100")
    tape = prepare_tape(bars)
    assert tape.high is bars.high


def test_funding_is_placed_at_the_bar_that_contains_it_or_the_next() -> None:
    bars = make_bars(*["100"] * 4, minutes=[0, 1, 5, 6])
    tape = prepare_tape(bars, make_funding({-1: 9, 0: 1, 1.5: 2, 3: 3, 5: 4, 6.99: 5, 7: 9}))
    assert list(zip(tape.funding_bar.tolist(), tape.funding_rate.tolist(), strict=True)) == [
        (0, 1),
        (1, 2),
        (2, 3),
        (2, 4),
        (3, 5),
    ]


@pytest.mark.parametrize("shift", [-START_MS - 1, 200 * 365 * MS_PER_DAY])
def test_times_outside_two_centuries_are_refused(shift: int) -> None:
    bars = make_bars("100", "100")
    with pytest.raises(InvalidValue, match="1970 to 2200"):
        prepare_tape(replace(bars, ts=bars.ts + shift))


def test_no_bars_are_refused() -> None:
    with pytest.raises(InvalidValue, match="empty"):
        prepare_tape(make_bars("100").slice(0, 0))


def test_trades_of_the_market_are_put_in_order_of_time_and_keep_theirs_within_one() -> None:
    tape = prepare_tape(make_bars("100", "100"), trades=make_prints([(1, 5.0), (0.5, 1.0), (0.5, 2.0)]))
    assert tape.print_price.tolist() == [1, 2, 5]
    assert (tape.print_ts - START_MS).tolist() == [30_000, 30_000, 60_000]


@pytest.mark.parametrize("price", [float("nan"), float("inf"), 0.0, -1.0, None])
def test_trades_at_no_price_are_refused(price: float | None) -> None:
    prints = make_prints([(0, 1.0)]).with_columns(price=pl.lit(price, dtype=pl.Float64))
    with pytest.raises(InvalidValue, match="trades"):
        prepare_tape(make_bars("100"), trades=prints)


def test_trades_without_a_price_are_refused_by_its_name() -> None:
    with pytest.raises(SchemaMismatch, match="price: missing"):
        prepare_tape(make_bars("100"), trades=make_prints([(0, 1.0)]).drop("price"))


@pytest.mark.parametrize("factors", [[1.0], [1.0, -1.0], [1.0, None], [1.0, float("nan")], ["a", "b"], [1.0, 1e9]])
def test_slippage_factors_that_cannot_be_are_refused(factors: list[object]) -> None:
    with pytest.raises(InvalidValue, match="slippage_factor"):
        prepare_tape(make_bars("100", "100"), slippage_factor=pl.Series(factors))
