"""From memory to the lake, a batch at a time; a batch that could not be written waits and is tried again."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import polars as pl

from edgeproof.domain.errors import WorkError
from edgeproof.domain.frames import TRADES
from edgeproof.domain.stores import Written

if TYPE_CHECKING:
    from edgeproof.domain.stores import Lake
    from edgeproof.domain.time import Clock
    from edgeproof.ops.intake.collector import Collector
    from edgeproof.ops.intake.telling import Tell


class Writer:
    """Moves trades from a collector to the lake.

    While the lake refuses, one batch waits here and the rest in the collector, up to its limit.

    Args:
        collector: Where trades wait.
        lake: Where they go.
        clock: Ours.
        tell: Hears of failures.
    """

    def __init__(self, collector: Collector, lake: Lake, clock: Clock, tell: Tell) -> None:
        self.written = Written()
        self.written_until_ms = 0
        self._collector = collector
        self._lake = lake
        self._clock = clock
        self._tell = tell
        self._batch = pl.DataFrame(schema=TRADES.schema)
        self._under_way: asyncio.Future[Written] | None = None

    @property
    def waiting(self) -> int:
        """Trades that are not in the lake yet."""
        return self._batch.height + self._collector.waiting

    async def write(self) -> bool:
        """Write what waits; False where the lake refused, and the batch waits on."""
        if self._batch.is_empty():
            taken_ms = self._clock.now_ms()
            self._batch = self._collector.take_trades()
        else:
            taken_ms = self.written_until_ms  # the batch is older than now, and nothing newer is written before it
        if not self._batch.is_empty() and not await self._append():
            return False
        self.written_until_ms = max(self.written_until_ms, taken_ms)
        return True

    async def _append(self) -> bool:
        """Commit the batch, or wait for the commit of it that is under way."""
        if self._under_way is None:
            self._under_way = asyncio.ensure_future(asyncio.to_thread(self._lake.append, TRADES, self._batch))
        under_way = self._under_way
        try:
            # Shielded: when the intake stops, a commit under way is waited for, not torn from its count.
            self.written += await asyncio.shield(under_way)
        except WorkError as error:
            self._collector.note("writes refused by the lake")
            self._tell("lake_refused", reason=str(error), waiting=self.waiting)
            return False
        finally:
            if under_way.done():
                self._under_way = None
        self._batch = self._batch.clear()
        return True
