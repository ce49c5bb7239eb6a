from __future__ import annotations

from decimal import Decimal

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.domain.errors import RequestError
from edgeproof.domain.frames import BARS, FUNDING, TRADES, UTC_MS
from edgeproof.domain.instruments import Instrument
from edgeproof.domain.time import MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE, Window, parse_instant
from edgeproof.simulator.exchange import ExchangeSpec, ManualClock, Venue, record_tape
from fakes.memory_lake import MemoryLake

BTC = Instrument(venue="blofin", symbol="BTC-USDT")
ETH = Instrument(venue="blofin", symbol="ETH-USDT")
NOON_MS = parse_instant("2026-03-04T12:00")
WINDOW = Window(start_ms=NOON_MS, end_ms=NOON_MS + 2 * MS_PER_DAY)


def trades_of(instrument: Instrument, times: list[int], *, tick: float = 0.5, size: float = 0.003) -> pl.DataFrame:
    count = len(times)
    return pl.DataFrame(
        {
            "venue": [instrument.venue] * count,
            "symbol": [instrument.symbol] * count,
            "ts": pl.Series(times, dtype=pl.Int64).cast(UTC_MS),
            "seen_at": pl.Series(times, dtype=pl.Int64).cast(UTC_MS),
            "price": [round(tick * (200 + i % 7), 10) for i in range(count)],
            "size": [round(size * (1 + i % 3), 10) for i in range(count)],
            "side": ["buy" if i % 2 else "sell" for i in range(count)],
            "trade_id": [f"{i:06d}" for i in range(count)],
        },
        schema=TRADES.schema,
    )


def bars_of(instrument: Instrument, minutes: list[int]) -> pl.DataFrame:
    count = len(minutes)
    times = [NOON_MS + minute * MS_PER_MINUTE for minute in minutes]
    return pl.DataFrame(
        {
            "venue": [instrument.venue] * count,
            "symbol": [instrument.symbol] * count,
            "timeframe": ["1m"] * count,
            "ts": pl.Series(times, dtype=pl.Int64).cast(UTC_MS),
            "open": [10.0] * count,
            "high": [12.0] * count,
            "low": [9.0] * count,
            "close": [11.0] * count,
            "volume": [4.0] * count,
            "quote_volume": [42.0] * count,
            "trades": [7] * count,
            "taker_buy_volume": [2.0] * count,
        },
        schema=BARS.schema,
    )


def make_lake(*, trades: tuple[pl.DataFrame, ...] = (), bars: tuple[pl.DataFrame, ...] = ()) -> MemoryLake:
    lake = MemoryLake()
    for frame in trades:
        lake.append(TRADES, frame)
    for frame in bars:
        lake.append(BARS, frame)
    return lake


def test_every_recorded_trade_is_played_as_it_was_and_when_it_was() -> None:
    times = [NOON_MS + i * 7 * MS_PER_MINUTE for i in range(400)]
    recorded = trades_of(BTC, times)
    shift_ms = 20 * MS_PER_DAY
    tape = record_tape(make_lake(trades=(recorded,)), [BTC], WINDOW, shift_ms=shift_ms)
    (listing,) = tape.listings
    (batch,) = tape.play_until(NOON_MS + shift_ms + 3 * MS_PER_DAY)
    inside = recorded.filter(pl.col("ts").dt.epoch("ms") < WINDOW.end_ms)
    assert (batch.ts - shift_ms).tolist() == inside["ts"].dt.epoch("ms").to_list()
    assert [float(listing.tick * int(n)) for n in batch.ticks] == inside["price"].to_list()
    assert [float(listing.base_per_lot * int(n)) for n in batch.lots] == inside["size"].to_list()
    assert batch.buys.tolist() == (inside["side"] == "buy").to_list()


@pytest.mark.parametrize(("tick", "size", "told"), [(0.5, 0.003, ("0.1", "0.001")), (1e-9, 10_000.0, ("1E-9", "1"))])
def test_the_grid_is_the_coarsest_that_holds_what_was_recorded(tick: float, size: float, told: tuple[str, str]) -> None:
    lake = make_lake(trades=(trades_of(BTC, [NOON_MS + i for i in range(9)], tick=tick, size=size),))
    (listing,) = record_tape(lake, [BTC], WINDOW).listings
    assert (listing.tick, listing.base_per_lot) == (Decimal(told[0]), Decimal(told[1]))


