"""The venue's own limits, in its own time, and several processes of a workspace that know no restraint of their own."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from edgeproof.adapters.clock import SystemClock
from edgeproof.bootstrap import create_workspace
from edgeproof.domain.time import MS_PER_DAY, MS_PER_MINUTE, format_ms
from edgeproof.simulator.exchange import (
    BackgroundExchange,
    ExchangeSpec,
    Fault,
    FaultKind,
    Venue,
    WalkSpec,
    WalkTape,
)

if TYPE_CHECKING:
    from collections.abc import Callable

TESTS = Path(__file__).parents[2]
SYMBOLS = (*(f"COIN{number}-USDT" for number in range(9)), "BTC-USDT")
HISTORY_DAYS = 12
STORM_S = 330.0
KILL_EVERY_S = 6.0


def open_exchange() -> tuple[BackgroundExchange, int]:
    """An exchange with BloFin's limits, whose short pages make a backfill ask often."""
    clock = SystemClock()
    start_ms = clock.now_ms() // MS_PER_MINUTE * MS_PER_MINUTE
    tape = WalkTape(
        WalkSpec(symbols=SYMBOLS, start_ms=start_ms, trades_per_second=20, history_minutes=HISTORY_DAYS * 1_440)
    )
    return BackgroundExchange(Venue(tape, ExchangeSpec(candle_page=100), clock)), start_ms


class Process:
    """A command that is started again whenever it was killed."""

    def __init__(self, folder: Path, *command: str) -> None:
        self._command = [sys.executable, *command]
        self._log = folder / f"{command[1].rsplit('.', 1)[-1]}.log"
        self.starts = 0
        self.start()

    def start(self) -> None:
        environment = {**os.environ, "PYTHONPATH": str(TESTS)}
        with self._log.open("ab") as log:
            self._running = subprocess.Popen(self._command, stdout=log, stderr=log, env=environment)
        self.starts += 1

    def kill(self) -> None:
        self._running.kill()
        self._running.wait(timeout=60)


def wait_until(holds: Callable[[], bool], within_s: float) -> None:
    end = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def count_requests(exchange: BackgroundExchange) -> dict[str, Any]:
    (counted,) = exchange.state()["requests"].values()
    return dict(counted)


@pytest.mark.slow
def test_no_limit_is_exceeded_by_a_storm_of_processes_that_are_killed_and_started_again(tmp_path: Path) -> None:
    """A backfill, an intake and two that ask without a pause, one of them killed every six seconds."""
    create_workspace(tmp_path)
    draw = random.Random(4)  # noqa: S311 - which of them is killed
    exchange, start_ms = open_exchange()
    with exchange:
        here = exchange.server.rest_url
        where = ("--host", here, "--workspace", str(tmp_path), "--json")
        since = format_ms(start_ms - (HISTORY_DAYS - 1) * MS_PER_DAY)
        storm = [
            Process(tmp_path, "-m", "fakes.venue_flooder", str(tmp_path), here),
            Process(tmp_path, "-m", "fakes.venue_flooder", str(tmp_path), here),
            Process(tmp_path, "-m", "fakes.backfill_worker", "--since", since, "--symbols", "all", *where),
            Process(tmp_path, "-m", "fakes.intake_process", "ingest", "--symbol", "BTC-USDT", *where),
        ]
        try:
            end = time.monotonic() + STORM_S
            while time.monotonic() < end:
                time.sleep(KILL_EVERY_S)
                victim = draw.choice(storm)
                victim.kill()
                victim.start()
        finally:
            for process in storm:
                process.kill()
        state = exchange.state()
        counted = count_requests(exchange)
    assert state["breaches"] == []
    assert not {event for event in state["events"] if event in {"rest 429", "rest 403"}}
    # It was a storm: nearly all that may be asked for was.
    assert 400 <= counted["most_in_a_minute"] <= 500
    assert 1_300 <= counted["most_in_five_minutes"] <= 1_500
    assert sum(process.starts for process in storm) >= 30


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "at_least_s"), [(FaultKind.SERVER_ERROR, 0.9), (FaultKind.TOO_MANY, 29.0)], ids=["5xx", "429"]
)
def test_nobody_knocks_while_the_venue_has_said_no(tmp_path: Path, kind: FaultKind, at_least_s: float) -> None:
    """Not even a process that starts meanwhile."""
    create_workspace(tmp_path)
    exchange, _ = open_exchange()
    with exchange:
        command = ("-m", "fakes.venue_flooder", str(tmp_path), exchange.server.rest_url)
        both = [Process(tmp_path, *command) for _ in range(2)]
        try:
            wait_until(lambda: bool(exchange.state()["requests"]) and count_requests(exchange)["requests"] > 30, 60.0)
            exchange.inject(Fault(kind=kind, count=1))
            wait_until(lambda: any(e in {"rest 429", "rest 500"} for e in exchange.state()["events"]), 60.0)
            refused_at = time.monotonic()
            time.sleep(0.5)  # those under way together with the one that was refused have arrived
            settled = count_requests(exchange)["requests"]
            both[0].kill()
            both[0].start()
            wait_until(lambda: count_requests(exchange)["requests"] > settled, 120.0)
            assert time.monotonic() - refused_at >= at_least_s
        finally:
            for process in both:
                process.kill()
