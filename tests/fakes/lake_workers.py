"""What the processes of the lake's tests do; importable, because a new process has to find it."""

from __future__ import annotations

import os
import resource
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from edgeproof.adapters.lake import DeltaLake
from edgeproof.domain.errors import WorkError
from edgeproof.domain.frames import BARS
from edgeproof.domain.stores import Written
from edgeproof.domain.time import MS_PER_MINUTE
from fakes.lake_rows import START_MS, bar_rows

if TYPE_CHECKING:
    from multiprocessing.queues import Queue
    from multiprocessing.synchronize import Barrier, Event

NOBODY = 65_534
ROWS_PER_APPEND = 200


class LocklessLake(DeltaLake):
    """Relies on the log alone, as it must where other machines write too."""

    def _hold(self, place: object) -> nullcontext[None]:  # noqa: ARG002 - the place would be locked
        return nullcontext()


def write_bars(  # noqa: PLR0913 - a process takes what it needs as plain values
    url: str,
    options: dict[str, str],
    firsts: list[int],
    start: Barrier,
    outcomes: Queue[Written | str],
    *,
    lockless: bool = False,
) -> None:
    """Append a batch at each of these minutes, all processes at once; say what became of the rows."""
    lake = (LocklessLake if lockless else DeltaLake)(url, storage_options=options)
    total = Written()
    start.wait(60)
    try:
        for first in firsts:
            total += lake.append(BARS, bar_rows(ROWS_PER_APPEND, start_ms=START_MS + first * MS_PER_MINUTE))
    except WorkError as error:
        outcomes.put(str(error))
        raise
    outcomes.put(total)


def write_until_killed(url: str, acknowledged: str, first: int, ready: Event) -> None:
    """Append batch after batch, and note after each one that it is safe, until somebody ends this process."""
    lake = DeltaLake(url)
    with Path(acknowledged).open("ab", buffering=0) as notes:
        ready.set()
        while True:
            lake.append(BARS, bar_rows(ROWS_PER_APPEND, start_ms=START_MS + first * MS_PER_MINUTE))
            notes.write(f"{first}\n".encode())
            first += ROWS_PER_APPEND


def write_as_nobody(url: str, outcomes: Queue[Written | str]) -> None:
    """Append as a user who owns nothing; the superuser would be let in everywhere."""
    lake = DeltaLake(url)
    if os.geteuid() == 0:
        os.setuid(NOBODY)
    _append_once(lake, outcomes)


def write_with_little_room(url: str, bytes_a_file: int, outcomes: Queue[Written | str]) -> None:
    """Append where no file may grow beyond a few bytes: to a program the same as a full disk."""
    lake = DeltaLake(url)
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_a_file, bytes_a_file))
    _append_once(lake, outcomes)


def _append_once(lake: DeltaLake, outcomes: Queue[Written | str]) -> None:
    try:
        outcomes.put(lake.append(BARS, bar_rows(5_000)))
    except WorkError as error:
        outcomes.put(f"{type(error).__name__}: {error}")
