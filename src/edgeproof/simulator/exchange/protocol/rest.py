"""The whole REST interface as one function from a request to an answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from edgeproof.simulator.exchange.engine.refusal import Refusal
from edgeproof.simulator.exchange.engine.signing import READ, TRADE, SignedRequest
from edgeproof.simulator.exchange.protocol.private_reads import READS
from edgeproof.simulator.exchange.protocol.private_writes import LIST_BODIES, WRITES, BatchOutcome
from edgeproof.simulator.exchange.protocol.public import PUBLIC

if TYPE_CHECKING:
    from edgeproof.simulator.exchange.engine.signing import ApiKey
    from edgeproof.simulator.exchange.engine.venue import Venue
    from edgeproof.simulator.exchange.protocol.request import Request

_OK: Final = 200
_BATCH_SAID: Final = {"1": "All operations failed", "2": "Batch operation partially succeeded"}
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
    venue.remember_prints()
    venue.truth.count_event(f"rest {answer.status}")
    return answer


def _serve(venue: Venue, request: Request, delay_ms: int) -> Answer:
    try:
        code, said, data = "0", "success", _route(venue, request)
    except BatchOutcome as outcome:
        code, said, data = outcome.code, _BATCH_SAID[outcome.code], outcome.data
    except Refusal as refusal:
        content = {"code": refusal.code, "msg": refusal.message, "data": None}
        return Answer(status=refusal.status, body=msgspec.json.encode(content), delay_ms=delay_ms)
    envelope = {"code": code, "msg": said, "data": data}
    return Answer(status=_OK, body=msgspec.json.encode(envelope), delay_ms=delay_ms)


def _route(venue: Venue, request: Request) -> object:
    known = {"GET": PUBLIC.keys() | READS.keys(), "POST": WRITES.keys()}
    if request.path not in known["GET"] | known["POST"]:
        raise Refusal("404", "not found")
    if request.path not in known.get(request.method, ()):
        raise Refusal("405", "Method Not Allowed")
    if request.path in PUBLIC:
        return PUBLIC[request.path](venue, request.query)
    key = _identify(venue, request)
    account = venue.floor.accounts[key.user]
    _check_rights(venue, request, key)
    if request.method == "GET":
        return READS[request.path](venue, account, request.query)
    return WRITES[request.path](venue, account, _read_body(request))


def _identify(venue: Venue, request: Request) -> ApiKey:
    headers = request.headers
    try:
        body = request.body.decode()
    except UnicodeDecodeError:
        raise Refusal("152004", "JSON syntax error.") from None
    signed = SignedRequest(
        key=headers.get("access-key", ""),
        sign=headers.get("access-sign", ""),
        timestamp=headers.get("access-timestamp", ""),
        nonce=headers.get("access-nonce", ""),
        passphrase=headers.get("access-passphrase", ""),
        path=request.target,
        method=request.method,
        body=body,
        address=request.address,
    )
    return venue.gate.identify(signed, venue.signing_ms())


def _check_rights(venue: Venue, request: Request, key: ApiKey) -> None:
    if (TRADE if request.method == "POST" else READ) not in key.permissions:
        raise Refusal("152404", "This operation is not supported, please check the API key permissions.")
    trading = request.method == "POST" or request.path.startswith("/api/v1/trade")
    if trading and not venue.limiter.admit_trading(key.user, venue.wall_ms()):
        raise Refusal("429", _SAID[429], status=429)


def _read_body(request: Request) -> Any:  # noqa: ANN401 - a dict or a list, as the path has it
    try:
        body = msgspec.json.decode(request.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Refusal("152004", "JSON syntax error.") from None
    if not isinstance(body, list if request.path in LIST_BODIES else dict):
        raise Refusal("152004", "JSON syntax error.")
    return body


def _fail(status: int, delay_ms: int) -> Answer:
    """What a gateway says: 403 and 5xx come as pages, 429 in the exchange's own words."""
    said = _SAID[status]
    if status == 429:  # noqa: PLR2004 - HTTP's own number
        body = msgspec.json.encode({"code": "429", "msg": said})
        return Answer(status=status, body=body, delay_ms=delay_ms)
    page = f"<html><head><title>{status} {said}</title></head><body><h1>{said}</h1></body></html>"
    return Answer(status=status, body=page.encode(), delay_ms=delay_ms, json=False)
