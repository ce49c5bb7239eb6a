"""The issue's own figures, on the real files."""

from __future__ import annotations

import resource
from typing import TYPE_CHECKING

import pytest

from fakes.desk import Desk, open_desk, without_times

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.real_data, pytest.mark.slow]

DISTINCT_BARS = 979_806
MEMORY_LIMIT_BYTES = 3 * 1024**3


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, market_data: Path) -> Desk:
    made = open_desk(tmp_path_factory.mktemp("real") / "desk")
    done = made.run("data", "import", market_data / "freqtrade_a", market_data / "freqtrade_b", "--json")
    assert done.status == 0, done.stderr
    return made


def test_both_folders_give_each_minute_once_and_no_gap(desk: Desk) -> None:
    series = [s for s in desk.run("data", "status", "--json").document["series"] if s["table"] == "bars"]
    assert len(series) == 18
    assert sum(s["rows"] for s in series) == DISTINCT_BARS
    assert sum(s["gaps"] for s in series) == 0


def test_a_second_import_adds_nothing(desk: Desk, market_data: Path) -> None:
    again = desk.run("data", "import", market_data / "freqtrade_a", market_data / "freqtrade_b", "--json")
    assert again.document["totals"]["new"] == 0


def test_everything_imports_in_one_command(tmp_path: Path, market_data: Path) -> None:
    done = open_desk(tmp_path / "all").run("data", "import", market_data, "--json")
    assert done.status == 0, done.stderr
    assert done.document["totals"]["rows_refused"] == 0
    assert done.document["totals"]["refused"] == 0


def test_a_cycle_of_thirty_days_says_who_ends_early_and_repeats_itself(desk: Desk) -> None:
    first = desk.run("research", "run", "--window", "30d", "--json")
    assert first.status == 0, first.stderr
    report = first.document["report"]
    assert any("9 end early, on 2025-06-03" in str(note) for note in report["review"])
    second = desk.run("research", "run", "--window", "30d", "--json")
    assert without_times(second.document["report"]) == without_times(report)
    peak_bytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    assert peak_bytes <= MEMORY_LIMIT_BYTES
