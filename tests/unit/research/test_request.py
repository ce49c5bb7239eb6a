"""Of the bars a market has, those are traded on that stand for the window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl
import pytest

from edgeproof.domain.errors import InvalidValue
from edgeproof.domain.frames import BARS
from edgeproof.domain.instruments import Instrument
from edgeproof.domain.stores import Holding
from edgeproof.domain.time import MS_PER_DAY, MS_PER_HOUR, ONE_MINUTE, Timeframe
from edgeproof.research import CycleRequest, NothingToTest, run_cycle
from edgeproof.research.request import (
    Universe,
    choose_span,
    choose_universe,
    describe_absent,
    describe_shorter_window,
    say_length,
)
from edgeproof.strategies import load_strategy
from fakes.memory_lake import MemoryLake
from fakes.memory_ledger import MemoryLedger
from fakes.small_markets import START_MS, make_bars

if TYPE_CHECKING:
    from collections.abc import Sequence

_HOUR: Final = Timeframe(60)
BTC: Final = Instrument(venue="demo", symbol="BTC-USDT")
ETH: Final = Instrument(venue="demo", symbol="ETH-USDT")
UP = load_strategy("""
name: up
thesis: Up goes on.
timeframe: 1h
long: close > lag(close, 1)
max_hold: 3
""")


class Still:
    """A clock that stands."""

    def now_ms(self) -> int:
        return 1_750_000_000_000


def hold(timeframe: Timeframe, bars: int, *, start_ms: int = START_MS, instrument: Instrument = BTC) -> Holding:
    last_ms = start_ms + (bars - 1) * timeframe.ms
    return Holding(
        table="bars", instrument=instrument, timeframe=timeframe.name, rows=bars, first_ms=start_ms, last_ms=last_ms
    )


def choose(holdings: Sequence[Holding], *, days: int = 30) -> Universe:
    return choose_universe(CycleRequest(length_ms=days * MS_PER_DAY), holdings)


def test_a_handful_of_minutes_does_not_hide_the_hours() -> None:
    end_ms = START_MS + 2_160 * MS_PER_HOUR
    chosen = choose([hold(_HOUR, 2_160), hold(ONE_MINUTE, 5, start_ms=end_ms - 5 * ONE_MINUTE.ms)])
    (market,) = chosen.markets
    assert (market.timeframe, market.left_out) == (_HOUR, ("1m",))
    assert (chosen.window.start_ms, chosen.window.end_ms) == (end_ms - 30 * MS_PER_DAY, end_ms)


@pytest.mark.parametrize(("minutes", "timeframe"), [(721, "1m"), (719, "1h")])
def test_minutes_that_cover_half_of_what_the_hours_cover_are_enough(minutes: int, timeframe: str) -> None:
    chosen = choose([hold(_HOUR, 24), hold(ONE_MINUTE, minutes)], days=1)
    assert chosen.markets[0].timeframe.name == timeframe


def test_minutes_far_apart_cover_little() -> None:
    sparse = Holding(
        table="bars",
        instrument=BTC,
        timeframe="1m",
        rows=50,
        first_ms=START_MS,
        last_ms=START_MS + 24 * MS_PER_HOUR - ONE_MINUTE.ms,
    )
    assert choose([hold(_HOUR, 24), sparse], days=1).markets[0].timeframe == _HOUR


def test_what_counts_is_the_window_and_not_the_years_before_it() -> None:
    years = hold(_HOUR, 20_000, start_ms=START_MS - 20_000 * MS_PER_HOUR + 3 * MS_PER_DAY)
    (market,) = choose([years, hold(ONE_MINUTE, 3 * 1_440)], days=3).markets
    assert (market.timeframe, market.left_out) == (ONE_MINUTE, ())


def test_the_window_ends_with_the_bars_that_are_traded_on() -> None:
    day = hold(Timeframe(1_440), 3)
    chosen = choose([day, hold(ONE_MINUTE, 2 * 1_440 + 600)], days=2)
    assert chosen.markets[0].timeframe == ONE_MINUTE
    assert chosen.window.end_ms == START_MS + 2 * MS_PER_DAY + 600 * ONE_MINUTE.ms


def test_a_symbol_whose_bars_ended_long_ago_names_the_one_that_may_be_meant() -> None:
    old = Instrument(venue="another", symbol="BTC-USDT")
    holdings = [hold(ONE_MINUTE, 1_440, instrument=old), hold(ONE_MINUTE, 60 * 1_440)]
    asked = CycleRequest(symbols=("BTC-USDT",), length_ms=30 * MS_PER_DAY)
    with pytest.raises(NothingToTest, match=r"another:BTC-USDT has no bars after .*; leave it out, name demo:BTC-USDT"):
        choose_universe(asked, holdings)
    alone = [hold(ONE_MINUTE, 1_440), hold(ONE_MINUTE, 60 * 1_440, instrument=ETH)]
    asked = CycleRequest(symbols=("BTC-USDT", "ETH-USDT"), length_ms=30 * MS_PER_DAY)
    with pytest.raises(NothingToTest, match="leave it out or ask for a longer window"):
        choose_universe(asked, alone)


def test_a_span_is_clipped_to_the_bars_there_are() -> None:
    holdings = [hold(ONE_MINUTE, 1_440), hold(ONE_MINUTE, 2_880, instrument=ETH)]
    span = choose_span(None, holdings, start_ms=0, end_ms=START_MS + 26_904 * MS_PER_DAY)
    assert (span.window.start_ms, span.window.days) == (START_MS, 2.0)
    assert [market.instrument for market in span.markets] == [BTC, ETH]


def test_a_span_without_bars_has_nothing_to_test() -> None:
    later = START_MS + 9 * MS_PER_DAY
    with pytest.raises(NothingToTest, match="no bars from"):
        choose_span(None, [hold(ONE_MINUTE, 1_440)], start_ms=later, end_ms=later + 1)
    with pytest.raises(InvalidValue, match="window"):
        choose_span(None, [hold(ONE_MINUTE, 1_440)], start_ms=later, end_ms=START_MS)


def test_a_cycle_trades_the_hours_and_says_which_bars_it_left_out() -> None:
    minutes = make_bars("BTC-USDT", minutes=10 * 1_440, seed=1)
    lake = MemoryLake()
    lake.append(BARS, minutes.gather_every(60).with_columns(timeframe=pl.lit("1h")))
    lake.append(BARS, minutes.tail(5))
    request = CycleRequest(length_ms=10 * MS_PER_DAY)
    document = run_cycle(request, lake=lake, ledger=MemoryLedger(), clock=Still(), strategies=[UP]).document
    assert document["universe"][0]["timeframe"] == "1h"
    assert document["pools"]["strategies"][0]["trades"] > 0
    remarks = {remark["topic"]: remark for remark in document["review"]}
    assert remarks["left_out"]["severity"] == "warning"
    assert "demo:BTC-USDT 1m (used: 1h)" in remarks["left_out"]["text"]


def test_a_market_without_a_bar_in_the_window_is_named() -> None:
    old = hold(ONE_MINUTE, 1_440, instrument=ETH)
    chosen = choose([hold(ONE_MINUTE, 10 * 1_440), old], days=5)
    assert [market.instrument for market in chosen.markets] == [BTC]
    assert [(one.instrument, one.last_ms) for one in chosen.absent] == [(ETH, old.last_ms)]
    assert describe_absent(chosen).startswith("1 of 2 markets has no bar in the window: demo:ETH-USDT.")
    assert describe_absent(choose([hold(ONE_MINUTE, 1_440), old], days=1)) == ""


def test_a_window_longer_than_the_bars_begins_with_the_first_bar() -> None:
    chosen = choose([hold(ONE_MINUTE, 10 * 1_440)], days=900)
    assert (chosen.window.start_ms, chosen.window.days) == (START_MS, 10)
    assert describe_shorter_window(chosen).startswith("The window that was asked for, 900 days, is longer")
    assert describe_shorter_window(choose([hold(ONE_MINUTE, 10 * 1_440)], days=10)) == ""
    assert describe_shorter_window(choose([hold(ONE_MINUTE, 10 * 1_440 - 1)], days=10)) == ""


@pytest.mark.parametrize(
    ("days", "told"), [(3_000.0, "3,000 days"), (2.0, "2 days"), (0.4, "10 hours"), (1 / 24, "60 minutes")]
)
def test_a_length_is_said_in_its_own_unit(days: float, told: str) -> None:
    assert say_length(days) == told