def test_numbers_on_no_grid_are_rounded_where_their_sums_would_not_fit() -> None:
    odd = trades_of(BTC, [NOON_MS + i for i in range(500)]).with_columns(
        price=60_000.0 * (1 + (pl.col("price") * 1e-3).sin() * 1e-2), size=1e4 * pl.col("size").sin()
    )
    clock = ManualClock(NOON_MS)
    tape = record_tape(make_lake(trades=(odd,)), [BTC], WINDOW)
    venue = Venue(tape, ExchangeSpec(), clock)
    clock.step(MS_PER_MINUTE)
    venue.advance()
    minute = venue.market["BTC-USDT"].candles.minutes[0]
    (listing,) = tape.listings
    value = int(minute[6]) * float(listing.quote_per_step)
    assert value == pytest.approx(odd.select(pl.col("price").dot("size")).item(), rel=1e-5)


def test_days_without_trades_are_played_from_their_bars() -> None:
    lake = make_lake(trades=(trades_of(BTC, [NOON_MS + 5]),), bars=(bars_of(BTC, [1, 1_440, 1_441]),))
    (batch,) = record_tape(lake, [BTC], WINDOW).play_until(WINDOW.end_ms)
    # One trade on the first day; two bars of four trades on the second.
    assert len(batch) == 9
    assert batch.ts[1] == NOON_MS + 1_440 * MS_PER_MINUTE


def test_what_lies_before_is_history_without_holes() -> None:
    lake = make_lake(trades=(trades_of(BTC, [NOON_MS + 5]),), bars=(bars_of(BTC, [-90, -30, -29, -10]),))
    history = record_tape(lake, [BTC], WINDOW, history_ms=MS_PER_HOUR, shift_ms=MS_PER_DAY).history("BTC-USDT")
    assert np.diff(history[:, 0]).tolist() == [MS_PER_MINUTE] * (len(history) - 1)
    assert history[0, 0] == NOON_MS + MS_PER_DAY - 30 * MS_PER_MINUTE
    assert (history[2:-1, 5] == 0).all()


def test_funding_is_played_with_the_rest() -> None:
    lake = make_lake(trades=(trades_of(BTC, [NOON_MS + 5]),))
    rates = pl.DataFrame(
        {
            "venue": ["blofin"] * 2,
            "symbol": ["BTC-USDT"] * 2,
            "ts": [NOON_MS - MS_PER_HOUR, NOON_MS + 1],
            "rate": [0.1, 0.2],
        },
    ).with_columns(pl.col("ts").cast(UTC_MS))
    lake.append(FUNDING, rates)
    schedule = record_tape(lake, [BTC], WINDOW, shift_ms=MS_PER_MINUTE).funding("BTC-USDT")
    assert (schedule.ts - MS_PER_MINUTE).tolist() == [NOON_MS - MS_PER_HOUR, NOON_MS + 1]
    assert schedule.rate.tolist() == [0.1, 0.2]


def test_nothing_to_play_is_said_in_one_line() -> None:
    lake = make_lake(trades=(trades_of(BTC, [NOON_MS + 5]),))
    with pytest.raises(RequestError, match=r"no trades and no 1-minute bars of blofin:ETH-USDT from 2026-03-04"):
        record_tape(lake, [BTC, ETH], WINDOW)


@settings(deadline=None, max_examples=30)
@given(
    times=st.lists(st.integers(0, 2 * MS_PER_DAY - 1), min_size=1, max_size=40).map(sorted),
    steps=st.lists(st.integers(1, MS_PER_DAY), min_size=1, max_size=12),
)
def test_a_recording_is_the_same_in_whatever_steps_it_is_read(times: list[int], steps: list[int]) -> None:
    lake = make_lake(trades=(trades_of(BTC, [NOON_MS + t for t in times]), trades_of(ETH, [NOON_MS + times[0]])))
    whole = record_tape(lake, [BTC, ETH], WINDOW).play_until(WINDOW.end_ms)
    tape, heard = record_tape(lake, [BTC, ETH], WINDOW), dict[str, list[int]]()
    for until_ms in (*(NOON_MS + int(step) for step in np.cumsum(steps)), WINDOW.end_ms):
        for batch in tape.play_until(until_ms):
            assert (batch.ts <= until_ms).all()
            heard.setdefault(batch.symbol, []).extend(batch.ts.tolist())
    assert heard == {batch.symbol: batch.ts.tolist() for batch in whole}
