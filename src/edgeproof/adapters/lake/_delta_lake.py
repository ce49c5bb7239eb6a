"""The lake: trades, bars and funding in Delta tables, on this disk or in an object store.

How an append goes: the table's newest version is read; each group of the batch (an instrument, and for bars a
timeframe) is compared with the rows of it whose keys lie in the batch's range; what is new is written to files of its
own; one commit names them, on condition that the version is still the newest. If it is not, all but the
writing is done again. A process killed on the way leaves at most files that no commit names.
"""

from __future__ import annotations

import random
import time
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, Final

import polars as pl
from filelock import FileLock, Timeout

from edgeproof.adapters.lake._compare import find_new
from edgeproof.adapters.lake._errors import reading, writing
from edgeproof.adapters.lake._files import DataFile, discard_files, is_ordered, read_rows, write_files
from edgeproof.adapters.lake._layout import LAYOUTS, STORED_TIME, Layout
from edgeproof.adapters.lake._log import Overtaken, Snapshot, TableLog
from edgeproof.adapters.lake._merging import TableKeeper
from edgeproof.adapters.lake._place import Place, place_table
from edgeproof.domain.errors import Busy, Unreadable
from edgeproof.domain.frames import BARS, FUNDING, TRADES, Table, conform, require_names
from edgeproof.domain.instruments import Instrument
from edgeproof.domain.stores import Holding, Merged, Written
from edgeproof.domain.time import to_ms

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from edgeproof.domain.time import Timeframe, Window

_ROWS_PER_COMMIT: Final = 4_000_000
_LOCK_TIMEOUT_S: Final = 600.0
_ATTEMPTS: Final = 60
_LONGEST_PAUSE_S: Final = 1.0
_WIDEST_US: Final = 2**63 - 1

_Groups = dict[tuple[str, ...], pl.DataFrame]  # values of a layout's group columns, to their rows


