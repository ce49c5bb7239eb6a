"""`/_control`: make faults, call for bursts, and read what really happened. No part of BloFin's protocol."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec
from aiohttp import web

from edgeproof.domain.errors import EdgeproofError
from edgeproof.simulator.exchange.engine.faults import Fault
from edgeproof.simulator.exchange.tapes.walk import WalkTape

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edgeproof.simulator.exchange.engine.venue import Venue

_WRONG: Final = 400


class _ListingChange(msgspec.Struct):
    symbol: str
    state: Literal["live", "suspend", "delist"]


def add_control(app: web.Application, venue: Venue, streams: Callable[[], Sequence[int]]) -> None:
    """Register the control's paths."""

    async def inject(request: web.Request) -> web.Response:
        try:
            venue.inject(msgspec.convert(await request.json(), Fault))
        except (EdgeproofError, msgspec.ValidationError, json.JSONDecodeError) as error:
            return web.json_response({"error": str(error)}, status=_WRONG)
        return web.json_response({"done": True})

    async def burst(request: web.Request) -> web.Response:
        if not isinstance(venue.tape, WalkTape):
            return web.json_response({"error": "only a load market can burst"}, status=_WRONG)
        asked = await request.json()
        venue.tape.burst(seconds=int(asked["seconds"]), trades_per_second=float(asked["trades_per_second"]))
        return web.json_response({"done": True})

    async def change_listing(request: web.Request) -> web.Response:
        changes = {"suspend": venue.suspend, "delist": venue.delist, "live": venue.relist}
        try:
            asked = msgspec.convert(await request.json(), _ListingChange)
            changes[asked.state](asked.symbol)
        except (EdgeproofError, msgspec.ValidationError, json.JSONDecodeError) as error:
            return web.json_response({"error": str(error)}, status=_WRONG)
        return web.json_response({"done": True})

    async def state(request: web.Request) -> web.Response:
        del request
        return web.json_response(describe_state(venue, streams()))

    async def deliveries(request: web.Request) -> web.Response:
        del request
        return web.json_response([asdict(item) for item in venue.truth.deliveries()])

    app.router.add_post("/_control/fault", inject)
    app.router.add_post("/_control/burst", burst)
    app.router.add_post("/_control/listing", change_listing)
    app.router.add_get("/_control/state", state)
    app.router.add_get("/_control/deliveries", deliveries)


def describe_state(venue: Venue, streams: Sequence[int]) -> dict[str, Any]:
    """What the exchange counted so far."""
    return {
        "now_ms": venue.now_ms(),
        "made": dict(venue.truth.sums()),
        "events": dict(sorted(venue.truth.events.items())),
        "requests": venue.limiter.count_requests(),
        "breaches": [asdict(breach) for breach in venue.limiter.breaches],
        "streams": list(streams),
    }
