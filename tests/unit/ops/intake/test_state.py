from __future__ import annotations

from dataclasses import replace

import pytest

from edgeproof.ops.intake import Heartbeat, IntakeRun, describe_intake

NOW_MS = 1_795_241_880_000
PID = 4_321
BEAT = Heartbeat(
    at_ms=NOW_MS - 2_000,
    trades_per_s=812.5,
    waiting=3,
    lag_ms=40,
    counts={"trades": 9_000, "refused: not JSON": 2},
)
RUN = IntakeRun(
    run_id=1,
    venue="blofin",
    symbols=("BTC-USDT", "ETH-USDT"),
    pid=PID,
    started_ms=NOW_MS - 60_000,
    heartbeat=BEAT,
    finished_ms=None,
    detail="",
)


@pytest.mark.parametrize(
    ("run", "running_pid", "state"),
    [
        (None, None, "never"),
        (None, PID, "starting"),
        (RUN, PID, "live"),
        (RUN, None, "lost"),
        (replace(RUN, finished_ms=NOW_MS, detail="stopped"), None, "stopped"),
        (replace(RUN, heartbeat=replace(BEAT, at_ms=NOW_MS - 31_000)), PID, "silent"),
        (replace(RUN, heartbeat=replace(BEAT, lag_ms=61_000)), PID, "silent"),
        (replace(RUN, heartbeat=None, started_ms=NOW_MS - 1_000), PID, "starting"),
        (replace(RUN, heartbeat=None), PID, "silent"),
    ],
)
def test_a_state_follows_from_the_process_and_its_signs_of_life(
    run: IntakeRun | None, running_pid: int | None, state: str
) -> None:
    assert describe_intake(run, running_pid=running_pid, now_ms=NOW_MS)["state"] == state


def test_a_run_of_another_process_says_nothing_of_the_one_that_holds_the_lock() -> None:
    assert describe_intake(RUN, running_pid=PID + 1, now_ms=NOW_MS) == {"state": "starting", "pid": PID + 1}


def test_counts_and_refusals_are_told_apart() -> None:
    told = describe_intake(RUN, running_pid=PID, now_ms=NOW_MS)
    assert (told["counts"], told["refused"]) == ({"trades": 9_000}, {"not JSON": 2})
    assert told["heartbeat_age_s"] == 2.0
