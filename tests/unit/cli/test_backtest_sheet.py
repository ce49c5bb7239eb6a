from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from edgeproof.bootstrap import open_workspace
from edgeproof.cli import main
from fakes.archives import make_candles, write_freqtrade_candles
from fakes.pages import PageReader, read_island

if TYPE_CHECKING:
    from pathlib import Path

CANDLES = "_USDT_USDT-1m-futures.feather"


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as stopped:
        main(list(arguments))
    assert isinstance(stopped.value.code, int)
    return stopped.value.code


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """A workspace with a day of minutes of two symbols."""
    root, files = tmp_path / "desk", tmp_path / "files"
    files.mkdir()
    monkeypatch.setenv("EDGEPROOF_WORKSPACE", str(root))
    monkeypatch.setenv("COLUMNS", "200")
    for symbol in ("BTC", "ETH"):
        write_freqtrade_candles(files / f"{symbol}{CANDLES}", make_candles(1_440))
    assert run("init", str(root)) == 0
    assert run("data", "import", str(files)) == 0
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


def test_pictures_are_written_and_said(desk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib")
    folder = tmp_path / "png"
    assert run("backtest", "ema_crossover", "--symbols", "BTC-USDT", "--png", str(folder), "-w", str(desk)) == 0
    assert f"pictures written to {folder}" in capsys.readouterr().out
    assert {"equity.png", "price.png"} <= {path.name for path in folder.iterdir()}


def test_too_few_days_for_quantstats_are_one_line(
    desk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "q.html"
    status = run("backtest", "ema_crossover", "--quantstats", str(target), "-w", str(desk))
    heard = capsys.readouterr()
    assert status == 2
    # Two days are too few for it; without it the answer is another one, as short.
    assert "quantstats" in heard.err
    assert heard.err.count("\n") == 1
    assert not target.exists()


@pytest.mark.parametrize("option", ["--sheet", "--png"])
def test_a_place_that_cannot_be_written_is_refused_before_any_trial(
    option: str, desk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "taken").write_text("a file", "utf-8")
    place = tmp_path / "taken" if option == "--png" else tmp_path / "nowhere" / "sheet.html"
    assert run("backtest", "ema_crossover", option, str(place)) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert open_workspace(desk).ledger.count_trials() == 0
