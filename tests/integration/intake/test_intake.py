"""The intake against the simulated exchange, both in this process, on a clock that runs fast."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import polars as pl
import pytest

from edgeproof.adapters.lake import DeltaLake
from edgeproof.domain.errors import WorkError
from edgeproof.domain.frames import TRADES, Table
from edgeproof.domain.instruments import Instrument
from edgeproof.domain.time import MS_PER_MINUTE, ONE_MINUTE
from edgeproof.ops.upkeep import DiskNearlyFull, Upkeep, UpkeepPlan
from edgeproof.simulator.exchange import Fault, FaultKind
from fakes.intake_desk import SYMBOLS, VENUE, Told, open_exchange, take_in
from fakes.intake_truth import Comparison, compare_with_truth
from fakes.memory_journal import MemoryJournal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from edgeproof.domain.stores import Written
    from edgeproof.ops.gaps import Gap
    from edgeproof.ops.intake.service import Intake

BTC = Instrument(venue=VENUE, symbol="BTC-USDT")


def has_counted(what: str, least: int) -> Callable[[Intake], bool]:
    def holds(intake: Intake) -> bool:
        return intake.collector.counts[what] >= least

    return holds


def test_every_trade_is_in_the_lake_once_when_the_intake_stops(tmp_path: Path) -> None:
    exchange, clock = open_exchange(trades_per_second=400)
    lake, journal, told = DeltaLake(tmp_path / "lake"), MemoryJournal(), Told()
    with exchange:
        asyncio.run(take_in(exchange, tmp_path, lake, clock, has_counted("trades", 1_000), journal=journal, told=told))
        found = compare_with_truth(lake, journal, exchange.trades(), VENUE)
    assert found.held >= 1_000
    assert (found.made, found.doubled, found.invented) == (found.held, 0, 0)
    assert {"ready", "alive", "stopping", "stopped"} <= set(told.names())
    (run,) = journal.runs()
    assert run.finished_ms is not None
    assert run.detail == "stopped"
    assert run.heartbeat is not None
    seen = lake.trades(BTC)
    assert (seen["seen_at"] >= seen["ts"]).all()


def test_closed_minutes_become_bars_and_watermarks_follow(tmp_path: Path) -> None:
    exchange, clock = open_exchange(speed=60.0, trades_per_second=5)
    lake, journal = DeltaLake(tmp_path / "lake"), MemoryJournal()
    with exchange:
        asyncio.run(take_in(exchange, tmp_path, lake, clock, has_counted("minutes checked", 9), journal=journal))
        truth = exchange.trades()
    found = compare_with_truth(lake, journal, truth, VENUE)
    assert found.unmarked == 0
    bars = lake.bars(BTC, ONE_MINUTE)
    made = truth.filter(pl.col("symbol") == "BTC-USDT").group_by_dynamic("ts", every="1m").agg(pl.len())
    counted = bars.filter(pl.col("trades").is_not_null()).join(made, on="ts")
    assert counted.height >= 2
    assert (counted["trades"] == counted["len"]).all()
    marks = journal.watermarks(VENUE)
    assert marks.keys() == set(SYMBOLS)
    assert bars["ts"].dt.epoch("ms").max() == marks["BTC-USDT"] - MS_PER_MINUTE
    assert lake.funding(BTC).height > 0


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind=FaultKind.DROP),
        Fault(kind=FaultKind.GAP, count=20),
        pytest.param(Fault(kind=FaultKind.REORDER, count=20), marks=pytest.mark.slow),
        pytest.param(Fault(kind=FaultKind.DUPLICATE, count=20), marks=pytest.mark.slow),
        pytest.param(Fault(kind=FaultKind.PARTIAL), marks=pytest.mark.slow),
        pytest.param(Fault(kind=FaultKind.STALL, seconds=0.5), marks=pytest.mark.slow),
        Fault(kind=FaultKind.MALFORMED, count=31),
    ],
    ids=lambda fault: fault.kind.value,
)
def test_what_a_stream_loses_in_a_quiet_market_comes_back(tmp_path: Path, fault: Fault) -> None:
    # Slow enough that the venue's newest hundred reach back over seconds, on a busy machine too.
    exchange, clock = open_exchange(trades_per_second=45)
    lake, journal = DeltaLake(tmp_path / "lake"), MemoryJournal()
    injected = list[int]()

    def compare() -> Comparison:
        return compare_with_truth(lake, journal, exchange.trades(), VENUE)

    def until(intake: Intake) -> bool:
        taken = intake.collector.counts["trades"]
        if taken >= 240 and not injected:
            exchange.inject(fault)
            injected.append(taken)
        if not injected or taken < injected[0] + 60:
            return False
        found = compare()
        return found.made == found.held

    with exchange:
        asyncio.run(take_in(exchange, tmp_path, lake, clock, until, journal=journal, within_s=60.0))
        found = compare()
    assert (found.made, found.doubled, found.invented) == (found.held, 0, 0)


def test_what_cannot_come_back_is_marked_with_its_cause_and_has_the_venues_candle(tmp_path: Path) -> None:
    exchange, clock = open_exchange(speed=30.0, trades_per_second=40)
    lake, journal = DeltaLake(tmp_path / "lake"), MemoryJournal()
    # The minute in which an intake starts is never whole: it has a gap of its own, and the fault comes after it.
    calm_ms = clock.now_ms() + 2 * MS_PER_MINUTE
    injected = list[int]()

    def find_lost() -> list[Gap]:
        # A gap that BloFin's newest hundred trades would have to reach back over a minute for.
        return [gap for gap in journal.gaps() if injected and gap.start_ms > injected[0] - MS_PER_MINUTE]

    def until(_: Intake) -> bool:
        if clock.now_ms() >= calm_ms and not injected:
            injected.append(clock.now_ms())
            exchange.inject(Fault(kind=FaultKind.GAP, count=1_500))
        return bool(find_lost())

    with exchange:
        intake = asyncio.run(take_in(exchange, tmp_path, lake, clock, until, journal=journal, within_s=60.0))
        found = compare_with_truth(lake, journal, exchange.trades(), VENUE)
    assert (found.doubled, found.invented, found.unmarked) == (0, 0, 0)
    assert found.marked > 0
    lost = find_lost()[0]
    assert lost.cause in {"sequence", "reconnect", "silence", "candle"}
    assert lost.published_volume is not None
    assert lost.held_volume < lost.published_volume
    bars = lake.bars(lost.instrument, ONE_MINUTE)
    at = pl.col("ts").dt.epoch("ms") == lost.start_ms
    assert bars.filter(at)["trades"].to_list() == [None]
    assert intake.collector.counts["minutes lost"] >= 1


class FailingLake(DeltaLake):
    """Refuses trades for a while."""

    refusals = 12

    def append(self, table: Table, frame: pl.DataFrame) -> Written:
        """Write, or refuse."""
        if table is TRADES and self.refusals:
            self.refusals -= 1
            raise WorkError("no space left on the disk; free some")
        return super().append(table, frame)


def test_trades_wait_while_the_lake_refuses_and_none_is_lost(tmp_path: Path) -> None:
    exchange, clock = open_exchange(trades_per_second=300)
    lake, journal, told = FailingLake(tmp_path / "lake"), MemoryJournal(), Told()
    with exchange:
        asyncio.run(take_in(exchange, tmp_path, lake, clock, has_counted("trades", 600), journal=journal, told=told))
        found = compare_with_truth(lake, journal, exchange.trades(), VENUE)
    assert told.names().count("lake_refused") == 12
    assert (found.made, found.doubled) == (found.held, 0)


def test_a_second_run_goes_on_where_the_first_one_was(tmp_path: Path) -> None:
    exchange, clock = open_exchange(speed=60.0, trades_per_second=2)
    lake, journal = DeltaLake(tmp_path / "lake"), MemoryJournal()
    with exchange:
        asyncio.run(take_in(exchange, tmp_path, lake, clock, has_counted("minutes checked", 3), journal=journal))
        asyncio.run(asyncio.sleep(0.5))
        asyncio.run(take_in(exchange, tmp_path, lake, clock, has_counted("minutes checked", 9), journal=journal))
        found = compare_with_truth(lake, journal, exchange.trades(), VENUE)
    assert (found.doubled, found.invented, found.unmarked) == (0, 0, 0)
    opens = lake.bars(BTC, ONE_MINUTE)["ts"].dt.epoch("ms")
    assert (opens.diff().drop_nulls() == MS_PER_MINUTE).all()


def test_a_disk_nearly_full_ends_the_intake_with_everything_written(tmp_path: Path) -> None:
    exchange, clock = open_exchange(trades_per_second=200)
    lake, journal = DeltaLake(tmp_path / "lake"), MemoryJournal()
    free = iter([10**12] * 3 + [0] * 1_000)
    upkeep = Upkeep(lake, UpkeepPlan(guard_every_s=0.3, least_free_bytes=1_000), lambda: next(free))
    with exchange:
        with pytest.raises(ExceptionGroup) as failed:
            asyncio.run(take_in(exchange, tmp_path, lake, clock, lambda _: False, journal=journal, upkeep=upkeep))
        found = compare_with_truth(lake, journal, exchange.trades(), VENUE)
    assert failed.group_contains(DiskNearlyFull)
    assert found.made == found.held
    (run,) = journal.runs()
    assert "MB are left" in run.detail
