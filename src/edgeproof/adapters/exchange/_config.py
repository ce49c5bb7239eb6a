"""Which venue, at which of its addresses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from edgeproof.adapters.exchange._profiles import PROFILES, VenueProfile
from edgeproof.domain.addresses import hide_credentials
from edgeproof.domain.errors import InvalidValue

LIVE: Final = "live"
DEMO: Final = "demo"

_LONGEST_TIMEOUT_S: Final = 600
_HERE: Final = r"(?:127\.0\.0\.1|localhost|\[::1\]):[1-9][0-9]{0,4}"
_HOST: Final = r"[A-Za-z0-9][A-Za-z0-9.-]*(?::[1-9][0-9]{0,4})?"
_LOOPBACK: Final = re.compile(rf"(?:http|ws)://{_HERE}(?:/.*)?")
_REST: Final = re.compile(rf"http://{_HERE}/?|https://{_HOST}/?")
_STREAM: Final = re.compile(rf"ws://{_HERE}(?:/[^\s?#]*)?|wss://{_HOST}(?:/[^\s?#]*)?")
_PROXY: Final = re.compile(r"https?://[^\s/]+/?")
_HERE_NAME: Final = "127.0.0.1"
_NAMES_OF_HERE: Final = frozenset({"localhost", "::1"})
_USUAL_PORTS: Final = {"http": 80, "https": 443}
# A venue's own hosts, written out, are the ones that `live` and `demo` mean.
_OWN_HOSTS: Final = {
    "openapi.blofin.com": "blofin:live",
    "demo-trading-openapi.blofin.com": "blofin:demo",
    "fapi.binance.com": "binance:live",
    "api.bybit.com": "bybit:live",
    "www.okx.com": "okx:live",
}
_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,30}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeConfig:
    """One venue at one address.

    Attributes:
        venue: Its name, one of ``PROFILES``.
        host: ``live``, ``demo``, the address of a simulated exchange on this machine, ``http://127.0.0.1:PORT``, or of
            a relay to the venue, ``https://HOST``.
        stream_url: Address of the public streams; by default the host's.
        name: What rows call the venue; by default its name, with ``-demo`` or ``-simulated`` behind it, so that prices
            of one never pass for prices of another.
        proxy: Address of an HTTP proxy, or None.
        timeout_s: How long one request may take.
        attempts: How often a request is made before its failure is told.
        budget_share: Share of the venue's request limits to use, where other programs share the address.
        seed: Of the jitter between attempts; None draws another one each time.
    """

    venue: str = "blofin"
    host: str = LIVE
    stream_url: str | None = None
    name: str | None = None
    proxy: str | None = None
    timeout_s: float = 20.0
    attempts: int = 6
    budget_share: float = 1.0
    seed: int | None = None

    def __post_init__(self) -> None:
        _ = self.profile
        if self.host not in {LIVE, DEMO} and not _REST.fullmatch(self.host):
            raise InvalidValue(
                "exchange host", hide_credentials(self.host), "live, demo, https://HOST, or http://127.0.0.1:PORT"
            )
        if self.stream_url is not None:
            if not _STREAM.fullmatch(self.stream_url):
                raise InvalidValue(
                    "stream_url", hide_credentials(self.stream_url), "wss://HOST/PATH, or ws://127.0.0.1:PORT/PATH"
                )
            if self.is_simulated != bool(_LOOPBACK.fullmatch(self.stream_url)):
                raise InvalidValue(
                    "stream_url", self.stream_url, "an address on this machine exactly where rest_url is one"
                )
        if self.name is not None and not _NAME.fullmatch(self.name):
            raise InvalidValue("name of the venue", self.name, "lower-case letters, digits and hyphens, such as blofin")
        if self.proxy is not None and not _PROXY.fullmatch(self.proxy):
            raise InvalidValue("proxy", hide_credentials(self.proxy), "an address such as http://10.0.0.1:3128")
        if not 0.0 < self.timeout_s <= _LONGEST_TIMEOUT_S:
            raise InvalidValue("timeout_s", self.timeout_s, f"seconds, more than 0 and at most {_LONGEST_TIMEOUT_S}")
        if self.attempts < 1:
            raise InvalidValue("attempts", self.attempts, "1 or more")
        if not 0.0 < self.budget_share <= 1.0:
            raise InvalidValue("budget_share", self.budget_share, "a share, more than 0 and at most 1")

    @property
    def profile(self) -> VenueProfile:
        """What is known of the venue."""
        return PROFILES[self.venue]

    @property
    def shown_name(self) -> str:
        """What rows call the venue."""
        if self.name is not None:
            return self.name
        if self.is_simulated:
            return f"{self.venue}-simulated"
        return f"{self.venue}-demo" if self.host == DEMO else self.venue

    @property
    def is_simulated(self) -> bool:
        """Whether the host is on this machine."""
        return bool(_LOOPBACK.fullmatch(self.host))

    @property
    def address(self) -> str | None:
        """Where REST is asked, without a slash at its end; None for the venue's own hosts."""
        return None if self.host in {LIVE, DEMO} else self.host.rstrip("/")

    @property
    def budget_key(self) -> str:
        """Whose request limits count: however a host is written, it has one budget; a venue's demo host has its own."""
        if self.address is None:
            return f"{self.venue}:{self.host}"
        parts = urlsplit(self.address)
        name = (parts.hostname or "").rstrip(".")
        if name in _OWN_HOSTS:
            return _OWN_HOSTS[name]
        name = _HERE_NAME if name in _NAMES_OF_HERE else name
        usual = parts.port in {None, _USUAL_PORTS[parts.scheme]}
        return f"{self.venue}:{name}" if usual else f"{self.venue}:{name}:{parts.port}"
