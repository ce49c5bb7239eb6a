from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from edgeproof.domain.errors import Unreadable
from edgeproof.domain.frames import BARS, FUNDING, TRADES
from edgeproof.market import Hints, Portion, read_archive
from fakes.archives import (
    START_MS,
    make_candles,
    make_prints,
    write_freqtrade_candles,
    write_freqtrade_funding,
    write_freqtrade_trades,
    write_json,
)

if TYPE_CHECKING:
    from pathlib import Path


def read_one(path: Path, hints: Hints | None = None) -> Portion:
    [portion] = read_archive(path, hints)
    return portion


@pytest.mark.parametrize("suffix", ["feather", "parquet", "json", "json.gz"])
def test_candles_are_the_same_in_every_packing(tmp_path: Path, suffix: str) -> None:
    candles = make_candles(40)
    portion = read_one(write_freqtrade_candles(tmp_path / f"ADA_USDT_USDT-1m-futures.{suffix}", candles))
    assert portion.table is BARS
    assert portion.rows_read == portion.frame.height == 40
    assert portion.frame.select("venue", "symbol", "timeframe").unique().rows() == [("imported", "ADA-USDT", "1m")]
    assert portion.frame["ts"].dt.epoch("ms").to_list() == candles["ms"].to_list()
    assert portion.frame.select("open", "high", "low", "close", "volume").equals(candles.drop("ms"))
    assert portion.frame.select(pl.col("quote_volume", "trades", "taker_buy_volume").null_count()).row(0) == (40,) * 3


@pytest.mark.parametrize("suffix", ["feather", "json.gz"])
def test_funding_rates_are_taken_from_the_open_column(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"BTC_USDT_USDT-8h-funding_rate.{suffix}"
    portion = read_one(write_freqtrade_funding(path, [START_MS, START_MS + 28_800_001], [0.0001, -0.00003]))
    assert portion.table is FUNDING
    assert portion.frame["rate"].to_list() == [0.0001, -0.00003]
    assert portion.frame["ts"].dt.epoch("ms").to_list() == [START_MS, START_MS + 28_800_001]


@pytest.mark.parametrize("suffix", ["feather", "json", "json.gz"])
def test_trades_keep_id_price_size_and_the_takers_side(tmp_path: Path, suffix: str) -> None:
    prints = make_prints(50)
    portion = read_one(write_freqtrade_trades(tmp_path / f"BTC_USDT_USDT-trades.{suffix}", prints))
    assert portion.table is TRADES
    assert portion.frame["trade_id"].to_list() == [str(i) for i in prints["id"]]
    assert portion.frame["price"].to_list() == prints["price"].to_list()
    assert portion.frame["size"].to_list() == prints["size"].to_list()
    assert portion.frame["side"].to_list() == ["sell" if maker else "buy" for maker in prints["maker"]]
    assert portion.frame["seen_at"].equals(portion.frame["ts"].alias("seen_at"))


def test_a_pair_without_a_settlement_asset_is_spot(tmp_path: Path) -> None:
    candles = make_candles(3)
    spot = write_freqtrade_candles(tmp_path / "BTC_USDT-1m.feather", candles)
    perpetual = write_freqtrade_candles(tmp_path / "BTC_USDT_USDT-1m-futures.feather", candles)
    hints = Hints(default_venue="desk")
    assert read_one(spot, hints).frame["venue"][0] == "desk-spot"
    assert read_one(perpetual, hints).frame["venue"][0] == "desk"
    assert read_one(spot, Hints(venue="mine")).frame["venue"][0] == "mine"


def test_the_folder_names_the_venue(tmp_path: Path) -> None:
    folder = tmp_path / "kraken" / "futures"
    folder.mkdir(parents=True)
    path = write_freqtrade_candles(folder / "BTC_USDT_USDT-1m-futures.feather", make_candles(3))
    assert read_one(path).frame["venue"][0] == "kraken"


def test_mark_prices_are_refused_with_the_reason(tmp_path: Path) -> None:
    path = write_freqtrade_candles(tmp_path / "BTC_USDT_USDT-8h-mark.feather", make_candles(3, minutes=480))
    with pytest.raises(Unreadable, match="mark prices, which nobody traded at"):
        read_one(path)


def test_a_name_that_contradicts_the_spacing_is_refused(tmp_path: Path) -> None:
    # Taken at its word, a 5-minute bar would be known four minutes before it is over.
    path = write_freqtrade_candles(tmp_path / "BTC_USDT_USDT-1m-futures.feather", make_candles(30, minutes=5))
    with pytest.raises(Unreadable, match="said to be bars of 1m, but none are nearer than 300 s"):
        read_one(path)


def test_rows_of_another_length_are_refused_and_the_rest_kept(tmp_path: Path) -> None:
    rows: list[list[object]] = [list(row) for row in make_candles(5).rows()]
    path = write_json(tmp_path / "BTC_USDT-1m.json", [*rows[:2], [1, 2], *rows[2:], "what"])
    portion = read_one(path)
    assert portion.frame.height == 5
    assert portion.rows_read == 7
    assert [(refusal.reason, refusal.rows, refusal.sample) for refusal in portion.refusals] == [
        ("not a list of 6 values", 2, "[1, 2]")
    ]


def test_trades_without_ids_get_one_from_their_content(tmp_path: Path) -> None:
    prints = make_prints(20).with_columns(ms=pl.lit(START_MS), price=pl.lit(100.0), size=pl.lit(1.0))
    rows = [
        [ms, None, "limit", "buy", price, size, price * size]
        for ms, price, size in prints["ms", "price", "size"].rows()
    ]
    path = write_json(tmp_path / "BTC_USDT-trades.json", rows)
    first, again = read_one(path).frame["trade_id"], read_one(path).frame["trade_id"]
    assert first.n_unique() == 20
    assert first.equals(again)
