from __future__ import annotations

import io
import json
import os
from typing import TYPE_CHECKING, Any

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from contracts.journal_contract import BTC, ETH, NOON_MS, gap_at
from edgeproof.bootstrap import create_workspace
from edgeproof.cli import data, ingest
from edgeproof.cli._intake_view import tell_intake
from edgeproof.domain.errors import WorkError
from edgeproof.domain.frames import TRADES
from edgeproof.ops.intake import Heartbeat
from fakes.lake_rows import trade_rows

if TYPE_CHECKING:
    from pathlib import Path

    from edgeproof.bootstrap import Workspace

TOLD = {
    "pid": 7,
    "venue": "blofin",
    "symbols": 2,
    "started_at": "then",
    "finished_at": "later",
    "detail": "asked to",
    "heartbeat_at": "a while ago",
    "heartbeat_age_s": 1.0,
    "trades_per_s": 12.0,
    "lag_ms": 200,
    "delay_ms": 20,
    "waiting": 3,
}


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


def test_the_status_says_live_only_while_a_process_takes_data_in(desk: Workspace) -> None:
    assert run(desk, "status")["intake"]["state"] == "never"
    journal, now_ms = desk.open_journal(), desk.clock.now_ms()
    run_id = journal.begin_run("blofin", ["BTC-USDT"], pid=os.getpid(), now_ms=now_ms)
    journal.beat(run_id, Heartbeat(at_ms=now_ms, trades_per_s=5.0, waiting=0, lag_ms=20, counts={"trades": 25}))
    assert run(desk, "status")["intake"]["state"] == "lost"
    with desk.lock_intake("data ingest"):
        told = run(desk, "status")["intake"]
    assert (told["state"], told["pid"], told["trades_per_s"]) == ("live", os.getpid(), 5.0)
    journal.finish_run(run_id, now_ms=now_ms, detail="stopped")
    assert run(desk, "status")["intake"]["state"] == "stopped"


@pytest.mark.parametrize(
    ("told", "line"),
    [
        ({"state": "never"}, "no live intake has run here"),
        ({"state": "starting", "pid": 7}, "starting, process 7"),
        ({**TOLD, "state": "live"}, "running since then, 2 symbols of blofin, 12 trades/s, 3 wait for the lake"),
        ({**TOLD, "state": "live", "delay_ms": -9_000}, "this clock is 9 s behind the venue's"),
        ({**TOLD, "state": "live", "delay_ms": 9_000}, "trades are 9 s old when they come"),
        ({**TOLD, "state": "silent", "heartbeat_age_s": 45.0}, "no sign of life for 45 s"),
        ({**TOLD, "state": "silent", "heartbeat_age_s": None}, "no sign of life since then"),
        ({**TOLD, "state": "silent", "lag_ms": 90_000}, "no trade for 90 s"),
        ({**TOLD, "state": "stopped"}, "not running; ended later (asked to)"),
        ({**TOLD, "state": "lost"}, "its process ended without a word after a while ago"),
        ({**TOLD, "state": "live", "refused": {"not JSON": 1_200}}, "refused since its start: 1,200 not JSON"),
    ],
)
def test_every_state_has_its_line(told: dict[str, Any], line: str) -> None:
    console = Console(file=io.StringIO(), width=200)
    tell_intake(console, told)
    assert line in console.file.getvalue()  # type: ignore[attr-defined] # a StringIO


def test_a_unit_that_cannot_be_written_says_so_in_one_line(desk: Workspace, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WorkError, match="run as root, or name a file with --unit"):
        run(desk, "install-service", "--unit", str(tmp_path / "file" / "x.service"))
