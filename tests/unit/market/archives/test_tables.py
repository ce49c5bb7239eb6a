from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from edgeproof.domain.errors import InvalidValue, UnknownName, Unreadable
from edgeproof.domain.frames import BARS, FUNDING, TRADES
from edgeproof.domain.time import MS_PER_MINUTE, Timeframe
from edgeproof.market import Hints, Portion, read_archive
from fakes.archives import START_MS, make_candles, make_prints, write_csv, write_json

if TYPE_CHECKING:
    from pathlib import Path


def read_one(path: Path, hints: Hints | None = None) -> Portion:
    [portion] = read_archive(path, hints)
    return portion


def values_of(portion: Portion) -> pl.DataFrame:
    return portion.frame.select(pl.col("ts").dt.epoch("ms").alias("ms"), "open", "high", "low", "close", "volume")


@pytest.mark.parametrize(
    "names",
    [
        ("ts", "open", "high", "low", "close", "volume"),
        ("Open Time", "Open", "High", "Low", "Close", "Volume"),
        ("t", "o", "h", "l", "c", "v"),
        ("timestamp_ms", "open_price", "high_price", "low_price", "close_price", "Vol."),
    ],
)
def test_columns_are_known_by_the_names_people_give_them(tmp_path: Path, names: tuple[str, ...]) -> None:
    candles = make_candles(25)
    path = write_csv(tmp_path / "BTCUSDT_1m.csv", candles.rename(dict(zip(candles.columns, names, strict=True))))
    assert values_of(read_one(path)).equals(candles)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("suffix", ["csv", "csv.gz"])
def test_any_separator_plain_or_gzipped(tmp_path: Path, separator: str, suffix: str) -> None:
    candles = make_candles(25)
    path = write_csv(tmp_path / f"BTCUSDT_1m.{suffix}", candles.rename({"ms": "time"}), separator=separator)
    assert values_of(read_one(path)).equals(candles)


def test_a_line_above_the_header_a_mark_and_windows_line_ends_are_read_over(tmp_path: Path) -> None:
    text = make_candles(3).rename({"ms": "unix"}).write_csv(line_terminator="\r\n")
    path = tmp_path / "BTCUSDT_1m.csv"
    path.write_bytes(b"\xef\xbb\xbfhttps://data.example\r\n" + text.encode())
    assert values_of(read_one(path)).equals(make_candles(3))


def test_a_mapping_wins_over_known_names(tmp_path: Path) -> None:
    candles = make_candles(5).with_columns(last=pl.col("close") + 0.01)
    path = write_csv(tmp_path / "BTCUSDT_1m.csv", candles.rename({"ms": "bar_began"}))
    hints = Hints(columns={"ts": "bar_began", "close": "last"})
    assert read_one(path, hints).frame["close"].to_list() == candles["last"].to_list()
    with pytest.raises(Unreadable, match=r"no column 'lost' for close; it has bar_began"):
        read_one(path, Hints(columns={"close": "lost"}))
    with pytest.raises(UnknownName, match="did you mean 'close'"):
        Hints(columns={"clsoe": "last"})


def test_columns_without_names_are_mapped_by_their_number(tmp_path: Path) -> None:
    path = tmp_path / "BTCUSDT_1m.csv"
    path.write_text(make_candles(5).write_csv(include_header=False))
    with pytest.raises(Unreadable, match="column_1, column_2"):
        read_one(path)
    roles = ("ts", "open", "high", "low", "close", "volume")
    portion = read_one(path, Hints(columns={role: f"column_{i}" for i, role in enumerate(roles, start=1)}))
    assert values_of(portion).equals(make_candles(5))


def test_an_index_that_was_written_without_a_name_is_taken_for_the_time(tmp_path: Path) -> None:
    dated = make_candles(25).with_columns(pl.col("ms").cast(pl.Datetime("ms")))
    nameless = write_csv(tmp_path / "BTCUSDT_1m.csv", dated.rename({"ms": ""}))
    assert values_of(read_one(nameless)).equals(make_candles(25))
    path = tmp_path / "BTCUSDT_1m.parquet"
    dated.rename({"ms": "__index_level_0__"}).write_parquet(path)
    assert values_of(read_one(path)).equals(make_candles(25))


