"""The intake as its user runs it: a process that is asked to stop, killed, started twice, and told what is missing."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from edgeproof.adapters.clock import SystemClock
from edgeproof.bootstrap import Workspace, create_workspace, open_workspace
from edgeproof.simulator.exchange import (
    BackgroundExchange,
    Burst,
    ExchangeSpec,
    Fault,
    FaultKind,
    Venue,
    WalkSpec,
    WalkTape,
    plan_faults,
)
from fakes.intake_truth import Comparison, compare_with_truth

if TYPE_CHECKING:
    from collections.abc import Sequence

TESTS = Path(__file__).parents[1]
VENUE = "blofin-simulated"
THREE = ("BTC-USDT", "ETH-USDT", "SOL-USDT")
MANY = tuple(f"COIN{number}-USDT" for number in range(36))


def open_exchange(
    symbols: Sequence[str], rate: float, *, faults_for_s: float = 0.0, bursts: Sequence[int] = ()
) -> BackgroundExchange:
    start_ms = int(time.time()) * 1_000
    planned = tuple(Burst(start_ms=start_ms + s * 1_000, seconds=10, trades_per_second=20_000) for s in bursts)
    spec = WalkSpec(symbols=tuple(symbols), start_ms=start_ms, trades_per_second=rate, bursts=planned)
    kinds = [k for k in FaultKind if k not in {FaultKind.FORBIDDEN, FaultKind.TOO_MANY, FaultKind.SKEW}]
    plan = plan_faults(seed=5, every_s=4.0, total_s=faults_for_s, kinds=kinds) if faults_for_s else ()
    return BackgroundExchange(Venue(WalkTape(spec), ExchangeSpec(plan=plan), SystemClock()))


def start_intake(desk: Workspace, exchange: BackgroundExchange, symbols: Sequence[str]) -> subprocess.Popen[bytes]:
    wanted = [word for symbol in symbols for word in ("--symbol", symbol)]
    command = [sys.executable, "-m", "fakes.intake_process", "ingest", "--host", exchange.server.rest_url, *wanted]
    with (desk.root / "intake.log").open("ab") as log:
        return subprocess.Popen(
            [*command, "--least-free-mb", "0", "--workspace", str(desk.root), "--json"],
            stdout=log,
            stderr=log,
            env={**os.environ, "PYTHONPATH": str(TESTS)},
        )


def read_log(desk: Workspace) -> str:
    return (desk.root / "intake.log").read_text()


def wait_for(desk: Workspace, event: str, *, times: int = 1, within_s: float = 60.0) -> None:
    deadline_s = time.monotonic() + within_s
    while read_log(desk).count(f'"event": "{event}"') < times:
        assert time.monotonic() < deadline_s, read_log(desk)[-2_000:]
        time.sleep(0.05)


def compare(desk: Workspace, exchange: BackgroundExchange) -> Comparison:
    again = open_workspace(desk.root)
    return compare_with_truth(again.lake, again.open_journal(), exchange.trades(), VENUE)


def measure_memory_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def test_an_intake_asked_to_stop_writes_what_it_has_and_exits_0(tmp_path: Path) -> None:
    desk = create_workspace(tmp_path / "desk")
    with open_exchange(THREE, 200) as exchange:
        running = start_intake(desk, exchange, THREE)
        try:
            wait_for(desk, "alive", times=2)
            second = start_intake(desk, exchange, THREE)
            assert second.wait(30) != 0
            assert "data ingest" in read_log(desk)
            running.send_signal(signal.SIGTERM)
            assert running.wait(30) == 0
        finally:
            running.kill()
            running.wait()
        found = compare(desk, exchange)
    assert found.held > 200
    assert (found.made, found.doubled, found.invented) == (found.held, 0, 0)
    assert '"unwritten": 0' in read_log(desk)


def test_an_intake_asked_to_stop_while_the_venue_is_away_ends_at_once_with_0(tmp_path: Path) -> None:
    desk = create_workspace(tmp_path / "desk")
    with open_exchange(THREE, 10) as exchange:
        exchange.inject(Fault(kind=FaultKind.SERVER_ERROR, seconds=600.0))
        running = start_intake(desk, exchange, THREE)
        try:
            wait_for(desk, "requests_wait")
            running.send_signal(signal.SIGTERM)
            assert running.wait(15) == 0
        finally:
            running.kill()
            running.wait()
    assert "Traceback" not in read_log(desk)


def test_a_symbol_that_was_delisted_keeps_no_intake_from_starting(tmp_path: Path) -> None:
    desk = create_workspace(tmp_path / "desk")
    with open_exchange(THREE, 60) as exchange:
        for attempt in (1, 2):
            running = start_intake(desk, exchange, THREE)
            try:
                wait_for(desk, "ready", times=attempt)
                running.send_signal(signal.SIGTERM)
                assert running.wait(30) == 0
            finally:
                running.kill()
                running.wait()
            exchange.delist("SOL-USDT")
    assert '"symbols": ["SOL-USDT"], "event": "not_traded_now"' in read_log(desk)


def kill_again_and_again(desk: Workspace, exchange: BackgroundExchange, *, times: int, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - moments of a test
    for round_ in range(1, times + 1):
        running = start_intake(desk, exchange, THREE)
        try:
            # Killed while it asked whether a failing venue is back, it leaves the others of the budget waiting.
            wait_for(desk, "ready", times=round_, within_s=300.0)
            time.sleep(chance.uniform(0.2, 3.0))
        finally:
            running.kill()
            running.wait()


def finish(desk: Workspace, exchange: BackgroundExchange) -> Comparison:
    """One more run, until every symbol's minutes of the killed ones are checked."""
    killed_ms = int(time.time() * 1_000)
    running = start_intake(desk, exchange, THREE)
    try:
        deadline_s = time.monotonic() + 400
        while True:
            marks = open_workspace(desk.root).open_journal().watermarks(VENUE)
            if len(marks) == len(THREE) and min(marks.values()) >= killed_ms:
                break
            assert time.monotonic() < deadline_s, read_log(desk)[-2_000:]
            time.sleep(1.0)
        running.send_signal(signal.SIGTERM)
        assert running.wait(30) == 0
    finally:
        running.kill()
        running.wait()
    return compare(desk, exchange)


