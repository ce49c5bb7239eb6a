"""A process that asks a workspace's venue as fast as it is let, until it is killed."""

from __future__ import annotations

import asyncio
import sys

from edgeproof.adapters.rate_budget import Urgency
from edgeproof.bootstrap import open_workspace
from edgeproof.domain.venues import VenueError

AT_ONCE = 8


async def flood(folder: str, host: str) -> None:
    desk = open_workspace(folder)
    venue = desk.open_venue(desk.settings.exchange.configure(host=host), urgency=Urgency.LIVE)

    async def ask_for_ever() -> None:
        while True:
            try:
                await venue.trades("BTC-USDT", limit=1)
            except VenueError:
                await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(ask_for_ever())


if __name__ == "__main__":
    asyncio.run(flood(*sys.argv[1:]))
