"""Curves of growth: who is asked what, and how readings become ratios."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from bench import curves as bench_curves
from bench import main as bench_main
from bench.curves import CURVES, measure_curve, plan_curves, relate_times
from bench.readings import Reading

if TYPE_CHECKING:
    from pathlib import Path


def pretend(case: str, engine: str, *options: str) -> Reading:
    told = [option for option in options if option not in {"--quick", "--processor-time"}]
    asked = dict(zip(told[::2], told[1::2], strict=True))
    if asked.get("--compute") == "local":
        return Reading(case=case, engine=engine, skipped="ray is not installed")
    slow = {"vectorbt": 100.0, "backtesting": 1_000.0}.get(engine, 1.0)
    work = float(asked.get("--combinations", asked["--bars"]))
    return Reading(case=case, engine=engine, readings=(slow + 1_000.0 / work, slow), peak_mib=work)


@pytest.fixture(autouse=True)
def _no_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_curves, "run_child", pretend)


def test_a_line_is_asked_from_its_first_point_to_its_last() -> None:
    (replay, _, sweep) = (measure_curve(curve) for curve in CURVES)
    asked = {line["name"]: [point["at"] for point in line["points"]] for line in replay["lines"] + sweep["lines"]}
    assert asked["edgeproof"] == [10_000, 100_000, 1_000_000, 10_000_000]
    assert asked["backtesting.py"] == [10_000, 100_000]
    assert asked["edgeproof, 2 threads"] == [1, 10, 100, 1_000, 10_000]
    assert asked["edgeproof, 2 on Ray"] == [100, 1_000, 10_000]


def test_the_first_line_at_its_largest_size_is_one_and_all_else_is_told_in_it() -> None:
    times = relate_times(measure_curve(CURVES[0]))
    assert times["edgeproof"][-1] == (10_000_000, 1.0)
    assert times["vectorbt"] == [(10_000, 100.0), (100_000, 100.0), (1_000_000, 100.0)]
    assert relate_times(measure_curve(CURVES[2]))["edgeproof, 2 on Ray"] == []


def test_a_quick_run_is_smaller() -> None:
    assert [curve.points[-1] for curve in plan_curves(quick=True)] == [1_000_000, 1_000_000, 1_000]
    assert plan_curves(quick=True)[2].bars == 5_000


def test_curves_are_saved_and_an_absent_cluster_is_named(tmp_path: Path) -> None:
    assert bench_main.main(["--curves", "--quick", "--results", str(tmp_path)]) == 0
    (path,) = tmp_path.glob("curves-*.json")
    lines = json.loads(path.read_text())["curves"][2]["lines"]
    told = {line["name"]: [point["skipped"] for point in line["points"]] for line in lines}
    assert told["edgeproof, 2 on Ray"] == ["ray is not installed"] * 2
    assert told["edgeproof, 1 thread"] == [""] * 4


def test_curves_become_a_picture_that_is_the_same_each_time(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    from bench import chart  # noqa: PLC0415 - needs what is not installed everywhere

    saved = tmp_path / "curves.json"
    saved.write_text(json.dumps({"curves": [measure_curve(curve) for curve in CURVES]}))
    for name in ("one.svg", "two.svg"):
        assert chart.main([str(saved), str(tmp_path / name)]) == 0
    text = (tmp_path / "one.svg").read_text()
    assert text == (tmp_path / "two.svg").read_text()
    assert "edgeproof, 2 threads" in text
    assert len(text) < 200_000
