"""What is running and what ran: read from the lock that a living process holds and from the ledger's heartbeats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from edgeproof.domain.records import RunStatus
from edgeproof.domain.time import MS_PER_SECOND, format_ms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgeproof.domain.records import CycleRecord, StageRecord

LOST: Final = "its process ended without finishing; the next run of the same request goes on where it stopped"


def describe_cycles(cycles: Sequence[CycleRecord], *, running_pid: int | None, now_ms: int) -> list[dict[str, Any]]:
    """The newest cycles first, JSON-ready.

    A cycle is running only when the process that began it holds the workspace: what the ledger says of itself is what a
    killed process left behind.

    Args:
        cycles: As the ledger gives them.
        running_pid: The process that holds the workspace, or None.
        now_ms: The present, UTC milliseconds.
    """
    return [_describe(cycle, running_pid=running_pid, now_ms=now_ms) for cycle in cycles]


def _describe(cycle: CycleRecord, *, running_pid: int | None, now_ms: int) -> dict[str, Any]:
    lost = cycle.status is RunStatus.RUNNING and cycle.pid != running_pid
    alive = cycle.status is RunStatus.RUNNING and not lost
    status = RunStatus.INTERRUPTED if lost else cycle.status
    end = now_ms if alive else cycle.finished_ms or cycle.heartbeat_ms or cycle.started_ms
    return {
        "cycle_id": cycle.cycle_id,
        "run_id": cycle.run_id,
        "status": str(status),
        "started_at": format_ms(cycle.started_ms),
        "finished_at": None if cycle.finished_ms is None else format_ms(cycle.finished_ms),
        "heartbeat_at": None if cycle.heartbeat_ms is None else format_ms(cycle.heartbeat_ms),
        "seconds": (end - cycle.started_ms) / MS_PER_SECOND,
        "detail": LOST if lost else cycle.detail,
        "pid": cycle.pid if alive else None,
        "request": dict(cycle.request),
        "stages": [_describe_stage(stage, lost=lost, end_ms=end) for stage in cycle.stages],
    }


def _describe_stage(stage: StageRecord, *, lost: bool, end_ms: int) -> dict[str, Any]:
    end = end_ms if stage.finished_ms is None else stage.finished_ms
    status = RunStatus.INTERRUPTED if lost and stage.status is RunStatus.RUNNING else stage.status
    return {
        "name": stage.name,
        "status": str(status),
        "seconds": max(0, end - stage.started_ms) / MS_PER_SECOND,
        "done": stage.done,
        "total": stage.total,
        "detail": stage.detail,
    }
