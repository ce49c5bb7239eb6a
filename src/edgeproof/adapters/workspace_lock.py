"""One run per workspace, held by the operating system: it is let go when its process ends, however it ends."""

from __future__ import annotations

import json
import os
import time
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from filelock import FileLock, Timeout

from edgeproof.adapters.clock import SystemClock
from edgeproof.domain.errors import Busy, WorkError
from edgeproof.domain.time import format_ms

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edgeproof.domain.time import Clock

RESEARCH: Final = "run"
INTAKE: Final = "intake"
# Whoever asks whether the workspace is held takes the lock for an instant; a run that begins just then waits it out.
_PATIENCE_S: Final = 0.5
_POLL_S: Final = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who holds a workspace, since when and what for; None where that could not be read."""

    pid: int | None = None
    since_ms: int | None = None
    purpose: str | None = None

    def __str__(self) -> str:
        if self.pid is None or self.since_ms is None:
            return "another process"
        return f"process {self.pid} ({self.purpose}) since {format_ms(self.since_ms)}"


class WorkspaceLock:
    """The lock of one workspace; the lock itself is the truth, the file beside it only says whose it is.

    Args:
        root: The workspace's directory.
        clock: Tells since when it is held.
        kind: What there may be one of at a time; locks of different kinds do not know each other.
    """

    def __init__(self, root: Path, clock: Clock | None = None, *, kind: str = RESEARCH) -> None:
        self._root = root
        self._clock = clock or SystemClock()
        self._lock_file = root / f".{kind}.lock"
        self._holder_file = root / f".{kind}.json"

    @contextmanager
    def hold(self, purpose: str) -> Iterator[Holder]:
        """Hold the workspace for the length of a ``with`` block.

        Args:
            purpose: What for, such as ``research run``; whoever finds it held is told.

        Raises:
            Busy: Another run holds it.
            WorkError: The workspace cannot be written.
        """
        lock = self._take(_PATIENCE_S)
        if lock is None:
            holder = self.holder() or Holder()
            raise Busy(f"workspace {self._root} is in use by {holder}; wait for it to finish, or stop it")
        try:
            holder = Holder(pid=os.getpid(), since_ms=self._clock.now_ms(), purpose=purpose)
            self._write_holder(holder)
            yield holder
        finally:
            self._holder_file.unlink(missing_ok=True)
            lock.release()

    def is_held(self) -> bool:
        """Whether a run holds the workspace at this moment.

        Raises:
            WorkError: The lock cannot be tried.
        """
        if not self._lock_file.exists():
            return False
        lock = self._take(0.0)
        if lock is None:
            return True
        lock.release()
        return False

    def holder(self) -> Holder | None:
        """Who holds the workspace at this moment, or None; one that was killed holds it no longer."""
        deadline_s = time.monotonic() + _PATIENCE_S
        while self.is_held():
            told = self._read_holder()
            # Between taking the lock and saying so, a run finds here what one that was killed had said.
            if told is not None and _is_alive(told.pid):
                return told
            if time.monotonic() > deadline_s:
                return Holder()
            time.sleep(_POLL_S)
        return None

    def _take(self, patience_s: float) -> FileLock | None:
        lock = FileLock(self._lock_file, timeout=patience_s, thread_local=False)
        try:
            lock.acquire(poll_interval=_POLL_S)
        except Timeout:
            return None
        except OSError as error:
            raise WorkError(
                f"cannot lock workspace {self._root}: {error.strerror}; make the directory writable"
            ) from error
        return lock

    def _write_holder(self, holder: Holder) -> None:
        fresh = self._holder_file.with_suffix(".new")
        try:
            fresh.write_text(json.dumps(asdict(holder)), "utf-8")
            fresh.replace(self._holder_file)
        except OSError as error:
            raise WorkError(
                f"cannot write {self._holder_file}: {error.strerror}; make the directory writable"
            ) from error

    def _read_holder(self) -> Holder | None:
        with suppress(OSError, ValueError, TypeError):
            return Holder(**json.loads(self._holder_file.read_text("utf-8")))
        return None


def _is_alive(pid: int | None) -> bool:
    if pid is None or os.name != "posix":
        return pid is not None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
