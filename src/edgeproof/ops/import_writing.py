"""Few large commits instead of many small ones, and still an exact count for each file."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import polars as pl

from edgeproof.domain.frames import TABLES, Table
from edgeproof.domain.instruments import Instrument
from edgeproof.domain.stores import Written
from edgeproof.ops.spans import Span, measure_spans

if TYPE_CHECKING:
    from edgeproof.domain.stores import Lake

_ROWS_TO_HOLD: Final = 2_000_000
_ROWS_TO_WRITE_AT_ONCE: Final = 400_000

Series = tuple[str, Instrument, str | None]


@dataclass(slots=True)
class Tally:
    """What became of one file's rows; grows while its portions are written."""

    written: Written = field(default_factory=Written)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    table: Table
    frame: pl.DataFrame
    tally: Tally


class ImportWriter:
    """Collects portions and appends them to a lake.

    A portion whose times overlap nothing of its instruments is sure to be new, so it may wait and share a commit; one
    that overlaps what the lake or a waiting portion holds is appended by itself, and the lake's answer is the file's.

    Args:
        lake: Where rows go.
    """

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._known: dict[Series, list[tuple[int, int]]] = defaultdict(list)
        self._held: list[_Held] = []
        for holding in lake.holdings():
            series = (holding.table, holding.instrument, holding.timeframe)
            self._known[series].append((holding.first_ms, holding.last_ms))

    def add(self, table: Table, frame: pl.DataFrame, tally: Tally) -> None:
        """Write rows now or later, and tell the tally what became of them.

        Raises:
            WorkError: The lake could not be written.
        """
        if frame.is_empty():
            return
        spans = measure_spans(frame)
        # A commit of its own costs less than proving that a large portion repeats no key.
        alone = frame.height > _ROWS_TO_WRITE_AT_ONCE or self._overlaps(table, spans) or _repeats_keys(table, frame)
        for span in spans:
            self._known[table.name, span.instrument, span.timeframe].append((span.first_ms, span.last_ms))
        if alone:
            self.flush()
            tally.written += self._lake.append(table, frame)
            return
        self._held.append(_Held(table=table, frame=frame, tally=tally))
        if sum(held.frame.height for held in self._held) >= _ROWS_TO_HOLD:
            self.flush()

    def flush(self) -> None:
        """Append what waits, one commit for each table.

        Raises:
            WorkError: The lake could not be written.
        """
        for table in TABLES.values():
            waiting = [held for held in self._held if held.table is table]
            if waiting:
                written = self._lake.append(table, pl.concat(held.frame for held in waiting))
                _share_out(written, waiting)
        self._held.clear()

    def _overlaps(self, table: Table, spans: list[Span]) -> bool:
        return any(
            span.first_ms <= last_ms and first_ms <= span.last_ms
            for span in spans
            for first_ms, last_ms in self._known.get((table.name, span.instrument, span.timeframe), ())
        )


def _repeats_keys(table: Table, frame: pl.DataFrame) -> bool:
    return bool(frame.select(pl.struct(table.key).n_unique()).item() < frame.height)


def _share_out(written: Written, waiting: list[_Held]) -> None:
    """Waiting rows were all new when they were queued; rows that another process wrote meanwhile count from the end."""
    new, conflicting = written.new, written.conflicting
    for held in waiting:
        rows = held.frame.height
        mine = min(rows, new)
        clashing = min(rows - mine, conflicting)
        held.tally.written += Written(new=mine, conflicting=clashing, already_there=rows - mine - clashing)
        new, conflicting = new - mine, conflicting - clashing
