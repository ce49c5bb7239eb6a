"""What an intake is doing, told from the lock that a living process holds and from its last sign of life."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from edgeproof.domain.time import MS_PER_SECOND, format_ms

if TYPE_CHECKING:
    from edgeproof.ops.intake.ports import IntakeRun

# Signs of life come every five seconds.
SILENT_AFTER_MS: Final = 30 * MS_PER_SECOND
_QUIET_AFTER_MS: Final = 60 * MS_PER_SECOND
_REFUSED: Final = "refused: "


def describe_intake(run: IntakeRun | None, *, running_pid: int | None, now_ms: int) -> dict[str, Any]:
    """The newest run's state, JSON-ready.

    ``state`` is ``never`` (there was no run), ``starting`` (a process is there and has not taken anything in yet),
    ``live`` (it has given a sign of life within 30 s and had a trade within 60 s), ``silent`` (the process is there,
    the trades or the signs are not), ``stopped`` (it ended as it was asked to, or for the reason in ``detail``) or
    ``lost`` (its process ended without a word). A process is there only when it holds the intake's lock: what the
    ledger says of itself is what a killed process left behind.

    Args:
        run: The newest one, None where there was none.
        running_pid: The process that holds the lock of the intake, or None.
        now_ms: The present, UTC milliseconds.
    """
    if run is None or (running_pid is not None and run.pid != running_pid):
        return {"state": "never" if running_pid is None else "starting", "pid": running_pid}
    beat = run.heartbeat
    counts = {} if beat is None else dict(beat.counts)
    return {
        "state": _judge(run, running=running_pid is not None, now_ms=now_ms),
        "pid": running_pid,
        "venue": run.venue,
        "symbols": len(run.symbols),
        "started_at": format_ms(run.started_ms),
        "finished_at": None if run.finished_ms is None else format_ms(run.finished_ms),
        "detail": run.detail,
        "heartbeat_at": None if beat is None else format_ms(beat.at_ms),
        "heartbeat_age_s": None if beat is None else (now_ms - beat.at_ms) / MS_PER_SECOND,
        "trades_per_s": None if beat is None else beat.trades_per_s,
        "lag_ms": None if beat is None else beat.lag_ms,
        "delay_ms": None if beat is None else beat.delay_ms,
        "waiting": None if beat is None else beat.waiting,
        "counts": {name: count for name, count in counts.items() if not name.startswith(_REFUSED)},
        "refused": {name.removeprefix(_REFUSED): n for name, n in counts.items() if name.startswith(_REFUSED)},
    }


def _judge(run: IntakeRun, *, running: bool, now_ms: int) -> str:
    if not running:
        return "lost" if run.finished_ms is None else "stopped"
    if run.heartbeat is None:
        return "starting" if now_ms - run.started_ms <= SILENT_AFTER_MS else "silent"
    silent = now_ms - run.heartbeat.at_ms > SILENT_AFTER_MS or run.heartbeat.lag_ms > _QUIET_AFTER_MS
    return "silent" if silent else "live"
