"""kill -9 at random moments: nothing is lost, nothing is doubled, the next run completes."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

import pytest

from fakes.desk import MINUTES, SYMBOLS, Desk, open_desk, without_times, write_archive

if TYPE_CHECKING:
    from pathlib import Path

CYCLE = ("research", "run", "--window", "3d", "--json")


def kill_at_random(desk: Desk, *arguments: str | Path, longest_s: float, rng: random.Random) -> bool:
    """Start a command, kill it within a random time; says whether it was still running."""
    process = desk.start(*arguments)
    time.sleep(rng.uniform(0.0, longest_s))  # the moment of the kill is what the test draws
    alive = process.poll() is None
    process.kill()
    process.communicate()
    return alive


def measure_seconds(desk: Desk, *arguments: str | Path) -> float:
    begun = time.monotonic()
    assert desk.run(*arguments).status == 0
    return time.monotonic() - begun


@pytest.mark.slow
def test_an_import_killed_twenty_times_is_complete_after_the_next(tmp_path: Path) -> None:
    rng = random.Random(20)  # noqa: S311 - moments, not secrets
    archive = write_archive(tmp_path / "archive", minutes=10 * MINUTES)
    longest_s = measure_seconds(open_desk(tmp_path / "undisturbed"), "data", "import", archive)
    desk = open_desk(tmp_path / "desk")
    killed = sum(kill_at_random(desk, "data", "import", archive, longest_s=longest_s, rng=rng) for _ in range(20))
    assert killed >= 10
    assert desk.run("data", "import", archive, "--json").document["ok"]
    expected = Desk(root=tmp_path / "undisturbed").run("data", "status", "--json").document
    assert desk.run("data", "status", "--json").document == expected
    again = desk.run("data", "import", archive, "--json").document["totals"]
    assert (again["new"], again["conflicting"]) == (0, 0)


@pytest.mark.slow
def test_a_cycle_killed_twenty_times_ends_with_the_same_report(tmp_path: Path) -> None:
    rng = random.Random(21)  # noqa: S311
    archive = write_archive(tmp_path / "archive")
    calm, desk = open_desk(tmp_path / "calm"), open_desk(tmp_path / "desk")
    for one in (calm, desk):
        assert one.run("data", "import", archive).status == 0
    calm.run("research", "run", "--window", "1d")  # compiles the kernels
    calm = open_desk(tmp_path / "calmer")
    assert calm.run("data", "import", archive).status == 0
    begun = time.monotonic()
    expected = without_times(calm.run(*CYCLE).document["report"])
    longest_s = time.monotonic() - begun
    killed = sum(kill_at_random(desk, *CYCLE, longest_s=longest_s, rng=rng) for _ in range(20))
    assert killed >= 10
    final = desk.run(*CYCLE)
    assert final.status == 0, final.stderr
    assert without_times(final.document["report"]) == expected
    trials = expected["activity"]["trials_total"]
    assert trials == len(SYMBOLS) * 3 * 25
