"""An intake in trouble goes on where it can, tells the truth, and never takes what it does not know for nothing."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from edgeproof.adapters.lake import DeltaLake
from edgeproof.adapters.streams import BlofinFeed
from edgeproof.domain.errors import WorkError
from edgeproof.ops.upkeep import Upkeep, UpkeepPlan
from edgeproof.simulator.exchange import Fault, FaultKind
from fakes.intake_desk import QUICK, VENUE, Told, open_exchange, take_in
from fakes.intake_truth import compare_with_truth
from fakes.memory_journal import MemoryJournal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import polars as pl

    from edgeproof.domain.instruments import Instrument
    from edgeproof.domain.stores import Merged
    from edgeproof.domain.time import Clock, Window
    from edgeproof.domain.venues import Market
    from edgeproof.ops.intake import Heartbeat
    from edgeproof.ops.intake.service import Intake
    from edgeproof.simulator.exchange import BackgroundExchange


@dataclass(frozen=True, slots=True)
class AheadClock:
    """Another clock's time and some more."""

    clock: Clock
    ahead_ms: int

    def now_ms(self) -> int:
        """The present, and then some."""
        return self.clock.now_ms() + self.ahead_ms


def test_a_clock_ahead_of_the_venues_takes_no_minute_for_empty_that_has_not_been(tmp_path: Path) -> None:
    exchange, clock = open_exchange(speed=30.0, trades_per_second=20)
    lake, journal, told = DeltaLake(tmp_path / "lake"), MemoryJournal(), Told()
    wrong = AheadClock(clock, 150_000)
    with exchange:
        for _ in range(2):
            asyncio.run(take_in(exchange, tmp_path, lake, wrong, _has_checked(3), journal=journal, told=told))
            assert max(journal.watermarks(VENUE).values()) <= clock.now_ms()
        found = compare_with_truth(lake, journal, exchange.trades(), VENUE)
    assert found.held > 0
    assert (found.doubled, found.invented, found.unmarked) == (0, 0, 0)
    assert "clocks_differ" in told.names()


def test_a_restart_in_a_quiet_market_marks_nothing_that_is_there(tmp_path: Path) -> None:
    exchange, clock = open_exchange(speed=60.0, trades_per_second=1)
    lake, journal = DeltaLake(tmp_path / "lake"), MemoryJournal()
    with exchange:
        asyncio.run(take_in(exchange, tmp_path, lake, clock, _has_checked(6), journal=journal))
        asyncio.run(asyncio.sleep(0.9))
        asyncio.run(take_in(exchange, tmp_path, lake, clock, _has_checked(9), journal=journal))
        truth = exchange.trades()
        found = compare_with_truth(lake, journal, truth, VENUE)
    assert (found.doubled, found.invented, found.unmarked) == (0, 0, 0)
    began_ms = journal.runs()[-1].started_ms
    # Of the minute of the first start nothing is known before the newest hundred trades; later ones are whole.
    assert all(gap.start_ms < began_ms for gap in journal.gaps())


def test_a_symbol_of_which_nothing_comes_has_its_stream_opened_anew(tmp_path: Path) -> None:
    exchange, clock = open_exchange(speed=40.0, trades_per_second=30)
    lake, journal, told = DeltaLake(tmp_path / "lake"), MemoryJournal(), Told()
    injected = list[int]()

    def until(intake: Intake) -> bool:
        if intake.collector.counts["trades"] >= 200 and not injected:
            exchange.inject(Fault(kind=FaultKind.GAP, count=10**9))
            injected.append(clock.now_ms())
        renewed = intake.collector.counts["streams renewed"]
        return renewed > 0 and "streams_joined" in told.names()

    with exchange:
        asyncio.run(take_in(exchange, tmp_path, lake, clock, until, journal=journal, told=told, within_s=45.0))
        found = compare_with_truth(lake, journal, exchange.trades(), VENUE)
    assert found.unmarked == 0
    assert "streams_lost" in told.names()


