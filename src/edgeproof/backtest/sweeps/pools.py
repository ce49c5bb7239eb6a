"""Who answers: this thread, some threads, some processes, or a Ray cluster. The answers are the same.

Threads are the default because kernels and numpy let go of the interpreter's lock, and because threads share one
memory of features; decision 65 has the measurements.
"""

from __future__ import annotations

import re
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, Protocol
from uuid import uuid4

from joblib import Parallel, delayed, parallel_config

from edgeproof.backtest.arguments import read_count
from edgeproof.backtest.sweeps.markets import Desk
from edgeproof.domain.errors import InvalidValue, MissingExtra, WorkError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import TypeAlias

    from edgeproof.backtest.sweeps.markets import Answer, Markets, Question

    Ask: TypeAlias = Callable[[Sequence[Question]], list[Answer]]

THREADS: Final = "threads"
PROCESSES: Final = "processes"
_ADDRESS: Final = re.compile(r"auto|local|(ray://)?[^\s/:]+:[0-9]{1,5}")
_MOST_WORKERS: Final = 1024
# Enough questions that starting a task costs nothing beside them, few enough that workers finish together.
_MOST_AT_ONCE: Final = 16
_TASKS_A_WORKER: Final = 4
# joblib takes a process that has grown by 300 MB for one that leaks, and starts another in its place.
_MOST_CACHE_IN_PROCESS: Final = 192 * 1024 * 1024

# The desk of this process, where it is a worker: by the sweep it serves.
_desks: dict[str, Desk] = {}


@contextmanager
def open_pool(markets: Markets, *, workers: int = 1, compute: str | None = None) -> Iterator[Ask]:
    """Open what answers questions, in the order they are asked.

    Args:
        markets: What the questions are about.
        workers: How many answer at once, 1 or more.
        compute: None or ``"threads"``; ``"processes"`` on this machine; else the address of a Ray cluster (``"auto"``
            finds the one this machine belongs to, ``"local"`` starts one here).

    Raises:
        InvalidValue: Not a number of workers, or nobody who could compute.
        MissingExtra: Ray was asked for and is not installed.
        WorkError: No Ray cluster answers at that address.
    """
    workers = read_count("workers", workers, least=1, most=_MOST_WORKERS)
    if compute in {None, THREADS}:
        desk = Desk(markets)
        if workers == 1:
            yield desk.answer_all
            return
        with Parallel(n_jobs=workers, backend="threading") as pool:
            yield lambda questions: _share(pool, desk.answer_all, questions, workers)
    elif compute == PROCESSES:
        cache_bytes = min(markets.cache_bytes // workers, _MOST_CACHE_IN_PROCESS)
        remote = Shipment(token=uuid4().hex, content=replace(markets, cache_bytes=cache_bytes))
        # Copy on write: kernels are compiled for arrays that may be written.
        with Parallel(n_jobs=workers, backend="loky", mmap_mode="c") as pool:
            yield lambda questions: _share(pool, remote, questions, workers)
    else:
        ray = _join_cluster(check_address(compute))
        shipment = RayShipment(token=uuid4().hex, reference=ray.put(markets))
        with parallel_config(backend="ray", n_jobs=workers), Parallel() as pool:
            yield lambda questions: _share(pool, shipment, questions, workers)


def check_address(compute: object) -> str:
    """The address of a Ray cluster.

    Raises:
        InvalidValue: It is none.
    """
    if not isinstance(compute, str) or _ADDRESS.fullmatch(compute) is None:
        expected = f"{THREADS}, {PROCESSES}, or a Ray cluster: auto, local, ray://HOST:PORT or HOST:PORT"
        raise InvalidValue("compute", compute, expected)
    return compute


class _Answering(Protocol):
    def __call__(self, questions: Sequence[Question]) -> list[Answer]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipment:
    """Markets on their way to another process, where the desk made of them is kept for the whole sweep."""

    token: str
    content: Markets

    def __call__(self, questions: Sequence[Question]) -> list[Answer]:
        """Answer where this has arrived."""
        return _keep_desk(self.token, lambda: self.content).answer_all(questions)


@dataclass(frozen=True, slots=True, kw_only=True)
class RayShipment:
    """Markets in a cluster's store, fetched once by every process that answers."""

    token: str
    reference: Any

    def __call__(self, questions: Sequence[Question]) -> list[Answer]:
        """Answer where this has arrived."""
        return _keep_desk(self.token, lambda: import_module("ray").get(self.reference)).answer_all(questions)


def _keep_desk(token: str, fetch: Callable[[], Markets]) -> Desk:
    if token not in _desks:
        _desks.clear()
        _desks[token] = Desk(fetch())
    return _desks[token]


def _share(pool: Parallel, answer: _Answering, questions: Sequence[Question], workers: int) -> list[Answer]:
    """Neighbours stay together, since they ask for the same features."""
    size = max(1, min(_MOST_AT_ONCE, -(-len(questions) // (workers * _TASKS_A_WORKER))))
    parts = [questions[at : at + size] for at in range(0, len(questions), size)]
    return [one for part in pool(delayed(answer)(part) for part in parts) for one in part]


def _join_cluster(address: str) -> Any:  # noqa: ANN401 - ray, which may not be installed
    needed = {"ray": "ray"} | ({"grpc": "grpcio"} if address.startswith("ray://") else {})
    for module, library in needed.items():
        if find_spec(module) is None:
            raise MissingExtra(f"compute={address!r}", library, "ray")
    ray = import_module("ray")
    if not ray.is_initialized():
        try:
            with warnings.catch_warnings():
                # What it warns of when nobody answers, it then raises.
                warnings.simplefilter("ignore")
                ray.init(address=address, log_to_driver=False)
        except (ConnectionError, ValueError, RuntimeError) as error:
            reason = " ".join(str(error).split())[:200]
            raise WorkError(f"no Ray cluster at {address!r}: {reason}; start one, or leave compute out") from None
    import_module("ray.util.joblib").register_ray()
    return ray
