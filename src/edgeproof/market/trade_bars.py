"""Bars from trades."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from edgeproof.domain.frames import BARS, TRADES, UTC_MS, conform
from edgeproof.domain.time import ONE_MINUTE
from edgeproof.kernels.bars import aggregate_trades

if TYPE_CHECKING:
    from edgeproof.domain.time import Timeframe, Window


def bars_from_trades(trades: pl.DataFrame, timeframe: Timeframe = ONE_MINUTE) -> pl.DataFrame:
    """Build bars from trades of any number of instruments; a bar without a trade is absent.

    Where the trades begin or end inside a bar, that bar is partial, and :func:`keep_whole_bars` takes it out. Trades of
    one millisecond count in the order they come in.

    Args:
        trades: Rows of the trades table, in any order of time.
        timeframe: Length of the bars.

    Returns:
        Rows of the bars table, sorted by venue, symbol and ts.

    Raises:
        SchemaMismatch: The frame is not one of trades.
    """
    parts = _split_by_instrument(conform(trades, TRADES).drop("trade_id", "seen_at"))
    parts.sort(key=lambda part: (part["venue"][0], part["symbol"][0]))
    return pl.concat([BARS.schema.to_frame(), *(_build_bars(part, timeframe) for part in parts)])


def keep_whole_bars(
    bars: pl.DataFrame, timeframe: Timeframe, *, first_ms: int, last_ms: int, complete: Window | None = None
) -> pl.DataFrame:
    """Take out the bars that the trades' ends cut through.

    A recording starts and stops inside a minute, and nothing in it says what was traded before and after. So the bars
    that hold its first and its last trade go, unless they lie in a window that is known to be complete.

    Args:
        bars: Bars built from one recording.
        timeframe: Their length.
        first_ms: Time of the recording's first trade.
        last_ms: Time of its last trade.
        complete: A window the recording holds whole, such as the day a file is named after.
    """
    opens = pl.col("ts").dt.epoch("ms")
    whole = (opens > first_ms) & (opens + timeframe.ms <= last_ms)
    if complete is not None:
        whole |= (opens >= complete.start_ms) & (opens + timeframe.ms <= complete.end_ms)
    return bars.filter(whole)


def _split_by_instrument(trades: pl.DataFrame) -> list[pl.DataFrame]:
    if trades.is_empty():
        return []
    # Most frames hold one instrument, and gathering its rows would cost more than building its bars.
    alone = trades.select((pl.col("venue", "symbol") == pl.col("venue", "symbol").first()).all())
    if all(alone.row(0)):
        return [trades]
    return trades.partition_by("venue", "symbol", maintain_order=True)


def _build_bars(trades: pl.DataFrame, timeframe: Timeframe) -> pl.DataFrame:
    ordered = trades if trades["ts"].is_sorted() else trades.sort("ts", maintain_order=True)
    opens_at, opened, high, low, close, volume, quote, count, taken = aggregate_trades(
        ordered["ts"].to_physical().to_numpy(),
        ordered["price"].to_numpy(),
        ordered["size"].to_numpy(),
        (ordered["side"] == "buy").to_numpy(),
        timeframe.ms,
    )
    built = pl.DataFrame(
        {
            "ts": pl.Series(opens_at).cast(UTC_MS),
            "open": opened,
            "high": high,
            "low": low,
            "close": close,
            "volume": volume,
            "quote_volume": quote,
            "trades": count,
            "taker_buy_volume": taken,
        }
    )
    venue, symbol = (pl.lit(ordered[name][0]).alias(name) for name in ("venue", "symbol"))
    return built.select(venue, symbol, pl.lit(timeframe.name).alias("timeframe"), pl.all())
