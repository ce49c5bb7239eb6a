"""Where a venue, asked, had nothing: one small file of the workspace, so that it is not asked for ever."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Final

from edgeproof.domain.errors import WorkError
from edgeproof.domain.time import Window

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from edgeproof.ops.backfill import Series

_LOCK_TIMEOUT_S: Final = 30.0
_SCHEMA: Final = """CREATE TABLE IF NOT EXISTS empty_spans (
    venue TEXT NOT NULL,
    symbol TEXT NOT NULL,
    timeframe TEXT NOT NULL,
    start_ms INTEGER NOT NULL,
    end_ms INTEGER NOT NULL,
    answered_ms INTEGER NOT NULL,
    PRIMARY KEY (venue, symbol, timeframe, start_ms, end_ms)
) WITHOUT ROWID"""
_FIND: Final = """SELECT start_ms, end_ms FROM empty_spans
    WHERE venue = ? AND symbol = ? AND timeframe = ? ORDER BY start_ms, end_ms"""


class EmptySpansFile:
    """Implements ``ops.backfill.EmptySpans`` over one SQLite file.

    Args:
        file: Made when the first span is remembered; its folder must exist.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def find(self, series: Series) -> Sequence[Window]:
        """Spans of a series in which the venue has nothing, ascending; overlapping ones as they were remembered.

        Raises:
            WorkError: The file cannot be read.
        """
        if not self._file.exists():
            return []
        with self._transact() as database:
            return [Window(start_ms=start, end_ms=end) for start, end in database.execute(_FIND, _name(series))]

    def remember(self, series: Series, spans: Sequence[Window], *, now_ms: int) -> None:
        """Add spans.

        Raises:
            WorkError: The file cannot be written.
        """
        rows = [(*_name(series), span.start_ms, span.end_ms, now_ms) for span in spans]
        with self._transact() as database:
            database.executemany("INSERT OR REPLACE INTO empty_spans VALUES (?, ?, ?, ?, ?, ?)", rows)

    @contextmanager
    def _transact(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self._file, timeout=_LOCK_TIMEOUT_S)) as database, database:
                database.execute(_SCHEMA)
                yield database
        except sqlite3.Error as error:
            raise WorkError(
                f"cannot keep what the venue has answered in {self._file}: {error}; make it writable, or remove it"
            ) from error


def _name(series: Series) -> tuple[str, str, str]:
    timeframe = series.timeframe.name if series.timeframe is not None else "funding"
    return series.instrument.venue, series.instrument.symbol, timeframe
