from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.domain.frames import BARS
from edgeproof.domain.instruments import Instrument
from edgeproof.domain.time import MS_PER_MINUTE, Window
from edgeproof.market import bars_from_trades
from edgeproof.ops.gaps import Gap, check_minutes, find_absent_minutes, join_gaps
from fakes.lake_rows import trade_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

BTC = Instrument(venue="binance", symbol="BTC-USDT")
NOON_MS = 1_760_000_040_000 // MS_PER_MINUTE * MS_PER_MINUTE
FIVE_MINUTES = Window(start_ms=NOON_MS, end_ms=NOON_MS + 5 * MS_PER_MINUTE)


def five_minutes_of_trades() -> pl.DataFrame:
    return trade_rows(50, start_ms=NOON_MS, every_ms=6_000)


def candles_of(trades: pl.DataFrame) -> pl.DataFrame:
    """What a venue publishes: no counts, no taker's side."""
    bars = bars_from_trades(trades)
    return bars.with_columns(
        pl.lit(None, dtype=pl.Int64).alias("trades"), pl.lit(None, dtype=pl.Float64).alias("taker_buy_volume")
    )


def minutes_of(check_differing: Sequence[tuple[int, float, float]]) -> list[int]:
    return [(open_ms - NOON_MS) // MS_PER_MINUTE for open_ms, *_ in check_differing]


def test_trades_that_make_the_published_candles_are_whole_and_their_bars_know_more() -> None:
    trades = five_minutes_of_trades()
    judged = check_minutes(trades, candles_of(trades), FIVE_MINUTES)
    assert judged.differing == ()
    assert judged.bars.height == 5
    assert judged.bars["trades"].to_list() == [10] * 5
    assert judged.bars.schema == BARS.schema


@settings(deadline=None, max_examples=30)
@given(lost=st.sets(st.integers(0, 49), min_size=1))
def test_any_lost_trade_shows_in_its_minute_and_in_no_other(lost: set[int]) -> None:
    trades = five_minutes_of_trades()
    held = trades.with_row_index().filter(~pl.col("index").is_in(sorted(lost))).drop("index")
    judged = check_minutes(held, candles_of(trades), FIVE_MINUTES)
    assert minutes_of(judged.differing) == sorted({number // 10 for number in lost})
    assert judged.bars.height == 5


def test_a_minute_that_differs_keeps_the_published_candle_without_counts() -> None:
    trades = five_minutes_of_trades()
    judged = check_minutes(trades[1:], candles_of(trades), FIVE_MINUTES)
    first = judged.bars.row(0, named=True)
    assert first["trades"] is None
    assert first["volume"] == candles_of(trades)["volume"][0]


def test_a_minute_with_trades_and_no_candle_differs() -> None:
    trades = five_minutes_of_trades()
    judged = check_minutes(trades, candles_of(trades[:40]), FIVE_MINUTES)
    assert minutes_of(judged.differing) == [4]
    assert judged.bars.height == 4


def test_a_quiet_minute_is_whole_with_or_without_a_candle() -> None:
    trades = five_minutes_of_trades()[:10]
    flat = candles_of(trades).with_columns(pl.col("ts") + pl.duration(minutes=2), volume=0.0)
    judged = check_minutes(trades, pl.concat([candles_of(trades), flat]), FIVE_MINUTES)
    assert judged.differing == ()
    assert judged.bars["ts"].len() == 2


def test_minutes_outside_the_window_are_not_judged() -> None:
    trades = five_minutes_of_trades()
    window = Window(start_ms=NOON_MS + MS_PER_MINUTE, end_ms=NOON_MS + 2 * MS_PER_MINUTE)
    judged = check_minutes(trades[:15], candles_of(trades), window)
    assert minutes_of(judged.differing) == [1]


def test_neighbouring_minutes_are_one_gap() -> None:
    lost = [(NOON_MS + k * MS_PER_MINUTE, 1.0, 3.0) for k in (4, 0, 1)]
    first, second = join_gaps(BTC, lost, cause="reconnect", found_ms=NOON_MS)
    assert (first.start_ms, first.end_ms, first.minutes) == (NOON_MS, NOON_MS + 2 * MS_PER_MINUTE, 2)
    assert (first.held_volume, first.published_volume) == (2.0, 6.0)
    assert second == Gap(
        instrument=BTC,
        start_ms=NOON_MS + 4 * MS_PER_MINUTE,
        end_ms=NOON_MS + 5 * MS_PER_MINUTE,
        cause="reconnect",
        held_volume=1.0,
        published_volume=3.0,
        found_ms=NOON_MS,
    )


@pytest.mark.parametrize(("kept", "absent"), [(slice(0, 50), []), (slice(10, 30), [0, 3, 4]), (slice(0, 0), range(5))])
def test_minutes_without_a_candle_are_named(kept: slice, absent: Sequence[int]) -> None:
    candles = candles_of(five_minutes_of_trades()[kept])
    expected = [NOON_MS + k * MS_PER_MINUTE for k in absent]
    assert list(find_absent_minutes(candles, FIVE_MINUTES)) == expected
