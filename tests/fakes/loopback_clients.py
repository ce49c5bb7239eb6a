"""Real ccxt clients that talk to an exchange on this machine."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import ccxt.pro

from edgeproof.adapters.clock import SystemClock
from edgeproof.domain.time import MS_PER_SECOND
from edgeproof.simulator.exchange import DEMO_KEY, UNLIMITED, ExchangeServer, ExchangeSpec, Venue, WalkSpec, WalkTape

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

BTC = "BTC/USDT:USDT"
ETH = "ETH/USDT:USDT"


def open_live_venue(spec: ExchangeSpec | None = None, *, rate: float = 60.0, history_minutes: int = 3_000) -> Venue:
    """An exchange that plays now, at the world's pace, without budgets unless the spec has some."""
    clock = SystemClock()
    start_ms = clock.now_ms() // MS_PER_SECOND * MS_PER_SECOND
    tape = WalkTape(
        WalkSpec(
            symbols=("BTC-USDT", "ETH-USDT"), start_ms=start_ms, trades_per_second=rate, history_minutes=history_minutes
        )
    )
    return Venue(tape, spec or ExchangeSpec(budgets=UNLIMITED), clock)


def make_client(server: ExchangeServer, *, signed: bool = False) -> Any:  # noqa: ANN401 - ccxt is not typed
    """A ccxt client whose every address is the server's."""
    credentials = {"apiKey": DEMO_KEY.key, "secret": DEMO_KEY.secret, "password": DEMO_KEY.passphrase}
    streams = {"swap": {"public": server.public_url, "private": server.private_url}}
    client = ccxt.pro.blofin(
        {
            "urls": {"api": {"rest": server.rest_url, "ws": streams}},
            "rateLimit": 2,
            **(credentials if signed else {}),
        }
    )
    # Its nonce is the millisecond, and a nonce may not come twice.
    moments = _ascend(client.milliseconds)
    client.milliseconds = lambda: next(moments)
    return client


def _ascend(now_ms: Callable[[], int]) -> Iterator[int]:
    last = 0
    while True:
        last = max(last + 1, now_ms())
        yield last


@asynccontextmanager
async def connect(venue: Venue, *, signed: bool = False) -> AsyncIterator[tuple[ExchangeServer, Any]]:
    """A server of the venue and a client of it; both are gone afterwards."""
    async with ExchangeServer(venue) as server:
        client = make_client(server, signed=signed)
        try:
            yield server, client
        finally:
            await client.close()
