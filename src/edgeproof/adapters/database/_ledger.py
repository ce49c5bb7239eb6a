"""The ledger on a SQL database: each method is one unit of work."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Self

from sqlalchemy.orm import Session, sessionmaker

from edgeproof.adapters.database import _cycles, _rankings, _trials
from edgeproof.adapters.database._engine import WRITES
from edgeproof.adapters.database._errors import told_plainly
from edgeproof.adapters.database._opening import close_with, open_place

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    from sqlalchemy import Engine

    from edgeproof.adapters.database._url import Place
    from edgeproof.domain.records import (
        CycleRecord,
        PoolEntry,
        RankingDecision,
        ReportRecord,
        RunStatus,
        StageRecord,
        StrategyVersion,
        Trial,
    )

_TRIALS_AT_ONCE: Final = 1_000


def open_ledger(url: str | Path) -> SqlLedger:
    """Open a ledger, making it or bringing its schema up to date where that is needed.

    Args:
        url: ``sqlite:///FILE``, a path, or ``postgresql://USER:PASSWORD@HOST/DATABASE``.

    Raises:
        InvalidValue: The URL names no ledger.
        MissingDriver: Its database needs a package that is not installed.
        NewerLedger: A later edgeproof wrote it.
        WorkError: It cannot be opened, reached, read or written.
    """
    return SqlLedger(*open_place(url))


class SqlLedger:
    """Implements ``domain.stores.Ledger`` on SQLite and PostgreSQL.

    Every method is one transaction: it happened whole or not at all, and what it wrote is on the disk when it returns.
    Many processes may use one ledger at once, each with an instance of its own, used from one thread; writers wait for
    each other. Close it, or use it in a ``with`` statement; a closed one is used no more.
    """

    def __init__(self, engine: Engine, place: Place) -> None:
        self._place = place
        # One that nobody closed closes itself when it is forgotten, or at the end.
        self._close = close_with(self, engine)
        self._readers = sessionmaker(engine)
        self._writers = sessionmaker(engine.execution_options(**{WRITES: True}))

    def begin_cycle(self, run_id: str, request: Mapping[str, Any], *, now_ms: int, pid: int) -> CycleRecord:
        """Open a cycle, or reopen the newest unfinished one with this run_id; others become interrupted."""
        with self._write() as session:
            return _cycles.begin_cycle(session, run_id, request, now_ms=now_ms, pid=pid)

    def record_stage(self, cycle_id: int, stage: StageRecord, *, now_ms: int) -> None:
        """Write a stage's present state, and the cycle's heartbeat."""
        with self._write() as session:
            _cycles.record_stage(session, cycle_id, stage, now_ms=now_ms)

    def finish_cycle(self, cycle_id: int, status: RunStatus, *, now_ms: int, detail: str = "") -> None:
        """Close a running cycle."""
        with self._write() as session:
            _cycles.finish_cycle(session, cycle_id, status, now_ms=now_ms, detail=detail)

    def cycles(self, *, limit: int = 20) -> Sequence[CycleRecord]:
        """The newest cycles first, stages included."""
        with self._read() as session:
            return _cycles.list_cycles(session, limit)

    def record_strategies(self, versions: Iterable[StrategyVersion]) -> int:
        """Remember versions not seen before; returns how many were new."""
        with self._write() as session:
            return _trials.record_strategies(session, versions)

    def strategy_versions(self) -> Sequence[StrategyVersion]:
        """Every version, in order of first sight."""
        with self._read() as session:
            return _trials.list_versions(session)

    def record_trials(self, trials: Sequence[Trial]) -> int:
        """Remember trials, all or none; returns how many were new."""
        with self._write() as session:
            return _trials.record_trials(session, trials)

    def trials(self, *, keys: Iterable[str] | None = None) -> Iterator[Trial]:
        """Trials in order of creation; all of them, or those with these keys.

        Which ones is settled at the first step; they are then read a thousand at a time, with no transaction left open
        between.
        """
        with self._read() as session:
            ids = _trials.find_ids(session, keys)
        for start in range(0, len(ids), _TRIALS_AT_ONCE):
            with self._read() as session:
                some = _trials.load_trials(session, ids[start : start + _TRIALS_AT_ONCE])
            yield from some

    def count_trials(self) -> int:
        """How many distinct trials were ever made."""
        with self._read() as session:
            return _trials.count_trials(session)

    def record_ranking(self, cycle_id: int, decisions: Sequence[RankingDecision], pool: Sequence[PoolEntry]) -> None:
        """Write a running cycle's decisions and its pool, replacing those of an earlier attempt at it."""
        with self._write() as session:
            _rankings.record_ranking(session, cycle_id, decisions, pool)

    def decisions(self, cycle_id: int) -> Sequence[RankingDecision]:
        """A cycle's decisions, kept ones first, by rank."""
        with self._read() as session:
            return _rankings.list_decisions(session, cycle_id)

    def pool(self, pool: str) -> Sequence[PoolEntry]:
        """The pool after the newest finished cycle, by rank."""
        with self._read() as session:
            return _rankings.list_pool(session, pool)

    def record_report(self, report: ReportRecord) -> None:
        """Keep a report."""
        with self._write() as session:
            _rankings.record_report(session, report)

    def latest_report(self) -> ReportRecord | None:
        """The newest report of a finished cycle, or None."""
        with self._read() as session:
            return _rankings.find_latest_report(session)

    def close(self) -> None:
        """Give its connections back."""
        self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"SqlLedger({str(self._place)!r})"

    @contextmanager
    def _read(self) -> Iterator[Session]:
        with told_plainly(self._place), self._readers.begin() as session:
            yield session

    @contextmanager
    def _write(self) -> Iterator[Session]:
        with told_plainly(self._place), self._writers.begin() as session:
            yield session
