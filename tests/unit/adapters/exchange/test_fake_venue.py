from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from contracts.venue_contract import Opened, OpenVenue, VenueContract
from edgeproof.domain.time import parse_instant
from fakes.venue import FakeVenue, HandClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class TestFakeVenue(VenueContract):
    """The fake that other tests lean on keeps the contract too."""

    @pytest.fixture
    def open_venue(self) -> OpenVenue:
        @asynccontextmanager
        async def open_fake() -> AsyncIterator[Opened]:
            clock = HandClock(parse_instant("2026-03-01T12:34:56"))
            yield Opened(venue=FakeVenue(clock=clock, begins_ms=parse_instant("2026-01-01")), clock=clock)

        return open_fake