def test_json_rows_may_be_objects(tmp_path: Path) -> None:
    path = write_json(tmp_path / "BTCUSDT_1m.json", make_candles(25).rename({"ms": "time"}).to_dicts())
    assert values_of(read_one(path)).equals(make_candles(25))
    with pytest.raises(Unreadable, match="holds a JSON dict, expected a list of rows"):
        read_one(write_json(path, {"rows": []}))
    with pytest.raises(Unreadable, match="holds no rows"):
        read_one(write_json(path, []))


def test_one_file_may_hold_many_symbols_and_timeframes(tmp_path: Path) -> None:
    parts = [
        make_candles(25, minutes=minutes).select(
            pl.col("ms").cast(pl.Datetime("ms", "UTC")).dt.cast_time_unit("us").alias("timestamp"),
            pl.exclude("ms"),
            pl.lit(symbol).alias("symbol"),
            pl.lit(tf).alias("tf"),
        )
        for symbol, tf, minutes in [("ADAUSDT", "1m", 1), ("ADAUSDT", "5m", 5), ("XBTUSD", "60", 60)]
    ]
    path = tmp_path / "linear.parquet"
    pl.concat(parts).write_parquet(path)
    portion = read_one(path)
    assert portion.frame.select("symbol", "timeframe").unique(maintain_order=True).rows() == [
        ("ADA-USDT", "1m"),
        ("ADA-USDT", "5m"),
        ("BTC-USD", "1h"),
    ]
    assert portion.frame.height == 75


def test_rows_of_unknown_symbols_are_refused_beside_good_ones(tmp_path: Path) -> None:
    frame = make_candles(4).with_columns(symbol=pl.Series(["BTCUSDT", "??", "BTCUSDT", None]))
    portion = read_one(write_csv(tmp_path / "x_1m.csv", frame.rename({"ms": "ts"})))
    assert portion.frame.height == 2
    assert [(refusal.reason, refusal.rows) for refusal in portion.refusals] == [("no symbol such as BTC-USDT", 2)]


def test_volumes_named_after_their_asset_are_told_apart(tmp_path: Path) -> None:
    frame = (
        make_candles(3).rename({"ms": "unix", "volume": "Volume BTC"}).with_columns(pl.lit(7.0).alias("Volume USDT"))
    )
    portion = read_one(write_csv(tmp_path / "Binance_BTCUSDT_1m.csv", frame))
    assert portion.frame["volume"].to_list() == make_candles(3)["volume"].to_list()
    assert portion.frame["quote_volume"].to_list() == [7.0] * 3


def test_the_timeframe_is_told_by_the_commonest_spacing(tmp_path: Path) -> None:
    path = write_csv(
        tmp_path / "BTCUSDT.csv", make_candles(30, minutes=15).rename({"ms": "ts"}).remove(pl.col("close") < 99.6)
    )
    portion = read_one(path)
    assert portion.frame["timeframe"].unique().to_list() == ["15m"]
    assert "timeframe 15m by the commonest spacing" in portion.notes


def test_a_single_bar_without_a_timeframe_needs_to_be_told(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "BTCUSDT.csv", make_candles(1).rename({"ms": "ts"}))
    with pytest.raises(Unreadable, match="say it with --timeframe"):
        read_one(path)
    assert read_one(path, Hints(timeframe=Timeframe(60))).frame["timeframe"].to_list() == ["1h"]


def test_the_symbol_option_serves_files_that_name_none(tmp_path: Path) -> None:
    nameless = write_csv(tmp_path / "prices_1m.csv", make_candles(3).rename({"ms": "ts"}))
    with pytest.raises(Unreadable, match="say it with --symbol"):
        read_one(nameless)
    assert read_one(nameless, Hints(symbol="eth/usdt:usdt")).frame["symbol"][0] == "ETH-USDT"
    named = write_csv(tmp_path / "BTCUSDT_1m.csv", make_candles(3).rename({"ms": "ts"}))
    portion = read_one(named, Hints(symbol="ETH-USDT"))
    assert portion.frame["symbol"][0] == "BTC-USDT"
    assert "its name says BTC-USDT, so --symbol was not used" in portion.notes


