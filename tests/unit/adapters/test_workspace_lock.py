from __future__ import annotations

import json
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from edgeproof.adapters import workspace_lock
from edgeproof.adapters.workspace_lock import Holder, WorkspaceLock
from edgeproof.domain.errors import Busy, WorkError
from edgeproof.domain.time import parse_instant

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_HOLD = """
import pathlib, sys
from edgeproof.adapters import workspace_lock
from edgeproof.adapters.workspace_lock import WorkspaceLock
with WorkspaceLock(pathlib.Path(sys.argv[1])).hold("research run"):
    print("held", flush=True)
    sys.stdin.read()
"""


class StoppedClock:
    """Always the same moment."""

    def now_ms(self) -> int:
        return parse_instant("2026-01-31T12:00Z")


@pytest.fixture
def other_run(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the workspace until its standard input ends."""
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "held\n"
        yield run
        run.kill()


def test_a_workspace_nobody_runs_in_is_free_and_stays_untouched(tmp_path: Path) -> None:
    lock = WorkspaceLock(tmp_path)
    assert not lock.is_held()
    assert lock.holder() is None
    assert list(tmp_path.iterdir()) == []


def test_a_run_holds_its_workspace_and_says_who_since_when_and_what_for(tmp_path: Path) -> None:
    with WorkspaceLock(tmp_path, StoppedClock()).hold("research run") as mine:
        assert WorkspaceLock(tmp_path).is_held()
        assert WorkspaceLock(tmp_path).holder() == mine
        assert str(mine) == f"process {mine.pid} (research run) since 2026-01-31T12:00:00Z"
    assert not WorkspaceLock(tmp_path).is_held()
    assert WorkspaceLock(tmp_path).holder() is None


def test_a_second_run_is_told_who_runs(tmp_path: Path, other_run: subprocess.Popen[str]) -> None:
    with pytest.raises(Busy, match=rf"in use by process {other_run.pid} \(research run\) since 20.*; wait"):
        WorkspaceLock(tmp_path).hold("data import").__enter__()
    holder = WorkspaceLock(tmp_path).holder()
    assert holder is not None
    assert (holder.pid, holder.purpose) == (other_run.pid, "research run")


def test_a_killed_run_holds_nothing(tmp_path: Path, other_run: subprocess.Popen[str]) -> None:
    assert WorkspaceLock(tmp_path).is_held()
    other_run.kill()
    other_run.wait()
    assert (tmp_path / ".run.json").exists()
    assert not WorkspaceLock(tmp_path).is_held()
    assert WorkspaceLock(tmp_path).holder() is None
    with WorkspaceLock(tmp_path).hold("research run") as mine:
        assert WorkspaceLock(tmp_path).holder() == mine


def test_a_run_that_failed_lets_go(tmp_path: Path) -> None:
    lock = WorkspaceLock(tmp_path)
    with pytest.raises(ZeroDivisionError), lock.hold("research run"):
        _ = 1 / 0
    with lock.hold("research run"):
        assert lock.is_held()


def test_a_run_does_not_enter_its_own_workspace_twice(tmp_path: Path) -> None:
    lock = WorkspaceLock(tmp_path)
    with lock.hold("research run"), pytest.raises(Busy, match="research run"):
        lock.hold("research run").__enter__()


@pytest.mark.parametrize("left", ["", "[]", '{"pid": 1, "host": "x"}', json.dumps({"pid": 2**22 + 1, "since_ms": 1})])
def test_what_cannot_be_read_about_the_holder_is_not_made_up(
    tmp_path: Path, other_run: subprocess.Popen[str], left: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workspace_lock, "_PATIENCE_S", 0.05)
    assert other_run.poll() is None
    (tmp_path / ".run.json").write_text(left)
    assert WorkspaceLock(tmp_path).holder() == Holder()
    with pytest.raises(Busy, match="in use by another process; wait"):
        WorkspaceLock(tmp_path).hold("research run").__enter__()


def test_asking_all_the_time_does_not_keep_a_run_from_beginning(tmp_path: Path) -> None:
    seen = {True: threading.Event(), False: threading.Event()}
    enough = threading.Event()

    def watch() -> None:
        while not enough.wait(0.001):
            seen[WorkspaceLock(tmp_path).is_held()].set()

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        for _ in range(10):
            with WorkspaceLock(tmp_path).hold("research run"):
                seen[True].clear()
                assert seen[True].wait(30)
            seen[False].clear()
            assert seen[False].wait(30)
    finally:
        enough.set()
        watcher.join()


def test_a_workspace_that_cannot_be_written_is_said_in_one_line(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.write_text("a file, not a directory")
    with pytest.raises(WorkError, match=r"cannot lock workspace .*gone: .*; make the directory writable"):
        WorkspaceLock(gone).hold("research run").__enter__()
