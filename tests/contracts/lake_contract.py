"""What every lake must do. A test class inherits `LakeContract` and adds the fixture `open_lake`."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from edgeproof.domain.errors import SchemaMismatch
from edgeproof.domain.frames import BARS, FUNDING, TRADES, UTC_MS, Table
from edgeproof.domain.hashing import hash_rows
from edgeproof.domain.instruments import Instrument
from edgeproof.domain.stores import Holding, Lake, Written
from edgeproof.domain.time import MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE, ONE_MINUTE, Timeframe, Window
from fakes.lake_rows import START_MS, bar_rows, funding_rows, trade_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

BTC = Instrument(venue="binance", symbol="BTC-USDT")
ETH = Instrument(venue="binance", symbol="ETH-USDT")
ODD_NAMES = [
    "1000PEPE-USDT",
    "a b/c=d%2F'\"*?[x]",
    "../../etc/passwd",
    "..",
    "ünï-çødé-价格",
    "new\nline\x00nul",
    "null",
    "2025-01-01",
    "x" * 300,
]


# The fixture only opens new lakes, and every class that inherits the test runs it for itself.
SHARED_BY_CLASSES = [HealthCheck.function_scoped_fixture, HealthCheck.differing_executors]


class OpenLake(Protocol):
    """Opens an empty lake of the kind under test, another one at each call."""

    def __call__(self) -> Lake: ...


class LakeContract:
    """Tests for any `Lake`."""

    @pytest.fixture
    def open_lake(self) -> OpenLake:
        raise NotImplementedError  # each lake's own tests make theirs

    @pytest.fixture
    def lake(self, open_lake: OpenLake) -> Lake:
        return open_lake()

    def test_an_empty_lake_gives_empty_frames_with_their_schema(self, lake: Lake) -> None:
        assert lake.bars(BTC, ONE_MINUTE).schema == BARS.schema
        assert lake.funding(BTC).schema == FUNDING.schema
        assert lake.trades(BTC).schema == TRADES.schema
        assert list(lake.holdings()) == []

    def test_no_rows_are_nothing_new(self, lake: Lake) -> None:
        assert lake.append(BARS, bar_rows(0)) == Written()
        assert list(lake.holdings()) == []

    def test_rows_come_back_as_they_went_in(self, lake: Lake) -> None:
        bars, funding, trades = bar_rows(3_000), funding_rows(10), trade_rows(500)
        assert lake.append(BARS, bars) == Written(new=3_000)
        assert lake.append(FUNDING, funding) == Written(new=10)
        assert lake.append(TRADES, trades) == Written(new=500)
        assert_frame_equal(lake.bars(BTC, ONE_MINUTE), bars, check_exact=True)
        assert_frame_equal(lake.funding(BTC), funding, check_exact=True)
        assert_frame_equal(lake.trades(BTC), trades, check_exact=True)

    def test_the_data_hash_survives_the_lake(self, lake: Lake) -> None:
        rows = bar_rows(2_000)
        for part in (rows[1_500:], rows[:700], rows[600:1_600]):
            lake.append(BARS, part.sample(fraction=1.0, shuffle=True, seed=1))
        assert hash_rows(lake.bars(BTC, ONE_MINUTE), BARS) == hash_rows(rows, BARS)

    def test_columns_a_source_lacks_become_null(self, lake: Lake) -> None:
        lake.append(BARS, bar_rows(3).drop("taker_buy_volume", "trades"))
        assert lake.bars(BTC, ONE_MINUTE).select("taker_buy_volume", "trades").null_count().row(0) == (3, 3)

    @pytest.mark.parametrize(
        ("table", "rows"), [(BARS, bar_rows(50)), (FUNDING, funding_rows(50)), (TRADES, trade_rows(50))]
    )
    def test_the_same_rows_again_change_nothing(self, lake: Lake, table: Table, rows: pl.DataFrame) -> None:
        lake.append(table, rows)
        before = list(lake.holdings())
        assert lake.append(table, rows) == Written(already_there=50)
        assert lake.append(table, rows.reverse()) == Written(already_there=50)
        assert lake.append(table, rows[20:30]) == Written(already_there=10)
        assert list(lake.holdings()) == before

    @pytest.mark.parametrize(
        ("table", "rows"), [(BARS, bar_rows(50)), (FUNDING, funding_rows(50)), (TRADES, trade_rows(50))]
    )
    def test_rows_repeated_within_a_batch_are_one_row(self, lake: Lake, table: Table, rows: pl.DataFrame) -> None:
        twice = pl.concat([rows, rows[10:25]])
        assert lake.append(table, twice) == Written(new=50, already_there=15)
        assert [h.rows for h in lake.holdings()] == [50]

    def test_an_overlap_adds_only_what_is_new(self, lake: Lake) -> None:
        lake.append(BARS, bar_rows(100))
        assert lake.append(BARS, bar_rows(150)) == Written(new=50, already_there=100)
        assert_frame_equal(lake.bars(BTC, ONE_MINUTE), bar_rows(150))

    def test_bars_that_arrive_between_others_find_their_place(self, lake: Lake) -> None:
        rows = bar_rows(90)
        lake.append(BARS, rows.gather_every(3))
        assert lake.append(BARS, rows) == Written(new=60, already_there=30)
        assert_frame_equal(lake.bars(BTC, ONE_MINUTE), rows)

    @pytest.mark.parametrize("column", [c for c in BARS.schema if c not in BARS.key])
    def test_a_bar_that_says_something_else_conflicts_and_the_first_stays(self, lake: Lake, column: str) -> None:
        rows = bar_rows(20)
        lake.append(BARS, rows)
        other = rows.with_columns(pl.lit(7).cast(BARS.schema[column]).alias(column))
        outcome = lake.append(BARS, other)
        changed = int((other[column].ne_missing(rows[column])).sum())
        assert changed > 0
        assert outcome == Written(already_there=20 - changed, conflicting=changed)
        assert_frame_equal(lake.bars(BTC, ONE_MINUTE), rows)

    def test_within_a_batch_the_first_of_two_different_rows_stays(self, lake: Lake) -> None:
        rows = bar_rows(5)
        other = rows.with_columns(pl.col("close") * 2)
        assert lake.append(BARS, pl.concat([rows, other, rows])) == Written(new=5, already_there=5, conflicting=5)
        assert_frame_equal(lake.bars(BTC, ONE_MINUTE), rows)

    def test_null_is_a_value_of_its_own(self, lake: Lake) -> None:
        empty = bar_rows(1).with_columns(quote_volume=pl.lit(None, dtype=pl.Float64))
        told = empty.with_columns(quote_volume=0.0)
        assert lake.append(BARS, pl.concat([empty, empty])) == Written(new=1, already_there=1)
        assert lake.append(BARS, told) == Written(conflicting=1)
        assert lake.bars(BTC, ONE_MINUTE)["quote_volume"].to_list() == [None]

    def test_floats_are_compared_bit_for_bit(self, lake: Lake) -> None:
        nan, zero = (bar_rows(1).with_columns(quote_volume=pl.lit(v)) for v in (float("nan"), 0.0))
        later = [
            r.with_columns(pl.col("ts") + timedelta(minutes=1)) for r in (zero, zero.with_columns(quote_volume=-0.0))
        ]
        assert lake.append(BARS, nan) == Written(new=1)
        assert lake.append(BARS, nan) == Written(already_there=1)
        assert lake.append(BARS, pl.concat(later)) == Written(new=1, conflicting=1)

    def test_a_trade_seen_twice_is_one_trade(self, lake: Lake) -> None:
        rows = trade_rows(4)
        lake.append(TRADES, rows)
        later = rows.with_columns(pl.col("seen_at") + timedelta(hours=5))
        assert lake.append(TRADES, later) == Written(already_there=4)
        assert_frame_equal(lake.trades(BTC), rows)

    def test_a_trade_number_is_taken_whatever_the_day(self, lake: Lake) -> None:
        rows = trade_rows(4)
        lake.append(TRADES, rows)
        moved = rows.with_columns(pl.col("ts") + timedelta(days=40))
        assert lake.append(TRADES, moved) == Written(conflicting=4)
        assert_frame_equal(lake.trades(BTC), rows)

    def test_trades_of_one_instant_come_in_order_of_their_number(self, lake: Lake) -> None:
        rows = trade_rows(40, every_ms=0)
        lake.append(TRADES, rows[25:].reverse())
        lake.append(TRADES, rows[:25].reverse())
        assert_frame_equal(lake.trades(BTC), rows)

    def test_trade_numbers_may_be_any_text(self, lake: Lake) -> None:
        names = ["9", "10", "0x1f", "3f2a-long-" + "z" * 80, "ts", "trade_id", "'", "Ω"]
        rows = trade_rows(len(names)).with_columns(trade_id=pl.Series(names))
        assert lake.append(TRADES, rows) == Written(new=len(names))
        assert lake.append(TRADES, rows.reverse()) == Written(already_there=len(names))
        assert_frame_equal(lake.trades(BTC), rows.sort("ts", "trade_id"))

    def test_a_window_holds_its_start_and_not_its_end(self, lake: Lake) -> None:
        rows = bar_rows(3 * 1_440)
        lake.append(BARS, rows)
        window = Window(start_ms=START_MS + MS_PER_DAY, end_ms=START_MS + 2 * MS_PER_DAY)
        assert_frame_equal(lake.bars(BTC, ONE_MINUTE, window), rows[1_440:2_880])
        one = Window(start_ms=START_MS + 1, end_ms=START_MS + MS_PER_MINUTE + 1)
        assert_frame_equal(lake.bars(BTC, ONE_MINUTE, one), rows[1:2])

    def test_windows_cut_funding_and_trades_too(self, lake: Lake) -> None:
        funding, trades = funding_rows(30), trade_rows(2_000, every_ms=60_000)
        lake.append(FUNDING, funding)
        lake.append(TRADES, trades)
        window = Window(start_ms=START_MS + 8 * MS_PER_HOUR, end_ms=START_MS + 16 * MS_PER_HOUR)
        inside = pl.col("ts").dt.epoch("ms").is_between(window.start_ms, window.end_ms, closed="left")
        assert_frame_equal(lake.funding(BTC, window), funding[1:2])
        assert_frame_equal(lake.trades(BTC, window), trades.filter(inside))

    def test_a_window_may_be_wider_than_all_time(self, lake: Lake) -> None:
        lake.append(BARS, bar_rows(10))
        assert_frame_equal(lake.bars(BTC, ONE_MINUTE, Window(start_ms=-(2**62), end_ms=2**62)), bar_rows(10))

    def test_a_window_beside_the_data_is_empty(self, lake: Lake) -> None:
        lake.append(BARS, bar_rows(10))
        beside = Window(start_ms=START_MS + MS_PER_DAY, end_ms=START_MS + 2 * MS_PER_DAY)
        assert lake.bars(BTC, ONE_MINUTE, beside).is_empty()
        assert lake.bars(BTC, ONE_MINUTE, beside).schema == BARS.schema

    def test_instruments_and_timeframes_never_mix(self, lake: Lake) -> None:
        parts = [
            bar_rows(5),
            bar_rows(6, symbol="ETH-USDT"),
            bar_rows(7, venue="bybit"),
            bar_rows(8, timeframe="5m"),
        ]
        lake.append(BARS, pl.concat(parts).sample(fraction=1.0, shuffle=True, seed=3))
        assert_frame_equal(lake.bars(BTC, ONE_MINUTE), parts[0])
        assert_frame_equal(lake.bars(ETH, ONE_MINUTE), parts[1])
        assert_frame_equal(lake.bars(Instrument(venue="bybit", symbol="BTC-USDT"), ONE_MINUTE), parts[2])
        assert_frame_equal(lake.bars(BTC, Timeframe(5)), parts[3])
        assert lake.bars(ETH, Timeframe(5)).is_empty()

    @pytest.mark.parametrize("name", ODD_NAMES, ids=range(len(ODD_NAMES)))
    def test_any_name_from_outside_comes_back_exactly(self, lake: Lake, name: str) -> None:
        rows = bar_rows(3, symbol=name, venue=name)
        assert lake.append(BARS, rows) == Written(new=3)
        assert lake.append(BARS, rows) == Written(already_there=3)
        assert_frame_equal(lake.bars(Instrument(venue=name, symbol=name), ONE_MINUTE), rows)
        assert [h.instrument.symbol for h in lake.holdings()] == [name]

    @pytest.mark.parametrize(
        ("column", "value"), [("venue", ""), ("symbol", ""), ("timeframe", "60m"), ("timeframe", "soon")]
    )
    def test_rows_nobody_could_ask_for_are_refused(self, lake: Lake, column: str, value: str) -> None:
        with pytest.raises(SchemaMismatch, match=column):
            lake.append(BARS, bar_rows(3).with_columns(pl.lit(value).alias(column)))
        assert list(lake.holdings()) == []

    def test_a_time_in_the_wrong_unit_is_refused(self, lake: Lake) -> None:
        rows = bar_rows(3)
        with pytest.raises(SchemaMismatch, match="ts: is Datetime"):
            lake.append(BARS, rows.with_columns(pl.col("ts").dt.cast_time_unit("us")))

    def test_a_time_no_calendar_has_is_refused(self, lake: Lake) -> None:
        micros = (bar_rows(3)["ts"].dt.epoch("ms") * 1_000).cast(UTC_MS)
        with pytest.raises(SchemaMismatch, match="outside the years"):
            lake.append(BARS, bar_rows(3).with_columns(micros.alias("ts")))

    @pytest.mark.parametrize("ms", [-62_135_596_800_000, -1, 0, 1, 253_402_300_799_999])
    def test_a_time_keeps_its_millisecond(self, lake: Lake, ms: int) -> None:
        rows = bar_rows(1, start_ms=ms)
        assert lake.append(BARS, rows) == Written(new=1)
        assert lake.append(BARS, rows) == Written(already_there=1)
        assert lake.bars(BTC, ONE_MINUTE)["ts"].dt.epoch("ms").to_list() == [ms]
        assert [(h.first_ms, h.last_ms) for h in lake.holdings()] == [(ms, ms)]

    def test_holdings_count_rows_and_span_in_order(self, lake: Lake) -> None:
        lake.append(TRADES, trade_rows(10))
        lake.append(BARS, bar_rows(5, symbol="ETH-USDT"))
        lake.append(BARS, bar_rows(3))
        lake.append(BARS, bar_rows(4, start_ms=START_MS + 10 * MS_PER_MINUTE))
        lake.append(FUNDING, funding_rows(2))
        assert list(lake.holdings()) == [
            _holding("bars", BTC, "1m", rows=7, span_ms=13 * MS_PER_MINUTE),
            _holding("bars", ETH, "1m", rows=5, span_ms=4 * MS_PER_MINUTE),
            _holding("funding", BTC, None, rows=2, span_ms=8 * MS_PER_HOUR),
            _holding("trades", BTC, None, rows=10, span_ms=4 * 500),
        ]

    def test_merging_files_changes_no_row_and_no_answer(self, lake: Lake) -> None:
        rows = trade_rows(40)
        for part in rows.iter_slices(4):
            lake.append(TRADES, part)
        lake.append(BARS, bar_rows(5))
        held = list(lake.holdings())
        merged = lake.merge_files(TRADES)
        assert merged.files_after <= merged.files_before
        assert_frame_equal(lake.trades(BTC), rows)
        assert list(lake.holdings()) == held
        assert lake.append(TRADES, rows) == Written(already_there=40)
        assert lake.append(TRADES, trade_rows(44)) == Written(new=4, already_there=40)

    def test_dropping_old_rows_leaves_every_younger_one(self, lake: Lake) -> None:
        rows = trade_rows(30, every_ms=MS_PER_HOUR)
        for part in rows.iter_slices(5):
            lake.append(TRADES, part)
        cut_ms = START_MS + 12 * MS_PER_HOUR
        gone = lake.drop_before(TRADES, cut_ms)
        kept = lake.trades(BTC)
        assert gone > 0
        assert kept.height == 30 - gone
        young = pl.col("ts").dt.epoch("ms") >= cut_ms
        assert_frame_equal(kept.filter(young), rows.filter(young))
        assert lake.drop_before(TRADES, cut_ms) == 0

    def test_giving_back_space_takes_no_row(self, lake: Lake) -> None:
        rows = trade_rows(40)
        for part in rows.iter_slices(4):
            lake.append(TRADES, part)
        lake.merge_files(TRADES)
        lake.vacuum(keep_hours=0)
        assert_frame_equal(lake.trades(BTC), rows)
        assert lake.append(TRADES, rows) == Written(already_there=40)

    @settings(deadline=None, max_examples=20, suppress_health_check=SHARED_BY_CLASSES)
    @given(
        batches=st.lists(
            st.lists(
                st.tuples(
                    st.sampled_from(["A", "B"]),
                    st.integers(0, 6),
                    st.sampled_from([None, 0.0, -0.0, 1.5, float("nan")]),
                ),
                max_size=8,
            ),
            max_size=4,
        )
    )
    def test_any_order_of_writing_ends_as_a_dictionary_would(
        self, open_lake: OpenLake, batches: list[list[tuple[str, int, float | None]]]
    ) -> None:
        lake, kept = open_lake(), dict[tuple[str, int], float | None]()
        for batch in batches:
            assert lake.append(BARS, _tiny_bars(batch)) == _count(batch, kept)
        for symbol in ("A", "B"):
            rows = lake.bars(Instrument(venue="v", symbol=symbol), ONE_MINUTE)
            expected = [(at, kept[key]) for key, at in sorted((k, k[1]) for k in kept if k[0] == symbol)]
            found = zip(rows["ts"].dt.epoch("ms") // MS_PER_MINUTE, rows["quote_volume"], strict=True)
            assert [(at, repr(v)) for at, v in found] == [(at, repr(v)) for at, v in expected]


def _holding(table: str, instrument: Instrument, timeframe: str | None, *, rows: int, span_ms: int) -> Holding:
    return Holding(
        table=table,
        instrument=instrument,
        timeframe=timeframe,
        rows=rows,
        first_ms=START_MS,
        last_ms=START_MS + span_ms,
    )


def _tiny_bars(batch: Sequence[tuple[str, int, float | None]]) -> pl.DataFrame:
    rows = [bar_rows(1, venue="v", symbol=s, start_ms=at * MS_PER_MINUTE) for s, at, _ in batch]
    frame = pl.concat([bar_rows(0), *rows])
    return frame.with_columns(quote_volume=pl.Series([v for *_, v in batch], dtype=pl.Float64))


def _count(batch: Sequence[tuple[str, int, float | None]], kept: dict[tuple[str, int], Any]) -> Written:
    written = Written()
    for symbol, at, value in batch:
        if (symbol, at) not in kept:
            kept[symbol, at] = value
            written += Written(new=1)
        elif repr(kept[symbol, at]) == repr(value):
            written += Written(already_there=1)
        else:
            written += Written(conflicting=1)
    return written
