"""The frames everybody shares, declared once and checked where data enters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from edgeproof.domain.errors import InvalidValue, SchemaMismatch
from edgeproof.domain.time import Timeframe

UTC_MS: Final = pl.Datetime("ms", "UTC")

# Years 1 to 9999: what a datetime can say, and what no store has to round.
_FIRST_MS: Final = -62_135_596_800_000
_LAST_MS: Final = 253_402_300_799_999


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table of the lake.

    Attributes:
        name: The table's name, and its folder in the lake.
        schema: Column names and types, in order.
        key: The columns that name a row; two rows with one key are one row.
        nullable: Columns that a source may not have.
        observed: Columns that say when we saw a row, not what the row is; they do not tell two rows apart.
    """

    name: str
    schema: pl.Schema
    key: tuple[str, ...]
    nullable: frozenset[str] = frozenset()
    observed: frozenset[str] = frozenset()


TRADES: Final = Table(
    name="trades",
    schema=pl.Schema(
        {
            "venue": pl.String(),
            "symbol": pl.String(),
            "ts": UTC_MS,  # the venue's clock
            "seen_at": UTC_MS,  # ours
            "price": pl.Float64(),
            "size": pl.Float64(),  # base units
            "side": pl.String(),  # the taker's: buy or sell
            "trade_id": pl.String(),
        }
    ),
    key=("venue", "symbol", "trade_id"),
    observed=frozenset({"seen_at"}),
)

BARS: Final = Table(
    name="bars",
    schema=pl.Schema(
        {
            "venue": pl.String(),
            "symbol": pl.String(),
            "timeframe": pl.String(),
            "ts": UTC_MS,  # the bar's open; the bar is known at ts + timeframe
            "open": pl.Float64(),
            "high": pl.Float64(),
            "low": pl.Float64(),
            "close": pl.Float64(),
            "volume": pl.Float64(),  # base units
            "quote_volume": pl.Float64(),
            "trades": pl.Int64(),
            "taker_buy_volume": pl.Float64(),  # base units
        }
    ),
    key=("venue", "symbol", "timeframe", "ts"),
    nullable=frozenset({"quote_volume", "trades", "taker_buy_volume"}),
)

FUNDING: Final = Table(
    name="funding",
    schema=pl.Schema({"venue": pl.String(), "symbol": pl.String(), "ts": UTC_MS, "rate": pl.Float64()}),
    key=("venue", "symbol", "ts"),
)

TABLES: Final = {table.name: table for table in (TRADES, BARS, FUNDING)}


def require_frame(given: object, what: str) -> pl.DataFrame:
    """The frame, where it is one.

    Raises:
        InvalidValue: It is something else, such as a frame of another library.
    """
    if not isinstance(given, pl.DataFrame):
        raise InvalidValue(what, type(given).__name__, "a polars DataFrame (pl.from_pandas makes one)")
    return given


def require_text(frame: pl.DataFrame, column: str, what: str) -> None:
    """Refuse a frame in which a column names nothing, in some row or in all.

    Raises:
        SchemaMismatch: The column is not text, or has nulls.
    """
    dtype, nulls = frame.schema[column], frame[column].null_count()
    if not isinstance(dtype, (pl.String, pl.Categorical, pl.Enum)) or nulls:
        problem = f"{nulls} nulls where none may be" if nulls else f"is {dtype}, expected a text in every row"
        raise SchemaMismatch(what, {column: problem})


def conform(frame: pl.DataFrame, table: Table) -> pl.DataFrame:
    """The frame in the table's columns and order; columns a source may lack are added as nulls.

    Types are checked, never cast: a time in the wrong unit is an error here, not a date in 1970 later.

    Raises:
        SchemaMismatch: A column is missing, unexpected, of another type, or null where it may not be.
    """
    absent = [pl.lit(None, dtype=table.schema[c]).alias(c) for c in table.nullable if c not in frame.columns]
    filled = frame.with_columns(absent)
    problems = {c: "unexpected" for c in filled.columns if c not in table.schema}
    for column, dtype in table.schema.items():
        if column not in filled.columns:
            problems[column] = "missing"
        elif filled.schema[column] != dtype:
            problems[column] = f"is {filled.schema[column]}, expected {dtype}"
        elif column not in table.nullable and filled[column].null_count():
            problems[column] = f"{filled[column].null_count()} nulls where none may be"
    if problems:
        raise SchemaMismatch(table.name, problems)
    return filled.select(table.schema.names())


def require_names(frame: pl.DataFrame, table: Table) -> None:
    """Refuse rows of the table that nobody could ask for again.

    Raises:
        SchemaMismatch: A name in the key is empty, a timeframe is not spelled as its canonical name, or a time lies
            outside the years 1 to 9999.
    """
    problems = {}
    for column in table.key:
        if table.schema[column] == pl.String and (empty := int((frame[column] == "").sum())):
            problems[column] = f"{empty} empty names"
    if "timeframe" in table.schema:
        unknown = [name for name in frame["timeframe"].unique() if not _is_name(name)]
        problems |= {"timeframe": f"no bar is called {', '.join(map(repr, unknown))}"} if unknown else {}
    outside = frame.select((~pl.col("ts").dt.epoch("ms").is_between(_FIRST_MS, _LAST_MS)).sum()).item()
    if outside:
        problems["ts"] = f"{outside} times outside the years 1 to 9999"
    if problems:
        raise SchemaMismatch(table.name, problems)


def _is_name(timeframe: str) -> bool:
    try:
        return Timeframe.parse(timeframe).name == timeframe
    except InvalidValue:
        return False
