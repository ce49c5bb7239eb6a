from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from fakes import budget_worker

WORKER = Path(budget_worker.__file__)


def start_worker(folder: Path, number: int, seconds: float) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(WORKER.parents[1])}
    command = [sys.executable, str(WORKER), str(folder / "budget.sqlite"), str(folder / f"{number}.log"), str(seconds)]
    return subprocess.Popen(command, env=environment)


def read_requests(folder: Path) -> list[int]:
    return sorted(int(line) for log in folder.glob("*.log") for line in log.read_text("utf-8").split())


def most_in_a_window(times: list[int], window_ms: int) -> int:
    return max(sum(start <= at <= start + window_ms for at in times) for start in times)


def assert_within_budget(times: list[int]) -> None:
    for limit in budget_worker.RULES.limits:
        assert most_in_a_window(times, limit.window_ms) <= limit.requests


def test_processes_together_use_the_whole_budget_and_never_more(tmp_path: Path) -> None:
    workers = [start_worker(tmp_path, number, 2.0) for number in range(4)]
    assert [worker.wait(timeout=60) for worker in workers] == [0, 0, 0, 0]
    times = read_requests(tmp_path)
    assert_within_budget(times)
    assert most_in_a_window(times, 2_000) >= 90


def test_a_storm_of_restarts_and_kills_never_exceeds_the_budget(tmp_path: Path) -> None:
    workers = []
    for number in range(8):
        workers.append(start_worker(tmp_path, number, 30.0))
        time.sleep(0.2)  # a storm of starts, not one start of eight
        if number >= 3:
            workers[number - 3].send_signal(signal.SIGKILL)
    for worker in workers:
        worker.send_signal(signal.SIGKILL)
        worker.wait(timeout=60)
    times = read_requests(tmp_path)
    assert len(times) > 40
    assert_within_budget(times)
