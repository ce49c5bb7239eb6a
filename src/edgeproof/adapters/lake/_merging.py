"""Merge small files, drop old ones, and give back the space of those that no longer count.

A merge goes: the newest version is read; of each partition, files of about one size are read and written as one file,
in order; one commit names the new files and takes the old ones out. Appends go on meanwhile: the merge waits for the
table only while it commits. Rows are the same before and after, so no reader can tell.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl
from filelock import FileLock, Timeout

from edgeproof.adapters.lake._errors import reading, writing
from edgeproof.adapters.lake._files import DataFile, discard_files, read_rows, write_files
from edgeproof.adapters.lake._log import Overtaken
from edgeproof.domain.stores import Merged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from edgeproof.adapters.lake._layout import Layout
    from edgeproof.adapters.lake._log import Snapshot, TableLog
    from edgeproof.adapters.lake._place import Place

# Four files of one size become one: a row is written again about log4(a million / rows of its first file) times.
_FILES_OF_ONE_SIZE: Final = 4
_MOST_ROWS_IN_A_FILE: Final = 1_000_000
_ROWS_AT_ONCE: Final = 4_000_000
_ATTEMPTS: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class TableKeeper:
    """Keeps one table in few files.

    Attributes:
        place: Where the table lies.
        layout: How.
        log: Its log.
        hold: Keeps other writers of this disk waiting.
    """

    place: Place
    layout: Layout
    log: TableLog
    hold: Callable[[], AbstractContextManager[object]]

    def merge_files(self) -> Merged:
        """Merge small files, a few million rows at a time.

        Raises:
            Unwritable: The new files could not be written.
            Unreadable: The old ones could not be read.
        """
        total = Merged()
        with self._keep_alone() as alone:
            while alone and (done := self._merge_some()) != Merged():
                total += done
        return total

    def drop_before(self, ms: int) -> int:
        """Take out files whose last row is older; rows of files that reach further stay.

        Raises:
            Unwritable: The log could not be written.
        """
        cut = pl.lit(ms * 1_000).cast(pl.Datetime("us", "UTC"))
        with self.hold():
            for _ in range(_ATTEMPTS):
                snapshot = self.log.look()
                old = snapshot.files.filter(pl.col("last_ts") < cut)
                if old.is_empty():
                    return 0
                try:
                    self.log.commit((), version=snapshot.version, removed=old["path"].to_list(), forgets=True)
                except Overtaken:
                    continue
                return int(old["rows"].sum())
        return 0

    def _merge_some(self) -> Merged:
        snapshot = self.log.look()
        runs = _choose_runs(snapshot, self.layout)
        if not runs:
            return Merged()
        written = [file for run in runs for file in self._write_run(run)]
        old = [path for run in runs for path in run["path"]]
        if not self._swap(old, written):
            discard_files(self.place, [file.path for file in written])
            return Merged()
        rows = sum(int(run["rows"].sum()) for run in runs)
        return Merged(files_before=len(old), files_after=len(written), rows=rows)

    def _write_run(self, run: pl.DataFrame) -> list[DataFile]:
        group = tuple(run[c][0] for c in self.layout.groups)
        with reading(self.place.shown):
            rows = read_rows(self.place, self.layout, run["path"].to_list())
        with writing(self.place.shown):
            return write_files(self.place, self.layout, {group: rows})

    def _swap(self, old: Sequence[str], written: Sequence[DataFile]) -> bool:
        """Name the new files instead of the old ones; False where somebody else took one of them out."""
        with self.hold():
            for _ in range(_ATTEMPTS):
                snapshot = self.log.look()
                if not set(old) <= set(snapshot.files["path"]):
                    return False
                try:
                    self.log.commit(written, version=snapshot.version, removed=old)
                except Overtaken:
                    continue
                return True
        return False

    @contextmanager
    def _keep_alone(self) -> Iterator[bool]:
        """Whether this is the only merge of the table on this disk: two would do the same work, and one in vain."""
        if self.place.folder is None or not self.place.folder.exists():
            yield True
            return
        try:
            with FileLock(self.place.folder.with_suffix(".merge.lock")).acquire(timeout=0):
                yield True
        except Timeout:
            yield False


def _choose_runs(snapshot: Snapshot, layout: Layout) -> list[pl.DataFrame]:
    """Files to be merged into one each: of one partition, of about one size, neighbours in time."""
    small = snapshot.files.filter(pl.col("rows") < _MOST_ROWS_IN_A_FILE // 2)
    sizes = small.with_columns(size=pl.col("rows").clip(lower_bound=1).log(_FILES_OF_ONE_SIZE).floor().cast(pl.Int64))
    runs, rows = list[pl.DataFrame](), 0
    for part in sizes.sort("first_ts").partition_by(*layout.partitions, "size", maintain_order=True):
        if part.height < _FILES_OF_ONE_SIZE or rows >= _ROWS_AT_ONCE:
            continue
        whole = pl.col("rows").cum_sum() <= _MOST_ROWS_IN_A_FILE
        runs.append(part.filter(whole))
        rows += int(runs[-1]["rows"].sum())
    return [run for run in runs if run.height > 1]
