"""`edgeproof report`: the newest report in every form, and one line when there is none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edgeproof.bootstrap import create_workspace
from edgeproof.domain.frames import BARS
from edgeproof.research import CycleRequest, run_cycle
from edgeproof.strategies import load_strategy
from fakes.command_line import run
from fakes.small_markets import make_bars


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    workspace = create_workspace(tmp_path_factory.mktemp("report") / "desk")
    workspace.lake.append(BARS, make_bars("BTC-USDT", minutes=1_440, seed=1))
    run_cycle(
        CycleRequest(),
        lake=workspace.lake,
        ledger=workspace.ledger,
        clock=workspace.clock,
        strategies=[load_strategy("momentum"), load_strategy("zscore_reversion")],
    )
    return workspace.root


def test_json_is_the_report_itself(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("report", "-w", str(desk), "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema_version"] == 1
    assert len(document["pools"]["strategies"]) == 2


def test_a_person_sees_verdict_trials_and_pool(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("report", "-w", str(desk)) == 0
    told = capsys.readouterr().out
    assert told.startswith("Nothing is proven")
    assert "zscore_reversion" in told


def test_markdown_goes_to_stdout(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("report", "-w", str(desk), "--markdown") == 0
    assert capsys.readouterr().out.startswith("# edgeproof research report ")


def test_html_is_written_and_its_place_told(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("report", "-w", str(desk), "--html") == 0
    path = Path(capsys.readouterr().out.strip())
    assert path.parent == desk / "reports"
    assert path.read_text("utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("arguments", "begins"), [(["--markdown"], "# edgeproof"), (["--html"], "<!doctype"), ([], '{\n "schema_version"')]
)
def test_every_form_can_go_to_a_file(
    desk: Path, tmp_path: Path, arguments: list[str], begins: str, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "deep" / "report"
    assert run("report", "-w", str(desk), *arguments, "--output", str(target), "--json") == 0
    assert json.loads(capsys.readouterr().out)["path"] == str(target)
    assert target.read_text("utf-8").startswith(begins)


def test_a_file_that_cannot_be_written_is_one_line(
    desk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("taken", "utf-8")
    assert run("report", "-w", str(desk), "--html", "-o", str(tmp_path / "file" / "page.html")) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_two_forms_at_once_are_refused(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("report", "-w", str(desk), "--html", "--markdown") == 2
    assert "one of the two" in capsys.readouterr().err


def test_without_a_finished_cycle_it_says_what_to_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    create_workspace(tmp_path / "desk")
    assert run("report", "-w", str(tmp_path / "desk")) == 2
    assert "edgeproof research run" in capsys.readouterr().err
