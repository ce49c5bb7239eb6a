"""The journal, from one thread of its own: databases want that, and the event loop never waits for a disk."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgeproof.ops.intake.ports import Journal

_Answer = TypeVar("_Answer")


class Books:
    """Opens a journal in a thread and works on it there.

    Args:
        open_journal: Opens it; called once, in that thread.
    """

    def __init__(self, open_journal: Callable[[], Journal]) -> None:
        self._open = open_journal
        self._journal: Journal | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")

    async def do(self, work: Callable[[Journal], _Answer]) -> _Answer:
        """Do one piece of work; what it raises is raised here."""
        running = asyncio.get_running_loop().run_in_executor(self._thread, self._work, work)
        return await asyncio.shield(running)

    def close(self) -> None:
        """Wait for what is under way and end the thread."""
        self._thread.shutdown()

    def _work(self, work: Callable[[Journal], _Answer]) -> _Answer:
        if self._journal is None:
            self._journal = self._open()
        return work(self._journal)
