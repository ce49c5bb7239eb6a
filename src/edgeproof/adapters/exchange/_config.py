"""Which venue, at which of its addresses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from edgeproof.adapters.exchange._profiles import PROFILES, VenueProfile
from edgeproof.domain.errors import InvalidValue

LIVE: Final = "live"
DEMO: Final = "demo"

_LONGEST_TIMEOUT_S: Final = 600
_LOOPBACK: Final = re.compile(r"http://(127\.0\.0\.1|localhost|\[::1\]):(?P<port>[1-9][0-9]{0,4})/?")
_PROXY: Final = re.compile(r"https?://[^\s/]+/?")
_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,30}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeConfig:
    """One venue at one address.

    Attributes:
        venue: Its name, one of ``PROFILES``.
        host: ``live``, ``demo``, or the address of a simulated exchange on this machine, ``http://127.0.0.1:PORT``.
        name: What rows call the venue; by default its name, with ``-demo`` or ``-simulated`` behind it, so that prices
            of one never pass for prices of another.
        proxy: Address of an HTTP proxy, or None.
        timeout_s: How long one request may take.
        attempts: How often a request is made before its failure is told.
        seed: Of the jitter between attempts; None draws another one each time.
    """

    venue: str = "blofin"
    host: str = LIVE
    name: str | None = None
    proxy: str | None = None
    timeout_s: float = 20.0
    attempts: int = 6
    seed: int | None = None

    def __post_init__(self) -> None:
        _ = self.profile
        if self.host not in {LIVE, DEMO} and not _LOOPBACK.fullmatch(self.host):
            raise InvalidValue("exchange host", self.host, "live, demo, or http://127.0.0.1:PORT")
        if self.name is not None and not _NAME.fullmatch(self.name):
            raise InvalidValue("name of the venue", self.name, "lower-case letters, digits and hyphens, such as blofin")
        if self.proxy is not None and not _PROXY.fullmatch(self.proxy):
            raise InvalidValue("proxy", self.proxy, "an address such as http://10.0.0.1:3128")
        if not 0.0 < self.timeout_s <= _LONGEST_TIMEOUT_S:
            raise InvalidValue("timeout_s", self.timeout_s, f"seconds, more than 0 and at most {_LONGEST_TIMEOUT_S}")
        if self.attempts < 1:
            raise InvalidValue("attempts", self.attempts, "1 or more")

    @property
    def profile(self) -> VenueProfile:
        """What is known of the venue."""
        return PROFILES[self.venue]

    @property
    def shown_name(self) -> str:
        """What rows call the venue."""
        if self.name is not None:
            return self.name
        if self.host == LIVE:
            return self.venue
        return f"{self.venue}-demo" if self.host == DEMO else f"{self.venue}-simulated"

    @property
    def loopback(self) -> str | None:
        """Address of the simulated exchange, without a slash at its end; None for the venue's own hosts."""
        return None if self.host in {LIVE, DEMO} else self.host.rstrip("/")

    @property
    def budget_key(self) -> str:
        """Whose request limits count: a venue's demo host has limits of its own."""
        return f"{self.venue}:{self.host}"
