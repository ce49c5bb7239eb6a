"""Real processes: writing at once, killed at any moment, locked out, out of room."""

from __future__ import annotations

import multiprocessing
import shutil
import tempfile
import time
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from polars.testing import assert_frame_equal

from contracts.lake_contract import BTC
from edgeproof.adapters.lake import DeltaLake
from edgeproof.domain.frames import BARS
from edgeproof.domain.stores import Written
from edgeproof.domain.time import ONE_MINUTE
from fakes.lake_rows import bar_rows
from fakes.lake_workers import (
    ROWS_PER_APPEND,
    write_as_nobody,
    write_bars,
    write_until_killed,
    write_with_little_room,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

SPAWN = multiprocessing.get_context("spawn")
PATIENCE_S = 120


def run_writers(folder: Path, plans: Sequence[Sequence[int]], *, lockless: bool) -> list[Written]:
    """One process for each plan, a plan being the first minutes of its batches; all begin at once."""
    start, outcomes = SPAWN.Barrier(len(plans)), SPAWN.Queue()
    writers = [
        SPAWN.Process(
            target=write_bars, args=(str(folder), {}, list(plan), start, outcomes), kwargs={"lockless": lockless}
        )
        for plan in plans
    ]
    for writer in writers:
        writer.start()
    told = [outcomes.get(timeout=PATIENCE_S) for _ in writers]
    for writer in writers:
        writer.join(PATIENCE_S)
    assert all(isinstance(outcome, Written) for outcome in told), told
    return told


@pytest.mark.parametrize("lockless", [False, True])
def test_processes_that_write_the_same_rows_at_once_leave_each_row_once(tmp_path: Path, lockless: bool) -> None:  # noqa: FBT001 - a parameter of the test
    plan = [at * ROWS_PER_APPEND for at in range(6)]
    told = run_writers(tmp_path / "lake", [plan, plan, plan], lockless=lockless)
    assert sum(told, Written()) == Written(new=1_200, already_there=2_400)
    assert_frame_equal(DeltaLake(tmp_path / "lake").bars(BTC, ONE_MINUTE), bar_rows(1_200))


@pytest.mark.parametrize("lockless", [False, True])
def test_processes_that_write_rows_that_overlap_lose_none(tmp_path: Path, lockless: bool) -> None:  # noqa: FBT001 - a parameter of the test
    plans = [[150 * (3 * at + nth) for at in range(4)] for nth in range(3)]
    told = run_writers(tmp_path / "lake", plans, lockless=lockless)
    rows = 11 * 150 + ROWS_PER_APPEND
    assert sum(told, Written()) == Written(new=rows, already_there=12 * ROWS_PER_APPEND - rows)
    assert_frame_equal(DeltaLake(tmp_path / "lake").bars(BTC, ONE_MINUTE), bar_rows(rows))


def kill_writers(folder: Path, *, times: int, seed: int) -> None:
    """Start a writer, kill it at a random moment, check the lake; again and again, on the same lake."""
    draw, notes = Random(seed), folder / "acknowledged"  # noqa: S311 - moments to kill at
    for _ in range(times):
        safe = count_acknowledged(notes)
        ready = SPAWN.Event()
        writer = SPAWN.Process(target=write_until_killed, args=(str(folder / "lake"), str(notes), safe, ready))
        writer.start()
        assert ready.wait(PATIENCE_S)
        time.sleep(draw.uniform(0.0, 0.25))
        writer.kill()
        writer.join(PATIENCE_S)
        acknowledged = count_acknowledged(notes)
        found = DeltaLake(folder / "lake").bars(BTC, ONE_MINUTE)
        assert found.height in {acknowledged, acknowledged + ROWS_PER_APPEND}
        assert_frame_equal(found, bar_rows(found.height))
    whole = bar_rows(count_acknowledged(notes) + 2 * ROWS_PER_APPEND)
    assert DeltaLake(folder / "lake").append(BARS, whole).conflicting == 0
    assert_frame_equal(DeltaLake(folder / "lake").bars(BTC, ONE_MINUTE), whole)


def count_acknowledged(notes: Path) -> int:
    return len(notes.read_text().split()) * ROWS_PER_APPEND if notes.exists() else 0


def test_a_killed_writer_loses_nothing_it_acknowledged(tmp_path: Path) -> None:
    kill_writers(tmp_path, times=3, seed=20_250_504)


@pytest.mark.slow
def test_twenty_killed_writers_lose_nothing_they_acknowledged(tmp_path: Path) -> None:
    kill_writers(tmp_path, times=20, seed=7)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may look into, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="edgeproof-lake-"))
    folder.chmod(0o755)
    yield folder
    allow_writing(folder, allowed=True)
    shutil.rmtree(folder)


def allow_writing(folder: Path, *, allowed: bool) -> None:
    for place in (folder, *(p for p in folder.rglob("*") if p.is_dir())):
        place.chmod(0o755 if allowed else 0o555)


def ask_process(work: Callable[..., None], *args: Any) -> Any:  # noqa: ANN401 - what the work was given and puts out
    outcomes = SPAWN.Queue()
    process = SPAWN.Process(target=work, args=(*args, outcomes))
    process.start()
    told = outcomes.get(timeout=PATIENCE_S)
    process.join(PATIENCE_S)
    return told


@pytest.mark.parametrize("begun", [False, True])
def test_a_folder_one_may_not_write_to_is_told(open_folder: Path, begun: bool) -> None:  # noqa: FBT001 - a parameter of the test
    if begun:
        DeltaLake(open_folder).append(BARS, bar_rows(10))
        (open_folder / "bars.lock").unlink()
    allow_writing(open_folder, allowed=False)
    told = ask_process(write_as_nobody, str(open_folder))
    assert told.startswith(f"Unwritable: cannot write {open_folder / 'bars'}: ")
    assert told.endswith("make it writable, or name another lake in edgeproof.toml")
    assert DeltaLake(open_folder).bars(BTC, ONE_MINUTE).height == 10 * begun


def test_a_table_one_may_not_write_to_is_told(open_folder: Path) -> None:
    DeltaLake(open_folder).append(BARS, bar_rows(10))
    (open_folder / "bars.lock").chmod(0o666)
    allow_writing(open_folder / "bars", allowed=False)
    told = ask_process(write_as_nobody, str(open_folder))
    assert told.startswith(f"Unwritable: cannot write {open_folder / 'bars'}: ")
    assert "make it writable" in told


@pytest.mark.parametrize("bytes_a_file", [0, 1_000, 20_000])
def test_a_full_disk_is_told_and_harms_nothing(tmp_path: Path, bytes_a_file: int) -> None:
    DeltaLake(tmp_path).append(BARS, bar_rows(10))
    told = ask_process(write_with_little_room, str(tmp_path), bytes_a_file)
    assert told.startswith(f"Unwritable: cannot write {tmp_path / 'bars'}: ")
    assert "free some space" in told
    assert_frame_equal(DeltaLake(tmp_path).bars(BTC, ONE_MINUTE), bar_rows(10))
    assert len(list(tmp_path.rglob("*.parquet"))) == 1
    assert DeltaLake(tmp_path).append(BARS, bar_rows(5_000)) == Written(new=4_990, already_there=10)
