from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from edgeproof.cli._coverage_view import draw_days
from fakes.archives import (
    make_candles,
    make_prints,
    write_csv,
    write_freqtrade_candles,
    write_freqtrade_funding,
    write_freqtrade_trades,
)
from fakes.command_line import run

if TYPE_CHECKING:
    from pathlib import Path

CANDLES = "_USDT_USDT-1m-futures.feather"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """A fresh workspace, which commands find by the environment."""
    root = tmp_path / "desk"
    monkeypatch.setenv("EDGEPROOF_WORKSPACE", str(root))
    monkeypatch.setenv("COLUMNS", "200")
    assert run("init", str(root)) == 0
    capsys.readouterr()
    return root


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Candles of two symbols, funding and trades."""
    folder = tmp_path / "files"
    folder.mkdir()
    write_freqtrade_candles(folder / f"BTC{CANDLES}", make_candles(60))
    write_freqtrade_candles(folder / f"ETH{CANDLES}", make_candles(30).remove(pl.int_range(pl.len()) == 7))
    write_freqtrade_funding(folder / "BTC_USDT_USDT-8h-funding_rate.feather", [1_709_280_000_000], [0.0001])
    write_freqtrade_trades(folder / "LTC_USDT_USDT-trades.feather", make_prints(100))
    return folder


def read_json(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


@pytest.mark.usefixtures("desk")
def test_an_import_closes_with_a_table_of_what_became_of_the_rows(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("data", "import", str(files)) == 0
    lines = {line.split()[0]: line.split()[1:] for line in capsys.readouterr().out.splitlines() if line.strip()}
    assert lines["bars"] == ["2", "89", "89", "0", "0", "0"]
    assert lines["trades"] == ["1", "100", "100", "0", "0", "0"]
    assert lines["funding"] == ["1", "1", "1", "0", "0", "0"]
    assert lines["all"] == ["4", "190", "190", "0", "0", "0"]


@pytest.mark.usefixtures("desk")
def test_a_second_import_adds_nothing(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("data", "import", str(files), "--json") == 0
    first = read_json(capsys)
    assert run("data", "import", str(files), "--json") == 0
    again = read_json(capsys)
    assert first["totals"]["new"] == again["totals"]["already_there"] == 190
    assert again["totals"]["new"] == again["minutes_built_from_trades"]["new"] == 0


@pytest.mark.usefixtures("desk")
def test_a_refused_file_makes_the_exit_status_1_and_is_named_with_its_reason(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (files / "broken.parquet").write_bytes(b"PAR1")
    assert run("data", "import", str(files)) == 1
    told = capsys.readouterr().out
    assert "1 of 5 files refused" in told
    assert "broken.parquet: " in told
    assert run("data", "import", str(files), "--json") == 1
    document = read_json(capsys)
    assert document["ok"] is False
    assert [file["status"] for file in document["files"] if file["path"].endswith("broken.parquet")] == ["refused"]


@pytest.mark.usefixtures("desk")
def test_refused_rows_are_shown_with_reason_and_sample(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    low = pl.when(pl.int_range(pl.len()) == 3).then(-1.0).otherwise("low")
    write_freqtrade_candles(files / f"XRP{CANDLES}", make_candles(9).with_columns(low=low))
    assert run("data", "import", str(files)) == 0
    assert "1 rows: a price is zero or negative; the first: date=2024-03-01 00:03:00" in capsys.readouterr().out


@pytest.mark.usefixtures("desk")
def test_every_file_is_listed_on_request(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("data", "import", str(files), "--each") == 0
    told = capsys.readouterr().out
    assert all(path.name in told for path in files.iterdir())


@pytest.mark.usefixtures("desk")
def test_options_say_what_files_do_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_csv(tmp_path / "prices.csv", make_candles(5).rename({"ms": "when", "close": "last"}))
    options = ("--venue", "mine", "--symbol", "dogeusdt", "--timeframe", "1m", "--map", "ts=when,close=last")
    assert run("data", "import", str(path), *options, "--json") == 0
    assert read_json(capsys)["files"][0]["instruments"] == ["mine:DOGE-USDT"]


@pytest.mark.usefixtures("desk")
def test_a_dry_run_writes_nothing(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("data", "import", str(files), "--dry-run", "--json") == 0
    assert read_json(capsys)["totals"]["rows_read"] == 190
    assert run("data", "status", "--json") == 0
    assert read_json(capsys)["series"] == []


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["gone.csv"], "no such file or folder: gone.csv"),
        (["gone/*.csv"], "no file matches gone/*.csv"),
        (["{files}", "--timeframe", "7m"], "timeframe cannot be '7m'"),
        (["{files}", "--kind", "candles"], "kind cannot be 'candles'"),
        (["{files}", "--map", "close"], "--map cannot be 'close'"),
        (["{files}", "--map", "clsoe=last"], "did you mean 'close'"),
        (["{files}", "--symbol", "??"], "symbol cannot be '??'"),
        (["{files}", "--venue", "My Venue"], "venue cannot be 'My Venue'"),
        (["{files}", "--stamped", "middle"], "stamped cannot be 'middle'"),
    ],
)
def test_a_wrong_request_is_one_line_and_status_2(
    files: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    assert run("data", "import", *(text.format(files=files) for text in arguments)) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1


@pytest.mark.usefixtures("desk")
def test_status_of_an_empty_lake_says_how_to_fill_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("data", "status") == 0
    assert "edgeproof data import" in capsys.readouterr().out


@pytest.mark.usefixtures("desk")
def test_status_shows_rows_gaps_and_the_last_bar_of_each_symbol(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("data", "import", str(files))
    capsys.readouterr()
    assert run("data", "status") == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["BTC-USDT", "1m", "░", "60", "0", "2024-03-01", "00:59"] in rows
    assert ["ETH-USDT", "1m", "░", "29", "1", "2024-03-01", "00:29"] in rows
    assert ["BTC-USDT", "funding", "1", "2024-03-01", "08:00"] in rows
    assert run("data", "status", "--symbol", "ethusdt", "--json") == 0
    [series] = read_json(capsys)["series"]
    assert (series["symbol"], series["rows"], series["gaps"], series["longest_gap"]) == ("ETH-USDT", 29, 1, 1)
    assert (series["first_day"], series["last"]) == ("2024-03-01", "2024-03-01T00:29:00Z")
    assert series["daily"] == [pytest.approx(29 / 1440, abs=1e-6)]


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize("arguments", [["--symbol", "XRP-USDT"], ["--venue", "binanse"]])
def test_status_of_what_the_lake_does_not_hold_names_what_it_does(
    files: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    run("data", "import", str(files))
    capsys.readouterr()
    assert run("data", "status", *arguments) == 2
    assert "known are" in capsys.readouterr().err


def test_a_map_of_days_is_solid_only_where_no_bar_is_missing() -> None:
    assert draw_days([1.0, 0.9999, 0.5, 0.1, 0.0, 1.0], 0, 6, 1) == "█▓▒░·█"


def test_a_map_is_blank_before_a_series_begins_and_after_it_ends() -> None:
    assert draw_days([1.0, 1.0], 2, 6, 1) == "  ██  "


def test_many_days_share_a_cell_as_their_mean() -> None:
    assert draw_days([1.0, 1.0, 1.0, 0.0, 1.0], 1, 7, 2) == "██▒ "
