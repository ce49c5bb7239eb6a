"""Several processes on one ledger, and processes that die in the middle of it."""

from __future__ import annotations

import random
import sqlite3
import time
from typing import TYPE_CHECKING

import pytest

from edgeproof.adapters.database import open_ledger
from fakes.ledger_writer import TRIALS_A_BATCH, start_writer

if TYPE_CHECKING:
    import subprocess


def _finish(writer: subprocess.Popen[str]) -> str:
    out, err = writer.communicate(timeout=120)
    assert writer.returncode == 0, err
    return out


def test_several_writers_lose_nothing_and_see_no_lock(url: str) -> None:
    batches = 12
    # All of them find no ledger, and make it at the same time.
    names = ["one", "two", "cycle three"]
    for writer in [start_writer(url, name, batches) for name in names]:
        _finish(writer)
    with open_ledger(url) as ledger:
        keys = [trial.key for trial in ledger.trials()]
        stage = ledger.cycles()[0].stages[0]
    expected = {f"{name} {batch} {n}" for name in names for batch in range(batches) for n in range(TRIALS_A_BATCH)}
    assert set(keys) == expected | {f"common {batch}" for batch in range(batches)}
    assert len(keys) == len(set(keys))
    assert stage.done == batches - 1


def test_a_reader_sees_whole_batches_while_others_write(url: str) -> None:
    writer = start_writer(url, "one", 1_000_000)
    assert writer.stdout is not None
    assert writer.stdout.readline() == "ready\n"
    seen: set[int] = set()
    try:
        with open_ledger(url) as ledger:
            while len(seen) < 5:
                assert writer.poll() is None, "the writer ended before it was read five times"
                seen.add(ledger.count_trials())
    finally:
        writer.kill()
        writer.communicate()
    assert {count % (TRIALS_A_BATCH + 1) for count in seen} == {0}


def test_what_was_committed_survives_kill_9(url: str) -> None:
    _kill_writers(url, times=3, seed=1)


@pytest.mark.slow
def test_what_was_committed_survives_many_kills(url: str) -> None:
    _kill_writers(url, times=25, seed=2)


def _kill_writers(url: str, *, times: int, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - moments to kill at, no secret
    told = 0
    for attempt in range(times):
        told += _kill_one(url, f"cycle {attempt}", after_s=chance.uniform(0.0, 0.15))
        with open_ledger(url) as ledger:
            kept = [trial for trial in ledger.trials() if trial.key.startswith("cycle")]
            # What was told is there; at most one batch a kill was written but not told any more.
            assert told <= len(kept) // TRIALS_A_BATCH <= told + attempt + 1
            assert len(kept) % TRIALS_A_BATCH == 0
    if url.startswith("sqlite"):
        _check_integrity(url)


def _kill_one(url: str, name: str, *, after_s: float) -> int:
    """Kill a writer some time after it began to write; how many batches it told of."""
    writer = start_writer(url, name, 1_000_000)
    assert writer.stdout is not None
    assert writer.stdout.readline() == "ready\n"
    time.sleep(after_s)
    writer.kill()
    out, _ = writer.communicate(timeout=60)
    return len(out.splitlines())


def _check_integrity(url: str) -> None:
    connection = sqlite3.connect(url.removeprefix("sqlite:///"))
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    connection.close()
