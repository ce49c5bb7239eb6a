"""Writes small archive files of every format the importer reads, from the same few bars, trades and rates.

Every writer takes the path and gives it back, so that a test reads as one line.
"""

from __future__ import annotations

import gzip
import json
import zipfile
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from edgeproof.domain.time import MS_PER_MINUTE, parse_instant

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

START_MS = parse_instant("2024-03-01")


def make_candles(count: int = 30, *, minutes: int = 1, start_ms: int = START_MS, seed: int = 0) -> pl.DataFrame:
    """Candles as venues give them: ``ms`` open time, prices around 100, volume."""
    draw = np.random.default_rng(seed)
    close = 100 + draw.normal(0, 0.1, count).cumsum().round(2)
    opened = np.concatenate([[100.0], close[:-1]])
    return pl.DataFrame(
        {
            "ms": start_ms + np.arange(count, dtype=np.int64) * minutes * MS_PER_MINUTE,
            "open": opened,
            "high": np.maximum(opened, close) + 0.25,
            "low": np.minimum(opened, close) - 0.25,
            "close": close,
            "volume": draw.integers(1, 900, count) / 8,
        }
    )


def make_prints(count: int = 200, *, start_ms: int = START_MS, spread_ms: int = 5_000, seed: int = 0) -> pl.DataFrame:
    """Trades as venues give them: id, price, size, ``ms``, and whether the buyer was the maker."""
    draw = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "id": 7_000 + np.arange(count),
            "price": (100 + draw.normal(0, 0.05, count).cumsum()).round(2),
            "size": draw.integers(1, 900, count) / 64,
            "ms": start_ms + draw.integers(1, spread_ms, count).cumsum(),
            "maker": draw.random(count) < 0.5,
        }
    )


def write_freqtrade_candles(path: Path, candles: pl.DataFrame) -> Path:
    """Freqtrade's own columns; packed as the path's suffix says (feather, parquet, json, json.gz)."""
    if ".json" in path.name:
        return write_json(path, [list(row) for row in candles.rows()])
    return _write_frame(path, _date_first(candles))


def write_freqtrade_funding(path: Path, times_ms: Sequence[int], rates: Sequence[float]) -> Path:
    """Funding the way freqtrade keeps it: candles whose open is the rate."""
    zeros = pl.lit(0.0)
    frame = pl.DataFrame({"ms": times_ms, "open": rates}).with_columns(high=zeros, low=zeros, close=zeros, volume=zeros)
    return write_freqtrade_candles(path, frame)


def write_freqtrade_trades(path: Path, prints: pl.DataFrame) -> Path:
    """Freqtrade's trades: timestamp, id, type, side, price, amount, cost."""
    frame = prints.select(
        pl.col("ms").alias("timestamp"),
        pl.col("id").cast(pl.String),
        pl.lit("market").alias("type"),
        pl.when("maker").then(pl.lit("sell")).otherwise(pl.lit("buy")).alias("side"),
        "price",
        pl.col("size").alias("amount"),
        (pl.col("price") * pl.col("size")).alias("cost"),
    )
    if ".json" in path.name:
        return write_json(path, [list(row) for row in frame.rows()])
    return _write_frame(path, frame)


def write_vision_klines(path: Path, candles: pl.DataFrame, *, header: bool = False, times_per_ms: int = 1) -> Path:
    """Binance Vision klines: twelve columns, with or without their names, in ms or µs."""
    minute = MS_PER_MINUTE
    frame = candles.select(
        (pl.col("ms") * times_per_ms).alias("open_time"),
        "open",
        "high",
        "low",
        "close",
        "volume",
        ((pl.col("ms") + minute) * times_per_ms - 1).alias("close_time"),
        (pl.col("volume") * pl.col("close")).alias("quote_volume"),
        pl.lit(9).alias("count"),
        (pl.col("volume") / 2).alias("taker_buy_volume"),
        (pl.col("volume") * pl.col("close") / 2).alias("taker_buy_quote_volume"),
        pl.lit(0).alias("ignore"),
    )
    return write_zip(path, frame.write_csv(include_header=header))


def write_vision_trades(
    path: Path, prints: pl.DataFrame, *, spot: bool, header: bool = False, times_per_ms: int = 1
) -> Path:
    """Binance Vision trades; spot has a seventh column and capitalised truths."""
    frame = prints.select(
        "id",
        "price",
        pl.col("size").alias("qty"),
        (pl.col("price") * pl.col("size")).alias("quote_qty"),
        (pl.col("ms") * times_per_ms).alias("time"),
        _spell_truth("maker", spot=spot).alias("is_buyer_maker"),
        *([pl.lit("True").alias("is_best_match")] if spot else []),
    )
    return write_zip(path, frame.write_csv(include_header=header))


