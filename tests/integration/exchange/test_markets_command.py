"""What a venue tells of its markets reaches the workspace, by the command, a backfill and an intake alike."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import typer
from typer.testing import CliRunner

from edgeproof.adapters.clock import SystemClock
from edgeproof.bootstrap import create_workspace
from edgeproof.cli import data
from edgeproof.domain.errors import UnknownName
from edgeproof.domain.instruments import Instrument
from edgeproof.domain.time import MS_PER_MINUTE, format_ms
from edgeproof.simulator.exchange import UNLIMITED, BackgroundExchange, ExchangeSpec, Venue, WalkSpec, WalkTape

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BTC = Instrument(venue="blofin-simulated", symbol="BTC-USDT")
ETH = Instrument(venue="blofin-simulated", symbol="ETH-USDT")


@pytest.fixture(scope="module")
def exchange() -> Iterator[BackgroundExchange]:
    clock = SystemClock()
    start_ms = clock.now_ms() // MS_PER_MINUTE * MS_PER_MINUTE
    tape = WalkTape(WalkSpec(symbols=("BTC-USDT", "ETH-USDT"), start_ms=start_ms, history_minutes=60))
    with BackgroundExchange(Venue(tape, ExchangeSpec(budgets=UNLIMITED), clock)) as background:
        yield background


def run(folder: Path, exchange: BackgroundExchange, *words: str) -> Any:  # noqa: ANN401 - JSON
    app = typer.Typer()
    data.add_to(app)
    where = ["--host", exchange.server.rest_url, "--workspace", str(folder), "--json"]
    done = CliRunner().invoke(app, ["data", *words, *where], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_rules_and_tiers_are_told_and_kept(tmp_path: Path, exchange: BackgroundExchange) -> None:
    desk = create_workspace(tmp_path)
    (told,) = run(tmp_path, exchange, "markets", "--symbols", "btcusdt")
    listing = exchange.server.venue.market["BTC-USDT"].listing
    assert told["lot"] == float(listing.base_per_lot)
    assert told["tick"] == float(listing.tick)
    assert told["min_size"] == float(listing.min_size * listing.contract_value)
    assert (told["max_leverage"], told["state"]) == (float(listing.max_leverage), "live")
    assert told["tiers"][0]["maintenance"] == float(listing.maintenance_rate)
    assert told["tiers"][-1]["max_notional"] is None
    assert desk.rules().keys() == {BTC}
    assert desk.rules()[BTC].lot == told["lot"]
    assert desk.rules()[BTC].maintenance_margin == float(listing.maintenance_rate)


def test_all_markets_are_kept_without_tiers_unless_those_are_asked_for(
    tmp_path: Path, exchange: BackgroundExchange
) -> None:
    desk = create_workspace(tmp_path)
    told = run(tmp_path, exchange, "markets")
    assert [(row["symbol"], row["tiers"]) for row in told] == [("BTC-USDT", None), ("ETH-USDT", None)]
    assert desk.rules().keys() == {BTC, ETH}
    told = run(tmp_path, exchange, "markets", "--symbols", "all", "--tiers")
    assert all(row["tiers"] for row in told)
    run(tmp_path, exchange, "markets")
    assert len(desk.rules()[ETH].tiers) > 1


def test_a_symbol_that_is_not_listed_is_refused(tmp_path: Path, exchange: BackgroundExchange) -> None:
    create_workspace(tmp_path)
    with pytest.raises(UnknownName, match="did you mean 'ETH-USDT'"):
        run(tmp_path, exchange, "markets", "--symbols", "ETT-USDT")


def test_a_backfill_keeps_the_rules_of_what_it_fills_and_a_plan_keeps_nothing(
    tmp_path: Path, exchange: BackgroundExchange
) -> None:
    desk = create_workspace(tmp_path)
    since = format_ms(SystemClock().now_ms() - 30 * MS_PER_MINUTE)
    words = ("backfill", "--since", since, "--symbols", "BTC-USDT", "--no-funding")
    run(tmp_path, exchange, *words, "--dry-run")
    assert desk.rules() == {}
    run(tmp_path, exchange, *words)
    assert desk.rules().keys() == {BTC}


def test_an_intake_keeps_the_rules_of_what_it_takes_in(tmp_path: Path, exchange: BackgroundExchange) -> None:
    desk = create_workspace(tmp_path)
    run(tmp_path, exchange, "ingest", "--symbol", "ETH-USDT", "--run-for-s", "1.5", "--least-free-mb", "0")
    assert desk.rules().keys() == {ETH}
