from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from contracts.venue_contract import Opened, OpenVenue, VenueContract, ask
from edgeproof.adapters import exchange as adapter
from edgeproof.adapters.clock import SystemClock
from edgeproof.domain.time import MS_PER_MINUTE, ONE_MINUTE, Window
from edgeproof.simulator.exchange import UNLIMITED, BackgroundExchange, ExchangeSpec, Venue, WalkSpec, WalkTape

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


class TestBlofinAgainstTheSimulatedExchange(VenueContract):
    """The real ccxt client, over HTTP, against an exchange that speaks BloFin's protocol."""

    page = 1_440

    @pytest.fixture
    def open_venue(self, tmp_path: Path) -> OpenVenue:
        @asynccontextmanager
        async def open_simulated() -> AsyncIterator[Opened]:
            clock = SystemClock()
            start_ms = clock.now_ms() // MS_PER_MINUTE * MS_PER_MINUTE
            tape = WalkTape(WalkSpec(symbols=("BTC-USDT", "ETH-USDT"), start_ms=start_ms, history_minutes=600))
            spec = ExchangeSpec(budgets=UNLIMITED, candle_page=self.page)
            with BackgroundExchange(Venue(tape, spec, clock)) as exchange:
                config = adapter.ExchangeConfig(host=exchange.server.rest_url, seed=1)
                budget = adapter.open_budget(config, tmp_path / "budget.sqlite")
                venue = adapter.open_venue(config, budget, clock)
                try:
                    yield Opened(venue=venue, clock=clock)
                finally:
                    await venue.close()
                    budget.close()

        return open_simulated

    def test_volumes_are_base_units(self, open_venue: OpenVenue) -> None:
        async def question(opened: Opened) -> None:
            end_ms = opened.clock.now_ms() // MS_PER_MINUTE * MS_PER_MINUTE
            window = Window(start_ms=end_ms - 60 * MS_PER_MINUTE, end_ms=end_ms)
            bars = (await opened.venue.candles("BTC-USDT", ONE_MINUTE, window)).rows
            traded = bars.filter(bars["volume"] > 0)
            mean = traded["quote_volume"] / traded["volume"]
            assert ((mean >= traded["low"] * 0.999999) & (mean <= traded["high"] * 1.000001)).all()

        ask(open_venue, question)

    def test_rows_say_that_they_are_simulated(self, open_venue: OpenVenue) -> None:
        async def question(opened: Opened) -> None:
            assert opened.venue.name == "blofin-simulated"

        ask(open_venue, question)


class TestBlofinOfTheOldPage(TestBlofinAgainstTheSimulatedExchange):
    """An exchange that gives a hundred candles at once, whatever it is asked for."""

    page = 100

    def test_the_page_is_learned_from_answers(self, open_venue: OpenVenue) -> None:
        async def question(opened: Opened) -> None:
            end_ms = opened.clock.now_ms() // MS_PER_MINUTE * MS_PER_MINUTE
            window = Window(start_ms=end_ms - 500 * MS_PER_MINUTE, end_ms=end_ms)
            for _ in range(2):
                page = await opened.venue.candles("BTC-USDT", ONE_MINUTE, window)
                assert page.answered is not None
                window = Window(start_ms=window.start_ms, end_ms=page.answered.start_ms)
            assert opened.venue.pace.candles_per_request == self.page

        ask(open_venue, question)
