"""One file in, portions of rows out.

1. :func:`recognise` tells by name, and where that says nothing by the first bytes, how a file is packed.
2. ``containers`` unpacks it into raw rows; ``captures`` reads recorded streams whole.
3. ``layouts`` settles from the first raw rows what the columns mean; ``rows`` turns each portion into rows of a table.

Nothing here fetches anything, and whatever bytes a file holds, the only thing raised is :class:`Unreadable`.
"""

from __future__ import annotations

import gzip
import zipfile
import zlib
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import polars as pl

from edgeproof.domain.errors import EdgeproofError, Unreadable
from edgeproof.market.archives.captures import looks_like_capture, read_capture
from edgeproof.market.archives.containers import (
    RawRows,
    read_arrow,
    read_csv,
    read_json,
    read_parquet,
    read_zip,
    verify_checksum,
)
from edgeproof.market.archives.layouts import Layout, resolve_layout
from edgeproof.market.archives.names import Claim, read_name
from edgeproof.market.archives.portions import Hints, Portion
from edgeproof.market.archives.rows import read_rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Packing(StrEnum):
    """How a file holds its rows."""

    ARROW = "arrow"
    CAPTURE = "capture"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"
    ZIP = "zip"


_PACKINGS: Final = {
    ".arrow": Packing.ARROW,
    ".csv": Packing.CSV,
    ".csv.gz": Packing.CSV,
    ".feather": Packing.ARROW,
    ".gz": Packing.CAPTURE,
    ".ipc": Packing.ARROW,
    ".json": Packing.JSON,
    ".json.gz": Packing.JSON,
    ".parquet": Packing.PARQUET,
    ".tsv": Packing.CSV,
    ".zip": Packing.ZIP,
}
SUFFIXES: Final = tuple(sorted(_PACKINGS))
# What a decoder of foreign bytes may throw; polars reports some broken files by a panic.
_BROKEN: Final = (
    pl.exceptions.PolarsError,
    pl.exceptions.PanicException,
    zipfile.BadZipFile,
    zlib.error,
    OSError,
    EOFError,
    ValueError,
    ArithmeticError,
    LookupError,
    TypeError,
    RuntimeError,
    MemoryError,
)
_VISION_COLUMNS: Final = {
    "bars": (
        *("open_time", "open", "high", "low", "close", "volume", "close_time", "quote_volume", "count"),
        *("taker_buy_volume", "taker_buy_quote_volume", "ignore"),
    ),
    "trades": ("id", "price", "qty", "quote_qty", "time", "is_buyer_maker", "is_best_match"),
    "aggregate_trades": (
        *("agg_trade_id", "price", "quantity", "first_trade_id", "last_trade_id", "transact_time"),
        *("is_buyer_maker", "is_best_match"),
    ),
    "funding": ("calc_time", "funding_interval_hours", "last_funding_rate"),
}
_FREQTRADE_COLUMNS: Final = {
    "bars": ("date", "open", "high", "low", "close", "volume"),
    "funding": ("date", "open", "high", "low", "close", "volume"),
    "trades": ("timestamp", "id", "type", "side", "price", "amount", "cost"),
}


def recognise(path: Path) -> Packing | None:
    """Tell by a file's name how it is packed; None where no parser reads such files."""
    name = path.name.lower()
    if name.endswith(".tar.gz"):
        return None
    return next(
        (_PACKINGS[suffix] for suffix in sorted(_PACKINGS, key=len, reverse=True) if name.endswith(suffix)), None
    )


def read_archive(path: Path, hints: Hints | None = None) -> Iterator[Portion]:
    """Read one file of market data, a portion of about a million rows at a time.

    Args:
        path: The file; folders in its path may name venue and market.
        hints: What the importer knows of it.

    Yields:
        Rows that conform to a table, with what was refused of each portion.

    Raises:
        Unreadable: The file is broken, empty, of another kind, or does not say what it must.
    """
    try:
        yield from _read_packed(path.resolve(), hints or Hints())
    except EdgeproofError:
        raise
    except _BROKEN as broken:
        raise Unreadable(path.name, _say_what_broke(broken)) from broken


def _read_packed(path: Path, hints: Hints) -> Iterator[Portion]:
    packing = recognise(path)
    if packing is None:
        raise Unreadable(path.name, f"no parser for such names; read are {', '.join(SUFFIXES)}")
    if path.stat().st_size == 0:
        raise Unreadable(path.name, "is empty")
    claim = read_name(path)
    if claim.set_aside:
        raise Unreadable(path.name, f"holds {claim.set_aside}")
    verified = verify_checksum(path)
    if packing is Packing.CAPTURE:
        packing = _tell_gzip(path)
    if packing is Packing.CAPTURE:
        yield from read_capture(path, claim, hints)
        return
    yield from _read_tables(_open_rows(path, packing, verified=verified), path, claim, hints)


def _open_rows(path: Path, packing: Packing, *, verified: bool) -> Iterator[RawRows]:
    if packing is Packing.ZIP:
        return read_zip(path, verified=verified)
    readers = {
        Packing.ARROW: read_arrow,
        Packing.CSV: read_csv,
        Packing.JSON: read_json,
        Packing.PARQUET: read_parquet,
    }
    return readers[packing](path)


def _read_tables(portions: Iterator[RawRows], path: Path, claim: Claim, hints: Hints) -> Iterator[Portion]:
    layout: Layout | None = None
    for portion in portions:
        frame = _name_columns(portion, claim)
        if frame.is_empty() and not portion.refusals:
            raise Unreadable(path.name, "holds no rows")
        if layout is None:
            layout = resolve_layout(frame, claim, hints, file=path.name, header=portion.header)
        yield _add_refused_lines(read_rows(frame, layout), portion)


def _name_columns(portion: RawRows, claim: Claim) -> pl.DataFrame:
    """Name the columns of a file that does not, where its format is known by its name."""
    known = {"binance_vision": _VISION_COLUMNS, "freqtrade": _FREQTRADE_COLUMNS}.get(claim.source, {})
    names = known.get(claim.kind or "", ())
    if portion.header or not names:
        return portion.frame
    return portion.frame.rename(dict(zip(portion.frame.columns, names, strict=False)))


def _add_refused_lines(portion: Portion, raw: RawRows) -> Portion:
    if not raw.refusals:
        return portion
    return Portion(
        table=portion.table,
        frame=portion.frame,
        rows_read=portion.rows_read + sum(refusal.rows for refusal in raw.refusals),
        refusals=(*raw.refusals, *portion.refusals),
        passed_over=portion.passed_over,
        complete=portion.complete,
        aggregated=portion.aggregated,
        notes=portion.notes,
    )


def _tell_gzip(path: Path) -> Packing:
    """A bare ``.gz`` may hold a recorded stream, CSV or JSON."""
    with gzip.open(path) as stream:
        head = stream.read(64).lstrip()
    if looks_like_capture(head):
        return Packing.CAPTURE
    return Packing.JSON if head[:1] in {b"[", b"{"} else Packing.CSV


def _say_what_broke(broken: BaseException) -> str:
    text = " ".join(str(broken).split()) or type(broken).__name__
    return f"broken: {text[:160]}"
