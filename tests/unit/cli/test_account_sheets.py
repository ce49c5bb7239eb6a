from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from edgeproof.bootstrap import open_workspace
from fakes.command_line import make_desk, run
from fakes.pages import PageReader, read_island

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """A workspace with a day of minutes of two symbols."""
    monkeypatch.setenv("EDGEPROOF_WORKSPACE", str(tmp_path / "desk"))
    monkeypatch.setenv("COLUMNS", "200")
    root = make_desk(tmp_path, {"BTC": 1_440, "ETH": 1_440})
    capsys.readouterr()
    return root


def test_a_sheet_shows_every_market_and_what_it_rests_on(
    desk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "sheet.html"
    assert run("backtest", "ema_crossover", "--timeframe", "1m", "--sheet", str(target), "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["sheet"] == str(target)
    assert document["png"] is None
    page = target.read_text("utf-8")
    words = PageReader(page).words
    assert "ema_crossover on BTC-USDT, ETH-USDT at 1m" in words
    assert "2 trials recorded, 2 of them new; 2 tried here so far" in words
    assert "No lot, tick or minimum size" in words
    assert f"{document['total']['metrics']['trades']:,} trades in" in words
    markets = read_island(page, "markets")["markets"]
    assert [market["name"] for market in markets] == ["BTC-USDT", "ETH-USDT"]
    assert open_workspace(desk).ledger.count_trials() == 2


def test_a_portfolio_has_a_sheet_of_one_account(desk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "sheet.html"
    pair = ("ema_crossover", "bb_reversion", "--timeframe", "1m", "--max-positions", "1")
    assert run("portfolio", *pair, "--sheet", str(target), "--json", "-w", str(desk)) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["sheet"] == str(target)
    assert document["png"] is None
    page = target.read_text("utf-8")
    words = PageReader(page).words
    assert "ema_crossover, bb_reversion on BTC-USDT, ETH-USDT, one account" in words
    assert "limits: max_positions 1" in words
    assert "1 trial recorded, new; 1 tried here so far" in words
    traded = document["account"]["metrics"]["trades"]
    assert f"{traded:,} trades in" in words
    markets = read_island(page, "markets")["markets"]
    assert [market["name"] for market in markets] == ["BTC-USDT", "ETH-USDT"]


def test_a_sweeps_sheet_shows_the_best_combination_and_what_it_was_picked_from(
    desk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "sheet.html"
    grid = ("--param", "fast=4:6:1", "--param", "slow=12,24", "--timeframe", "1m", "--metric", "total_return")
    assert run("sweep", "ema_crossover", *grid, "--sheet", str(target), "--json", "-w", str(desk)) == 0
    document = json.loads(capsys.readouterr().out)
    best = document["best"]
    page = target.read_text("utf-8")
    words = PageReader(page).words
    assert f"ema_crossover on {best['symbol']} at 1m (fast {best['fast']:g}, slow {best['slow']:g})" in words
    assert "The best of 12 combinations of ema_crossover" in words
    assert "Fee 0.060%, slippage 0.052% a side" in words
    assert "1 of 2 markets have no funding rates (ETH-USDT)" in words
    assert "looks good by luck: 12 worthless combinations" in words
    assert f"{best['trades']:,} trades in" in words
    assert '"type":"heatmap"' in page
    assert document["trials"]["total"] == 12


def test_a_sweep_without_a_score_has_no_sheet(desk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "sheet.html"
    grid = ("--param", "fast=4:6:1", "--timeframe", "4h")
    assert run("sweep", "ema_crossover", *grid, "--sheet", str(target), "-w", str(desk)) == 0
    assert "No combination has a score" in capsys.readouterr().out
    assert not target.exists()


@pytest.mark.parametrize("command", ["backtest", "portfolio"])
def test_pictures_are_written_and_said(
    command: str, desk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib")
    folder = tmp_path / "png"
    assert run(command, "ema_crossover", "--symbols", "BTC-USDT", "--png", str(folder), "-w", str(desk)) == 0
    assert f"pictures written to {folder}" in capsys.readouterr().out
    assert {"equity.png", "price.png"} <= {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("command", ["backtest", "portfolio"])
def test_too_few_days_for_quantstats_are_one_line_and_no_trial(
    command: str, desk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "q.html"
    status = run(command, "ema_crossover", "--quantstats", str(target), "-w", str(desk))
    heard = capsys.readouterr()
    assert status == 2
    # Two days are too few for it; without it the answer is another one, as short.
    assert "quantstats" in heard.err
    assert heard.err.count("\n") == 1
    assert not target.exists()
    assert open_workspace(desk).ledger.count_trials() == 0


@pytest.mark.parametrize("command", [["backtest"], ["portfolio"], ["sweep", "--random", "3"]])
def test_a_sheet_that_cannot_be_written_is_refused_before_any_trial(
    command: list[str], desk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*command, "ema_crossover", "--sheet", str(tmp_path / "nowhere" / "sheet.html")) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert open_workspace(desk).ledger.count_trials() == 0


@pytest.mark.parametrize("command", [["backtest"], ["portfolio"], ["sweep", "--random", "3"]])
@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--png", "{}/taken"), "expected a folder; "),
        (("--png", "{}/taken/below"), "taken is a file"),
        (("--png", "/proc/edgeproof"), "expected a folder that can be written to; "),
        (("--png", ""), "png cannot be ''; expected a folder; . is the current one"),
        (
            ("--sheet", "/proc/x.html"),
            "sheet cannot be '/proc/x.html'; expected a file in a folder that ",
        ),
        (("--png", "~nobody-here/x"), "expected a place that can be found"),
        (("--sheet", "~nobody-here/x"), "expected a place that can be found"),
        (("--sheet", "{0}/x", "--png", "{0}/x"), "expected another place than that of --sheet"),
        (("--sheet", "{0}/x", "--png", "{0}/x/below"), "expected another place than that of --sheet"),
    ],
)
def test_places_where_nothing_can_be_written_are_refused_before_any_trial(
    command: list[str],
    options: tuple[str, ...],
    says: str,
    desk: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pytest.importorskip("matplotlib")
    (desk.parent / "taken").write_text("a file", "utf-8")
    before = sorted(desk.parent.iterdir())
    assert run(*command, "ema_crossover", *(one.format(desk.parent) for one in options), "-w", str(desk)) == 2
    heard = capsys.readouterr().err
    assert says in heard
    assert heard.count("\n") == 1
    assert open_workspace(desk).ledger.count_trials() == 0
    assert sorted(desk.parent.iterdir()) == before


@pytest.mark.parametrize("first", ["--trades-csv", "--sheet", "--quantstats"])
def test_two_files_cannot_have_one_place(
    first: str, desk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    places = (first, str(tmp_path / "x"), "--parts-csv", str(tmp_path / "desk" / ".." / "x"))
    assert run("backtest", "ema_crossover", *places, "-w", str(desk)) == 2
    assert "another place than that of --" in capsys.readouterr().err
    assert open_workspace(desk).ledger.count_trials() == 0


def test_a_sweeps_page_and_sheet_cannot_have_one_place(
    desk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    places = ("--html", str(tmp_path / "x"), "--sheet", str(tmp_path / "x"))
    assert run("sweep", "ema_crossover", "--random", "3", *places, "-w", str(desk)) == 2
    assert "sheet cannot be" in capsys.readouterr().err


def test_the_current_folder_takes_pictures_where_it_is_named(
    desk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    pictured = ("--metric", "total_return", "--symbols", "BTC-USDT", "--png", ".")
    assert run("sweep", "ema_crossover", "--param", "fast=4,5", *pictured, "--timeframe", "1m", "-w", str(desk)) == 0
    assert (tmp_path / "here" / "along-fast.png").is_file()
