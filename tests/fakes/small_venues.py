"""Exchanges of two symbols whose clock is stepped by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from edgeproof.domain.time import parse_instant
from edgeproof.simulator.exchange import ExchangeSpec, ManualClock, Venue, WalkSpec, WalkTape
from edgeproof.simulator.exchange.protocol.request import Request
from edgeproof.simulator.exchange.protocol.rest import answer_request

if TYPE_CHECKING:
    from collections.abc import Mapping

START_MS = parse_instant("2026-03-04T12:00")


@dataclass(frozen=True, slots=True)
class Desk:
    """An exchange and the clock that moves it."""

    venue: Venue
    clock: ManualClock

    def get(self, path: str, *, address: str = "127.0.0.1", **query: str) -> Any:  # noqa: ANN401 - whatever JSON holds
        """The decoded answer to a public question."""
        request = Request(method="GET", path=f"/api/v1/market/{path}", target="", query=query, address=address)
        return msgspec.json.decode(answer_request(self.venue, request).body)

    def status(self, path: str, *, address: str = "127.0.0.1", query: Mapping[str, str] | None = None) -> int:
        """The HTTP status of a public answer."""
        asked = Request(
            method="GET", path=f"/api/v1/market/{path}", target="", query=dict(query or {}), address=address
        )
        return answer_request(self.venue, asked).status


def open_desk(
    spec: ExchangeSpec | None = None,
    *,
    rate: float = 20.0,
    history_minutes: int = 3_000,
    symbols: tuple[str, ...] = ("BTC-USDT", "ETH-USDT"),
) -> Desk:
    """An exchange that opened at ``START_MS``."""
    clock = ManualClock(START_MS)
    tape = WalkTape(
        WalkSpec(symbols=symbols, start_ms=START_MS, trades_per_second=rate, history_minutes=history_minutes)
    )
    return Desk(venue=Venue(tape, spec or ExchangeSpec(), clock), clock=clock)
