"""The whole REST interface as one function from a request to an answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from edgeproof.simulator.exchange.engine.refusal import Refusal
from edgeproof.simulator.exchange.protocol.public import PUBLIC

if TYPE_CHECKING:
    from edgeproof.simulator.exchange.engine.venue import Venue
    from edgeproof.simulator.exchange.protocol.request import Request

_OK: Final = 200
_SAID: Final = {
    403: "Forbidden",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What goes back: an HTTP status, a body, and how late it is to leave."""

    status: int
    body: bytes
    delay_ms: int = 0
    json: bool = True


def answer_request(venue: Venue, request: Request) -> Answer:
    """Answer a request; budgets and faults come before anything is looked at."""
    wall_ms = venue.wall_ms()
    refused = venue.limiter.admit_request(request.address, wall_ms)
    status, delay_ms = venue.faults.meet_request(wall_ms)
    venue.advance()
    answer = _fail(refused or status or 0, delay_ms) if refused or status else _serve(venue, request, delay_ms)
    venue.truth.count_event(f"rest {answer.status}")
    return answer


def _serve(venue: Venue, request: Request, delay_ms: int) -> Answer:
    try:
        data = _route(venue, request)
    except Refusal as refusal:
        content = {"code": refusal.code, "msg": refusal.message, "data": None}
        return Answer(status=refusal.status, body=msgspec.json.encode(content), delay_ms=delay_ms)
    envelope = {"code": "0", "msg": "success", "data": data}
    return Answer(status=_OK, body=msgspec.json.encode(envelope), delay_ms=delay_ms)


def _route(venue: Venue, request: Request) -> object:
    handler = PUBLIC.get(request.path)
    if handler is None:
        raise Refusal("404", "not found")
    if request.method != "GET":
        raise Refusal("405", "Method Not Allowed")
    return handler(venue, request.query)


def _fail(status: int, delay_ms: int) -> Answer:
    """What a gateway says: 403 and 5xx come as pages, 429 in the exchange's own words."""
    said = _SAID[status]
    if status == 429:  # noqa: PLR2004 - HTTP's own number
        body = msgspec.json.encode({"code": "429", "msg": said})
        return Answer(status=status, body=body, delay_ms=delay_ms)
    page = f"<html><head><title>{status} {said}</title></head><body><h1>{said}</h1></body></html>"
    return Answer(status=status, body=page.encode(), delay_ms=delay_ms, json=False)