def test_single_precision_prices_become_the_decimals_they_stand_for(tmp_path: Path) -> None:
    frame = make_candles(3).with_columns(
        pl.lit(0.36113).alias("close"), pl.lit(1.0).alias("high"), pl.lit(0.1).alias("low")
    )
    path = tmp_path / "BTCUSDT_1m.parquet"
    frame.rename({"ms": "ts"}).with_columns(pl.col(pl.Float64).cast(pl.Float32)).write_parquet(path)
    assert read_one(path).frame["close"].to_list() == [0.36113] * 3


def test_bitmex_contracts_become_base_units_and_closes_become_opens(tmp_path: Path) -> None:
    frame = make_candles(3).select(
        (pl.col("ms") * 1_000).cast(pl.Datetime("us", "UTC")).alias("timestamp"),
        "open", "high", "low", "close",
        pl.Series("volume", [500, 0, 300]),
        pl.Series("trades", [3, 0, 2]),
        pl.Series("vwap", [100.0, None, 150.0]),
    )  # fmt: skip
    path = tmp_path / "bitmex_xbtusd_perp_1m.parquet"
    frame.write_parquet(path)
    portion = read_one(path)
    assert portion.frame.select("venue", "symbol", "volume", "quote_volume", "trades").rows() == [
        ("bitmex", "BTC-USD", 5.0, 500.0, 3),
        ("bitmex", "BTC-USD", 0.0, 0.0, 0),
        ("bitmex", "BTC-USD", 2.0, 300.0, 2),
    ]
    assert portion.frame["ts"].dt.epoch("ms").to_list() == [START_MS + (i - 1) * MS_PER_MINUTE for i in range(3)]


def test_bitmex_contracts_of_unknown_size_are_refused(tmp_path: Path) -> None:
    frame = make_candles(3).rename({"ms": "timestamp"}).with_columns(vwap=pl.col("close"))
    portion = read_one(write_csv(tmp_path / "bitmex_ethusd_1m.csv", frame))
    assert portion.frame.is_empty()
    assert portion.refusals[0].reason == "counted in contracts of a size that is not known"


def test_bars_stamped_at_their_close_are_moved_when_said_so(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "BTCUSDT_5m.csv", make_candles(3, minutes=5).rename({"ms": "ts"}))
    moved = read_one(path, Hints(stamped="close")).frame["ts"].dt.epoch("ms")
    assert moved.to_list() == [START_MS + (i - 1) * 5 * MS_PER_MINUTE for i in range(3)]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"close": "oops"}, "close is not a number"),
        ({"volume": ""}, "volume is not a number"),
        ({"open": "NaN"}, "a price or volume is not a finite number"),
        ({"high": "inf"}, "a price or volume is not a finite number"),
        ({"low": "0"}, "a price is zero or negative"),
        ({"high": "90", "open": "95", "close": "95", "low": "91"}, "high below low"),
        ({"close": "1000"}, "close outside high and low"),
        ({"volume": "-1"}, "a volume or count is negative"),
        ({"ts": str(START_MS + 1)}, "open time is no multiple of the timeframe"),
        ({"ts": "0"}, "no time between 1990 and 2100"),
        ({"count": "many"}, "trades is not a number"),
    ],
)
def test_impossible_bars_are_refused_with_reason_and_sample(
    tmp_path: Path, changed: dict[str, str], reason: str
) -> None:
    frame = make_candles(6).rename({"ms": "ts"}).with_columns(count=pl.lit(3)).cast(pl.String)
    bad = frame.with_columns(
        pl.when(pl.int_range(pl.len()) == 2).then(pl.lit(value)).otherwise(column).alias(column)
        for column, value in changed.items()
    )
    portion = read_one(write_csv(tmp_path / "BTCUSDT_1m.csv", bad))
    assert portion.frame.height == 5
    [refusal] = portion.refusals
    assert (refusal.reason, refusal.rows) == (reason, 1)
    column, value = next(iter(changed.items()))
    assert value == "" or f"{column}=" in refusal.sample


def test_an_open_outside_high_and_low_is_kept_as_published(tmp_path: Path) -> None:
    frame = make_candles(3).with_columns(open=pl.col("high") + 5).rename({"ms": "ts"})
    assert read_one(write_csv(tmp_path / "BTCUSDT_1m.csv", frame)).frame["open"].to_list() == frame["open"].to_list()


