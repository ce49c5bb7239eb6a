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


@asynccontextmanager
async def open_simulated(folder: Path, *, page: int = 1_440) -> AsyncIterator[Opened]:
    """A simulated exchange with ten hours of history, and the adapter that speaks to it."""
    clock = SystemClock()
    start_ms = clock.now_ms() // MS_PER_MINUTE * MS_PER_MINUTE
    tape = WalkTape(WalkSpec(symbols=("BTC-USDT", "ETH-USDT"), start_ms=start_ms, history_minutes=600))
    with BackgroundExchange(Venue(tape, ExchangeSpec(budgets=UNLIMITED, candle_page=page), clock)) as exchange:
        config = adapter.ExchangeConfig(host=exchange.server.rest_url, seed=1)
        budget = adapter.open_budget(config, folder / "budget.sqlite")
        venue = adapter.open_venue(config, budget, clock)
        try:
            yield Opened(venue=venue, clock=clock)
        finally:
            await venue.close()
            budget.close()


class TestBlofinAgainstTheSimulatedExchange(VenueContract):
    """The real ccxt client, over HTTP, against an exchange that speaks BloFin's protocol."""

    @pytest.fixture
    def open_venue(self, tmp_path: Path) -> OpenVenue:
        return lambda: open_simulated(tmp_path)

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


def test_a_page_shorter_than_promised_is_learned_from_answers(tmp_path: Path) -> None:
    async def question(opened: Opened) -> None:
        end_ms = opened.clock.now_ms() // MS_PER_MINUTE * MS_PER_MINUTE
        window = Window(start_ms=end_ms - 500 * MS_PER_MINUTE, end_ms=end_ms)
        for _ in range(2):
            page = await opened.venue.candles("BTC-USDT", ONE_MINUTE, window)
            assert page.answered is not None
            window = Window(start_ms=window.start_ms, end_ms=page.answered.start_ms)
        assert opened.venue.pace.candles_per_request == 100

    ask(lambda: open_simulated(tmp_path, page=100), question)
