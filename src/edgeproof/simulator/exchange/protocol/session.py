"""One stream's conversation: what it says, what it is answered, what it listens to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import msgspec

from edgeproof.simulator.exchange.engine.refusal import Refusal
from edgeproof.simulator.exchange.engine.signing import LOGIN_PATH, SignedRequest
from edgeproof.simulator.exchange.protocol.channels import PRIVATE_CHANNELS, PUBLIC_CHANNELS, Topic

if TYPE_CHECKING:
    from collections.abc import Collection

    from edgeproof.simulator.exchange.engine.venue import Venue

_MOST_ECHOED: Final = 200
_LOGIN_FIELDS: Final = ("apiKey", "passphrase", "timestamp", "nonce", "sign")


@dataclass(slots=True, kw_only=True)
class Heard:
    """What came of a message.

    Attributes:
        replies: Payloads to send back, in order.
        joined: Topics that were newly subscribed to.
    """

    replies: list[bytes] = field(default_factory=list)
    joined: list[Topic] = field(default_factory=list)


class Session:
    """A stream's state on the exchange's side.

    Args:
        venue: The exchange.
        private: Whether the stream came in by the private door.
        address: Whose it is.
    """

    def __init__(self, venue: Venue, *, private: bool, address: str) -> None:
        self._venue = venue
        self._private = private
        self._address = address
        self.topics: set[Topic] = set()
        self.user: str | None = None

    def hear(self, text: str) -> Heard:
        """Take in one message."""
        if text == "ping":
            return Heard(replies=[b"pong"])
        if len(text.encode()) > self._venue.limiter.budgets.subscribe_bytes:
            return _complain("60012", "Invalid request: the text is too long")
        operation, arguments = _read_message(text)
        if operation == "login":
            return self._log_in(arguments[0])
        if operation in {"subscribe", "unsubscribe"}:
            return self._change_topics(operation, arguments)
        return _complain("60012", f"Invalid request: {text[:_MOST_ECHOED]}")

    def drop(self, symbols: Collection[str]) -> None:
        """End the subscriptions to these instruments."""
        self.topics = {topic for topic in self.topics if topic.symbol not in symbols}

    def _log_in(self, argument: dict[str, Any]) -> Heard:
        given = {name: argument.get(name) for name in _LOGIN_FIELDS}
        if not self._private or not all(isinstance(value, str) for value in given.values()):
            return _complain("60009", "Login failed.")
        request = SignedRequest(
            key=str(given["apiKey"]),
            sign=str(given["sign"]),
            timestamp=str(given["timestamp"]),
            nonce=str(given["nonce"]),
            passphrase=str(given["passphrase"]),
            path=LOGIN_PATH,
            address=self._address,
        )
        try:
            self.user = self._venue.gate.identify(request, self._venue.signing_ms()).user
        except Refusal:
            return _complain("60009", "Login failed.")
        return Heard(replies=[msgspec.json.encode({"event": "login", "code": "0", "msg": ""})])

    def _change_topics(self, operation: str, arguments: list[dict[str, Any]]) -> Heard:
        heard = Heard()
        for argument in arguments:
            topic = self._read_topic(argument)
            if topic is None:
                heard.replies += _complain(
                    "60012", f"Invalid request: {msgspec.json.encode(argument).decode()}"
                ).replies
                continue
            if operation == "unsubscribe":
                self.topics.discard(topic)
            elif topic not in self.topics:
                self.topics.add(topic)
                heard.joined.append(topic)
            heard.replies.append(msgspec.json.encode({"event": operation, "arg": topic.argument}))
        return heard

    def _read_topic(self, argument: dict[str, Any]) -> Topic | None:
        channel, symbol = argument.get("channel"), argument.get("instId", "")
        if not isinstance(channel, str) or not isinstance(symbol, str):
            return None
        known = self._venue.market.lists(symbol)
        if self._private:
            allowed = channel in PRIVATE_CHANNELS and self.user is not None and (known or not symbol)
        else:
            allowed = channel in PUBLIC_CHANNELS and known
        return Topic(channel, symbol) if allowed else None


def _read_message(text: str) -> tuple[str, list[dict[str, Any]]]:
    """The operation of a message and its arguments; an empty operation where it is no such message."""
    try:
        message = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return "", []
    arguments = message.get("args") if isinstance(message, dict) else None
    if not isinstance(arguments, list) or not arguments or not all(isinstance(item, dict) for item in arguments):
        return "", []
    operation = message.get("op")
    return (operation if isinstance(operation, str) else ""), arguments


def _complain(code: str, message: str) -> Heard:
    return Heard(replies=[msgspec.json.encode({"event": "error", "code": code, "msg": message})])
