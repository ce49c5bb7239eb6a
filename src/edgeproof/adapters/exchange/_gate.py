"""The one door through which requests leave: counted before they go, repeated with patience, their failures named.

It stands around ccxt's own ``fetch``, so that no request of ccxt, not even one it makes by itself, goes past it.
"""

from __future__ import annotations

import json
from contextvars import ContextVar
from dataclasses import dataclass
from http import HTTPStatus
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from edgeproof.adapters.rate_budget import Outcome
from edgeproof.domain.addresses import hide_credentials_in
from edgeproof.domain.venues import BadAnswer, VenueError, VenueRefusing, VenueUnreachable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from edgeproof.adapters.rate_budget import RateBudget, Urgency

_LONGEST_REASON: Final = 240
_LONGEST_RETRY_AFTER_S: Final = 3_600.0
# Failures of the server that BloFin tells with status 200: internal error, unable to process.
_SERVER_FAILED: Final = frozenset({"500", "103013"})
# Errors of ccxt that have nothing to do with the network, though nothing was heard from it.
_OUR_OWN_FAULTS: Final = ("NotSupported", "InvalidProxySettings", "ExchangeClosedByUser", "ArgumentsRequired")


@dataclass(slots=True)
class _Response:
    """What the connection said of the request under way; status None until an answer came."""

    status: int | None = None
    retry_after_s: float = 0.0
    body: object = None

    def read_error(self) -> tuple[str, str]:
        """Code and message of the venue's envelope, empty where it has none."""
        try:
            envelope = json.loads(self.body) if isinstance(self.body, str) else None
        except (ValueError, RecursionError):
            envelope = None
        if not isinstance(envelope, dict):
            return "", ""
        return str(envelope.get("code", "")), str(envelope.get("msg", ""))


_response: ContextVar[_Response | None] = ContextVar("response", default=None)


class Gate:
    """Lets requests through to one venue.

    Args:
        budget: Gives leave, and hears what became of each request.
        venue: The venue's name, for messages.
        urgency: Of everything that goes through this gate.
        attempts: How often a request may be made.
    """

    def __init__(self, budget: RateBudget, *, venue: str, urgency: Urgency, attempts: int) -> None:
        self._budget = budget
        self._venue = venue
        self._urgency = urgency
        self._attempts = attempts

    def guard(self, client: Any) -> None:  # noqa: ANN401 - ccxt has no types
        """Stand between a ccxt client and the network."""
        send, hear = client.fetch, client.on_rest_response

        async def fetch(
            url: str, method: str = "GET", headers: Mapping[str, str] | None = None, body: str | None = None
        ) -> object:
            # A signed request carries its time and its nonce: made again, it would be another request.
            attempts = 1 if headers or method != "GET" else self._attempts
            return await self._pass(lambda: send(url, method, headers, body), attempts)

        def note(  # noqa: PLR0913, PLR0917 - the signature is ccxt's
            code: int,
            reason: str,
            url: str,
            method: str,
            headers: Mapping[str, str],
            body: str,
            *request: object,
        ) -> object:
            response = _response.get()
            if response is not None:
                response.status = code
                response.retry_after_s = _read_retry_after(headers)
                response.body = body
            return hear(code, reason, url, method, headers, body, *request)

        client.fetch, client.on_rest_response = fetch, note

    async def _pass(self, send: Callable[[], Awaitable[object]], attempts: int) -> object:
        ccxt_errors = import_module("ccxt.base.errors")
        while True:
            attempts -= 1
            grant = await self._budget.take(self._urgency)
            response = _Response()
            token = _response.set(response)
            error: Exception | None = None
            try:
                answer = await send()
            except Exception as raised:  # noqa: BLE001 - whatever ccxt trips over in an answer, the venue sent it
                error = raised
            finally:
                _response.reset(token)
            outcome = _judge(response, error, ccxt_errors)
            await self._budget.settle(grant, outcome, retry_after_s=response.retry_after_s)
            if error is None and outcome is Outcome.ANSWERED:
                return answer
            if outcome is Outcome.ANSWERED or not attempts:
                raise self._name_failure(outcome, response, error) from None

    def _name_failure(self, outcome: Outcome, response: _Response, error: Exception | None) -> VenueError:
        code, message = response.read_error()
        said = _shorten(f"{code} {message}" if code else f"{type(error).__name__}: {error}")
        match outcome:
            case Outcome.LIMITED:
                told = "it answers 'too many requests' (HTTP 429); other programs at this address share its limit, wait"
                return VenueRefusing(self._venue, f"{told} some minutes and run again")
            case Outcome.FORBIDDEN:
                told = "it keeps this address out (HTTP 403), for some minutes or for its country; try later, or set"
                return VenueRefusing(self._venue, f"{told} [exchange] proxy")
            case Outcome.FAILED:
                return VenueUnreachable(self._venue, f"its server failed: {said}; run again later")
            case Outcome.UNREACHABLE:
                return VenueUnreachable(
                    self._venue, f"no answer: {said}; check the network, [exchange] rest_url and proxy, then run again"
                )
            case _:
                return BadAnswer(self._venue, said)


def _judge(response: _Response, error: Exception | None, ccxt_errors: Any) -> Outcome:  # noqa: ANN401 - a module
    """What became of a request: by its status, and where the status says nothing, by ccxt's error."""
    status, code = response.status, response.read_error()[0] if error is not None else ""
    ours = tuple(getattr(ccxt_errors, name) for name in _OUR_OWN_FAULTS)
    signs = (
        (status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.IM_A_TEAPOT}, Outcome.LIMITED),
        (status == HTTPStatus.FORBIDDEN, Outcome.FORBIDDEN),
        (code in _SERVER_FAILED or (status or 0) >= HTTPStatus.INTERNAL_SERVER_ERROR, Outcome.FAILED),
        (isinstance(error, ccxt_errors.RateLimitExceeded | ccxt_errors.DDoSProtection), Outcome.LIMITED),
        (isinstance(error, ours), Outcome.ANSWERED),
        (isinstance(error, ccxt_errors.RequestTimeout), Outcome.UNREACHABLE),
        (error is not None and status is None, Outcome.UNREACHABLE),
        # ccxt takes a 400 or 404 for an outage: it is our question that is wrong, and nobody else need wait.
        ((status or 0) >= HTTPStatus.BAD_REQUEST, Outcome.ANSWERED),
        (
            isinstance(error, ccxt_errors.NetworkError) and not isinstance(error, ccxt_errors.InvalidNonce),
            Outcome.FAILED,
        ),
    )
    return next((outcome for applies, outcome in signs if applies), Outcome.ANSWERED)


def _read_retry_after(headers: Mapping[str, str]) -> float:
    text = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    try:
        seconds = float(text)
    except ValueError:
        return 0.0
    return min(max(seconds, 0.0), _LONGEST_RETRY_AFTER_S)


def _shorten(text: str) -> str:
    line = hide_credentials_in(" ".join(text.split()))
    return line if len(line) <= _LONGEST_REASON else line[: _LONGEST_REASON - 1] + "…"
