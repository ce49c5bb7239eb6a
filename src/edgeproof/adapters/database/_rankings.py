"""Decisions, pools and reports: what each cycle concluded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select

from edgeproof.adapters.database._convert import (
    from_decision,
    from_pool_entry,
    to_decision,
    to_pool_entry,
    to_report,
)
from edgeproof.adapters.database._cycles import find_last_done, require_cycle, require_running
from edgeproof.adapters.database._rows import CycleRow, PoolEntryRow, RankingDecisionRow, ReportRow
from edgeproof.domain.errors import InvalidValue
from edgeproof.domain.records import RunStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from edgeproof.domain.records import PoolEntry, RankingDecision, ReportRecord


def record_ranking(
    session: Session, cycle_id: int, decisions: Sequence[RankingDecision], pool: Sequence[PoolEntry]
) -> None:
    """Write a running cycle's decisions and pool, replacing those of an earlier attempt at it."""
    require_running(session, cycle_id)
    _check_places(pool)
    for table in (RankingDecisionRow, PoolEntryRow):
        session.execute(delete(table).where(table.cycle_id == cycle_id))
    if decisions:
        rows = [
            {"cycle_id": cycle_id, "position": position, **from_decision(decision)}
            for position, decision in enumerate(decisions)
        ]
        session.execute(insert(RankingDecisionRow), rows)
    if pool:
        session.execute(insert(PoolEntryRow), [{"cycle_id": cycle_id, **from_pool_entry(entry)} for entry in pool])


def list_decisions(session: Session, cycle_id: int) -> Sequence[RankingDecision]:
    """A cycle's decisions, kept ones first, by rank; those without a rank in the order given."""
    row = RankingDecisionRow
    ordered = (
        select(row)
        .where(row.cycle_id == cycle_id)
        .order_by(row.action != "kept", row.rank.is_(None), row.rank, row.position)
    )
    return tuple(to_decision(row) for row in session.scalars(ordered))


def list_pool(session: Session, pool: str) -> Sequence[PoolEntry]:
    """The pool after the cycle that was done last, by rank."""
    cycle = find_last_done(session)
    if cycle is None:
        return ()
    entries = (
        select(PoolEntryRow)
        .where(PoolEntryRow.cycle_id == cycle.cycle_id, PoolEntryRow.pool == pool)
        .order_by(PoolEntryRow.rank)
    )
    return tuple(to_pool_entry(row) for row in session.scalars(entries))


def record_report(session: Session, report: ReportRecord) -> None:
    """Keep a report."""
    require_cycle(session, report.cycle_id)
    session.add(
        ReportRow(
            cycle_id=int(report.cycle_id),
            run_id=report.run_id,
            created_ms=int(report.created_ms),
            json_text=report.json_text,
        )
    )


def find_latest_report(session: Session) -> ReportRecord | None:
    """The newest report of the newest done cycle that has one."""
    newest = (
        select(ReportRow)
        .join(CycleRow, CycleRow.cycle_id == ReportRow.cycle_id)
        .where(CycleRow.status == RunStatus.DONE.value)
        .order_by(CycleRow.finished_ms.desc(), CycleRow.cycle_id.desc(), ReportRow.report_id.desc())
        .limit(1)
    )
    row = session.scalar(newest)
    return None if row is None else to_report(row)


def _check_places(pool: Sequence[PoolEntry]) -> None:
    taken: set[tuple[str, int]] = set()
    for entry in pool:
        place = (entry.pool, entry.rank)
        if place in taken:
            raise InvalidValue("pool", f"{entry.pool} rank {entry.rank}", "each rank once in a pool")
        taken.add(place)
