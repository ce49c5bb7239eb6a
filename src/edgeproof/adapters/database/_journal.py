"""The intake's journal, in the ledger's database."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Self

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from edgeproof.adapters.database._codec import decode_json, encode_json
from edgeproof.adapters.database._engine import WRITES
from edgeproof.adapters.database._errors import told_plainly
from edgeproof.adapters.database._intake_rows import IntakeGapRow, IntakeRunRow, IntakeWatermarkRow
from edgeproof.adapters.database._opening import close_with, open_place
from edgeproof.domain.instruments import Instrument
from edgeproof.ops.gaps import Gap
from edgeproof.ops.intake import Heartbeat, IntakeRun

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    from sqlalchemy import Engine, Select

    from edgeproof.adapters.database._url import Place


def open_journal(url: str | Path) -> SqlJournal:
    """Open the journal kept in a ledger's database, making or migrating it where that is needed.

    Raises:
        InvalidValue: The URL names no ledger.
        MissingDriver: Its database needs a package that is not installed.
        NewerLedger: A later edgeproof wrote it.
        WorkError: It cannot be opened, reached, read or written.
    """
    return SqlJournal(*open_place(url))


class SqlJournal:
    """Implements ``ops.intake.Journal`` on SQLite and PostgreSQL; use it from one thread."""

    def __init__(self, engine: Engine, place: Place) -> None:
        self._place = place
        self._close = close_with(self, engine)
        self._readers = sessionmaker(engine)
        self._writers = sessionmaker(engine.execution_options(**{WRITES: True}))

    def begin_run(self, venue: str, symbols: Sequence[str], *, pid: int, now_ms: int) -> int:
        """Open a run; returns its number."""
        row = IntakeRunRow(
            venue=venue,
            symbols=encode_json("run", {"symbols": list(symbols)}),
            pid=pid,
            started_ms=now_ms,
            detail="",
        )
        with self._write() as session:
            session.add(row)
            session.flush()
            return row.run_id

    def beat(self, run_id: int, heartbeat: Heartbeat) -> None:
        """Replace a run's sign of life."""
        with self._write() as session:
            session.get_one(IntakeRunRow, run_id).heartbeat = encode_json("heartbeat", asdict(heartbeat))

    def finish_run(self, run_id: int, *, now_ms: int, detail: str) -> None:
        """Close a run."""
        with self._write() as session:
            row = session.get_one(IntakeRunRow, run_id)
            row.finished_ms, row.detail = now_ms, detail

    def runs(self, *, limit: int = 10) -> Sequence[IntakeRun]:
        """The newest runs first."""
        with self._read() as session:
            newest = select(IntakeRunRow).order_by(IntakeRunRow.run_id.desc()).limit(limit)
            return [_to_run(row) for row in session.scalars(newest)]

    def watermarks(self, venue: str) -> Mapping[str, int]:
        """Up to when each symbol's trades were checked, milliseconds."""
        with self._read() as session:
            marks = session.scalars(select(IntakeWatermarkRow).where(IntakeWatermarkRow.venue == venue))
            return {row.symbol: row.checked_ms for row in marks}

    def advance(self, instrument: Instrument, checked_ms: int, gaps: Sequence[Gap] = ()) -> None:
        """Move a symbol's watermark forwards and record the gaps before it, both or neither."""
        with self._write() as session:
            mark = session.get(IntakeWatermarkRow, (instrument.venue, instrument.symbol))
            if mark is None:
                mark = IntakeWatermarkRow(venue=instrument.venue, symbol=instrument.symbol, checked_ms=checked_ms)
                session.add(mark)
            mark.checked_ms = max(mark.checked_ms, checked_ms)
            if not gaps:
                return
            starts = [gap.start_ms for gap in gaps]
            then = _select_gaps(instrument).where(IntakeGapRow.start_ms.between(min(starts), max(starts)))
            known = set(session.scalars(then.with_only_columns(IntakeGapRow.start_ms)))
            session.add_all(_to_row(gap) for gap in gaps if gap.start_ms not in known)

    def gaps(self, instrument: Instrument | None = None) -> Sequence[Gap]:
        """Every gap recorded, by instrument and time."""
        order = (IntakeGapRow.venue, IntakeGapRow.symbol, IntakeGapRow.start_ms)
        with self._read() as session:
            return [_to_gap(row) for row in session.scalars(_select_gaps(instrument).order_by(*order))]

    def close(self) -> None:
        """Give its connections back."""
        self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def _read(self) -> Iterator[Session]:
        with told_plainly(self._place), self._readers.begin() as session:
            yield session

    @contextmanager
    def _write(self) -> Iterator[Session]:
        with told_plainly(self._place), self._writers.begin() as session:
            yield session


def _select_gaps(instrument: Instrument | None) -> Select[IntakeGapRow]:
    chosen = select(IntakeGapRow)
    if instrument is None:
        return chosen
    return chosen.where(IntakeGapRow.venue == instrument.venue, IntakeGapRow.symbol == instrument.symbol)


def _to_row(gap: Gap) -> IntakeGapRow:
    return IntakeGapRow(
        venue=gap.instrument.venue,
        symbol=gap.instrument.symbol,
        start_ms=gap.start_ms,
        end_ms=gap.end_ms,
        cause=gap.cause,
        held_volume=gap.held_volume,
        published_volume=gap.published_volume,
        found_ms=gap.found_ms,
    )


def _to_gap(row: IntakeGapRow) -> Gap:
    return Gap(
        instrument=Instrument(venue=row.venue, symbol=row.symbol),
        start_ms=row.start_ms,
        end_ms=row.end_ms,
        cause=row.cause,
        held_volume=row.held_volume,
        published_volume=row.published_volume,
        found_ms=row.found_ms,
    )


def _to_run(row: IntakeRunRow) -> IntakeRun:
    return IntakeRun(
        run_id=row.run_id,
        venue=row.venue,
        symbols=tuple(decode_json(row.symbols)["symbols"]),
        pid=row.pid,
        started_ms=row.started_ms,
        heartbeat=Heartbeat(**decode_json(row.heartbeat)) if row.heartbeat else None,
        finished_ms=row.finished_ms,
        detail=row.detail,
    )
