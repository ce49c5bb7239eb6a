"""A lake that lives as long as its object: the same contract as the Delta one, nothing on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from edgeproof.domain.frames import BARS, FUNDING, TABLES, TRADES, Table, conform, require_names
from edgeproof.domain.instruments import Instrument
from edgeproof.domain.stores import Holding, Merged, Written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgeproof.domain.time import Timeframe, Window


class MemoryLake:
    """Implements ``domain.stores.Lake`` over one frame per table."""

    def __init__(self) -> None:
        self._rows = {name: pl.DataFrame(schema=table.schema) for name, table in TABLES.items()}

    def append(self, table: Table, frame: pl.DataFrame) -> Written:
        """Add the rows whose key is new; the first row of a key stays."""
        batch = conform(frame, table)
        require_names(batch, table)
        held = self._rows[table.name]
        firsts = pl.concat([held, batch]).unique(subset=table.key, keep="first", maintain_order=True)
        values = [c for c in table.schema.names() if c not in table.key and c not in table.observed]
        pairs = batch.join(firsts, on=table.key, how="left", suffix="_first", maintain_order="left")
        differs = pl.any_horizontal(
            pl.lit(value=False), *(_bits(pairs, c).ne_missing(_bits(pairs, f"{c}_first")) for c in values)
        )
        new = firsts.height - held.height
        conflicting = pairs.filter(differs).height
        self._rows[table.name] = firsts
        return Written(new=new, already_there=batch.height - new - conflicting, conflicting=conflicting)

    def bars(self, instrument: Instrument, timeframe: Timeframe, window: Window | None = None) -> pl.DataFrame:
        """Bars as stored, sorted by ts."""
        return self._read(BARS, instrument, window, pl.col("timeframe") == timeframe.name).sort("ts")

    def funding(self, instrument: Instrument, window: Window | None = None) -> pl.DataFrame:
        """Funding rates, sorted by ts."""
        return self._read(FUNDING, instrument, window).sort("ts")

    def trades(self, instrument: Instrument, window: Window | None = None) -> pl.DataFrame:
        """Trades, sorted by ts, then trade_id."""
        return self._read(TRADES, instrument, window).sort("ts", "trade_id")

    def holdings(self) -> Sequence[Holding]:
        """One entry per table, instrument and timeframe, sorted."""
        return [holding for name in sorted(TABLES) for holding in self._count(TABLES[name])]

    def merge_files(self, table: Table) -> Merged:  # noqa: ARG002 - the port's signature
        """Nothing to merge."""
        return Merged()

    def drop_before(self, table: Table, ms: int) -> int:
        """Forget rows older than ``ms``, to the row."""
        held = self._rows[table.name]
        kept = held.filter(pl.col("ts").dt.epoch("ms") >= ms)
        self._rows[table.name] = kept
        return held.height - kept.height

    def vacuum(self, *, keep_hours: int = 1) -> int:  # noqa: ARG002 - as above
        """Nothing to give back."""
        return 0

    def _read(self, table: Table, instrument: Instrument, window: Window | None, *wanted: pl.Expr) -> pl.DataFrame:
        rows = self._rows[table.name].filter(
            pl.col("venue") == instrument.venue, pl.col("symbol") == instrument.symbol, *wanted
        )
        if window is None:
            return rows
        return rows.filter(pl.col("ts").dt.epoch("ms").is_between(window.start_ms, window.end_ms, closed="left"))

    def _count(self, table: Table) -> list[Holding]:
        groups = [c for c in ("venue", "symbol", "timeframe") if c in table.schema]
        ts = pl.col("ts").dt.epoch("ms")
        counted = self._rows[table.name].group_by(groups).agg(pl.len(), first=ts.min(), last=ts.max()).sort(groups)
        return [
            Holding(
                table=table.name,
                instrument=Instrument(venue=row["venue"], symbol=row["symbol"]),
                timeframe=row.get("timeframe"),
                rows=row["len"],
                first_ms=row["first"],
                last_ms=row["last"],
            )
            for row in counted.iter_rows(named=True)
        ]


def _bits(frame: pl.DataFrame, column: str) -> pl.Expr:
    # Two zeros of different sign are different rows, two equal NaN are not: what the data hash sees decides.
    bare = pl.col(column)
    return bare.reinterpret(dtype=pl.UInt64) if frame.schema[column] == pl.Float64 else bare
