from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import typer
from typer.testing import CliRunner

from edgeproof.cli import simulate
from edgeproof.domain.errors import WorkError
from edgeproof.simulator.exchange import BackgroundExchange, ExchangeSpec, ManualClock, Venue, WalkSpec, WalkTape

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


def test_a_taken_port_is_a_failure_in_one_line() -> None:
    clock = ManualClock(1_772_625_600_000)
    venue = Venue(WalkTape(WalkSpec(symbols=("BTC-USDT",), start_ms=clock.now_ms())), ExchangeSpec(), clock)
    with BackgroundExchange(venue) as other:
        arguments = ["simulate", "exchange", "--days", "1", "--seconds", "1", "--port", str(other.server.port)]
        done = CliRunner().invoke(make_app(), arguments)
    assert isinstance(done.exception, WorkError)
    assert "name another port" in str(done.exception)