class TroubledLake(DeltaLake):
    """Neither reads trades nor merges files for a while."""

    troubles = 4

    def trades(self, instrument: Instrument, window: Window | None = None) -> pl.DataFrame:
        """Read, or fail."""
        self._fail()
        return super().trades(instrument, window)

    def merge_files(self, table: object) -> Merged:
        """Merge, or fail."""
        self._fail()
        return super().merge_files(table)  # type: ignore[arg-type] # handed on as it is

    def _fail(self) -> None:
        if self.troubles:
            self.troubles -= 1
            raise WorkError("the store answers 503; try again")


class TroubledJournal(MemoryJournal):
    """Takes no sign of life for a while."""

    troubles = 2

    def beat(self, run_id: int, heartbeat: Heartbeat) -> None:
        """Take it, or fail."""
        if self.troubles:
            self.troubles -= 1
            raise WorkError("database is locked; wait")
        super().beat(run_id, heartbeat)


def test_a_lake_and_a_ledger_that_fail_for_a_while_end_nothing(tmp_path: Path) -> None:
    exchange, clock = open_exchange(speed=30.0, trades_per_second=5)
    lake, journal, told = TroubledLake(tmp_path / "lake"), TroubledJournal(), Told()
    upkeep = Upkeep(lake, UpkeepPlan(least_free_bytes=0, merge_every_s=1.0))

    def until(intake: Intake) -> bool:
        beaten = any(run.heartbeat is not None for run in journal.runs())
        return intake.collector.counts["minutes checked"] >= 3 and beaten and not lake.troubles

    with exchange:
        asyncio.run(take_in(exchange, tmp_path, lake, clock, until, journal=journal, told=told, upkeep=upkeep))
        found = compare_with_truth(lake, journal, exchange.trades(), VENUE)
    assert (found.doubled, found.invented, found.unmarked) == (0, 0, 0)
    failed = {str(values["what"]) for name, values in told.events if name == "failed"}
    assert failed >= {"heartbeat"}
    assert failed & {"check", "upkeep"}
    (run,) = journal.runs()
    assert run.detail == "stopped"


def test_a_budget_that_cannot_be_asked_is_asked_again(tmp_path: Path) -> None:
    exchange, clock = open_exchange(trades_per_second=60)
    lake, journal = DeltaLake(tmp_path / "lake"), MemoryJournal()
    refusals = [WorkError("cannot keep the request budget: database is locked")] * 2

    async def admit() -> None:
        if refusals:
            raise refusals.pop()

    def make_feed(exchange: BackgroundExchange, markets: Sequence[Market]) -> BlofinFeed:
        return BlofinFeed(
            exchange.server.public_url,
            {market.venue_symbol: Decimal(repr(market.contract_size)) for market in markets},
            {market.venue_symbol: market.instrument.symbol for market in markets},
            admit=admit,
            rules=QUICK,
        )

    def until(intake: Intake) -> bool:
        return intake.collector.counts["trades"] >= 60

    with exchange:
        intake = asyncio.run(take_in(exchange, tmp_path, lake, clock, until, journal=journal, make_feed=make_feed))
    assert intake.collector.counts["connection failed: WorkError"] == 2


def _has_checked(minutes: int) -> Callable[[Intake], bool]:
    def holds(intake: Intake) -> bool:
        return intake.collector.counts["minutes checked"] >= minutes

    return holds


def test_a_symbol_that_is_delisted_hinders_none_of_the_others(tmp_path: Path) -> None:
    exchange, clock = open_exchange(speed=30.0, trades_per_second=30)
    lake, journal, told = DeltaLake(tmp_path / "lake"), MemoryJournal(), Told()
    steps = list[int]()

    def until(intake: Intake) -> bool:
        counts = intake.collector.counts
        if counts["minutes checked"] >= 3 and not steps:
            exchange.delist("SOL-USDT")
            exchange.inject(Fault(kind=FaultKind.DROP))
            steps.append(counts["minutes checked"])
        return bool(steps) and "streams_joined" in told.names() and counts["minutes checked"] >= steps[0] + 4

    with exchange:
        intake = asyncio.run(take_in(exchange, tmp_path, lake, clock, until, journal=journal, told=told))
        found = compare_with_truth(lake, journal, exchange.trades(), VENUE)
    assert (found.doubled, found.invented, found.unmarked) == (0, 0, 0)
    assert intake.collector.counts["candles not to be had"] <= 12
