from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import typer
from typer.testing import CliRunner

from contracts.journal_contract import BTC, ETH, NOON_MS, gap_at
from edgeproof.bootstrap import create_workspace
from edgeproof.cli import data, ingest
from edgeproof.domain.frames import TRADES
from fakes.lake_rows import trade_rows

if TYPE_CHECKING:
    from pathlib import Path

    from edgeproof.bootstrap import Workspace


@pytest.fixture
def desk(tmp_path: Path) -> Workspace:
    return create_workspace(tmp_path / "desk")


def run(desk: Workspace, *words: str) -> Any:  # noqa: ANN401 - JSON
    app = typer.Typer()
    app.callback()(lambda: None)
    ingest.add_to(app)
    app.command("status")(data.show_status)
    told = CliRunner().invoke(app, [*words, "--workspace", str(desk.root), "--json"], catch_exceptions=False)
    assert told.exit_code == 0, told.output
    return json.loads(told.stdout)


def test_gaps_are_listed_with_their_cause_and_volumes(desk: Workspace) -> None:
    desk.open_journal().advance(BTC, NOON_MS, [gap_at(1)])
    desk.open_journal().advance(ETH, NOON_MS, [gap_at(2, ETH)])
    (gap,) = run(desk, "gaps", "--symbol", "BTCUSDT")["gaps"]
    assert (gap["symbol"], gap["minutes"], gap["cause"]) == ("BTC-USDT", 2, "reconnect")
    assert (gap["held_volume"], gap["published_volume"]) == (1.25, 3.5)
    assert run(desk, "gaps")["checked_until_ms"]["blofin"] == {"BTC-USDT": NOON_MS, "ETH-USDT": NOON_MS}


def test_the_status_of_the_lake_tells_of_marked_gaps(desk: Workspace) -> None:
    assert run(desk, "status")["marked_gaps"] == []
    desk.open_journal().advance(BTC, NOON_MS, [gap_at(1)])
    assert [gap["symbol"] for gap in run(desk, "status")["marked_gaps"]] == ["BTC-USDT"]


def test_upkeep_tells_what_it_did(desk: Workspace) -> None:
    for part in trade_rows(40).iter_slices(4):
        desk.lake.append(TRADES, part)
    first = run(desk, "upkeep", "--keep-trades-days", "1")
    assert {event["event"] for event in first} >= {"files_merged", "trades_dropped"}
    assert not list(desk.lake.holdings())


def test_a_service_unit_names_the_workspace_and_what_is_taken_in(desk: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "units" / "edgeproof-ingest.service"
    told = run(desk, "install-service", "--unit", str(file), "--symbol", "BTC-USDT", "--host", "demo")
    assert told["unit"] == str(file)
    command = next(line for line in file.read_text().splitlines() if line.startswith("ExecStart="))
    assert "data ingest --symbol BTC-USDT --host demo" in command
    assert str(desk.root) in command
