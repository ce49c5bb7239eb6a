from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from edgeproof.domain.errors import InvalidValue, Unreadable
from edgeproof.domain.frames import TRADES
from edgeproof.market import Hints, Portion, read_archive
from fakes.archives import make_candles, make_prints, write_contract_candles, write_csv

if TYPE_CHECKING:
    from pathlib import Path

UNFINISHED = "unfinished candle: it is not confirmed"


def read_one(path: Path, hints: Hints | None = None) -> Portion:
    [portion] = read_archive(path, hints)
    return portion


def as_okx_trades(count: int = 5) -> pl.DataFrame:
    side = pl.when("maker").then(pl.lit("sell")).otherwise(pl.lit("buy"))
    prints = make_prints(count)
    return prints.select(
        pl.col("id").alias("tradeId"),
        pl.col("price").alias("px"),
        pl.col("size").alias("sz"),
        side.alias("side"),
        pl.col("ms").alias("ts"),
    )


@pytest.mark.parametrize("coin", ["volCurrency", "volCcy"])
def test_the_volume_of_a_contract_market_is_the_one_in_base_units(tmp_path: Path, coin: str) -> None:
    candles = make_candles(25)
    path = write_contract_candles(tmp_path / "BTC-USDT_1m.csv", candles, contract_size=0.1, coin=coin)
    portion = read_one(path)
    assert portion.frame["volume"].to_list() == candles["volume"].to_list()
    assert portion.frame["quote_volume"].to_list() == pytest.approx((candles["volume"] * candles["close"]).to_list())
    assert f"volume from {coin}, which is in base units; vol counts contracts" in portion.notes


def test_a_contract_size_said_leaves_base_units_alone(tmp_path: Path) -> None:
    path = write_contract_candles(tmp_path / "BTC-USDT_1m.csv", make_candles(25), contract_size=0.1)
    assert read_one(path, Hints(contract_size=0.1)).frame.equals(read_one(path).frame)


@pytest.mark.parametrize("finished", ["0", "false", ""])
def test_a_candle_that_was_not_finished_is_refused(tmp_path: Path, finished: str) -> None:
    path = write_contract_candles(tmp_path / "BTC-USDT_1m.csv", make_candles(25), contract_size=0.1, finished=finished)
    portion = read_one(path)
    assert portion.frame.height == 24
    assert [(refusal.reason, refusal.rows) for refusal in portion.refusals] == [(UNFINISHED, 1)]


@pytest.mark.parametrize("names", [("volCcy", "volCcyQuote"), ("volCcy",)])
def test_an_okx_spot_candle_counts_coins_first_and_money_second(tmp_path: Path, names: tuple[str, ...]) -> None:
    candles = make_candles(25)
    money = (pl.col("vol") * (pl.col("high") + pl.col("low")) / 2).round(8)
    frame = candles.rename({"ms": "ts", "volume": "vol"}).with_columns(money.alias(name) for name in names)
    (tmp_path / "okx").mkdir()
    portion = read_one(write_csv(tmp_path / "okx" / "BTC-USDT_1m.csv", frame))
    assert portion.frame["volume"].to_list() == candles["volume"].to_list()
    assert portion.frame["quote_volume"].to_list() == frame["volCcy"].to_list()
    assert "volume from vol, as volCcy is in quote units in a spot market" in portion.notes


@pytest.mark.parametrize("venue", ["blofin", "okx"])
def test_candles_that_count_contracts_only_are_refused_until_their_size_is_said(tmp_path: Path, venue: str) -> None:
    candles = make_candles(25)
    path = write_csv(tmp_path / "BTC-USDT_1m.csv", candles.rename({"ms": "ts", "volume": "vol"}))
    with pytest.raises(Unreadable, match=r"'vol' counts contracts .* say it with --contract-size"):
        read_one(path, Hints(venue=venue))
    portion = read_one(path, Hints(venue=venue, contract_size=0.5))
    assert portion.frame["volume"].to_list() == (candles["volume"] * 0.5).to_list()
    assert "contracts of 0.5 base units, as said" in portion.notes
    spot = read_one(path, Hints(venue=f"{venue}-spot"))
    assert spot.frame["volume"].to_list() == candles["volume"].to_list()


@pytest.mark.parametrize("size", ["size", "sz"])
@pytest.mark.parametrize("folder", ["okx", "blofin"])
def test_trades_that_count_contracts_are_refused_until_their_size_is_said(
    tmp_path: Path, folder: str, size: str
) -> None:
    (tmp_path / folder).mkdir()
    path = write_csv(tmp_path / folder / "BTC-USDT.csv", as_okx_trades().rename({"sz": size}))
    with pytest.raises(Unreadable, match=f"'{size}' counts contracts"):
        read_one(path)
    portion = read_one(path, Hints(contract_size=0.25))
    assert portion.frame["size"].to_list() == (make_prints(5)["size"] * 0.25).to_list()


def test_a_column_of_instrument_ids_is_enough_to_ask_for_the_contract_size(tmp_path: Path) -> None:
    named = as_okx_trades().with_columns(instId=pl.lit("BTC-USDT-SWAP"))
    with pytest.raises(Unreadable, match="'sz' counts contracts"):
        read_one(write_csv(tmp_path / "trades.csv", named))
    two = named.with_columns(instId=pl.Series(["BTC-USDT-SWAP", *["ETH-USDT-SWAP"] * 4]))
    with pytest.raises(Unreadable, match="one --contract-size for several symbols"):
        read_one(write_csv(tmp_path / "trades.csv", two), Hints(contract_size=0.01))


def test_sizes_of_other_venues_are_base_units(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "BTC-USDT.csv", as_okx_trades())
    assert read_one(path, Hints(venue="hyperliquid")).frame["size"].to_list() == make_prints(5)["size"].to_list()


def test_the_lakes_own_trades_of_a_contract_venue_can_be_imported_again(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "BTC-USDT.csv", as_okx_trades())
    first = read_one(source, Hints(venue="blofin", contract_size=0.25))
    path = tmp_path / "export.parquet"
    first.frame.write_parquet(path)
    again = read_one(path, Hints(venue="blofin"))
    assert again.table is TRADES
    assert again.frame.equals(first.frame)


@pytest.mark.parametrize("size", [0.0, -1.0, float("nan"), float("inf")])
def test_a_contract_is_something(size: float) -> None:
    with pytest.raises(InvalidValue, match="contract size"):
        Hints(contract_size=size)
