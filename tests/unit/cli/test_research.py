"""`edgeproof research`: what it answers, what it refuses, what it says is running."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from edgeproof.adapters.workspace_lock import WorkspaceLock
from edgeproof.bootstrap import create_workspace, open_workspace
from edgeproof.domain.frames import BARS, FUNDING
from fakes.command_line import run
from fakes.small_markets import make_bars, make_funding

if TYPE_CHECKING:
    from pathlib import Path

MINUTES = 2 * 1_440


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    workspace = create_workspace(tmp_path_factory.mktemp("research") / "desk")
    for seed, symbol in enumerate(("BTC-USDT", "ETH-USDT")):
        workspace.lake.append(BARS, make_bars(symbol, minutes=MINUTES, seed=seed))
        workspace.lake.append(FUNDING, make_funding(symbol, minutes=MINUTES))
    return workspace.root


@pytest.fixture
def chosen(desk: Path) -> tuple[str, ...]:
    return ("-w", str(desk), "--window", "2d", "--strategies", "momentum, zscore_reversion", "--timeframes", "5m,60m")


def read(capsys: pytest.CaptureFixture[str]) -> Any:  # noqa: ANN401 - JSON
    return json.loads(capsys.readouterr().out)


def test_a_run_answers_with_one_document_and_three_files(
    chosen: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("research", "run", *chosen, "--json") == 0
    document = read(capsys)
    assert document["report"]["activity"]["evaluations"] == 8
    assert sorted(document["files"]) == ["html", "json", "markdown"]
    assert document["report"]["run_id"] == document["run_id"]
    with open(document["files"]["json"], encoding="utf-8") as file:  # noqa: PTH123 - a path as text, as a script has it
        assert json.load(file) == document["report"]


def test_a_run_shows_the_verdict_before_the_sharpe_ratio(
    chosen: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("research", "run", *chosen) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert told.index("strategies judged") < told.index("trials ever") < told.index("Sharpe")
    assert "momentum" in told
    assert ".html" in told


def test_symbols_may_be_repeated_or_parted_by_commas(
    chosen: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("research", "run", *chosen, "--symbols", "BTCUSDT", "--json") == 0
    assert [market["symbol"] for market in read(capsys)["report"]["universe"]] == ["BTC-USDT"]
    assert run("research", "run", *chosen, "--symbols", "BTC-USDT,eth/usdt:usdt", "--json") == 0
    assert len(read(capsys)["report"]["universe"]) == 2


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("--window", "soon", "length of time"),
        ("--window", "0d", "length of time"),
        ("--timeframes", "7m", "timeframe"),
        ("--symbols", "DOGE-USDT", "no bars of DOGE-USDT"),
        ("--symbols", ",", "symbols"),
        ("--strategies", "momentun", "did you mean 'momentum'"),
        ("--workers", "0", "workers"),
        ("--workers", "many", "workers"),
    ],
)
def test_a_wrong_request_is_one_line(
    desk: Path, option: str, value: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("research", "run", "-w", str(desk), option, value) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert told in captured.err


def test_an_empty_workspace_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    create_workspace(tmp_path / "desk")
    assert run("research", "run", "-w", str(tmp_path / "desk")) == 2
    assert "edgeproof data import" in capsys.readouterr().err
    assert run("research", "status", "-w", str(tmp_path / "desk")) == 0
    assert "edgeproof research run" in capsys.readouterr().out


def test_a_file_that_is_no_strategy_is_left_out_and_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    workspace = create_workspace(tmp_path / "desk")
    workspace.lake.append(BARS, make_bars("BTC-USDT", minutes=600, seed=1))
    (workspace.root / "strategies" / "broken.yaml").write_text("name: [", "utf-8")
    assert run("research", "run", "-w", str(workspace.root), "--strategies", "momentum", "--json") == 0
    assert [note[:28] for note in read(capsys)["notes"]] == ["left out, not a strategy: br"]


def test_two_runs_never_overlap(desk: Path, chosen: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with WorkspaceLock(desk).hold("a test"):
        assert run("research", "run", *chosen) == 1
        assert "in use by" in capsys.readouterr().err
        assert run("research", "status", "-w", str(desk), "--json") == 0
        assert read(capsys)["running"]["purpose"] == "a test"
        assert run("research", "status", "-w", str(desk)) == 0
        assert "(a test)" in capsys.readouterr().out


def test_an_interrupted_run_is_one_line_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = create_workspace(tmp_path / "desk")
    workspace.lake.append(BARS, make_bars("BTC-USDT", minutes=600, seed=1))
    arguments = ("research", "run", "-w", str(workspace.root), "--strategies", "momentum", "--json")

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("edgeproof.research.cycle.rank_candidates", interrupt)
        assert run(*arguments) == 1
    told = capsys.readouterr()
    assert told.err.endswith("error: interrupted; finished markets are kept, run the same command again to go on\n")
    assert open_workspace(workspace.root).ledger.cycles()[0].status == "interrupted"
    assert run("research", "status", "-w", str(workspace.root)) == 0
    assert "interrupted by its owner" in capsys.readouterr().out
    assert run(*arguments) == 0
    assert read(capsys)["notes"] == ["resumed cycle 1: 1 of 1 markets were done"]


def test_status_lists_cycles_with_their_stages(
    desk: Path, chosen: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("research", "run", *chosen, "--json") == 0
    capsys.readouterr()
    assert run("research", "status", "-w", str(desk), "--limit", "1", "--json") == 0
    document = read(capsys)
    (cycle,) = document["cycles"]
    assert document["running"] is None
    assert cycle["status"] == "done"
    assert [stage["name"] for stage in cycle["stages"]] == ["score", "backtest", "rank", "evidence", "report"]
