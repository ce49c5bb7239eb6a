"""From a file's columns to the rows of a table: units, spellings and sides settled, impossible rows refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from edgeproof.domain.errors import InvalidValue, Unreadable
from edgeproof.domain.frames import BARS, FUNDING, TRADES, conform
from edgeproof.domain.instruments import parse_symbol
from edgeproof.domain.series import PRICE_COLUMNS
from edgeproof.domain.time import Timeframe
from edgeproof.market.archives.clocks import read_times
from edgeproof.market.archives.names import read_timeframe
from edgeproof.market.archives.portions import Portion, split_rows
from edgeproof.market.quality import refusing_checks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from edgeproof.domain.frames import Table
    from edgeproof.market.archives.layouts import Layout

_SIDES: Final = {"buy": "buy", "b": "buy", "bought": "buy", "sell": "sell", "s": "sell", "sold": "sell"}
_TRUTHS: Final = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}
_OPTIONAL_SUMS: Final = ("quote_volume", "trades", "taker_buy_volume")


def read_rows(raw: pl.DataFrame, layout: Layout) -> Portion:
    """Read a portion of a file by its layout.

    Raises:
        Unreadable: A column holds something else than its role needs, in every row.
    """
    read = {"bars": _read_bars, "trades": _read_trades, "funding": _read_funding}[layout.kind]
    return read(raw, layout)


def _read_bars(raw: pl.DataFrame, layout: Layout) -> Portion:
    typed, checks = _read_common(raw, layout)
    numbers = {role: _read_number(raw, layout, role) for role in (*PRICE_COLUMNS, "volume", *_OPTIONAL_SUMS, "vwap")}
    typed = typed.with_columns(_read_bar_timeframes(raw, layout), *numbers.values())
    if "confirm" in layout.roles:
        checks["unfinished candle: it is not confirmed"] = pl.lit(_read_truths(raw[layout.roles["confirm"]])).not_()
    checks["no timeframe of whole minutes"] = pl.col("timeframe").is_null()
    for role in (*PRICE_COLUMNS, "volume"):
        checks[f"{role} is not a number"] = pl.col(role).is_null()
    for role in _OPTIONAL_SUMS:
        checks |= _refuse_garbage(raw, layout, role, numbers[role])
    names = [name for name in typed["timeframe"].unique().to_list() if name is not None]
    if layout.close_stamped:
        lengths = {name: Timeframe.parse(name).ms for name in names}
        length = pl.col("timeframe").replace_strict(lengths, default=None, return_dtype=pl.Int64)
        typed = typed.with_columns(pl.col("ts") - pl.duration(milliseconds=length))
    typed = _convert_contracts(_convert_inverse_volumes(typed, layout), layout, "volume", "taker_buy_volume")
    checks |= {f"{fault}": test for fault, test in refusing_checks(names).items()}
    typed = typed.with_columns(pl.col("trades").round().cast(pl.Int64, strict=False))
    return _finish(typed, raw, checks | _refuse_unknown_contracts(layout), BARS, layout)


def _read_trades(raw: pl.DataFrame, layout: Layout) -> Portion:
    typed, checks = _read_common(raw, layout)
    typed = typed.with_columns(
        _read_number(raw, layout, "price"), _read_number(raw, layout, "size"), _read_sides(raw, layout)
    )
    typed = typed.with_columns(_read_seen_at(raw, layout, typed))
    positive = pl.all_horizontal(pl.col(name).is_finite() & (pl.col(name) > 0) for name in ("price", "size"))
    checks |= {
        "price is not a number": pl.col("price").is_null(),
        "size is not a number": pl.col("size").is_null(),
        "price or size is not positive": ~positive,
        "side is neither buy nor sell": pl.col("side").is_null(),
    }
    typed = _convert_contracts(_convert_inverse_sizes(typed, layout), layout, "size")
    typed = typed.with_columns(_read_trade_ids(raw, layout, typed))
    return _finish(typed, raw, checks | _refuse_unknown_contracts(layout), TRADES, layout)


def _read_funding(raw: pl.DataFrame, layout: Layout) -> Portion:
    typed, checks = _read_common(raw, layout)
    typed = typed.with_columns(_read_number(raw, layout, "rate"))
    checks |= {
        "rate is not a number": pl.col("rate").is_null() | ~pl.col("rate").is_finite(),
        "rate is not a share below 1, such as 0.0001": pl.col("rate").abs() >= 1,
    }
    return _finish(typed, raw, checks, FUNDING, layout)


def _read_common(raw: pl.DataFrame, layout: Layout) -> tuple[pl.DataFrame, dict[str, pl.Expr]]:
    times, _ = read_times(raw[layout.roles["ts"]], file=layout.file)
    typed = pl.DataFrame([times.alias("ts")]).with_columns(_read_venues(raw, layout), _read_symbols(raw, layout))
    checks = {
        "no time between 1990 and 2100": pl.col("ts").is_null(),
        "no symbol such as BTC-USDT": pl.col("symbol").is_null(),
        "no venue": pl.col("venue").is_null(),
    }
    return typed, checks


def _finish(
    typed: pl.DataFrame, raw: pl.DataFrame, checks: Mapping[str, pl.Expr], table: Table, layout: Layout
) -> Portion:
    rows, refusals = split_rows(typed, raw, checks)
    return Portion(
        table=table,
        frame=conform(rows.select(table.schema.names()), table),
        rows_read=raw.height,
        refusals=refusals,
        complete=layout.complete,
        aggregated=layout.aggregated,
        notes=layout.notes,
    )


def _read_venues(raw: pl.DataFrame, layout: Layout) -> pl.Series | pl.Expr:
    if "venue" not in layout.roles:
        return pl.lit(layout.venue).alias("venue")
    spelled = raw[layout.roles["venue"]].cast(pl.String).str.strip_chars().str.to_lowercase()
    sound = spelled.str.contains(r"^[a-z0-9][a-z0-9_-]*$")
    return pl.select(pl.when(sound).then(spelled).alias("venue")).to_series()


def _read_symbols(raw: pl.DataFrame, layout: Layout) -> pl.Series | pl.Expr:
    if layout.symbol is not None:
        return pl.lit(layout.symbol).alias("symbol")
    return _translate(raw[layout.roles["symbol"]], _symbol_or_none).alias("symbol")


def _read_bar_timeframes(raw: pl.DataFrame, layout: Layout) -> pl.Series | pl.Expr:
    if layout.timeframe is not None:
        return pl.lit(layout.timeframe.name).alias("timeframe")
    return _translate(raw[layout.roles["timeframe"]], _timeframe_or_none).alias("timeframe")


def _translate(column: pl.Series, read: Callable[[str], str | None]) -> pl.Series:
    """Read each distinct value once."""
    text = column.cast(pl.String)
    known = {value: read(value) for value in text.unique().to_list() if value is not None}
    if not known:
        return text
    return text.replace_strict(list(known), list(known.values()), default=None, return_dtype=pl.String)


def _symbol_or_none(text: str) -> str | None:
    try:
        return parse_symbol(text)
    except InvalidValue:
        return None


def _timeframe_or_none(text: str) -> str | None:
    found = read_timeframe(text)
    return found.name if found else None


def _read_number(raw: pl.DataFrame, layout: Layout, role: str) -> pl.Series:
    if role not in layout.roles:
        return pl.Series(role, [None], dtype=pl.Float64).new_from_index(0, raw.height)
    column = raw[layout.roles[role]]
    dtype = column.dtype
    if dtype == pl.Float32:
        # The shortest decimal of a float32 is the price its venue published: 0.3611, not 0.36109998822212.
        column = column.cast(pl.String)
    elif dtype == pl.String:
        column = column.str.strip_chars()
    elif not (dtype.is_numeric() or dtype == pl.Null):
        raise Unreadable(layout.file, f"column '{column.name}' is {dtype}, expected numbers for {role}")
    number = column.cast(pl.Float64, strict=False).alias(role)
    return number.fill_nan(None) if role in _OPTIONAL_SUMS else number


def _refuse_garbage(raw: pl.DataFrame, layout: Layout, role: str, number: pl.Series) -> dict[str, pl.Expr]:
    """Checks for a column that may be empty but not filled with anything else."""
    if role not in layout.roles or raw[layout.roles[role]].dtype != pl.String:
        return {}
    text = raw[layout.roles[role]].str.strip_chars()
    garbage = number.is_null() & (text.str.len_bytes() > 0).fill_null(value=False) & (text.str.to_lowercase() != "nan")
    return {f"{role} is not a number": pl.lit(garbage.fill_null(value=False))} if garbage.any() else {}


def _read_sides(raw: pl.DataFrame, layout: Layout) -> pl.Series:
    if "side" in layout.roles:
        spelled = raw[layout.roles["side"]].cast(pl.String).str.strip_chars().str.to_lowercase()
        return _translate(spelled, _SIDES.get).alias("side")
    if "is_buyer_maker" not in layout.roles:
        raise Unreadable(layout.file, "no column tells the taker's side; name it with --map side=COLUMN")
    maker = _read_truths(raw[layout.roles["is_buyer_maker"]])
    # Where the buyer waited in the book, it was the seller who took.
    side = pl.when(maker).then(pl.lit("sell")).when(~maker).then(pl.lit("buy")).alias("side")
    return pl.select(side).to_series()


def _read_truths(column: pl.Series) -> pl.Series:
    if column.dtype == pl.Boolean:
        return column
    text = column.cast(pl.String).str.strip_chars().str.to_lowercase().str.strip_suffix(".0")
    return text.replace_strict(_TRUTHS, default=None, return_dtype=pl.Boolean)


def _read_seen_at(raw: pl.DataFrame, layout: Layout, typed: pl.DataFrame) -> pl.Series:
    # An archive was written after the fact: without a receive clock, a trade is taken as seen when it happened.
    if "seen_at" not in layout.roles:
        return typed["ts"].alias("seen_at")
    seen, _ = read_times(raw[layout.roles["seen_at"]], file=layout.file)
    return seen.fill_null(typed["ts"]).alias("seen_at")


def _read_trade_ids(raw: pl.DataFrame, layout: Layout, typed: pl.DataFrame) -> pl.Series:
    """Ids as published, aggregates marked apart; where there are none, content and its count make one."""
    if "trade_id" in layout.roles:
        text = raw[layout.roles["trade_id"]].cast(pl.String)
        given = pl.select(pl.when(text.str.len_bytes() > 0).then(text)).to_series()
        if not given.null_count():
            return (pl.select(pl.format("a{}", given)).to_series() if layout.aggregated else given).alias("trade_id")
    else:
        given = pl.Series([None], dtype=pl.String).new_from_index(0, raw.height)
    content = ["venue", "symbol", "ts", "price", "size", "side"]
    ordinal = pl.col("ts").cum_count().over(content)
    made = pl.format("{}:{}:{}:{}:{}", pl.col("ts").dt.epoch("ms"), "price", "size", "side", ordinal)
    return typed.select(pl.coalesce(pl.lit(given), made).alias("trade_id")).to_series()


def _holds_base_sizes(layout: Layout, role: str) -> bool:
    return layout.venue != "bitmex" or layout.roles[role].lower() == "homenotional"


def _convert_inverse_volumes(typed: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """BitMEX counts XBTUSD in contracts of one US dollar: base units are contracts over price."""
    if _holds_base_sizes(layout, "volume"):
        return typed
    price = pl.when(pl.col("vwap") > 0).then("vwap").otherwise("close")
    return typed.with_columns(
        pl.col("volume").alias("quote_volume"),
        (pl.col("volume") / price).alias("volume"),
        (pl.col("taker_buy_volume") / price).alias("taker_buy_volume"),
    )


def _convert_inverse_sizes(typed: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    if _holds_base_sizes(layout, "size"):
        return typed
    return typed.with_columns(pl.col("size") / pl.col("price"))


def _convert_contracts(typed: pl.DataFrame, layout: Layout, *columns: str) -> pl.DataFrame:
    if layout.contract_size is None:
        return typed
    return typed.with_columns(pl.col(*columns) * layout.contract_size)


def _refuse_unknown_contracts(layout: Layout) -> dict[str, pl.Expr]:
    role = "size" if layout.kind == "trades" else "volume"
    if _holds_base_sizes(layout, role):
        return {}
    return {"counted in contracts of a size that is not known": pl.col("symbol") != "BTC-USD"}