def test_trades_are_told_by_price_and_size(tmp_path: Path) -> None:
    prints = make_prints(10)
    frame = prints.select(
        pl.col("ms").alias("time"),
        "price",
        pl.col("size").alias("Qty"),
        pl.col("id").alias("trade id"),
        pl.when("maker").then(pl.lit("SELL")).otherwise(pl.lit("Buy")).alias("Side"),
        (pl.col("ms") + 40).alias("local_timestamp"),
    )
    portion = read_one(write_csv(tmp_path / "BTCUSDT.csv", frame))
    assert portion.table is TRADES
    assert portion.frame["side"].to_list() == ["sell" if maker else "buy" for maker in prints["maker"]]
    assert portion.frame["seen_at"].dt.epoch("ms").to_list() == [ms + 40 for ms in prints["ms"]]


def test_trades_without_a_side_are_refused(tmp_path: Path) -> None:
    frame = make_prints(3).select(pl.col("ms").alias("time"), "price", pl.col("size").alias("qty"))
    with pytest.raises(Unreadable, match="taker's side"):
        read_one(write_csv(tmp_path / "BTCUSDT.csv", frame))


def test_funding_is_told_by_a_rate(tmp_path: Path) -> None:
    path = tmp_path / "funding_BTCUSDT.csv"
    path.write_text(f"timestamp,symbol,fundingRate\n{START_MS},BTCUSDT,0.0001\n{START_MS + 1},BTCUSDT,12\n")
    portion = read_one(path)
    assert portion.table is FUNDING
    assert portion.frame["rate"].to_list() == [0.0001]
    assert portion.refusals[0].reason == "rate is not a share below 1, such as 0.0001"


def test_the_kind_can_be_given(tmp_path: Path) -> None:
    frame = make_candles(3).rename({"ms": "ts"}).with_columns(price=pl.col("close"), side=pl.lit("buy"))
    path = write_csv(tmp_path / "BTCUSDT_1m.csv", frame)
    assert read_one(path).table is BARS
    assert read_one(path, Hints(kind="trades")).table is TRADES
    with pytest.raises(InvalidValue, match="bars, trades or funding"):
        Hints(kind="candles")


def test_the_lakes_own_rows_can_be_imported_again(tmp_path: Path) -> None:
    first = read_one(
        write_csv(tmp_path / "ETHUSDT_1m.csv", make_candles(9).rename({"ms": "ts"})), Hints(venue="desk-7")
    )
    path = tmp_path / "export.parquet"
    first.frame.write_parquet(path)
    assert read_one(path).frame.equals(first.frame)


def test_a_table_of_something_else_is_refused_with_what_it_lacks(tmp_path: Path) -> None:
    path = write_csv(
        tmp_path / "E0.csv", pl.DataFrame({"Div": ["E0"], "HomeTeam": ["A"], "FTHG": [2], "Date": ["01/08/24"]})
    )
    with pytest.raises(Unreadable, match="no bars, trades or funding rates by its columns") as caught:
        read_one(path)
    assert "HomeTeam" in str(caught.value)


def test_duplicate_column_names_do_not_confuse(tmp_path: Path) -> None:
    text = make_candles(3).rename({"ms": "ts"}).write_csv().replace("ts,open", "ts,open", 1).splitlines()
    doubled = "\n".join(f"{line},{'open' if i == 0 else 'x'}" for i, line in enumerate(text))
    path = tmp_path / "BTCUSDT_1m.csv.gz"
    path.write_bytes(gzip.compress(doubled.encode()))
    assert values_of(read_one(path)).equals(make_candles(3))


def test_optional_columns_may_have_holes(tmp_path: Path) -> None:
    frame = (
        make_candles(3)
        .rename({"ms": "ts"})
        .with_columns(turnover=pl.Series([1.5, np.nan, None]), count=pl.Series([4, None, 6]))
    )
    portion = read_one(write_csv(tmp_path / "BTCUSDT_1m.csv", frame))
    assert portion.frame["quote_volume"].to_list() == [1.5, None, None]
    assert portion.frame["trades"].to_list() == [4, None, 6]
