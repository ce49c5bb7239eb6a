"""What a parser is told, and what it gives back: rows that conform, beside the rows it refused and why."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING, Final

import polars as pl

from edgeproof.domain.errors import InvalidValue, UnknownName
from edgeproof.domain.instruments import parse_symbol
from edgeproof.market.archives.columns import KINDS, KNOWN_ROLES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edgeproof.domain.frames import Table
    from edgeproof.domain.time import Timeframe, Window

PORTION_ROWS: Final = 1_000_000
PORTION_BYTES: Final = 64 * 1024 * 1024
_LONGEST_SAMPLE: Final = 160
_VENUE: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What the person who imports knows about the files.

    Attributes:
        venue: Where the data is from, whatever path and name say.
        symbol: The symbol of files that name none, in a column or in their name.
        timeframe: The timeframe of bars that name none and whose spacing tells none.
        kind: ``bars``, ``trades`` or ``funding``, where columns alone would not tell.
        columns: Role to column name, such as ``{"close": "last"}``; wins over names the importer knows.
        stamped: ``open`` or ``close``: which end of a bar its time names, where the source is not known.
        default_venue: The venue of files that name none.
        contract_size: Base units per contract, of tables whose volume or size counts contracts.

    Raises:
        RequestError: A hint is wrong in itself, such as a role that does not exist.
    """

    venue: str | None = None
    symbol: str | None = None
    timeframe: Timeframe | None = None
    kind: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    stamped: str | None = None
    default_venue: str = "imported"
    contract_size: float | None = None

    def __post_init__(self) -> None:
        for role in self.columns:
            if role not in KNOWN_ROLES:
                raise UnknownName("column role", role, KNOWN_ROLES)
        if self.kind not in {None, *KINDS}:
            raise InvalidValue("kind", self.kind, "bars, trades or funding")
        if self.stamped not in {None, "open", "close"}:
            raise InvalidValue("stamped", self.stamped, "open or close")
        for venue in (self.venue, self.default_venue):
            if venue is not None and not _VENUE.fullmatch(venue):
                raise InvalidValue("venue", venue, "lower-case letters, digits and dashes, such as binance-spot")
        if self.contract_size is not None and not (isfinite(self.contract_size) and self.contract_size > 0):
            raise InvalidValue("contract size", self.contract_size, "base units per contract, above 0")
        if self.symbol is not None:
            object.__setattr__(self, "symbol", parse_symbol(self.symbol))


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Rows that did not become data.

    Attributes:
        reason: What was wrong with them.
        rows: How many.
        sample: The first of them, as text.
    """

    reason: str
    rows: int
    sample: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Portion:
    """A part of a file, small enough to be held in memory.

    Attributes:
        table: The table the rows belong to.
        frame: Rows of that table, conforming to its schema.
        rows_read: Rows of the source, the refused ones included.
        refusals: What was refused.
        passed_over: Messages of the source that are rightly no rows of this table, such as quotes among trades.
        complete: The window a trade file is known to hold whole, by its name; None where nobody says so.
        aggregated: Trades are sums of several fills, so their number is unknown.
        notes: What was inferred or converted, for the person to check.
    """

    table: Table
    frame: pl.DataFrame
    rows_read: int
    refusals: tuple[Refusal, ...] = ()
    passed_over: int = 0
    complete: Window | None = None
    aggregated: bool = False
    notes: tuple[str, ...] = ()


def split_rows(
    frame: pl.DataFrame, raw: pl.DataFrame, checks: Mapping[str, pl.Expr]
) -> tuple[pl.DataFrame, tuple[Refusal, ...]]:
    """Take out the rows for which a check is true; a row is refused for the first check it meets.

    Args:
        frame: n typed rows, which the checks look at.
        raw: The same n rows as they came, from which samples are shown.
        checks: Reason to an expression that is true for a row to refuse.
    """
    if not checks or frame.height == 0:
        return frame, ()
    flags = frame.select(test.fill_null(value=True).alias(reason) for reason, test in checks.items())
    if not flags.select(pl.any_horizontal(pl.all().any())).item():
        return frame, ()
    refused = pl.repeat(value=False, n=frame.height, eager=True)
    refusals: list[Refusal] = []
    for flag in flags:
        fresh = flag & ~refused
        count = int(fresh.sum())
        if count:
            position = int(fresh.arg_true()[0])
            refusals.append(Refusal(reason=flag.name, rows=count, sample=show_row(raw, position)))
            refused = refused | fresh
    return frame.filter(~refused), tuple(refusals)


def show_row(frame: pl.DataFrame, position: int) -> str:
    """One row as ``column=value`` text, cut where it is long."""
    text = ", ".join(f"{name}={value}" for name, value in frame.row(position, named=True).items())
    return cut_text(text)


def cut_text(text: str) -> str:
    """Keep a sample short enough for one line."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_SAMPLE else line[: _LONGEST_SAMPLE - 1] + "…"


def merge_refusals(refusals: Sequence[Refusal]) -> tuple[Refusal, ...]:
    """Add up the refusals of one reason, keeping the first sample; most rows first."""
    merged: dict[str, Refusal] = {}
    for refusal in refusals:
        known = merged.get(refusal.reason)
        rows = refusal.rows + (known.rows if known else 0)
        sample = known.sample if known else refusal.sample
        merged[refusal.reason] = Refusal(reason=refusal.reason, rows=rows, sample=sample)
    return tuple(sorted(merged.values(), key=lambda refusal: (-refusal.rows, refusal.reason)))
