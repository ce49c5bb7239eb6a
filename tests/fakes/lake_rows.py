"""Small tables of rows for tests of lakes: a row's values follow from its key, so any two writers agree on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from edgeproof.domain.frames import BARS, FUNDING, TRADES, UTC_MS, conform
from edgeproof.domain.time import MS_PER_HOUR, MS_PER_MINUTE

if TYPE_CHECKING:
    from edgeproof.domain.arrays import IntArray

START_MS = 1_735_603_200_000  # 2024-12-31: a day later it is another day, month and year


def bar_rows(
    count: int, *, symbol: str = "BTC-USDT", start_ms: int = START_MS, venue: str = "binance", timeframe: str = "1m"
) -> pl.DataFrame:
    """Consecutive one-minute bars; some of the optional values are null."""
    ts = start_ms + MS_PER_MINUTE * np.arange(count, dtype=np.int64)
    price = _vary(ts)
    frame = pl.DataFrame(
        {
            "venue": pl.repeat(venue, count, eager=True, dtype=pl.String),
            "symbol": pl.repeat(symbol, count, eager=True, dtype=pl.String),
            "timeframe": pl.repeat(timeframe, count, eager=True, dtype=pl.String),
            "ts": pl.Series(ts).cast(UTC_MS),
            "open": price,
            "high": price + 1.25,
            "low": price - 1.5,
            "close": price + 0.1,
            "volume": price * 3.0,
            "quote_volume": price * price,
            "trades": pl.Series(ts // MS_PER_MINUTE % 100, dtype=pl.Int64),
        }
    )
    return conform(frame.with_columns(quote_volume=pl.when(pl.col("trades") > 3).then("quote_volume")), BARS)


def funding_rows(count: int, *, symbol: str = "BTC-USDT", start_ms: int = START_MS) -> pl.DataFrame:
    """Funding rates eight hours apart."""
    ts = start_ms + 8 * MS_PER_HOUR * np.arange(count, dtype=np.int64)
    names = {"venue": "binance", "symbol": symbol}
    frame = pl.DataFrame({"ts": pl.Series(ts).cast(UTC_MS), "rate": _vary(ts) * 1e-6})
    return conform(frame.with_columns(pl.lit(v).alias(c) for c, v in names.items()), FUNDING)


def trade_rows(
    count: int, *, symbol: str = "BTC-USDT", start_ms: int = START_MS, first_id: int = 1_000, every_ms: int = 250
) -> pl.DataFrame:
    """Trades at a steady pace, two in each instant, with consecutive numbers."""
    at = np.arange(count, dtype=np.int64)
    ts = start_ms + 2 * every_ms * (at // 2)
    names = {"venue": "binance", "symbol": symbol}
    frame = pl.DataFrame(
        {
            "ts": pl.Series(ts).cast(UTC_MS),
            "seen_at": pl.Series(ts + 35).cast(UTC_MS),
            "price": _vary(ts),
            "size": _vary(ts + at) / 7.0,
            "side": pl.Series(np.where(at % 3 == 0, "sell", "buy"), dtype=pl.String),
            "trade_id": pl.Series(at + first_id).cast(pl.String),
        }
    )
    return conform(frame.with_columns(pl.lit(v).alias(c) for c, v in names.items()), TRADES)


def _vary(ts: IntArray) -> pl.Series:
    return pl.Series(100.0 + np.sin(ts / 977_777.0) * 10.0, dtype=pl.Float64)
