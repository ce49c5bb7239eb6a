"""What every venue must do. A test class inherits `VenueContract` and adds the fixture `open_venue`.

The venue it opens lists BTC-USDT and ETH-USDT, and has candles of the last three hours at least.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from edgeproof.domain.errors import UnknownName
from edgeproof.domain.frames import BARS, FUNDING, TRADES, conform
from edgeproof.domain.instruments import check_tiers
from edgeproof.domain.time import MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE, ONE_MINUTE, Timeframe, Window
from edgeproof.domain.venues import MarketState

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from contextlib import AbstractAsyncContextManager

    from edgeproof.domain.time import Clock
    from edgeproof.domain.venues import HistoryPage, Venue

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A venue under test and the clock it goes by."""

    venue: Venue
    clock: Clock


class OpenVenue(Protocol):
    """Opens a venue of the kind under test for the length of a ``with`` block."""

    def __call__(self) -> AbstractAsyncContextManager[Opened]: ...


def ask(open_venue: OpenVenue, question: Callable[[Opened], Awaitable[T]]) -> T:
    """Open a venue, ask it, close it."""

    async def run() -> T:
        async with open_venue() as opened:
            return await question(opened)

    return asyncio.run(asyncio.wait_for(run(), timeout=60))


async def read_all(opened: Opened, window: Window, timeframe: Timeframe = ONE_MINUTE) -> list[HistoryPage]:
    """Ask until the window is answered, always for what is left of it."""
    left, pages = [window], []
    while left:
        asked = left.pop()
        page = await opened.venue.candles("BTC-USDT", timeframe, asked)
        pages.append(page)
        if page.answered is None:
            continue
        ends = ((asked.start_ms, page.answered.start_ms), (page.answered.end_ms, asked.end_ms))
        left += [Window(start_ms=start, end_ms=end) for start, end in ends if start < end]
    return pages


def last_hours(opened: Opened, hours: int) -> Window:
    end_ms = opened.clock.now_ms() // MS_PER_MINUTE * MS_PER_MINUTE
    return Window(start_ms=end_ms - hours * MS_PER_HOUR, end_ms=end_ms)


