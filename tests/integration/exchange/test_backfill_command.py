from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from edgeproof.adapters.clock import SystemClock
from edgeproof.bootstrap import create_workspace
from edgeproof.domain.instruments import Instrument
from edgeproof.domain.time import MS_PER_MINUTE, ONE_MINUTE, format_ms
from edgeproof.simulator.exchange import (
    BackgroundExchange,
    ExchangeSpec,
    Fault,
    FaultKind,
    Venue,
    WalkSpec,
    WalkTape,
)
from fakes import backfill_worker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edgeproof.domain.arrays import IntArray

WORKER = Path(backfill_worker.__file__)
SYMBOLS = ("BTC-USDT", "ETH-USDT")


@contextmanager
def serve(history_minutes: int) -> Iterator[tuple[BackgroundExchange, int]]:
    """An exchange with BloFin's own limits, and the minute it opened in."""
    clock = SystemClock()
    start_ms = clock.now_ms() // MS_PER_MINUTE * MS_PER_MINUTE
    tape = WalkTape(WalkSpec(symbols=SYMBOLS, start_ms=start_ms, history_minutes=history_minutes))
    with BackgroundExchange(Venue(tape, ExchangeSpec(), clock)) as exchange:
        yield exchange, start_ms


def start(exchange: BackgroundExchange, folder: Path, since_ms: int, *more: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(WORKER.parents[1])}
    options = ["--since", format_ms(since_ms), "--host", exchange.server.rest_url, "--workspace", str(folder)]
    command = [sys.executable, str(WORKER), *options, "--symbols", ",".join(SYMBOLS), "--json", *more]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def finish(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err.decode()
    document: dict[str, Any] = json.loads(out)
    return document


def read_minutes(folder: Path, symbol: str) -> IntArray:
    lake = create_workspace(folder).lake
    bars = lake.bars(Instrument(venue="blofin-simulated", symbol=symbol), ONE_MINUTE)
    return bars["ts"].dt.epoch("ms").to_numpy() // MS_PER_MINUTE


def assert_consecutive(minutes: IntArray, since_ms: int, count: int) -> None:
    assert minutes.tolist() == list(range(since_ms // MS_PER_MINUTE, since_ms // MS_PER_MINUTE + count))


def test_a_plan_writes_nothing_and_a_second_run_asks_for_nothing(tmp_path: Path) -> None:
    create_workspace(tmp_path)
    with serve(3_000) as (exchange, start_ms):
        since_ms = start_ms - 2_880 * MS_PER_MINUTE
        until = ("--until", format_ms(start_ms))
        plan = finish(start(exchange, tmp_path, since_ms, *until, "--dry-run", "--no-funding"))["plan"]
        assert (plan["rows"], plan["requests"], plan["candles_per_request"]) == (5_760, 4, 1_440)
        assert not read_minutes(tmp_path, "BTC-USDT").size
        first = finish(start(exchange, tmp_path, since_ms, *until))
        assert first["report"]["new"] > 5_760
        again = finish(start(exchange, tmp_path, since_ms, *until))
        assert again["report"]["requests"] == 0
        for symbol in SYMBOLS:
            minutes = read_minutes(tmp_path, symbol)
            assert_consecutive(minutes, since_ms, 2_880)


@pytest.mark.slow
def test_two_at_once_while_the_exchange_fails_fill_everything_once(tmp_path: Path) -> None:
    create_workspace(tmp_path)
    with serve(6_000) as (exchange, start_ms):
        exchange.inject(Fault(kind=FaultKind.SERVER_ERROR, count=2))
        since_ms = start_ms - 5_760 * MS_PER_MINUTE
        both = [start(exchange, tmp_path, since_ms, "--no-funding") for _ in range(2)]
        new = sum(finish(process)["report"]["new"] for process in both)
        minutes = read_minutes(tmp_path, "BTC-USDT")
        assert_consecutive(minutes[:5_760], since_ms, 5_760)
        assert new == sum(read_minutes(tmp_path, symbol).size for symbol in SYMBOLS)
        assert exchange.state()["breaches"] == []


@pytest.mark.slow
def test_killed_again_and_again_it_loses_no_commit_and_ends_complete(tmp_path: Path) -> None:
    create_workspace(tmp_path)
    with serve(60 * 1_440) as (exchange, start_ms):
        since_ms = start_ms - 59 * 1_440 * MS_PER_MINUTE
        kept = 0
        for _ in range(3):
            process = start(exchange, tmp_path, since_ms, "--no-funding")
            time.sleep(14)  # long enough for some pages within the budget
            process.send_signal(signal.SIGKILL)
            process.communicate(timeout=60)
            held = sum(read_minutes(tmp_path, symbol).size for symbol in SYMBOLS)
            assert held >= kept
            kept = held
        assert kept > 0
        finish(start(exchange, tmp_path, since_ms, "--no-funding"))
        for symbol in SYMBOLS:
            minutes = read_minutes(tmp_path, symbol)
            assert_consecutive(minutes[: 59 * 1_440], since_ms, 59 * 1_440)
        assert exchange.state()["breaches"] == []
