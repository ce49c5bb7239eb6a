from __future__ import annotations

from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.domain.time import MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE, parse_instant
from edgeproof.simulator.exchange.engine.candles import BARS, CandleBook, Page, is_closed
from edgeproof.simulator.exchange.engine.trades import TradeBatch
from fakes.small_venues import START_MS, open_desk

EMPTY = np.empty((0, 7), dtype=np.int64)
POLARS_BARS = {"1m": "1m", "3m": "3m", "5m": "5m", "1H": "1h", "4H": "4h", "1D": "1d", "1W": "1w", "1M": "1mo"}


def make_batch(ts: list[int], ticks: list[int], lots: list[int]) -> TradeBatch:
    columns = (np.array(column, dtype=np.int64) for column in (ts, ticks, lots))
    times, prices, sizes = columns
    return TradeBatch(symbol="BTC-USDT", ts=times, ticks=prices, lots=sizes, buys=np.ones(len(ts), dtype=np.bool_))


@given(
    trades=st.lists(
        st.tuples(st.integers(0, 40 * MS_PER_HOUR), st.integers(1, 500), st.integers(1, 50)), min_size=1, max_size=60
    ),
    cuts=st.lists(st.integers(0, 60), max_size=5),
    bar=st.sampled_from(sorted(POLARS_BARS)),
)
@settings(deadline=None, max_examples=80)
def test_candles_are_those_polars_makes_of_the_same_trades(
    trades: list[tuple[int, int, int]], cuts: list[int], bar: str
) -> None:
    rows = sorted((START_MS + offset, ticks, lots) for offset, ticks, lots in trades)
    book = CandleBook(EMPTY)
    edges = sorted({0, len(rows), *(min(cut, len(rows)) for cut in cuts)})
    for start, stop in pairwise(edges):
        book.fold(make_batch(*(list(column) for column in zip(*rows[start:stop], strict=True))))
    frame = pl.DataFrame(rows, schema={"ts": pl.Int64, "ticks": pl.Int64, "lots": pl.Int64}, orient="row")
    expected = (
        frame.with_columns(pl.col("ts").cast(pl.Datetime("ms")))
        .group_by_dynamic("ts", every=POLARS_BARS[bar], start_by="window")
        .agg(
            high=pl.col("ticks").max(),
            low=pl.col("ticks").min(),
            close=pl.col("ticks").last(),
            lots=pl.col("lots").sum(),
            value=(pl.col("ticks") * pl.col("lots")).sum(),
        )
        .with_columns(pl.col("ts").dt.epoch("ms"))
    )
    made = book.read(bar, Page(limit=10_000))[::-1]
    traded = made[made[:, 5] > 0]
    assert traded[:, 0].tolist() == expected["ts"].to_list()
    assert traded[:, 4].tolist() == expected["close"].to_list()
    assert traded[:, 5].tolist() == expected["lots"].to_list()
    assert traded[:, 6].tolist() == expected["value"].to_list()
    assert (traded[:, 2] >= expected["high"].to_numpy()).all()
    assert (traded[:, 3] <= expected["low"].to_numpy()).all()


def test_minutes_nobody_trades_in_are_flat_at_the_last_close() -> None:
    book = CandleBook(EMPTY)
    book.fold(make_batch([START_MS + 5], [100], [3]))
    book.roll(START_MS + 3 * MS_PER_MINUTE + 1)
    assert book.minutes[:, 1:6].tolist() == [[100, 100, 100, 100, 3], *[[100, 100, 100, 100, 0]] * 3]


@pytest.mark.parametrize("bar", sorted(BARS))
def test_pages_put_together_are_the_whole(bar: str) -> None:
    desk = open_desk(history_minutes=9_000)
    book = desk.venue.market["BTC-USDT"].candles
    whole = book.read(bar, Page(limit=100_000))
    pages, after = [], None
    while len(page := book.read(bar, Page(after=after, limit=7 if len(whole) < 700 else 997))):
        pages.append(page)
        after = int(page[-1, 0])
    assert np.array_equal(np.concatenate(pages), whole)


def test_before_and_after_leave_out_their_own_moments() -> None:
    desk = open_desk(history_minutes=50)
    book = desk.venue.market["BTC-USDT"].candles
    newest = int(book.minutes[-1, 0])
    page = Page(before=newest - 5 * MS_PER_MINUTE, after=newest - 2 * MS_PER_MINUTE)
    assert book.read("1m", page)[:, 0].tolist() == [newest - 3 * MS_PER_MINUTE, newest - 4 * MS_PER_MINUTE]


def test_before_alone_gives_the_newest() -> None:
    book = open_desk(history_minutes=50).venue.market["BTC-USDT"].candles
    newest = int(book.minutes[-1, 0])
    assert book.read("1m", Page(before=newest - 40 * MS_PER_MINUTE, limit=2))[:, 0].tolist() == [
        newest,
        newest - MS_PER_MINUTE,
    ]


def test_weeks_begin_on_mondays_and_months_on_their_first() -> None:
    book = CandleBook(EMPTY)
    book.fold(make_batch([parse_instant("2026-03-04T12:00")], [5], [1]))
    assert book.read("1W", Page())[0, 0] == parse_instant("2026-03-02")
    assert book.read("1M", Page())[0, 0] == parse_instant("2026-03-01")
    assert book.read("3D", Page())[0, 0] % (3 * MS_PER_DAY) == 0


def test_a_candle_closes_when_the_next_opens() -> None:
    assert not is_closed(START_MS, "5m", START_MS + 5 * MS_PER_MINUTE - 1)
    assert is_closed(START_MS, "5m", START_MS + 5 * MS_PER_MINUTE)