@pytest.mark.slow
@pytest.mark.parametrize("times", [3, 50])
def test_however_often_it_is_killed_nothing_is_doubled_and_nothing_missing_is_unmarked(
    tmp_path: Path, times: int
) -> None:
    desk = create_workspace(tmp_path / "desk")
    with open_exchange(THREE, 300, faults_for_s=3_600.0) as exchange:
        kill_again_and_again(desk, exchange, times=times, seed=times)
        found = finish(desk, exchange)
        breaches = exchange.state()["breaches"]
    assert found.held > 0
    assert (found.doubled, found.invented, found.unmarked) == (0, 0, 0)
    assert breaches == []


@pytest.mark.slow
@pytest.mark.parametrize(("minutes", "bursts"), [(10, (90, 300, 480))])
def test_a_soak_with_faults_and_bursts_loses_nothing_unmarked_and_keeps_its_memory(
    tmp_path: Path, minutes: int, bursts: Sequence[int]
) -> None:
    desk = create_workspace(tmp_path / "desk")
    with open_exchange(MANY, 5_000, faults_for_s=minutes * 60.0, bursts=bursts) as exchange:
        running = start_intake(desk, exchange, MANY)
        memory = dict[int, float]()
        try:
            wait_for(desk, "ready")
            began_s = time.monotonic()
            while (minute := int((time.monotonic() - began_s) // 60)) < minutes:
                memory[minute] = max(memory.get(minute, 0.0), measure_memory_mb(running.pid))
                assert running.poll() is None, read_log(desk)[-2_000:]
                time.sleep(1.0)
            running.send_signal(signal.SIGTERM)
            assert running.wait(60) == 0
        finally:
            running.kill()
            running.wait()
        found, state = compare(desk, exchange), exchange.state()
    summary = {"found": str(found), "memory_mb": memory, "breaches": state["breaches"]}
    (tmp_path / "soak.json").write_text(json.dumps(summary))
    assert (found.doubled, found.invented, found.unmarked) == (0, 0, 0), summary
    assert found.held > 0.9 * found.made, summary
    assert state["breaches"] == [], summary
    assert memory[minutes - 1] <= 1.1 * memory[1], summary
