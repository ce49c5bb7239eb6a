from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from edgeproof.domain.errors import Unreadable
from edgeproof.domain.frames import BARS, FUNDING, TRADES
from edgeproof.market import Hints, Portion, read_archive
from edgeproof.market.archives import containers
from fakes.archives import (
    make_candles,
    make_prints,
    write_checksum,
    write_vision_aggregates,
    write_vision_klines,
    write_vision_trades,
    write_zip,
)

if TYPE_CHECKING:
    from pathlib import Path


def read_one(path: Path) -> Portion:
    [portion] = read_archive(path)
    return portion


@pytest.mark.parametrize("header", [False, True])
@pytest.mark.parametrize("times_per_ms", [1, 1_000])
def test_klines_are_the_same_with_and_without_header_in_ms_and_microseconds(
    tmp_path: Path,
    *,
    header: bool,
    times_per_ms: int,
) -> None:
    candles = make_candles(25)
    path = tmp_path / "spot" / "BTCUSDT-1m-2024-03-01.zip"
    portion = read_one(write_vision_klines(path, candles, header=header, times_per_ms=times_per_ms))
    assert portion.table is BARS
    assert portion.frame.select("open", "high", "low", "close", "volume").equals(candles.drop("ms"))
    assert portion.frame["ts"].dt.epoch("ms").to_list() == candles["ms"].to_list()
    assert portion.frame["trades"].to_list() == [9] * 25
    assert portion.frame["quote_volume"].to_list() == pytest.approx((candles["volume"] * candles["close"]).to_list())
    assert portion.frame["taker_buy_volume"].to_list() == (candles["volume"] / 2).to_list()
    assert portion.frame["venue"][0] == "binance-spot"


def test_futures_are_told_from_spot_by_folder_header_or_microseconds(tmp_path: Path) -> None:
    candles = make_candles(3)
    name = "BTCUSDT-1m-2024-03-01.zip"
    folder = write_vision_klines(tmp_path / "futures" / "um" / name, candles)
    header = write_vision_klines(tmp_path / "a" / name, candles, header=True)
    microseconds = write_vision_klines(tmp_path / "b" / name, candles, times_per_ms=1_000)
    nothing = write_vision_klines(tmp_path / "c" / name, candles)
    assert [read_one(path).frame["venue"][0] for path in (folder, header, microseconds, nothing)] == [
        "binance",
        "binance",
        "binance-spot",
        "binance-spot",
    ]
    assert "spot assumed, as it has no header: else --venue" in read_one(nothing).notes


@pytest.mark.parametrize("spot", [False, True])
@pytest.mark.parametrize("header", [False, True])
def test_trades_become_trades_of_the_takers_side(tmp_path: Path, spot: bool, header: bool) -> None:  # noqa: FBT001
    prints = make_prints(60)
    path = tmp_path / ("spot" if spot else "um") / "BTCUSDT-trades-2024-03-01.zip"
    portion = read_one(write_vision_trades(path, prints, spot=spot, header=header))
    assert portion.table is TRADES
    assert portion.frame["price"].to_list() == prints["price"].to_list()
    assert portion.frame["size"].to_list() == prints["size"].to_list()
    assert portion.frame["trade_id"].to_list() == [str(i) for i in prints["id"]]
    assert portion.frame["side"].to_list() == ["sell" if maker else "buy" for maker in prints["maker"]]
    assert portion.frame["venue"][0] == ("binance-spot" if spot else "binance")
    assert portion.complete is not None


def test_spot_trades_are_told_by_their_extra_column(tmp_path: Path) -> None:
    prints = make_prints(5)
    spot = write_vision_trades(tmp_path / "a" / "BTCUSDT-trades-2024-03-01.zip", prints, spot=True)
    futures = write_vision_aggregates(tmp_path / "a" / "BTCUSDT-aggTrades-2024-03-01.zip", prints, spot=False)
    assert read_one(spot).frame["venue"][0] == "binance-spot"
    assert read_one(futures).frame["venue"][0] == "binance"


def test_aggregates_are_marked_apart_from_trades(tmp_path: Path) -> None:
    path = tmp_path / "um" / "BTCUSDT-aggTrades-2024-03-01.zip"
    portion = read_one(write_vision_aggregates(path, make_prints(5), spot=False, header=True))
    assert portion.aggregated
    assert portion.frame["trade_id"].to_list() == ["a7000", "a7001", "a7002", "a7003", "a7004"]


def test_funding_rates_are_read_by_their_columns(tmp_path: Path) -> None:
    text = "calc_time,funding_interval_hours,last_funding_rate\n1709251200001,8,0.00015\n1709280000000,8,-0.0001\n"
    portion = read_one(write_zip(tmp_path / "BTCUSDT-fundingRate-2024-03.zip", text))
    assert portion.table is FUNDING
    assert portion.frame.select("venue", "rate").rows() == [("binance", 0.00015), ("binance", -0.0001)]


def test_a_matching_checksum_passes_and_another_refuses_the_file(tmp_path: Path) -> None:
    path = write_vision_klines(tmp_path / "um" / "BTCUSDT-1m-2024-03-01.zip", make_candles(3))
    write_checksum(path)
    assert read_one(path).frame.height == 3
    write_checksum(path, digest="0" * 64)
    with pytest.raises(Unreadable, match="SHA-256"):
        read_one(path)


def test_a_zip_of_anything_but_one_csv_is_refused(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "readme.zip", "a,b\n1,2\n")
    path.write_bytes(path.read_bytes().replace(b"readme.csv", b"readme.txt"))
    with pytest.raises(Unreadable, match="holds 0 CSV files"):
        read_one(path)


def test_large_files_come_in_portions_that_hold_every_row_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "PORTION_BYTES", 2_000)
    prints = make_prints(500)
    path = write_vision_trades(tmp_path / "um" / "BTCUSDT-trades-2024-03-01.zip", prints, spot=False, header=True)
    portions = list(read_archive(path))
    assert len(portions) > 5
    assert pl.concat(portion.frame for portion in portions)["trade_id"].to_list() == [str(i) for i in prints["id"]]


def test_a_bad_line_is_refused_and_its_neighbours_kept(tmp_path: Path) -> None:
    good = "1,100.5,2.0,201.0,1709251200100,true\n2,100.6,1.0,100.6,1709251200200,false\n"
    bad = "3,oops,1.0,100.6,1709251200300,true\n4,100.5\n5,100.5,0,0,1709251200400,true\n6,100.5,1,100.5,7,true\n"
    portion = read_one(write_zip(tmp_path / "um" / "BTCUSDT-trades-2024-03-01.zip", good + bad))
    assert portion.frame["trade_id"].to_list() == ["1", "2"]
    assert portion.rows_read == 6
    assert {refusal.reason: refusal.rows for refusal in portion.refusals} == {
        "price is not a number": 1,
        "price or size is not positive": 1,
        "no time between 1990 and 2100": 2,
    }
    assert any("oops" in refusal.sample for refusal in portion.refusals)


def test_a_venue_given_by_the_person_wins(tmp_path: Path) -> None:
    path = write_vision_klines(tmp_path / "spot" / "BTCUSDT-1m-2024-03-01.zip", make_candles(3))
    [portion] = read_archive(path, Hints(venue="binance-us"))
    assert portion.frame["venue"][0] == "binance-us"
