"""Positions that leave in parts, from the strategy's file to what the command line shows and writes."""

from __future__ import annotations

import json
from base64 import b64decode
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import polars as pl
import pytest

from edgeproof.backtest.portfolio import PORTFOLIO_PARTS
from edgeproof.domain.results import PARTIAL_EXITS
from fakes.command_line import make_desk, run
from fakes.pages import read_island

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Ask: TypeAlias = Callable[..., dict[str, Any]]

HALVES = """
name: halves
thesis: Half leaves where the market usually gets, the rest goes on.
timeframe: 5m
long: close > lag(close, 1)
exit_long: close < lag(close, 3)
take: 0.5 * atr(14)
take_share: 0.5
"""
TRADE = ["symbol", "side", "entry_ts"]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    monkeypatch.setenv("EDGEPROOF_WORKSPACE", str(tmp_path / "desk"))
    monkeypatch.setenv("COLUMNS", "200")
    root = make_desk(tmp_path, {"BTC": 1_440, "ETH": 1_440})
    (root / "strategies" / "halves.yaml").write_text(HALVES, "utf-8")
    (root / "strategies" / "whole.yaml").write_text(
        HALVES.replace("halves", "whole").replace("take_share: 0.5\n", ""), "utf-8"
    )
    capsys.readouterr()
    return root


@pytest.fixture
def ask(desk: Path, capsys: pytest.CaptureFixture[str]) -> Ask:
    def asked(*arguments: str) -> dict[str, Any]:
        assert run(*arguments, "--workspace", str(desk), "--json") == 0
        document: dict[str, Any] = json.loads(capsys.readouterr().out)
        return document

    return asked


@pytest.mark.parametrize(("command", "schema"), [("backtest", PARTIAL_EXITS), ("portfolio", PORTFOLIO_PARTS)])
def test_every_part_is_written_and_belongs_to_a_trade(
    ask: Ask, tmp_path: Path, command: str, schema: pl.Schema
) -> None:
    files = tmp_path / "trades.csv", tmp_path / "parts.csv"
    document = ask(command, "halves", "--trades-csv", str(files[0]), "--parts-csv", str(files[1]))
    assert document["parts_csv"] == str(files[1])
    trades, parts = (pl.read_csv(file) for file in files)
    assert parts.columns == list(schema)
    assert set(parts["symbol"]) == {"BTC-USDT", "ETH-USDT"}
    found = parts.join(trades, on=TRADE, suffix="_of_trade", validate="1:1")
    assert 10 < found.height == parts.height <= trades.height
    np.testing.assert_allclose(found["size"], 0.5 * found["size_of_trade"])
    assert (found["ts"] >= found["entry_ts"]).all()
    assert (found["ts"] <= found["exit_ts"]).all()
    # Both halves paid the same rate; what is told of the trade holds both.
    assert (found["fee"] < found["fees"]).all()


def test_parts_are_counted_for_each_account_and_told(
    ask: Ask, desk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = ask("backtest", "halves", "--parts-csv", str(tmp_path / "parts.csv"))
    counts = [account["partial_exits"] for account in document["accounts"]]
    assert document["total"]["partial_exits"] == sum(counts) == pl.read_csv(tmp_path / "parts.csv").height
    assert run("backtest", "halves", "--parts-csv", str(tmp_path / "parts.csv"), "-w", str(desk)) == 0
    told = capsys.readouterr().out
    assert f"{sum(counts)} positions left in part at the target" in told
    assert f"parts that left before the rest written to {tmp_path / 'parts.csv'}" in told


def test_a_strategy_whose_targets_take_everything_has_no_parts(
    ask: Ask, desk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = ask("backtest", "whole", "--parts-csv", str(tmp_path / "parts.csv"))
    assert document["total"]["partial_exits"] == 0
    assert pl.read_csv(tmp_path / "parts.csv").is_empty()
    assert run("backtest", "whole", "-w", str(desk)) == 0
    assert "in part" not in capsys.readouterr().out


@pytest.mark.parametrize("command", ["backtest", "portfolio"])
def test_the_sheet_marks_each_part_where_it_left(ask: Ask, tmp_path: Path, command: str) -> None:
    page, file = tmp_path / "sheet.html", tmp_path / "parts.csv"
    ask(command, "halves", "--symbols", "BTC-USDT", "--sheet", str(page), "--parts-csv", str(file))
    (market,) = read_island(page.read_text("utf-8"), "markets")["markets"]
    drawn = np.frombuffer(b64decode(market["parts"]["price"]), "<f4")
    np.testing.assert_allclose(np.sort(drawn), pl.read_csv(file)["price"].sort().to_numpy(), rtol=1e-6)


@pytest.mark.parametrize("command", ["backtest", "portfolio"])
def test_a_place_where_parts_cannot_be_written_is_refused(
    desk: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(command, "halves", "--parts-csv", "/nowhere/parts.csv", "-w", str(desk)) == 2
    assert (
        "parts-csv cannot be '/nowhere/parts.csv'; expected a file in a folder that exists" in capsys.readouterr().err
    )
