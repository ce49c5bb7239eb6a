"""What the house needs of its stores; adapters obey."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from edgeproof.domain.errors import WorkError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any

    import polars as pl

    from edgeproof.domain.frames import Table
    from edgeproof.domain.instruments import Instrument
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
    from edgeproof.domain.time import Timeframe, Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What an append did with the rows it was given.

    Attributes:
        new: Rows added.
        already_there: Rows whose key was in the table with equal values, or repeated within the batch.
        conflicting: Rows whose key was there with other values; the row that was there first stays.
    """

    new: int = 0
    already_there: int = 0
    conflicting: int = 0

    def __add__(self, other: Written) -> Written:
        return Written(
            new=self.new + other.new,
            already_there=self.already_there + other.already_there,
            conflicting=self.conflicting + other.conflicting,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What a merge of small files did.

    Attributes:
        files_before: Files that were taken out.
        files_after: Files that hold their rows now.
        rows: Rows that were written again.
    """

    files_before: int = 0
    files_after: int = 0
    rows: int = 0

    def __add__(self, other: Merged) -> Merged:
        return Merged(
            files_before=self.files_before + other.files_before,
            files_after=self.files_after + other.files_after,
            rows=self.rows + other.rows,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What a table holds of one instrument (and timeframe, for bars)."""

    table: str
    instrument: Instrument
    timeframe: str | None
    rows: int
    first_ms: int
    last_ms: int


class Lake(Protocol):
    """Trades, bars and funding at rest. Safe for many processes at once; a killed writer leaves a readable table."""

    def append(self, table: Table, frame: pl.DataFrame) -> Written:
        """Add the rows whose key is new; writing the same rows again changes nothing.

        Raises:
            SchemaMismatch: The frame is not the table's.
            WorkError: The store could not be written.
        """
        ...

    def bars(self, instrument: Instrument, timeframe: Timeframe, window: Window | None = None) -> pl.DataFrame:
        """Bars as stored, sorted by ts; empty (with the schema) where there are none."""
        ...

    def funding(self, instrument: Instrument, window: Window | None = None) -> pl.DataFrame:
        """Funding rates, sorted by ts."""
        ...

    def trades(self, instrument: Instrument, window: Window | None = None) -> pl.DataFrame:
        """Trades, sorted by ts, then trade_id."""
        ...

    def holdings(self) -> Sequence[Holding]:
        """What is there, one entry per table, instrument and timeframe, sorted."""
        ...

    def merge_files(self, table: Table) -> Merged:
        """Put the rows of many small files into few; rows and results stay what they are.

        Raises:
            WorkError: The store could not be read or written.
        """
        ...

    def drop_before(self, table: Table, ms: int) -> int:
        """Forget rows older than ``ms``; some of them may stay, none that is younger goes. Returns rows gone.

        Raises:
            WorkError: The store could not be written.
        """
        ...

    def vacuum(self, *, keep_hours: int = 1) -> int:
        """Give back the space of what has not been part of the lake for so many hours. Returns files gone.

        Raises:
            WorkError: The store could not be written.
        """
        ...


class IrreproducibleTrial(WorkError):  # noqa: N818 - reads as what happened
    """A trial asked again gave another answer; nothing of its batch was recorded.

    Args:
        key: The trial whose answers differ.
        recorded: The result hash the ledger holds.
        given: The result hash that came now.
        conflicts: How many trials of the batch differ so, this one included.
    """

    def __init__(self, key: str, recorded: str, given: str, *, conflicts: int = 1) -> None:
        self.key = key
        self.recorded = recorded
        self.given = given
        self.conflicts = conflicts
        more = f" (and {conflicts - 1} more of this batch)" if conflicts > 1 else ""
        super().__init__(
            f"trial {key} gave result {given}, but {recorded} when it was first made{more}; the same strategy, data and"
            " costs must give the same result: nothing was recorded, look for randomness or a changed computation"
        )

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild_irreproducible, (self.key, self.recorded, self.given, self.conflicts))


def _rebuild_irreproducible(key: str, recorded: str, given: str, conflicts: int) -> IrreproducibleTrial:
    return IrreproducibleTrial(key, recorded, given, conflicts=conflicts)


class Ledger(Protocol):
    """Everything else at rest. It only grows: nothing here updates a trial, a decision or a report.

    One instance may be used from one thread; open one per process. Every method is one unit of work.
    """

    def begin_cycle(self, run_id: str, request: Mapping[str, Any], *, now_ms: int, pid: int) -> CycleRecord:
        """Open a cycle, or reopen the newest unfinished one with this run_id; other unfinished ones become interrupted.

        Unfinished are running and interrupted ones. A reopened cycle keeps its stages, so that the caller can resume;
        those that a dead process left running are interrupted.
        """
        ...

    def record_stage(self, cycle_id: int, stage: StageRecord, *, now_ms: int) -> None:
        """Write a stage's present state, and the cycle's heartbeat.

        Raises:
            InvalidValue: The cycle is not running.
        """
        ...

    def finish_cycle(self, cycle_id: int, status: RunStatus, *, now_ms: int, detail: str = "") -> None:
        """Close a running cycle; a stage still running takes the cycle's status.

        Raises:
            InvalidValue: The cycle is not running, or the status is no end.
        """
        ...

    def cycles(self, *, limit: int = 20) -> Sequence[CycleRecord]:
        """The newest cycles first, by their last sign of life, stages included."""
        ...

    def record_strategies(self, versions: Iterable[StrategyVersion]) -> int:
        """Remember versions not seen before; returns how many were new."""
        ...

    def strategy_versions(self) -> Sequence[StrategyVersion]:
        """Every version, in order of first sight."""
        ...

    def record_trials(self, trials: Sequence[Trial]) -> int:
        """Remember trials; one whose key is known is the same trial. Returns how many were new.

        All of them or none: whatever is raised, nothing of this batch was recorded.

        Raises:
            IrreproducibleTrial: A known key came with another result_hash.
            InvalidValue: A number that JSON cannot carry, such as an infinite metric.
        """
        ...

    def trials(self, *, keys: Iterable[str] | None = None) -> Iterator[Trial]:
        """Trials in order of creation; all of them, or those with these keys."""
        ...

    def count_trials(self) -> int:
        """How many distinct trials were ever made."""
        ...

    def record_ranking(self, cycle_id: int, decisions: Sequence[RankingDecision], pool: Sequence[PoolEntry]) -> None:
        """Write a cycle's decisions and its pool, replacing what an interrupted attempt at the same cycle left.

        Raises:
            InvalidValue: The cycle is not running, a score is not finite, or a pool has one rank twice.
        """
        ...

    def decisions(self, cycle_id: int) -> Sequence[RankingDecision]:
        """A cycle's decisions, kept ones first, by rank; those without a rank in the order given."""
        ...

    def pool(self, pool: str) -> Sequence[PoolEntry]:
        """The pool after the newest finished cycle, by rank."""
        ...

    def record_report(self, report: ReportRecord) -> None:
        """Keep a report."""
        ...

    def latest_report(self) -> ReportRecord | None:
        """The newest report of a finished cycle, or None."""
        ...