class DeltaLake:
    """Implements ``domain.stores.Lake``. One object may be shared by threads; processes open one each.

    Args:
        url: A folder, or a URL such as ``s3://bucket/prefix``; made at the first append.
        storage_options: Address and keys of an object store, by the names of the Rust ``object_store`` library, such
            as ``aws_endpoint_url``, ``aws_access_key_id``, ``aws_secret_access_key``, ``aws_region``.
    """

    def __init__(self, url: str | Path, *, storage_options: Mapping[str, str] | None = None) -> None:
        self._places = {name: place_table(url, name, storage_options) for name in LAYOUTS}
        self._logs = {name: TableLog(self._places[name], layout) for name, layout in LAYOUTS.items()}

    def append(self, table: Table, frame: pl.DataFrame) -> Written:
        """Add the rows whose key is new; of rows with one key the first stays.

        More than four million rows are several commits: a process killed between them has kept the first ones, and the
        same append completes them.

        Raises:
            SchemaMismatch: The frame is not the table's.
            Busy: Other processes kept the table for too long.
            Unwritable: The lake could not be written.
            Unreadable: What is in the table cannot be read.
        """
        batch = conform(frame, table)
        require_names(batch, table)
        written = Written()
        for part in batch.iter_slices(_ROWS_PER_COMMIT):
            with self._hold(self._places[table.name]):
                written += self._append_part(LAYOUTS[table.name], part)
        return written

    def bars(self, instrument: Instrument, timeframe: Timeframe, window: Window | None = None) -> pl.DataFrame:
        """Bars as stored, sorted by ts; empty (with the schema) where there are none."""
        return self._read(BARS, {**_name(instrument), "timeframe": timeframe.name}, window)

    def funding(self, instrument: Instrument, window: Window | None = None) -> pl.DataFrame:
        """Funding rates, sorted by ts."""
        return self._read(FUNDING, _name(instrument), window)

    def trades(self, instrument: Instrument, window: Window | None = None) -> pl.DataFrame:
        """Trades, sorted by ts, then trade_id."""
        return self._read(TRADES, _name(instrument), window)

    def holdings(self) -> Sequence[Holding]:
        """What is there, one entry per table, instrument and timeframe, sorted; read from the log alone."""
        return [holding for name in sorted(LAYOUTS) for holding in self._count(LAYOUTS[name])]

    def merge_files(self, table: Table) -> Merged:
        """Put the rows of many small files into few; rows and results stay what they are.

        Raises:
            Unwritable: The lake could not be written.
            Unreadable: What is in the table cannot be read.
        """
        return self._keeper(table).merge_files()

    def drop_before(self, table: Table, ms: int) -> int:
        """Forget old rows, file by file: a file goes when its newest row is older than ``ms``. Returns rows gone.

        Raises:
            Unwritable: The lake could not be written.
        """
        return self._keeper(table).drop_before(ms)

    def vacuum(self, *, keep_hours: int = 1) -> int:
        """Delete files that no version of the last hours names. Returns how many went.

        A reader that has been busy with one version for longer than that may miss files and must ask again.

        Raises:
            Unwritable: The lake could not be written.
        """
        return sum(log.vacuum(keep_hours) for log in self._logs.values())

    def _keeper(self, table: Table) -> TableKeeper:
        place = self._places[table.name]
        return TableKeeper(
            place=place, layout=LAYOUTS[table.name], log=self._logs[table.name], hold=lambda: self._hold(place)
        )

    def _append_part(self, layout: Layout, batch: pl.DataFrame) -> Written:
        place, log = self._places[layout.table.name], self._logs[layout.table.name]
        staged, files = 0, list[DataFile]()
        for attempt in range(_ATTEMPTS):
            snapshot = log.create()
            fresh, written = self._compare(layout, batch, snapshot)
            if written.new != staged:  # rows only ever come to a table, so as many new ones are the same ones
                discard_files(place, [file.path for file in files])
                with writing(place.shown):
                    staged, files = written.new, write_files(place, layout, fresh)
            if not files:
                return written
            try:
                # If this fails otherwise, the files stay: a commit that is under way to a store may still arrive.
                log.commit(files, version=snapshot.version)
            except Overtaken:
                _pause(attempt)
            else:
                return written
        discard_files(place, [file.path for file in files])
        msg = (
            f"{place.shown} changed {_ATTEMPTS} times while rows were added; wait for the other writers, then run again"
        )
        raise Busy(msg)

    def _compare(self, layout: Layout, batch: pl.DataFrame, snapshot: Snapshot) -> tuple[_Groups, Written]:
        fresh, written = _Groups(), Written()
        for names, rows in _split_groups(layout, batch).items():
            group = dict(zip(layout.groups, names, strict=True))
            held = self._read_held(layout, _select_group(snapshot, group), rows[layout.row_key])
            fresh[names], outcome = find_new(rows, held, layout.table, layout.row_key)
            written += outcome
        return fresh, written

    def _read_held(self, layout: Layout, files: pl.DataFrame, keys: pl.Series) -> pl.DataFrame:
        """Rows of a group that may share a key with the batch: none, most of the time."""
        place, key = self._places[layout.table.name], layout.row_key
        stored = keys.dt.cast_time_unit("us") if keys.dtype.is_temporal() else keys
        least, greatest = stored.min(), stored.max()
        paths = (
            files.filter(
                pl.col(f"last_{key}").is_null() | (pl.col(f"last_{key}") >= least),
                pl.col(f"first_{key}").is_null() | (pl.col(f"first_{key}") <= greatest),
            )
            .sort("first_ts")["path"]
            .to_list()
        )
        in_range = pl.col(key).is_between(pl.lit(least), pl.lit(greatest))
        with reading(place.shown):
            there = read_rows(place, layout, paths, in_range, columns=[key])
            if there.is_empty():
                return read_rows(place, layout, [])
            shared = there[key].equals(keys) or bool(keys.is_in(there[key].implode()).any())
            paths = paths if shared else []
            return read_rows(place, layout, paths, in_range)

    def _read(self, table: Table, group: Mapping[str, str], window: Window | None) -> pl.DataFrame:
        layout, place = LAYOUTS[table.name], self._places[table.name]
        files = _select_group(self._logs[table.name].look(), group).sort("first_ts")
        where = []
        if window is not None:
            start, end = _to_stored(window.start_ms), _to_stored(window.end_ms)
            files = files.filter(
                pl.col("last_ts").is_null() | (pl.col("last_ts") >= start),
                pl.col("first_ts").is_null() | (pl.col("first_ts") < end),
            )
            where = [pl.col("ts") >= start, pl.col("ts") < end]
        with reading(place.shown):
            rows = read_rows(place, layout, files["path"].to_list(), *where)
        ordered = rows if is_ordered(rows, layout.order) else rows.sort(layout.order)
        return ordered.with_columns(pl.lit(v).alias(c) for c, v in group.items()).select(table.schema.names())

    def _count(self, layout: Layout) -> list[Holding]:
        place, files = self._places[layout.table.name], self._logs[layout.table.name].look().files
        if files.select(pl.any_horizontal(pl.col("rows", "first_ts", "last_ts").is_null().any())).item():
            raise Unreadable(place.shown, "files of another tool that state neither rows nor times; import them again")
        totals = files.group_by(layout.groups).agg(
            pl.col("rows").sum(), pl.col("first_ts").min(), pl.col("last_ts").max()
        )
        return [_hold_of(layout.table, row) for row in totals.sort(layout.groups).iter_rows(named=True)]

    def _hold(self, place: Place) -> AbstractContextManager[object]:
        """Keep other writers of this disk waiting, so that they do not work in vain; correctness needs no lock."""
        if place.folder is None:
            return nullcontext()
        place.require_folder()
        lock = place.folder.with_suffix(".lock")
        with writing(place.shown):
            lock.parent.mkdir(parents=True, exist_ok=True)
            try:
                return FileLock(lock).acquire(timeout=_LOCK_TIMEOUT_S)
            except Timeout:
                msg = f"{place.shown} has been written by another process for 10 minutes; stop it, then run again"
                raise Busy(msg) from None


