"""A program: sweep bars on a Ray cluster of its own in several orders and chunks; says whether threads find the same.

Arguments: an Arrow file of bars, and ``local``, or ``ray://`` for a cluster that is asked from outside, as a client.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl
import ray

from edgeproof.backtest.sweeps import sweep
from edgeproof.domain.errors import WorkError
from fakes.sweep_bits import CROSSING, GRID, tell_bits

if TYPE_CHECKING:
    from collections.abc import Iterator

_TRIES: Final = 10
_FAST, _SLOW = GRID["fast"], GRID["slow"]
_WAYS: Final[list[dict[str, Any]]] = [
    {"grid": {"fast": _FAST, "slow": _SLOW}},
    {"grid": {"slow": _SLOW[::-1], "fast": _FAST[::-1]}, "chunk": 1},
    {"grid": {"slow": _SLOW, "fast": _FAST}, "chunk": 7, "timeframes": ["5m", "1m"]},
]


def main(file: str, address: str) -> str:
    """Whether threads and the cluster agree."""
    bars = pl.read_ipc(file)
    expected = tell_bits(sweep(bars, CROSSING, grid=GRID, timeframes=["1m", "5m"]))
    with _open_cluster(address) as place:
        found = [
            tell_bits(sweep(bars, CROSSING, **{"timeframes": ["1m", "5m"]} | way, workers=2, compute=place))
            for way in _WAYS
        ]
    return "same" if all(bits == expected for bits in found) else "different"


@contextmanager
def _open_cluster(address: str) -> Iterator[str]:
    if address == "local":
        ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False)
        yield "auto"
        ray.shutdown()
        return
    port, client_port = _find_free_ports(2)
    # Sockets lie in that folder, and their names may not be long.
    with tempfile.TemporaryDirectory(prefix="r", ignore_cleanup_errors=True) as folder:
        command = [
            str(Path(sys.executable).with_name("ray")), "start", "--head", "--block", "--num-cpus=2",
            "--node-ip-address=127.0.0.1", f"--port={port}", f"--ray-client-server-port={client_port}",
            "--include-dashboard=false", "--disable-usage-stats", f"--temp-dir={folder}",
        ]  # fmt: skip
        cluster = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        place = f"ray://127.0.0.1:{client_port}"
        try:
            _wait_for(place)
            yield place
            ray.shutdown()
        finally:
            cluster.terminate()
            cluster.wait(60)


def _wait_for(place: str) -> None:
    """Join the cluster as soon as it answers; sweeps find it joined."""
    for left in reversed(range(_TRIES)):
        try:
            ray.init(address=place, log_to_driver=False)
        except (ConnectionError, RuntimeError) as error:
            if not left:
                raise WorkError(f"no cluster at {place}") from error
            time.sleep(1.0)
        else:
            return


def _find_free_ports(count: int) -> list[int]:
    taken = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in taken]
    for one in taken:
        one.close()
    return ports


if __name__ == "__main__":
    print(main(*sys.argv[1:]))  # noqa: T201 - a program that answers
