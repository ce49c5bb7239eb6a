from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.domain.errors import SchemaMismatch
from edgeproof.domain.frames import BARS, TRADES, UTC_MS
from edgeproof.domain.time import MS_PER_MINUTE, ONE_MINUTE, Timeframe, Window
from edgeproof.market import bars_from_trades, keep_whole_bars
from fakes.archives import START_MS, make_prints


def make_trades(count: int = 300, *, symbol: str = "BTC-USDT", seed: int = 0) -> pl.DataFrame:
    """Rows of the trades table, spread over some minutes."""
    return make_prints(count, seed=seed).select(
        pl.lit("v").alias("venue"),
        pl.lit(symbol).alias("symbol"),
        pl.col("ms").cast(UTC_MS).alias("ts"),
        pl.col("ms").cast(UTC_MS).alias("seen_at"),
        "price",
        "size",
        pl.when("maker").then(pl.lit("sell")).otherwise(pl.lit("buy")).alias("side"),
        pl.col("id").cast(pl.String).alias("trade_id"),
    )


def group_by_polars(trades: pl.DataFrame, every: str) -> pl.DataFrame:
    amount = pl.col("price") * pl.col("size")
    return (
        trades.sort("ts", maintain_order=True)
        .group_by_dynamic("ts", every=every, group_by=["venue", "symbol"])
        .agg(
            pl.first("price").alias("open"),
            pl.max("price").alias("high"),
            pl.min("price").alias("low"),
            pl.last("price").alias("close"),
            pl.sum("size").alias("volume"),
            amount.sum().alias("quote_volume"),
            pl.len().cast(pl.Int64).alias("trades"),
            pl.col("size").filter(pl.col("side") == "buy").sum().alias("taker_buy_volume"),
        )
        .sort("venue", "symbol", "ts")
    )


@settings(deadline=None, max_examples=25)
@given(count=st.integers(1, 400), seed=st.integers(0, 99), minutes=st.sampled_from([1, 5, 15]))
def test_bars_are_those_polars_gives(count: int, seed: int, minutes: int) -> None:
    trades = pl.concat([make_trades(count, seed=seed), make_trades(count, symbol="ETH-USDT", seed=seed + 1)])
    bars = bars_from_trades(trades, Timeframe(minutes))
    assert bars.schema == BARS.schema
    oracle = group_by_polars(trades, f"{minutes}m")
    assert bars.select("venue", "symbol", "ts").equals(oracle.select("venue", "symbol", "ts"))
    for column in oracle.columns[3:]:
        assert bars[column].to_list() == pytest.approx(oracle[column].to_list()), column


def test_the_order_of_rows_does_not_matter_between_milliseconds() -> None:
    trades = make_trades(200)
    assert bars_from_trades(trades.reverse()).equals(bars_from_trades(trades))


def test_trades_of_two_symbols_never_share_a_bar() -> None:
    mixed = pl.concat([make_trades(50), make_trades(50, symbol="ETH-USDT", seed=3)]).sort("ts")
    alone = bars_from_trades(make_trades(50))
    assert bars_from_trades(mixed).filter(symbol="BTC-USDT").equals(alone)


def test_no_trades_give_no_bars() -> None:
    assert bars_from_trades(TRADES.schema.to_frame()).equals(BARS.schema.to_frame())


def test_a_frame_of_something_else_is_refused() -> None:
    with pytest.raises(SchemaMismatch, match="trade_id: missing"):
        bars_from_trades(make_trades(2).drop("trade_id"))


def test_minutes_that_a_recording_cuts_through_are_taken_out() -> None:
    trades = make_trades(300)
    first, last = (int(ms) for ms in trades["ts"].dt.epoch("ms").to_numpy()[[0, -1]])
    bars = bars_from_trades(trades)
    whole = keep_whole_bars(bars, ONE_MINUTE, first_ms=first, last_ms=last)
    assert whole.equals(bars[1:-1])


def test_in_a_window_known_to_be_complete_first_and_last_minute_stay() -> None:
    trades = make_trades(300)
    first, last = (int(ms) for ms in trades["ts"].dt.epoch("ms").to_numpy()[[0, -1]])
    bars = bars_from_trades(trades)
    day = Window(start_ms=START_MS, end_ms=START_MS + 1_440 * MS_PER_MINUTE)
    assert keep_whole_bars(bars, ONE_MINUTE, first_ms=first, last_ms=last, complete=day).equals(bars)


@settings(deadline=None, max_examples=25)
@given(cut=st.integers(1, 299))
def test_whole_bars_of_a_part_are_bars_of_the_whole(cut: int) -> None:
    # The reason for taking cut minutes out: each bar kept is the bar that a longer recording gives.
    trades = make_trades(300)
    part = trades[cut:]
    first, last = (int(ms) for ms in part["ts"].dt.epoch("ms").to_numpy()[[0, -1]])
    kept = keep_whole_bars(bars_from_trades(part), ONE_MINUTE, first_ms=first, last_ms=last)
    assert kept.equals(bars_from_trades(trades).join(kept.select("ts"), on="ts", how="semi"))
