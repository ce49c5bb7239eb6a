"""How each table lies in the lake: what its files are grouped by, and which ranges each of them states."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from edgeproof.domain.frames import BARS, FUNDING, TRADES, Table

if TYPE_CHECKING:
    from datetime import datetime

STORED_TIME: Final = pl.Datetime("us", "UTC")  # Delta knows microseconds only
_PERIODS: Final = {"year": ("1y", "%Y"), "month": ("1mo", "%Y-%m")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """One table at rest.

    Attributes:
        table: The table as everybody knows it.
        groups: Its columns that name a file's partition; their values are in the log, not in the file.
        period: Name of one more partition column, ``year`` or ``month`` of ``ts``, UTC.
        row_key: The column that names a row within its group.
    """

    table: Table
    groups: tuple[str, ...]
    period: str
    row_key: str

    @property
    def partitions(self) -> tuple[str, ...]:
        """Every partition column."""
        return (*self.groups, self.period)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are in the files."""
        return tuple(c for c in self.table.schema if c not in self.groups)

    @property
    def ranged(self) -> tuple[str, ...]:
        """Columns whose least and greatest value every file states."""
        return tuple(dict.fromkeys(("ts", self.row_key)))

    @property
    def order(self) -> tuple[str, ...]:
        """The order of rows within a file, and of rows given out."""
        return self.ranged

    @property
    def stored_schema(self) -> pl.Schema:
        """Columns and types as Delta keeps them, partition columns included."""
        stored = {c: to_stored_type(dtype) for c, dtype in self.table.schema.items()}
        return pl.Schema({**stored, self.period: pl.String()})

    @property
    def period_length(self) -> str:
        """The period as polars spells a length of time."""
        return _PERIODS[self.period][0]

    def name_period(self, moment: datetime) -> str:
        """The value of the period's column for a time within it."""
        return moment.strftime(_PERIODS[self.period][1])


def to_stored_type(dtype: pl.DataType) -> pl.DataType:
    """The type Delta keeps a column in."""
    return STORED_TIME if isinstance(dtype, pl.Datetime) else dtype


# Measured in docs/decisions/0010-lake-layout.md.
LAYOUTS: Final = {
    layout.table.name: layout
    for layout in (
        Layout(table=TRADES, groups=("venue", "symbol"), period="month", row_key="trade_id"),
        Layout(table=BARS, groups=("venue", "symbol", "timeframe"), period="year", row_key="ts"),
        Layout(table=FUNDING, groups=("venue", "symbol"), period="year", row_key="ts"),
    )
}