class VenueContract:
    """Tests for any `Venue`."""

    @pytest.fixture
    def open_venue(self) -> OpenVenue:
        raise NotImplementedError  # each venue's own tests make theirs

    def test_markets_are_sorted_and_their_rules_are_positive(self, open_venue: OpenVenue) -> None:
        async def question(opened: Opened) -> None:
            markets = await opened.venue.markets()
            symbols = [market.instrument.symbol for market in markets]
            assert symbols == sorted(set(symbols))
            assert {"BTC-USDT", "ETH-USDT"} <= set(symbols)
            for market in markets:
                assert market.instrument.venue == opened.venue.name
                assert market.state in MarketState
                assert min(market.rules.lot, market.rules.tick, market.rules.min_size, market.contract_size) > 0

        ask(open_venue, question)

    def test_candles_of_hours_are_whole_whatever_the_page(self, open_venue: OpenVenue) -> None:
        async def question(opened: Opened) -> None:
            window = last_hours(opened, 3)
            pages = await read_all(opened, window)
            bars = pl.concat(page.rows for page in pages).sort("ts")
            assert_frame_equal(conform(bars, BARS), bars)
            times = bars["ts"].dt.epoch("ms")
            assert times.is_unique().all()
            assert times.is_between(window.start_ms, window.end_ms, closed="left").all()
            assert len(times) == 180
            assert (bars["low"] <= bars["high"]).all()
            assert bars["venue"].unique().to_list() == [opened.venue.name]

        ask(open_venue, question)

    def test_the_candle_in_the_making_is_never_given_nor_spoken_for(self, open_venue: OpenVenue) -> None:
        async def question(opened: Opened) -> None:
            now_ms = opened.clock.now_ms()
            ahead = Window(
                start_ms=now_ms // MS_PER_MINUTE * MS_PER_MINUTE - 5 * MS_PER_MINUTE, end_ms=now_ms + MS_PER_DAY
            )
            pages = await read_all(opened, ahead)
            later_ms = opened.clock.now_ms()
            for page in pages:
                assert (page.rows["ts"].dt.epoch("ms") + MS_PER_MINUTE <= later_ms).all()

        ask(open_venue, question)

    def test_before_the_beginning_there_is_nothing_and_it_says_so(self, open_venue: OpenVenue) -> None:
        async def question(opened: Opened) -> None:
            window = Window(start_ms=1_000_000_000_000 // MS_PER_DAY * MS_PER_DAY, end_ms=1_000_080_000_000)
            page = await opened.venue.candles("BTC-USDT", ONE_MINUTE, window)
            assert page.rows.is_empty()
            assert page.answered is not None
            assert page.answered.start_ms <= window.start_ms

        ask(open_venue, question)

    def test_longer_candles_open_on_their_grid(self, open_venue: OpenVenue) -> None:
        async def question(opened: Opened) -> None:
            hour = Timeframe.parse("1h")
            end_ms = opened.clock.now_ms() // MS_PER_HOUR * MS_PER_HOUR
            pages = await read_all(opened, Window(start_ms=end_ms - 2 * MS_PER_HOUR, end_ms=end_ms), hour)
            bars = pl.concat(page.rows for page in pages)
            assert len(bars) == 2
            assert (bars["ts"].dt.epoch("ms") % MS_PER_HOUR == 0).all()
            assert bars["timeframe"].unique().to_list() == ["1h"]

        ask(open_venue, question)

    def test_funding_conforms_and_lies_within_what_was_asked(self, open_venue: OpenVenue) -> None:
        async def question(opened: Opened) -> None:
            window = Window(start_ms=opened.clock.now_ms() - 3 * MS_PER_DAY, end_ms=opened.clock.now_ms())
            page = await opened.venue.funding("BTC-USDT", window)
            assert_frame_equal(conform(page.rows, FUNDING), page.rows)
            times = page.rows["ts"].dt.epoch("ms")
            assert times.is_between(window.start_ms, window.end_ms, closed="left").all()
            assert page.rows["rate"].is_between(-1, 1).all()

        ask(open_venue, question)

    def test_trades_carry_both_clocks_and_numbers_of_their_own(self, open_venue: OpenVenue) -> None:
        async def question(opened: Opened) -> None:
            page = await opened.venue.trades("BTC-USDT", limit=50)
            assert_frame_equal(conform(page.rows, TRADES), page.rows)
            assert 0 < page.rows.height <= 50
            assert page.rows["trade_id"].is_unique().all()
            assert page.rows["ts"].is_sorted()
            assert page.rows["seen_at"].n_unique() == 1
            assert page.rows["side"].is_in(["buy", "sell"]).all()

        ask(open_venue, question)

    def test_the_next_funding_is_due_after_now(self, open_venue: OpenVenue) -> None:
        async def question(opened: Opened) -> None:
            rate = await opened.venue.funding_rate("BTC-USDT")
            assert rate.due_ms > opened.clock.now_ms() - MS_PER_MINUTE
            assert abs(rate.rate) < 1

        ask(open_venue, question)

    def test_tickers_and_books_have_bids_below_asks(self, open_venue: OpenVenue) -> None:
        async def question(opened: Opened) -> None:
            tickers = {ticker.instrument.symbol: ticker for ticker in await opened.venue.tickers()}
            assert {"BTC-USDT", "ETH-USDT"} <= set(tickers)
            assert tickers["BTC-USDT"].bid < tickers["BTC-USDT"].ask
            book = await opened.venue.book("BTC-USDT", depth=5)
            assert len(book.bids) <= 5
            assert [price for price, _ in book.bids] == sorted((price for price, _ in book.bids), reverse=True)
            assert [price for price, _ in book.asks] == sorted(price for price, _ in book.asks)
            assert book.bids[0][0] < book.asks[0][0]

        ask(open_venue, question)

    def test_larger_positions_are_asked_more_margin(self, open_venue: OpenVenue) -> None:
        async def question(opened: Opened) -> None:
            tiers = await opened.venue.tiers("BTC-USDT")
            assert check_tiers(tiers) == tuple(tiers)
            assert len(tiers) > 1

        ask(open_venue, question)

    def test_every_spelling_of_a_symbol_is_understood(self, open_venue: OpenVenue) -> None:
        async def question(opened: Opened) -> None:
            page = await opened.venue.trades("btc/usdt:usdt", limit=5)
            assert page.rows["symbol"].unique().to_list() == ["BTC-USDT"]

        ask(open_venue, question)

    def test_an_unknown_symbol_is_refused_with_the_nearest(self, open_venue: OpenVenue) -> None:
        async def question(opened: Opened) -> None:
            with pytest.raises(UnknownName, match="did you mean 'ETH-USDT'"):
                await opened.venue.trades("ETT-USDT")

        ask(open_venue, question)
