"""An exchange that runs beside its caller, in a thread with a loop of its own."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any, Self, TypeVar

from edgeproof.simulator.exchange.server.control import describe_state
from edgeproof.simulator.exchange.server.exchange_server import ExchangeServer

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    import polars as pl

    from edgeproof.simulator.exchange.engine.faults import Fault
    from edgeproof.simulator.exchange.engine.truth import Delivery
    from edgeproof.simulator.exchange.engine.venue import Venue

T = TypeVar("T")


class BackgroundExchange:
    """Serves a venue while the ``with`` block runs; everything it is asked is done in its own thread."""

    def __init__(self, venue: Venue, *, port: int = 0, pump_every_s: float | None = 0.02) -> None:
        self.server = ExchangeServer(venue, port=port, pump_every_s=pump_every_s)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="simulated-exchange", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self.server.start(), self._loop).result()
        except BaseException:
            self._end_loop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self.server.stop(), self._loop).result()
        self._end_loop()

    def ask(self, question: Callable[[], T]) -> T:
        """Call something in the exchange's thread and give its answer."""

        async def answer() -> T:
            return question()

        return asyncio.run_coroutine_threadsafe(answer(), self._loop).result()

    def inject(self, fault: Fault) -> None:
        """Make something go wrong now."""
        self.ask(lambda: self.server.venue.inject(fault))

    def suspend(self, symbol: str) -> None:
        """Halt an instrument now; see ``Venue.suspend``."""
        self.ask(lambda: self.server.venue.suspend(symbol))

    def delist(self, symbol: str) -> None:
        """Take an instrument off the list now; see ``Venue.delist``."""
        self.ask(lambda: self.server.venue.delist(symbol))

    def relist(self, symbol: str) -> None:
        """Let an instrument trade again now; see ``Venue.relist``."""
        self.ask(lambda: self.server.venue.relist(symbol))

    def trades(self) -> pl.DataFrame:
        """Every trade made so far; see ``GroundTruth.trades``."""
        return self.ask(self.server.venue.truth.trades)

    def deliveries(self) -> list[Delivery]:
        """Which trades went out on which stream."""
        return self.ask(self.server.venue.truth.deliveries)

    def state(self) -> dict[str, Any]:
        """Counts: trades made, events, requests, breaches, streams."""
        return self.ask(lambda: describe_state(self.server.venue, self.server.streams))

    def _end_loop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
