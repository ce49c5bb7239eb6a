"""What a run says of edgeproof beside its peers and targets, and the picture of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from bench.ratios import relate_rows

if TYPE_CHECKING:
    from pathlib import Path


def engine(name: str, median: float | None, ratio: float | None = None) -> dict[str, Any]:
    return {"engine": name, "median": median, "edgeproof_is_faster_by": ratio}


def case(name: str, target: float | None, *engines: dict[str, Any], more: bool = False) -> dict[str, Any]:
    met = None if target is None else True
    return {
        "name": name, "work": f"do {name}", "target": target, "target_met": met, "more_is_better": more,
        "engines": list(engines),
    }  # fmt: skip


CASES = [
    case("fast", 2.0, engine("edgeproof", 1.0), engine("vectorbt", 300.0, 300.0), engine("plain", 0.5, 0.5)),
    case("slow", 1.0, engine("edgeproof", 4.0), engine("talib", None)),
    case("many", 30.0, engine("edgeproof", 90.0), engine("polars", 45.0, 2.0), more=True),
    case("alone", None, engine("edgeproof", 1.0)),
    case("absent", 1.0, engine("edgeproof", None)),
]


def test_rows_are_told_in_the_time_of_edgeproof_whatever_is_counted() -> None:
    rows = relate_rows(CASES)
    assert [row.name for row in rows] == ["fast", "slow", "many"]
    assert [row.target for row in rows] == pytest.approx([2.0, 0.25, 3.0])
    assert [dict(row.peers) for row in rows] == [{"plain loop": 0.5, "vectorbt": 300.0}, {}, {"polars": 2.0}]


def test_targets_that_are_not_judged_are_not_drawn() -> None:
    quick = [one | {"target_met": None} for one in CASES]
    assert [row.target for row in relate_rows(quick)] == [None, None]


def test_a_run_becomes_a_picture_that_is_the_same_each_time(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    from bench import chart  # noqa: PLC0415 - needs what is not installed everywhere

    saved = tmp_path / "run.json"
    saved.write_text(json.dumps({"cases": CASES}))
    for name in ("one.svg", "two.svg"):
        assert chart.main([str(saved), str(tmp_path / name)]) == 0
    text = (tmp_path / "one.svg").read_text()
    assert text == (tmp_path / "two.svg").read_text()
    for told in ("vectorbt 300", "target 2, reached", "target 0.25, missed", "polars 2"):
        assert told in text


def test_a_file_of_neither_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib")
    from bench import chart  # noqa: PLC0415 - as above

    saved = tmp_path / "empty.json"
    saved.write_text("{}")
    assert chart.main([str(saved), str(tmp_path / "none.svg")]) == 1
    assert "has no curves, and no case with a peer or a target" in capsys.readouterr().err
    assert not (tmp_path / "none.svg").exists()
