"""Who is asking: keys, signatures, nonces and times, as BloFin checks them.

A signature is made in four steps: put the path (with its query), method, time, nonce and body together; take the
HMAC-SHA256 with the secret; write it as 64 hexadecimal digits; take base64 of those digits (not of the raw digest).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edgeproof.domain.time import MS_PER_MINUTE
from edgeproof.simulator.exchange.engine.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable

LOGIN_PATH: Final = "/users/self/verify"
WINDOW_MS: Final = MS_PER_MINUTE
_MS_DIGITS: Final = 13
READ: Final = "READ"
TRADE: Final = "TRADE"
TRANSFER: Final = "TRANSFER"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key that the exchange has issued.

    Attributes:
        key, secret, passphrase: What the client signs with.
        user: Whose it is.
        permissions: Of READ, TRADE and TRANSFER.
        ips: Addresses it may be used from; empty means any.
        expires_ms: When it ends to work; None means never.
    """

    key: str
    secret: str
    passphrase: str
    user: str = "user-1"
    permissions: frozenset[str] = frozenset({READ, TRADE, TRANSFER})
    ips: frozenset[str] = frozenset()
    expires_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRequest:
    """What a signature covers, and what came with it; ``path`` includes the query."""

    key: str
    sign: str
    timestamp: str
    nonce: str
    passphrase: str
    path: str
    method: str = "GET"
    body: str = ""
    address: str = "127.0.0.1"


def sign(secret: str, request: SignedRequest) -> str:
    """The signature that a request has to come with."""
    text = f"{request.path}{request.method}{request.timestamp}{request.nonce}{request.body}"
    digits = hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    return base64.b64encode(digits.encode()).decode()


class Gate:
    """Checks signed requests, and remembers the nonces of the last minute."""

    def __init__(self, keys: Iterable[ApiKey]) -> None:
        self._keys = {key.key: key for key in keys}
        self._nonces: dict[tuple[str, str], int] = {}

    def identify(self, request: SignedRequest, now_ms: int) -> ApiKey:
        """The key that signed a request.

        Raises:
            Refusal: The key, its passphrase, the time, the nonce or the signature is wrong.
        """
        key = self._keys.get(request.key)
        if key is None:
            raise Refusal("152401", "Access key does not exist.")
        if key.expires_ms is not None and now_ms >= key.expires_ms:
            raise Refusal("152402", "Access key has expired.")
        if key.ips and request.address not in key.ips:
            raise Refusal("152406", "Your IP is not included in your API key's IP whitelist.")
        if not hmac.compare_digest(key.passphrase.encode(), request.passphrase.encode()):
            raise Refusal("152408", "Passphrase error.")
        if not (request.timestamp.isascii() and request.timestamp.isdigit() and len(request.timestamp) == _MS_DIGITS):
            raise Refusal("152410", "The value of ACCESS-TIMESTAMP needs to be a millisecond timestamp.")
        if abs(int(request.timestamp) - now_ms) > WINDOW_MS:
            raise Refusal("152405", "Timestamp in header or signature has expired, need to be within 60s.")
        if not hmac.compare_digest(sign(key.secret, request).encode(), request.sign.encode()):
            raise Refusal("152409", "Signature verification failed.")
        self._use_nonce(request, now_ms)
        return key

    def forget_nonces(self) -> None:
        """Lose the memory of nonces, as a restart does."""
        self._nonces.clear()

    def _use_nonce(self, request: SignedRequest, now_ms: int) -> None:
        self._nonces = {used: at for used, at in self._nonces.items() if at > now_ms - WINDOW_MS}
        used = (request.key, request.nonce)
        if not request.nonce or used in self._nonces:
            raise Refusal("152407", "Repeated nonce, Reusing within 60 seconds is not allowed.")
        self._nonces[used] = now_ms
