from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from bench import main as bench_main
from bench.cases import CASES, OURS, Case
from bench.child import measure_case
from bench.machine import describe_machine
from bench.measure import Effort
from bench.readings import Reading, compare, meets_target, summarise, write_table

if TYPE_CHECKING:
    from pathlib import Path

FAST = Case(name="replay", work="replay bars", unit="ns/bar", target=2.0, peers=("slow", "absent"))
RATE = Case(name="rate", work="read trades", unit="M/s", target=3.0, more_is_better=True, peers=("slow",))


def read(case: Case, engine: str, *readings: float, skipped: str = "") -> Reading:
    return Reading(case=case.name, engine=engine, readings=readings, peak_mib=100.0, skipped=skipped)


def test_a_peer_that_takes_ten_times_as_long_makes_us_ten_times_as_fast() -> None:
    assert compare(FAST, read(FAST, OURS, 1.0, 2.0, 3.0), read(FAST, "slow", 20.0)) == 10.0
    assert compare(RATE, read(RATE, OURS, 8.0), read(RATE, "slow", 2.0)) == 4.0


def test_what_was_not_measured_is_not_compared() -> None:
    assert compare(FAST, read(FAST, OURS, 1.0), read(FAST, "absent", skipped="not installed")) is None
    assert compare(FAST, read(FAST, OURS, skipped="failed"), read(FAST, "slow", 2.0)) is None


@pytest.mark.parametrize(("case", "reading", "met"), [(FAST, 1.9, True), (FAST, 2.1, False), (RATE, 2.9, False)])
def test_a_target_is_a_bound_on_the_right_side(case: Case, reading: float, met: bool) -> None:  # noqa: FBT001
    assert meets_target(case, read(case, OURS, reading)) is met


def test_the_middle_reading_stands_for_all_and_the_spread_is_told() -> None:
    reading = read(FAST, OURS, 1.0, 9.0, 2.0, 2.0, 2.5)
    assert reading.median == 2.0
    assert reading.spread == 2.0
    assert reading.best(FAST) == 1.0
    assert reading.best(RATE) == 9.0


def test_the_table_names_every_engine_its_ratio_and_why_one_is_missing() -> None:
    readings = [read(FAST, OURS, 1.5), read(FAST, "slow", 300.0), read(FAST, "absent", skipped="not installed")]
    table = write_table([summarise(FAST, readings)])
    ours, slow, absent = table.splitlines()[2:5]
    assert "1.5 ns/bar" in ours
    assert "<= 2" in ours
    assert "yes" in ours
    assert "200x faster" in slow
    assert "skipped" in absent
    assert "replay, absent: not measured: not installed" in table


def test_a_run_writes_what_it_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def pretend(case: str, engine: str, *options: str) -> Reading:
        return Reading(case=case, engine=engine, readings=(2.0 if engine == OURS else 30.0,), size=" ".join(options))

    monkeypatch.setattr(bench_main, "run_child", pretend)
    assert bench_main.main(["--quick", "--only", "features", "--results", str(tmp_path)]) == 0
    (path,) = tmp_path.iterdir()
    written = json.loads(path.read_text())
    assert written["quick"] is True
    assert written["machine"]["python"]
    (case,) = written["cases"]
    assert case["name"] == "features"
    assert case["target_met"] is None, "a quick run judges no target"
    assert [engine["edgeproof_is_faster_by"] for engine in case["engines"]] == [None, 15.0, 15.0]


def test_a_run_in_which_our_own_work_failed_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(case: str, engine: str, *options: str) -> Reading:
        return Reading(case=case, engine=engine, skipped=f"failed {options}")

    monkeypatch.setattr(bench_main, "run_child", fail)
    assert bench_main.main(["--only", "help", "--results", str(tmp_path)]) == 1


def test_an_engine_that_is_not_installed_is_a_reading_with_a_reason() -> None:
    reading = measure_case("features", "nobody_wrote_this", Effort(quick=True))
    assert reading.median is None
    assert "nobody_wrote_this" in reading.skipped


def test_every_case_has_a_name_of_its_own_and_a_unit() -> None:
    assert len({case.name for case in CASES}) == len(CASES)
    assert all(case.unit for case in CASES)


def test_the_machine_says_what_a_time_depends_on() -> None:
    machine = describe_machine()
    assert machine["cores"] >= 1
    assert machine["versions"]["numpy"]
