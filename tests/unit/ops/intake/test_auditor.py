"""What the auditor settles when the venue answers late, in part or never."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import polars as pl

from edgeproof.domain.frames import BARS
from edgeproof.domain.instruments import Instrument
from edgeproof.domain.time import MS_PER_MINUTE, MS_PER_SECOND, Window
from edgeproof.domain.venues import HistoryPage, VenueUnreachable
from edgeproof.ops.intake import Collector
from edgeproof.ops.intake.auditor import Auditor, AuditParts
from edgeproof.ops.intake.books import Books
from edgeproof.ops.intake.writer import Writer
from fakes.intake_desk import Told
from fakes.memory_journal import MemoryJournal
from fakes.memory_lake import MemoryLake
from fakes.venue import FakeVenue, HandClock

if TYPE_CHECKING:
    from edgeproof.domain.time import Timeframe

NOON_MS = 1_795_262_400_000
VENUE = "fake"
BTC = Instrument(venue=VENUE, symbol="BTC-USDT")


class SilentVenue(FakeVenue):
    """Answers every question about candles with nothing, and speaks for nothing."""

    async def candles(self, symbol: str, timeframe: Timeframe, window: Window) -> HistoryPage:  # noqa: ARG002 - the port's
        self.asked.append((symbol, window))  # type: ignore[arg-type] # counted, not read
        if self.failures:
            raise self.failures.pop(0)
        return HistoryPage(rows=pl.DataFrame(schema=BARS.schema), answered=None)


class Bench:
    """An auditor with its parts, and a clock that tests move."""

    def __init__(self, venue: FakeVenue, clock: HandClock) -> None:
        self.clock, self.venue, self.journal, self.told = clock, venue, MemoryJournal(), Told()
        self.collector = Collector(VENUE, ["BTC-USDT"], clock)
        writer = Writer(self.collector, MemoryLake(), clock, self.told)
        self.auditor = Auditor(
            AuditParts(
                lake=MemoryLake(),
                venue=venue,
                collector=self.collector,
                writer=writer,
                books=Books(lambda: self.journal),
                clock=clock,
                tell=self.told,
            ),
            {"BTC-USDT": NOON_MS},
        )
        self.writer = writer

    def pass_time(self, seconds: int) -> None:
        """Let time pass, here and at the venue, and look once a second."""

        async def look() -> None:
            for _ in range(seconds):
                self.clock.ms += MS_PER_SECOND
                self.collector.venue_ms = self.clock.ms
                await self.writer.write()
                await self.auditor.check_all()

        asyncio.run(look())


def test_a_candle_that_is_never_told_holds_the_watermark_for_ten_minutes_and_then_marks_its_minute() -> None:
    clock = HandClock(NOON_MS)
    bench = Bench(SilentVenue(clock), clock)
    bench.pass_time(600)
    assert bench.auditor.watermarks["BTC-USDT"] == NOON_MS
    bench.pass_time(120)
    (gap,) = bench.journal.gaps(BTC)
    assert (gap.start_ms, gap.end_ms) == (NOON_MS, NOON_MS + MS_PER_MINUTE)
    assert (gap.cause, gap.held_volume, gap.published_volume) == ("candle", 0.0, None)
    assert bench.journal.watermarks(VENUE)["BTC-USDT"] == NOON_MS + MS_PER_MINUTE


def test_a_symbol_whose_candles_are_not_to_be_had_is_asked_ever_more_rarely() -> None:
    clock = HandClock(NOON_MS)
    venue = SilentVenue(clock)
    venue.failures = [VenueUnreachable(VENUE, "away") for _ in range(1_000)]
    bench = Bench(venue, clock)
    bench.pass_time(900)
    assert 10 <= len(venue.asked) <= 25
    assert bench.journal.gaps(BTC) == []


def test_nothing_is_judged_that_the_venues_clock_has_not_reached() -> None:
    clock = HandClock(NOON_MS)
    venue = SilentVenue(clock)
    bench = Bench(venue, clock)
    clock.ms += 5 * MS_PER_MINUTE
    asyncio.run(bench.writer.write())
    asyncio.run(bench.auditor.check_all())
    assert venue.asked == []
    assert bench.auditor.watermarks["BTC-USDT"] == NOON_MS
