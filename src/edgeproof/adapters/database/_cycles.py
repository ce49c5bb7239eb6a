"""Cycles and their stages. A cycle runs until it is done or failed, or is interrupted and may run again from there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from edgeproof.adapters.database._codec import encode_json
from edgeproof.adapters.database._convert import from_stage, to_cycle
from edgeproof.adapters.database._rows import CycleRow, StageRow
from edgeproof.domain.errors import InvalidValue
from edgeproof.domain.records import RunStatus

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.orm import Session

    from edgeproof.domain.records import CycleRecord, StageRecord

_UNFINISHED: Final = (RunStatus.RUNNING.value, RunStatus.INTERRUPTED.value)


def begin_cycle(session: Session, run_id: str, request: Mapping[str, Any], *, now_ms: int, pid: int) -> CycleRecord:
    """Open a cycle, or reopen the newest unfinished one with this run_id."""
    _interrupt_running(session)
    row = _find_unfinished(session, run_id) or _add_cycle(session, run_id, request, now_ms)
    row.status = RunStatus.RUNNING.value
    row.finished_ms = None
    row.heartbeat_ms = int(now_ms)
    row.pid = int(pid)
    row.detail = ""
    session.flush()
    return to_cycle(row)


def record_stage(session: Session, cycle_id: int, stage: StageRecord, *, now_ms: int) -> None:
    """Write a stage's present state, and the cycle's heartbeat."""
    cycle = require_running(session, cycle_id)
    cycle.heartbeat_ms = int(now_ms)
    columns = from_stage(stage)
    row = next((row for row in cycle.stages if row.name == stage.name), None)
    if row is None:
        cycle.stages.append(StageRow(position=len(cycle.stages), **columns))
        return
    for name, value in columns.items():
        setattr(row, name, value)


def finish_cycle(session: Session, cycle_id: int, status: RunStatus, *, now_ms: int, detail: str) -> None:
    """Close a running cycle, and the stages still running with it."""
    if status is RunStatus.RUNNING:
        raise InvalidValue("status of a finished cycle", str(status), "done, failed or interrupted")
    cycle = require_running(session, cycle_id)
    _close(cycle, status)
    cycle.finished_ms = cycle.heartbeat_ms = int(now_ms)
    cycle.detail = detail


def list_cycles(session: Session, limit: int) -> Sequence[CycleRecord]:
    """The newest cycles first."""
    newest = select(CycleRow).order_by(CycleRow.heartbeat_ms.desc(), CycleRow.cycle_id.desc()).limit(limit)
    return tuple(to_cycle(row) for row in session.scalars(newest))


def require_cycle(session: Session, cycle_id: int) -> CycleRow:
    """The cycle's row.

    Raises:
        InvalidValue: There is none.
    """
    row = session.get(CycleRow, int(cycle_id))
    if row is None:
        raise InvalidValue("cycle_id", cycle_id, "the id of a recorded cycle")
    return row


def require_running(session: Session, cycle_id: int) -> CycleRow:
    """The running cycle's row.

    Raises:
        InvalidValue: There is none, or it runs no longer.
    """
    row = require_cycle(session, cycle_id)
    if row.status != RunStatus.RUNNING.value:
        raise InvalidValue("cycle_id", cycle_id, f"a running cycle; this one is {row.status}")
    return row


def find_last_done(session: Session) -> CycleRow | None:
    """The cycle that was done last."""
    return session.scalar(
        select(CycleRow)
        .where(CycleRow.status == RunStatus.DONE.value)
        .order_by(CycleRow.finished_ms.desc(), CycleRow.cycle_id.desc())
        .limit(1)
    )


def _interrupt_running(session: Session) -> None:
    # Only one run holds a workspace: whatever still says that it runs is from a process that died.
    running = select(CycleRow).where(CycleRow.status == RunStatus.RUNNING.value)
    for cycle in session.scalars(running):
        _close(cycle, RunStatus.INTERRUPTED)


def _close(cycle: CycleRow, status: RunStatus) -> None:
    cycle.status = status.value
    for stage in cycle.stages:
        if stage.status == RunStatus.RUNNING.value:
            stage.status = status.value


def _find_unfinished(session: Session, run_id: str) -> CycleRow | None:
    newest = (
        select(CycleRow)
        .where(CycleRow.run_id == run_id, CycleRow.status.in_(_UNFINISHED))
        .order_by(CycleRow.cycle_id.desc())
        .limit(1)
    )
    return session.scalar(newest)


def _add_cycle(session: Session, run_id: str, request: Mapping[str, Any], now_ms: int) -> CycleRow:
    row = CycleRow(run_id=run_id, request=encode_json("request", request), started_ms=int(now_ms))
    session.add(row)
    return row
