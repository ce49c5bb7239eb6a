"""From what a venue answered to the rows of a table; what cannot be true is refused and counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from edgeproof.adapters.exchange._units import read_decimal, to_base
from edgeproof.domain.frames import BARS, FUNDING, TRADES, UTC_MS, Table, conform
from edgeproof.market.quality import refusing_checks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from decimal import Decimal

    from edgeproof.domain.instruments import Instrument
    from edgeproof.domain.time import Timeframe

# 1990 to 2100: a time in another unit, or none at all, lies outside.
_FIRST_MS: Final = 631_152_000_000
_LAST_MS: Final = 4_102_444_800_000
_LEVEL_FIELDS: Final = 2
_SIDES: Final = frozenset({"buy", "sell"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RawCandle:
    """One candle as a venue wrote it; ``volume`` is in base units, numbers may be text."""

    ts: object
    prices: tuple[object, object, object, object]
    volume: object
    quote_volume: object = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RawTrade:
    """One trade as a venue wrote it; ``size`` is in contracts."""

    ts: object
    price: object
    size: object
    side: object
    trade_id: object


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsRead:
    """Rows that conform, sorted by time, each key once; and what was refused, counted by reason."""

    frame: pl.DataFrame
    refused: Mapping[str, int]


def read_candles(candles: Sequence[RawCandle], instrument: Instrument, timeframe: Timeframe) -> RowsRead:
    """Bars of one instrument."""
    columns = {
        "ts": [read_time(candle.ts) for candle in candles],
        **{name: [_number(c.prices[i]) for c in candles] for i, name in enumerate(("open", "high", "low", "close"))},
        "volume": [_number(candle.volume) for candle in candles],
        "quote_volume": [_number(candle.quote_volume) for candle in candles],
    }
    schema = {"ts": pl.Int64, **{name: pl.Float64 for name in columns if name != "ts"}}
    frame = _name_rows(pl.DataFrame(columns, schema=schema), instrument).with_columns(
        pl.lit(timeframe.name).alias("timeframe"),
        pl.lit(None, dtype=pl.Int64).alias("trades"),
        pl.lit(None, dtype=pl.Float64).alias("taker_buy_volume"),
    )
    needed = pl.any_horizontal(pl.col("ts", "open", "high", "low", "close", "volume").is_null())
    checks = {"a number is missing": needed, **{f"{f}": test for f, test in refusing_checks([timeframe.name]).items()}}
    return _finish(frame, checks, BARS)


def read_trades(
    trades: Sequence[RawTrade], instrument: Instrument, *, contract_size: Decimal, seen_ms: int
) -> RowsRead:
    """Trades of one instrument, seen at one moment."""
    sizes = [read_decimal(trade.size) for trade in trades]
    columns = {
        "ts": [read_time(trade.ts) for trade in trades],
        "price": [_number(trade.price) for trade in trades],
        "size": [None if size is None else to_base(size, contract_size) for size in sizes],
        "side": [trade.side if isinstance(trade.side, str) and trade.side in _SIDES else None for trade in trades],
        "trade_id": [_identifier(trade.trade_id) for trade in trades],
    }
    schema = {
        "ts": pl.Int64,
        "price": pl.Float64,
        "size": pl.Float64,
        "side": pl.String,
        "trade_id": pl.String,
    }
    frame = _name_rows(pl.DataFrame(columns, schema=schema), instrument).with_columns(
        pl.lit(seen_ms).cast(UTC_MS).alias("seen_at")
    )
    positive = pl.all_horizontal(pl.col("price", "size").is_finite() & (pl.col("price", "size") > 0))
    checks = {
        "no time between 1990 and 2100": pl.col("ts").is_null(),
        "price or size is not a positive number": ~positive,
        "side is neither buy nor sell": pl.col("side").is_null(),
        "no trade number": pl.col("trade_id").is_null(),
    }
    return _finish(frame, checks, TRADES)


def read_funding(rates: Sequence[tuple[object, object]], instrument: Instrument) -> RowsRead:
    """Funding rates of one instrument from pairs of time and rate."""
    columns = {"ts": [read_time(ts) for ts, _ in rates], "rate": [_number(rate) for _, rate in rates]}
    frame = _name_rows(pl.DataFrame(columns, schema={"ts": pl.Int64, "rate": pl.Float64}), instrument)
    checks = {
        "no time between 1990 and 2100": pl.col("ts").is_null(),
        "rate is not a share below 1, such as 0.0001": ~(pl.col("rate").is_finite() & (pl.col("rate").abs() < 1)),
    }
    return _finish(frame, checks, FUNDING)


def read_levels(levels: object, size: Decimal) -> tuple[tuple[float, float], ...]:
    """Prices and sizes of one side of a book, best first; a level that is no pair of numbers is left out."""
    if not isinstance(levels, list):
        return ()
    found = list[tuple[float, float]]()
    for level in levels:
        pair = level[:_LEVEL_FIELDS] if isinstance(level, list) else []
        price, contracts = map(read_decimal, pair) if len(pair) == _LEVEL_FIELDS else (None, None)
        if price is not None and contracts is not None:
            found.append((float(price), to_base(contracts, size)))
    return tuple(found)


def read_time(value: object) -> int | None:
    """Milliseconds since the epoch, or None where the value is no time between 1990 and 2100."""
    number = read_decimal(value)
    if number is None or not _FIRST_MS <= number < _LAST_MS or number != number.to_integral_value():
        return None
    return int(number)


def _number(value: object) -> float | None:
    number = read_decimal(value)
    return None if number is None else float(number)


def _identifier(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = str(value).strip()
    # ASCII alone: half a character cannot be written down, and no venue numbers its trades in other letters.
    return text if text and text.isascii() else None


def _name_rows(frame: pl.DataFrame, instrument: Instrument) -> pl.DataFrame:
    return frame.with_columns(
        pl.col("ts").cast(UTC_MS),
        pl.lit(instrument.venue).alias("venue"),
        pl.lit(instrument.symbol).alias("symbol"),
    )


def _finish(frame: pl.DataFrame, checks: Mapping[str, pl.Expr], table: Table) -> RowsRead:
    """Refuse by the first check that a row fails; keep each key once."""
    reasons = pl.coalesce(
        *(pl.when(test.fill_null(value=True)).then(pl.lit(reason)) for reason, test in checks.items())
    )
    judged = frame.with_columns(reasons.alias("_reason"))
    refused = Counter(judged["_reason"].drop_nulls().to_list())
    sound = judged.filter(pl.col("_reason").is_null()).select(table.schema.names())
    return RowsRead(frame=conform(sound.unique(table.key, keep="first").sort("ts"), table), refused=dict(refused))
