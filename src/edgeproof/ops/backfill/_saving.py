"""Rows on their way to the lake: many answers, few commits; no span is remembered as empty before its rows are safe."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import polars as pl

from edgeproof.domain.frames import TABLES
from edgeproof.domain.stores import Written
from edgeproof.domain.time import MS_PER_SECOND

if TYPE_CHECKING:
    from edgeproof.domain.stores import Lake
    from edgeproof.domain.time import Clock, Window
    from edgeproof.ops.backfill._plan import EmptySpans, Series

# A year of 36 symbols is then about 400 commits, and a kill costs at most half a minute of requests.
_ROWS_PER_COMMIT: Final = 50_000
_LONGEST_WAIT_MS: Final = 20 * MS_PER_SECOND


@dataclass(slots=True)
class _Batch:
    began_ms: int
    rows: int = 0
    frames: dict[str, list[pl.DataFrame]] = field(default_factory=dict)
    empty: list[tuple[Series, list[Window]]] = field(default_factory=list)


class Saver:
    """Collects answers and puts them to rest.

    Args:
        lake: Where rows go.
        empty: Where empty spans are remembered.
        clock: Says how long rows have waited.
    """

    def __init__(self, lake: Lake, empty: EmptySpans, clock: Clock) -> None:
        self._lake = lake
        self._empty = empty
        self._clock = clock
        self._batch = _Batch(began_ms=clock.now_ms())
        self.written = Written()

    async def add(self, series: Series, rows: pl.DataFrame, empty: list[Window]) -> None:
        """Keep the rows of one answer, and the spans it showed to be empty.

        Raises:
            WorkError: The lake could not be written.
        """
        batch = self._batch
        if not rows.is_empty():
            batch.frames.setdefault(series.table, []).append(rows)
            batch.rows += rows.height
        if empty:
            batch.empty.append((series, empty))
        if batch.rows >= _ROWS_PER_COMMIT or self._clock.now_ms() - batch.began_ms >= _LONGEST_WAIT_MS:
            await self.flush()

    async def flush(self) -> None:
        """Put everything to rest that was added before.

        Whoever is cancelled meanwhile does not take the rows along: the thread that writes them finishes.

        Raises:
            WorkError: The lake could not be written.
        """
        batch, self._batch = self._batch, _Batch(began_ms=self._clock.now_ms())
        if batch.frames or batch.empty:
            self.written += await asyncio.to_thread(self._save, batch)

    def _save(self, batch: _Batch) -> Written:
        written = sum(
            (self._lake.append(TABLES[name], pl.concat(parts)) for name, parts in batch.frames.items()), Written()
        )
        for series, spans in batch.empty:
            self._empty.remember(series, spans, now_ms=self._clock.now_ms())
        return written
