"""Threads, processes and a Ray cluster: who computes changes how long a sweep takes, never a bit of what it finds."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.backtest.sweeps import check_address, sweep
from edgeproof.domain.errors import InvalidValue, RequestError
from fakes.small_markets import make_bars
from fakes.sweep_bits import CROSSING, GRID, tell_bits

ONE = make_bars("BTC-USDT", minutes=2_000, seed=1)
TWO = pl.concat([ONE, make_bars("ETH-USDT", minutes=1_500, seed=2)])
TIMEFRAMES = ["1m", "5m"]
EXPECTED = tell_bits(sweep(TWO, CROSSING, grid=GRID, timeframes=TIMEFRAMES))


@settings(deadline=None, max_examples=15)
@given(
    who=st.sampled_from([None, "threads", "processes"]),
    workers=st.integers(1, 3),
    chunk=st.integers(1, 40),
    fast=st.permutations(GRID["fast"]),
    slow=st.permutations(GRID["slow"]),
    slow_first=st.booleans(),
    timeframes=st.permutations(TIMEFRAMES),
)
def test_threads_and_processes_find_the_same_to_the_bit_in_any_order_and_chunks(  # noqa: PLR0913, PLR0917 - what may vary
    who: str | None,
    workers: int,
    chunk: int,
    fast: list[int],
    slow: list[int],
    slow_first: bool,  # noqa: FBT001
    timeframes: list[str],
) -> None:
    grid: dict[str, Any] = {"slow": slow, "fast": fast} if slow_first else {"fast": fast, "slow": slow}
    table = sweep(TWO, CROSSING, grid=grid, timeframes=timeframes, workers=workers, compute=who, chunk=chunk)
    assert tell_bits(table) == EXPECTED


def test_a_bit_of_one_number_is_told_apart() -> None:
    table = sweep(ONE, CROSSING, grid={"fast": [3, 4]})
    nudged = table.with_columns(fees=pl.col("fees") * (1.0 + 2.0**-52))
    assert tell_bits(table) != tell_bits(nudged)
    assert tell_bits(table) == tell_bits(table.reverse())


@pytest.mark.slow
@pytest.mark.parametrize("address", ["local", "ray://"])
def test_a_ray_cluster_finds_the_same_to_the_bit_in_any_order_and_chunks(tmp_path: Path, address: str) -> None:
    pytest.importorskip("ray")
    if address != "local":
        pytest.importorskip("grpc")
    ran = run_with_ray("sweep_on_ray.py", str(tmp_path / "bars.arrow"), address, tmp_path=tmp_path)
    assert ran.returncode == 0, ran.stderr[-2_000:]
    assert ran.stdout.splitlines()[-1] == "same"


@pytest.mark.slow
@pytest.mark.parametrize("address", ["auto", "ray://127.0.0.1:9"])
def test_a_cluster_that_does_not_answer_is_one_line(tmp_path: Path, address: str) -> None:
    pytest.importorskip("ray")
    if address != "auto":
        pytest.importorskip("grpc")
    ran = run_with_ray("ask_absent_ray.py", str(tmp_path / "bars.arrow"), address, tmp_path=tmp_path)
    assert ran.stdout.startswith(f"no Ray cluster at '{address}'"), ran.stderr[-2_000:]
    assert ran.stdout.count("\n") == 1


def run_with_ray(program: str, *arguments: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    TWO.write_ipc(tmp_path / "bars.arrow")
    tests = Path(__file__).resolve().parents[3]
    path = os.pathsep.join([str(tests), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = os.environ | {"RAY_AUTH_MODE": "disabled", "PYTHONPATH": path}
    command = [sys.executable, str(tests / "fakes" / program), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.parametrize("address", ["auto", "local", "ray://10.0.0.7:10001", "head.example:6379"])
def test_an_address_of_a_cluster_is_one_of_few_shapes(address: str) -> None:
    assert check_address(address) == address


@pytest.mark.parametrize(
    "address", ["", "process", "ray://", "ray://host", "http://host:1", "host:port", 7, True, "a b:1"]
)
def test_what_cannot_compute_is_one_line(address: Any) -> None:  # noqa: ANN401
    with pytest.raises(
        InvalidValue, match=r"compute cannot be .*; expected threads, processes, or a Ray cluster"
    ) as told:
        sweep(ONE, CROSSING, grid=GRID, compute=address)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(("library", "absent"), [("ray", {"ray"}), ("grpcio", {"grpc"})])
def test_an_absent_library_is_named_with_what_brings_it(
    monkeypatch: pytest.MonkeyPatch, library: str, absent: set[str]
) -> None:
    monkeypatch.setattr(
        "edgeproof.backtest.sweeps.pools.find_spec", lambda name: None if name in absent else find_spec("edgeproof")
    )
    with pytest.raises(RequestError, match=rf"needs {library}, which is not installed: pip install 'edgeproof\[ray\]'"):
        sweep(ONE, CROSSING, grid=GRID, compute="ray://127.0.0.1:9")
