"""What is said to run is what a living process holds."""

from __future__ import annotations

from edgeproof.domain.records import CycleRecord, RunStatus, StageRecord
from edgeproof.research import describe_cycles

RUNNING = CycleRecord(
    cycle_id=3,
    run_id="abc",
    status=RunStatus.RUNNING,
    request={"seed": 7},
    started_ms=10_000,
    heartbeat_ms=15_000,
    pid=99,
    stages=(
        StageRecord(name="score", status=RunStatus.DONE, started_ms=10_000, finished_ms=11_000),
        StageRecord(name="backtest", status=RunStatus.RUNNING, started_ms=11_000, done=25, total=75),
    ),
)
DONE = CycleRecord(
    cycle_id=2, run_id="abc", status=RunStatus.DONE, request={}, started_ms=1_000, finished_ms=4_500, pid=50
)


def test_a_cycle_whose_process_holds_the_workspace_is_running() -> None:
    (told,) = describe_cycles([RUNNING], running_pid=99, now_ms=20_000)
    assert (told["status"], told["pid"], told["seconds"]) == ("running", 99, 10.0)
    assert told["stages"][1] == {
        "name": "backtest",
        "status": "running",
        "seconds": 9.0,
        "done": 25,
        "total": 75,
        "detail": "",
    }


def test_a_cycle_whose_process_is_gone_is_not_running_whatever_it_wrote() -> None:
    for holder in (None, 100):
        (told,) = describe_cycles([RUNNING], running_pid=holder, now_ms=20_000)
        assert (told["status"], told["pid"], told["seconds"]) == ("interrupted", None, 5.0)
        assert told["stages"][1]["status"] == "interrupted"
        assert told["stages"][1]["seconds"] == 4.0
        assert "goes on where it stopped" in told["detail"]


def test_a_finished_cycle_says_how_long_it_took() -> None:
    (told,) = describe_cycles([DONE], running_pid=None, now_ms=99_000)
    assert (told["status"], told["seconds"], told["finished_at"]) == ("done", 3.5, "1970-01-01T00:00:04.500Z")
