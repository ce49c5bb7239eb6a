from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import typer
from typer.testing import CliRunner

from edgeproof.bootstrap import create_workspace
from edgeproof.cli import simulate
from edgeproof.domain.errors import RequestError, UnknownName, WorkError
from edgeproof.domain.frames import TRADES
from edgeproof.simulator.exchange import (
    BackgroundExchange,
    ExchangeSpec,
    FaultKind,
    ManualClock,
    Venue,
    WalkSpec,
    WalkTape,
)
from fakes.lake_rows import trade_rows

if TYPE_CHECKING:
    from pathlib import Path


def make_app() -> typer.Typer:
    app = typer.Typer()
    simulate.add_to(app)
    return app


@pytest.mark.parametrize("rate", ["0", "400"])
def test_an_exchange_runs_for_as_long_as_asked_and_says_what_it_did(rate: str, tmp_path: Path) -> None:
    truth = tmp_path / "truth.bin"
    arguments = ["simulate", "exchange", "--port", "0", "--days", "1", "--symbols", "BTC-USDT,ETH-USDT", "--json"]
    arguments += ["--rate", rate, "--seconds", "1.2", "--truth", str(truth), "--fault-every", "0.3"]
    done = CliRunner().invoke(make_app(), arguments)
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert sum(told["made"].values()) == truth.stat().st_size // 35
    assert told["breaches"] == []
    assert any(event.startswith("fault ") for event in told["events"])
    assert "ws://127.0.0.1:" in done.stderr


def test_the_help_names_every_fault_there_is() -> None:
    told = CliRunner().invoke(make_app(), ["simulate", "exchange", "--help"], env={"COLUMNS": "400"}).stdout
    words = {word.strip("(),.:") for word in told.split()}
    assert {kind.value for kind in FaultKind} <= words


@pytest.mark.parametrize("kind", [kind.value for kind in FaultKind])
def test_a_fault_that_is_asked_for_comes_and_no_other(kind: str) -> None:
    arguments = [
        "simulate",
        "exchange",
        "--port",
        "0",
        "--days",
        "1",
        "--symbols",
        "BTC-USDT",
        "--json",
        "--rate",
        "50",
    ]
    arguments += ["--seconds", "1", "--fault-every", "0.2", "--faults", kind]
    done = CliRunner().invoke(make_app(), arguments)
    assert done.exit_code == 0, done.output
    events = json.loads(done.stdout)["events"]
    assert [event for event in events if event.startswith("fault ")] == [f"fault {kind}"]


def test_a_recording_in_the_lake_is_played_as_of_now(tmp_path: Path) -> None:
    desk = create_workspace(tmp_path / "desk")
    desk.lake.append(TRADES, trade_rows(400))
    arguments = ["simulate", "exchange", "--port", "0", "--seconds", "0.8", "--speed", "1000", "--json"]
    arguments += ["--workspace", str(desk.root), "--replay"]
    venue = desk.lake.holdings()[0].instrument.venue
    done = CliRunner().invoke(make_app(), [*arguments, venue])
    assert done.exit_code == 0, done.output
    made = json.loads(done.stdout)["made"]
    assert set(made) == {one.instrument.symbol for one in desk.lake.holdings()}
    assert sum(made.values()) > 0
    nobody = CliRunner().invoke(make_app(), [*arguments, f"{venue}x"])
    assert isinstance(nobody.exception, UnknownName)
    absent = CliRunner().invoke(make_app(), [*arguments, venue, "--symbols", "XRP-USDT"])
    assert isinstance(absent.exception, UnknownName)


def test_faults_nobody_knows_or_nobody_schedules_are_refused() -> None:
    unknown = CliRunner().invoke(make_app(), ["simulate", "exchange", "--fault-every", "1", "--faults", "drop,stal"])
    assert isinstance(unknown.exception, UnknownName)
    assert "did you mean 'stall'" in str(unknown.exception)
    idle = CliRunner().invoke(make_app(), ["simulate", "exchange", "--faults", "drop"])
    assert isinstance(idle.exception, RequestError)


def test_a_taken_port_is_a_failure_in_one_line() -> None:
    clock = ManualClock(1_772_625_600_000)
    venue = Venue(WalkTape(WalkSpec(symbols=("BTC-USDT",), start_ms=clock.now_ms())), ExchangeSpec(), clock)
    with BackgroundExchange(venue) as other:
        arguments = ["simulate", "exchange", "--days", "1", "--seconds", "1", "--port", str(other.server.port)]
        done = CliRunner().invoke(make_app(), arguments)
    assert isinstance(done.exception, WorkError)
    assert "name another port" in str(done.exception)