def write_vision_aggregates(path: Path, prints: pl.DataFrame, *, spot: bool, header: bool = False) -> Path:
    """Binance Vision aggTrades."""
    frame = prints.select(
        pl.col("id").alias("agg_trade_id"),
        "price",
        pl.col("size").alias("quantity"),
        (pl.col("id") * 2).alias("first_trade_id"),
        (pl.col("id") * 2 + 1).alias("last_trade_id"),
        pl.col("ms").alias("transact_time"),
        _spell_truth("maker", spot=spot).alias("is_buyer_maker"),
        *([pl.lit("True").alias("is_best_match")] if spot else []),
    )
    return write_zip(path, frame.write_csv(include_header=header))


def write_capture(path: Path, prints: pl.DataFrame, *, symbol: str = "BTCUSDT", spot: bool = False) -> Path:
    """A recorded stream: each trade between a quote and a book update, seen 1.2 s before the venue's clock says."""
    lines: list[str] = []
    for row in prints.iter_rows(named=True):
        seen_ns = (row["ms"] - 1_200) * 1_000_000 + 17
        quote = {"stream": f"{symbol.lower()}@bookTicker", "data": {"u": row["id"], "s": symbol, "b": "99.5", "B": "1"}}
        book = {"stream": f"{symbol.lower()}@depth", "data": {"e": "depthUpdate", "s": symbol, "b": [["99.5", "0"]]}}
        lines += [
            f"{seen_ns} {json.dumps(m, separators=(',', ':'))}"
            for m in (quote, make_message(row, symbol, spot=spot), book)
        ]
    path.write_bytes(gzip.compress(("\n".join(lines) + "\n").encode()))
    return path


def make_message(row: dict[str, Any], symbol: str, *, spot: bool, **changed: object) -> dict[str, Any]:
    """One trade as Binance streams it."""
    event = {
        "e": "trade",
        "E": row["ms"] + 1,
        "s": symbol,
        "t": row["id"],
        "p": f"{row['price']}",
        "q": f"{row['size']}",
        "T": row["ms"],
        "m": row["maker"],
        **({"M": True} if spot else {"X": "MARKET"}),
        **changed,
    }
    return {"stream": f"{symbol.lower()}@trade", "data": event}


def write_contract_candles(
    path: Path, candles: pl.DataFrame, *, contract_size: float, coin: str = "volCurrency", finished: str = "1"
) -> Path:
    """BloFin's candles, or with ``coin="volCcy"`` OKX's of a swap; ``finished`` is the last candle's ``confirm``."""
    frame = candles.select(
        pl.col("ms").alias("ts"),
        *("open", "high", "low", "close"),
        (pl.col("volume") / contract_size).alias("vol"),
        pl.col("volume").alias(coin),
        (pl.col("volume") * pl.col("close")).alias(f"{coin}Quote"),
        pl.Series("confirm", ["1"] * (candles.height - 1) + [finished]),
    )
    return write_csv(path, frame)


def write_csv(path: Path, frame: pl.DataFrame, *, separator: str = ",") -> Path:
    """A plain CSV, gzipped where the name says so."""
    text = frame.write_csv(separator=separator).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


def write_json(path: Path, rows: object) -> Path:
    """JSON, gzipped where the name says so."""
    text = json.dumps(rows).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


def write_zip(path: Path, text: str) -> Path:
    """A zip of one CSV file of the same name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{path.stem}.csv", text)
    return path


def write_checksum(path: Path, *, digest: str | None = None) -> Path:
    """The ``.CHECKSUM`` beside a file; of its content, or the digest given."""
    beside = path.with_name(path.name + ".CHECKSUM")
    beside.write_text(f"{digest or sha256(path.read_bytes()).hexdigest()}  {path.name}\n")
    return beside


def _spell_truth(column: str, *, spot: bool) -> pl.Expr:
    yes, no = ("True", "False") if spot else ("true", "false")
    return pl.when(column).then(pl.lit(yes)).otherwise(pl.lit(no))


def _date_first(candles: pl.DataFrame) -> pl.DataFrame:
    date = pl.col("ms").cast(pl.Datetime("ms", "UTC")).dt.cast_time_unit("ns").alias("date")
    return candles.select(date, pl.exclude("ms"))


def _write_frame(path: Path, frame: pl.DataFrame) -> Path:
    if path.suffix == ".parquet":
        frame.write_parquet(path)
    else:
        frame.write_ipc(path, compression="lz4")
    return path
