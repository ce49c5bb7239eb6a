"""The log of one Delta table: which files are in it, and a commit that holds only if nobody else's came between.

A commit names the version its author had read. Delta gives each version to one writer only, so a second writer with
the same version is told ``Overtaken``, looks at what the first one brought, and tries again. That is what keeps keys
unique without a database: rows are compared with the very version they are added to.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl
from deltalake import CommitProperties, DeltaTable, Field, Schema
from deltalake.exceptions import DeltaError, TableNotFoundError
from deltalake.schema import PrimitiveType
from deltalake.transaction import AddAction, RemoveAction

from edgeproof.adapters.lake._errors import STORE_ERRORS, reading, writing
from edgeproof.adapters.lake._layout import STORED_TIME, to_stored_type
from edgeproof.domain.errors import Unreadable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgeproof.adapters.lake._files import DataFile
    from edgeproof.adapters.lake._layout import Layout
    from edgeproof.adapters.lake._place import Place

_DELTA_TYPES = {
    STORED_TIME: "timestamp",
    pl.Float64(): "double",
    pl.Int64(): "long",
    pl.String(): "string",
}


class Overtaken(Exception):  # noqa: N818 - reads as what happened
    """Another commit took the version this one was made for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One version of a table.

    Attributes:
        version: Its number; -1 where there is no table yet.
        files: One row per file: ``path``, ``rows``, the partition columns, and ``first_c``, ``last_c`` for every ranged
            column c (times in microseconds).
    """

    version: int
    files: pl.DataFrame


class TableLog:
    """Reads and extends the log of one table. Safe for threads; other processes' commits are seen at the next look."""

    def __init__(self, place: Place, layout: Layout) -> None:
        self._place = place
        self._layout = layout
        self._lock = threading.Lock()
        self._table: DeltaTable | None = None
        self._snapshot = Snapshot(version=-1, files=pl.DataFrame(schema=self._files_schema()))

    def look(self) -> Snapshot:
        """The newest version.

        Raises:
            Unreadable: The log is damaged, or the table is not the lake's.
        """
        with self._lock, reading(self._place.shown):
            return self._refresh()

    def create(self) -> Snapshot:
        """The newest version, of an empty table if there was none; who creates it first does not matter.

        Raises:
            Unreadable: The log is damaged, or the table is not the lake's.
            Unwritable: It could not be created.
        """
        with self._lock:
            with reading(self._place.shown):
                snapshot = self._refresh()
            if snapshot.version >= 0:
                return snapshot
            with writing(self._place.shown):
                self._create()
                return self._refresh()

    def commit(
        self, files: Sequence[DataFile], *, version: int, removed: Sequence[str] = (), forgets: bool = False
    ) -> None:
        """Add files to the table as it was at ``version``, and take others out.

        Args:
            files: Written files that no commit names yet.
            version: The version that was looked at.
            removed: Paths of files to take out; their bytes stay until ``vacuum``.
            forgets: Whether rows go with them, rather than live on in the files added.

        Raises:
            Overtaken: Another commit came first.
            Unwritable: The log could not be written.
        """
        with self._lock, writing(self._place.shown):
            # Another thread may have looked since: what was compared with an older version must not go on a newer one.
            if self._table is None or self._table.version() != version:
                raise Overtaken
            try:
                self._table.create_write_transaction(
                    [*(_add(file, new=not removed) for file in files), *(_remove(p, forgets=forgets) for p in removed)],
                    mode="append",
                    schema=self._delta_schema(),
                    partition_by=list(self._layout.partitions),
                    commit_properties=CommitProperties(max_commit_retries=0),
                )
            except STORE_ERRORS:
                # An error may come after the version was taken (an answer got lost, a checkpoint failed): look first.
                if not self._holds(files, removed):
                    if self._snapshot.version > version:
                        raise Overtaken from None
                    raise

    def vacuum(self, keep_hours: int) -> int:
        """Delete files of the table's folder that the log has not named for so many hours, and log entries that old.

        An object store is left as it is: the library's listing of one failed in tests, and its files cost little.

        Raises:
            Unwritable: The disk refused.
        """
        with self._lock, writing(self._place.shown):
            if self._place.folder is None or self._refresh().version < 0 or self._table is None:
                return 0
            self._shorten_memory(keep_hours)
            gone = self._table.vacuum(
                retention_hours=keep_hours, dry_run=False, enforce_retention_duration=False, full=True
            )
            self._table.create_checkpoint()
            self._table.cleanup_metadata()
            self._refresh()
            return len(gone)

    def _shorten_memory(self, keep_hours: int) -> None:
        """Let checkpoints forget removed files and old commits; the protocol's week and month suit slower tables."""
        wanted = {
            "delta.deletedFileRetentionDuration": f"interval {max(keep_hours, 1)} hours",
            "delta.logRetentionDuration": f"interval {max(2 * keep_hours, 2)} hours",
        }
        if self._table is not None and not wanted.items() <= self._table.metadata().configuration.items():
            self._table.alter.set_table_properties(wanted)

    def _holds(self, files: Sequence[DataFile], removed: Sequence[str]) -> bool:
        named = self._refresh().files["path"]
        return any(file.path in named for file in files) if files else not named.is_in(list(removed)).any()

    def _refresh(self) -> Snapshot:
        if self._table is None:
            self._table = self._open()
            if self._table is None:
                return self._snapshot
        else:
            self._table.update_incremental()
        if self._table.version() != self._snapshot.version:
            self._snapshot = Snapshot(version=self._table.version(), files=self._list_files(self._table))
        return self._snapshot

    def _open(self) -> DeltaTable | None:
        self._place.require_folder()
        for _ in range(
            2
        ):  # twice, for another process may begin the table between the look at its log and at its files
            try:
                table = DeltaTable(self._place.url, storage_options=dict(self._place.options))
            except TableNotFoundError:
                if not self._place.has_data():
                    return None
            else:
                self._check(table)
                return table
        reason = "its data files are there but its log is gone; bring _delta_log back from a backup, or move it away"
        raise Unreadable(self._place.shown, reason)

    def _create(self) -> None:
        if self._place.folder:
            self._place.folder.mkdir(parents=True, exist_ok=True)
        try:
            DeltaTable.create(
                self._place.url,
                self._delta_schema(),
                partition_by=list(self._layout.partitions),
                configuration={"delta.dataSkippingStatsColumns": ",".join(self._layout.ranged)},
                storage_options=dict(self._place.options),
            )
        except DeltaError:
            if self._open() is None:
                raise

    def _check(self, table: DeltaTable) -> None:
        expected = {f.name: _type_name(f) for f in self._delta_schema().fields}
        found = {f.name: _type_name(f) for f in table.schema().fields}
        partitions = table.metadata().partition_columns
        if found != expected or partitions != list(self._layout.partitions):
            wrong = sorted(c for c in found.keys() | expected.keys() if found.get(c) != expected.get(c))
            told = f"columns {', '.join(wrong)}" if wrong else f"partitions {', '.join(partitions)}"
            reason = f"a Delta table of another shape ({told}); move it away, or name another lake in edgeproof.toml"
            raise Unreadable(self._place.shown, reason)
        if table.protocol().min_reader_version > 1:
            reason = "another tool raised its protocol; rewrite it at reader version 1"
            raise Unreadable(self._place.shown, reason)

    def _delta_schema(self) -> Schema:
        return Schema([Field(c, PrimitiveType(_DELTA_TYPES[t])) for c, t in self._layout.stored_schema.items()])

    def _list_files(self, table: DeltaTable) -> pl.DataFrame:
        schema = self._files_schema()
        listed = pl.DataFrame(table.get_add_actions(flatten=True))
        if listed.is_empty():
            return pl.DataFrame(schema=schema)
        named = {"path": "path", "num_records": "rows"}
        named |= {f"partition.{c}": c for c in self._layout.partitions}
        named |= {f"min.{c}": f"first_{c}" for c in self._layout.ranged}
        named |= {f"max.{c}": f"last_{c}" for c in self._layout.ranged}
        return listed.select(pl.col(old).alias(new) for old, new in named.items()).cast(schema)

    def _files_schema(self) -> pl.Schema:
        ranged = {
            f"{end}_{c}": to_stored_type(self._layout.table.schema[c])
            for end in ("first", "last")
            for c in self._layout.ranged
        }
        partitions = {c: pl.String() for c in self._layout.partitions}
        return pl.Schema({"path": pl.String(), "rows": pl.Int64(), **partitions, **ranged})


def _remove(path: str, *, forgets: bool) -> RemoveAction:
    return RemoveAction(path, data_change=forgets, deletion_timestamp=time.time_ns() // 1_000_000)


def _add(file: DataFile, *, new: bool) -> AddAction:
    return AddAction(
        path=file.path,
        size=file.size,
        partition_values=file.partition,
        modification_time=time.time_ns() // 1_000_000,
        data_change=new,
        stats=file.statistics,
    )


def _type_name(field: Field) -> str:
    return field.type.type if isinstance(field.type, PrimitiveType) else str(field.type)
