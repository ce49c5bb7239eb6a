"""An intake against a simulated exchange, on a clock that runs fast."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from edgeproof.adapters.clock import SystemClock
from edgeproof.adapters.exchange import ExchangeConfig, open_budget, open_venue
from edgeproof.adapters.streams import BlofinFeed, FeedRules
from edgeproof.ops.intake.service import Intake, IntakeParts, IntakePlan
from edgeproof.simulator.exchange import (
    UNLIMITED,
    BackgroundExchange,
    ExchangeSpec,
    ScaledClock,
    Venue,
    WalkSpec,
    WalkTape,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from edgeproof.domain.stores import Lake
    from edgeproof.domain.time import Clock
    from edgeproof.domain.venues import Market
    from edgeproof.ops.intake import Feed
    from edgeproof.ops.upkeep import Upkeep
    from fakes.memory_journal import MemoryJournal

SYMBOLS = ("BTC-USDT", "ETH-USDT", "SOL-USDT")
VENUE = "blofin-simulated"
# Watches are for streams in real time: these go by the seconds of a test.
QUICK = FeedRules(ping_after_s=0.3, pong_within_s=0.5, rows_within_s=3.0, first_pause_s=0.05)


@dataclass(slots=True)
class Told:
    """Events an intake told."""

    events: list[tuple[str, dict[str, object]]] = field(default_factory=list)

    def __call__(self, event: str, **values: object) -> None:
        """Take note."""
        self.events.append((event, values))

    def names(self) -> list[str]:
        """Names of the events, in order."""
        return [name for name, _ in self.events]


def open_exchange(*, speed: float = 1.0, trades_per_second: float = 20.0) -> tuple[BackgroundExchange, Clock]:
    """An exchange that will run beside the test, and the clock of its market."""
    system = SystemClock()
    start_ms = int(time.time()) * 1_000
    clock = ScaledClock(base=system, base_start_ms=system.now_ms(), start_ms=start_ms, speed=speed)
    tape = WalkTape(WalkSpec(symbols=SYMBOLS, start_ms=start_ms, trades_per_second=trades_per_second, seed=3))
    venue = Venue(tape, ExchangeSpec(budgets=UNLIMITED), clock, system)
    return BackgroundExchange(venue), clock


async def take_in(  # noqa: PLR0913 - one for each part a test may choose
    exchange: BackgroundExchange,
    folder: Path,
    lake: Lake,
    clock: Clock,
    until: Callable[[Intake], bool],
    *,
    journal: MemoryJournal,
    told: Told | None = None,
    upkeep: Upkeep | None = None,
    symbols: Sequence[str] = SYMBOLS,
    within_s: float = 30.0,
    make_feed: Callable[[BackgroundExchange, Sequence[Market]], Feed] | None = None,
) -> Intake:
    """Run an intake until something holds; the test's timeout is the caller's."""
    config = ExchangeConfig(host=exchange.server.rest_url)
    venue = open_venue(config, open_budget(config, folder / "requests.sqlite"), clock)
    markets = [market for market in await venue.markets() if market.instrument.symbol in symbols]
    feed = (make_feed or read_streams)(exchange, markets)
    plan = IntakePlan(venue=VENUE, symbols=tuple(symbols), write_every_s=0.05, check_every_s=0.05, beat_every_s=0.2)
    parts = IntakeParts(
        feed=feed,
        venue=venue,
        lake=lake,
        open_journal=lambda: journal,
        clock=clock,
        tell=told or Told(),
        upkeep=upkeep,
    )
    intake, stop = Intake(plan, parts), asyncio.Event()

    async def watch() -> None:
        try:
            async with asyncio.timeout(within_s):
                while not until(intake):  # noqa: ASYNC110 - conditions are a test's own, nobody sets an event
                    await asyncio.sleep(0.05)
        finally:
            stop.set()

    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(watch())
            group.create_task(intake.run(stop))
    finally:
        await venue.close()
    return intake


def read_streams(exchange: BackgroundExchange, markets: Sequence[Market]) -> Feed:
    """Our own reader of the exchange's streams."""
    return BlofinFeed(
        exchange.server.public_url,
        {market.venue_symbol: Decimal(repr(market.contract_size)) for market in markets},
        {market.venue_symbol: market.instrument.symbol for market in markets},
        admit=admit,
        rules=QUICK,
    )


async def admit() -> None:
    """Leave at once."""
