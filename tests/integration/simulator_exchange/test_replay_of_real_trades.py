"""A recording of a real market, played again: what clients get is what was recorded."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from edgeproof.adapters.clock import SystemClock
from edgeproof.adapters.lake import DeltaLake
from edgeproof.domain.instruments import Instrument
from edgeproof.domain.time import MS_PER_MINUTE, Window
from edgeproof.ops import ImportOptions, import_files
from edgeproof.simulator.exchange import (
    UNLIMITED,
    BackgroundExchange,
    ExchangeSpec,
    ManualClock,
    ScaledClock,
    Venue,
    record_tape,
)
from edgeproof.simulator.exchange.protocol.request import Request
from edgeproof.simulator.exchange.protocol.rest import answer_request
from fakes.intake_desk import VENUE, take_in
from fakes.intake_truth import compare_with_truth
from fakes.memory_journal import MemoryJournal

if TYPE_CHECKING:
    from pathlib import Path

    from edgeproof.ops.intake.service import Intake

FILES = ("trades/usdm_btcusdt_20240808.gz", "trades/usdm_ethusdt_20240808.gz")
BTC = Instrument(venue="binance", symbol="BTC-USDT")
ETH = Instrument(venue="binance", symbol="ETH-USDT")
SPEED = 30.0
_VALUES = ("symbol", "ts", "price", "size", "side")


@pytest.fixture(scope="module")
def recorded(market_data: Path, tmp_path_factory: pytest.TempPathFactory) -> DeltaLake:
    """Six minutes of two perpetuals at Binance, 35 thousand trades."""
    files = [market_data / name for name in FILES]
    for file in files:
        if not file.is_file():
            pytest.skip(f"{file.name} is absent")
    lake = DeltaLake(tmp_path_factory.mktemp("recorded") / "lake")
    assert import_files([str(file) for file in files], lake, options=ImportOptions()).ok
    return lake


def find_window(lake: DeltaLake) -> Window:
    held = [one for one in lake.holdings() if one.table == "trades"]
    start_ms = min(one.first_ms for one in held) // MS_PER_MINUTE * MS_PER_MINUTE
    return Window(start_ms=start_ms, end_ms=max(one.last_ms for one in held) + 1)


def read_recorded(lake: DeltaLake, shift_ms: int) -> pl.DataFrame:
    rows = pl.concat(lake.trades(one).select(_VALUES) for one in (BTC, ETH))
    return rows.with_columns(pl.col("ts").dt.offset_by(f"{shift_ms}ms"))


@pytest.mark.real_data
def test_the_exchange_makes_the_trades_that_were_recorded_and_candles_of_them(recorded: DeltaLake) -> None:
    window = find_window(recorded)
    clock = ManualClock(window.start_ms)
    venue = Venue(record_tape(recorded, [BTC, ETH], window), ExchangeSpec(budgets=UNLIMITED), clock)
    while clock.now_ms() < window.end_ms + MS_PER_MINUTE:
        clock.step(1_777)
        venue.advance()
    for instrument in (BTC, ETH):
        query = {"instId": instrument.symbol, "bar": "1m", "limit": "100"}
        asked = Request(method="GET", path="/api/v1/market/candles", target="", query=query, address="127.0.0.1")
        rows = msgspec.json.decode(answer_request(venue, asked).body)["data"]
        told = {int(row[0]): tuple(float(row[i]) for i in (1, 2, 3, 4, 6)) for row in rows}
        truth = recorded.trades(instrument)
        minutes = truth.group_by_dynamic("ts", every="1m").agg(
            pl.col("price").first().alias("open"),
            pl.col("price").max().alias("high"),
            pl.col("price").min().alias("low"),
            pl.col("price").last().alias("close"),
            pl.col("size").sum().alias("volume"),
        )
        for ts, *values in minutes.with_columns(pl.col("ts").dt.epoch("ms")).iter_rows():
            assert told[ts][:4] == tuple(values[:4])
            assert told[ts][4] == pytest.approx(values[4], rel=1e-9)


@pytest.mark.real_data
def test_an_intake_takes_in_over_the_wire_what_was_recorded(recorded: DeltaLake, tmp_path: Path) -> None:
    window, system = find_window(recorded), SystemClock()
    now_ms = system.now_ms() // MS_PER_MINUTE * MS_PER_MINUTE
    shift_ms = now_ms - window.start_ms
    tape = record_tape(recorded, [BTC, ETH], window, shift_ms=shift_ms)
    # From ten seconds before the first trade: whoever listens by then has them all.
    first_ms = int(read_recorded(recorded, shift_ms)["ts"].dt.epoch("ms").min())  # type: ignore[arg-type] # a whole number
    opens_ms = first_ms - 60_000
    clock = ScaledClock(base=system, base_start_ms=system.now_ms(), start_ms=opens_ms, speed=SPEED)
    exchange = BackgroundExchange(Venue(tape, ExchangeSpec(budgets=UNLIMITED), clock, system))
    lake, journal = DeltaLake(tmp_path / "lake"), MemoryJournal()
    wanted = read_recorded(recorded, shift_ms)

    def until(intake: Intake) -> bool:
        return intake.collector.counts["trades"] >= wanted.height

    with exchange:
        symbols = ("BTC-USDT", "ETH-USDT")
        asyncio.run(take_in(exchange, tmp_path, lake, clock, until, journal=journal, symbols=symbols, within_s=60.0))
        found = compare_with_truth(lake, journal, exchange.trades(), VENUE)
    assert (found.held, found.doubled, found.invented) == (wanted.height, 0, 0)
    held = pl.concat(lake.trades(Instrument(venue=VENUE, symbol=symbol)).select(_VALUES) for symbol in symbols)
    order = ["symbol", "ts", "price", "size", "side"]
    assert_frame_equal(held.sort(order), wanted.sort(order))