def _name(instrument: Instrument) -> dict[str, str]:
    return {"venue": instrument.venue, "symbol": instrument.symbol}


def _to_stored(ms: int) -> pl.Expr:
    # A window may be wider than all time; microseconds in 64 bits are not.
    return pl.lit(max(-_WIDEST_US, min(ms * 1_000, _WIDEST_US))).cast(STORED_TIME)


def _split_groups(layout: Layout, batch: pl.DataFrame) -> _Groups:
    first = batch.row(0, named=True)
    if batch.select(pl.all_horizontal((pl.col(c) == first[c]).all() for c in layout.groups)).item():
        return {tuple(first[c] for c in layout.groups): batch}
    parts = batch.partition_by(layout.groups, as_dict=True, maintain_order=True)
    return {tuple(map(str, names)): part for names, part in parts.items()}


def _select_group(snapshot: Snapshot, group: Mapping[str, str]) -> pl.DataFrame:
    return snapshot.files.filter(pl.col(c) == v for c, v in group.items())


def _hold_of(table: Table, row: Mapping[str, Any]) -> Holding:
    return Holding(
        table=table.name,
        instrument=Instrument(venue=row["venue"], symbol=row["symbol"]),
        timeframe=row.get("timeframe"),
        rows=row["rows"],
        first_ms=to_ms(row["first_ts"]),
        last_ms=to_ms(row["last_ts"]),
    )


def _pause(attempt: int) -> None:
    longest = min(_LONGEST_PAUSE_S, 0.01 * 2**attempt)
    time.sleep(random.uniform(0, longest))  # noqa: S311 - spreads rivals in time, guards no secret
