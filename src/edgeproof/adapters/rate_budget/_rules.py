"""What a venue allows, what of it we use, and how long we stay away when it says no."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edgeproof.domain.errors import InvalidValue
from edgeproof.domain.time import MS_PER_HOUR, MS_PER_MINUTE, MS_PER_SECOND

if TYPE_CHECKING:
    from collections.abc import Mapping


class Urgency(StrEnum):
    """Bulk work leaves room for what cannot wait."""

    BULK = "bulk"
    LIVE = "live"


class Outcome(StrEnum):
    """What became of a request, as far as the budget cares."""

    ANSWERED = "answered"
    LIMITED = "too many requests"  # HTTP 429
    FORBIDDEN = "kept out"  # HTTP 403, a firewall's ban
    FAILED = "the server failed"  # HTTP 5xx
    UNREACHABLE = "no answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """So many requests in so long, in whatever window of that length."""

    requests: int
    window_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BackOff:
    """How long everybody stays away after a failure: doubled each time until a request is answered again."""

    first_ms: int
    longest_ms: int

    def measure(self, strikes: int, jitter: float) -> int:
        """The pause after so many failures in a row.

        Args:
            strikes: Failures before this one.
            jitter: 0 to 1; lengthens the pause by up to a half, so that not all come back at once.
        """
        doubled = min(self.longest_ms, self.first_ms * 2 ** min(strikes, 32))
        return int(doubled * (1.0 + jitter / 2))


# A venue that suspends an address does so for minutes: knocking every second would only prolong it.
_BACK_OFFS: Final[Mapping[Outcome, BackOff]] = MappingProxyType(
    {
        Outcome.LIMITED: BackOff(first_ms=30 * MS_PER_SECOND, longest_ms=MS_PER_HOUR),
        Outcome.FORBIDDEN: BackOff(first_ms=5 * MS_PER_MINUTE, longest_ms=MS_PER_HOUR),
        Outcome.FAILED: BackOff(first_ms=MS_PER_SECOND, longest_ms=MS_PER_MINUTE),
        Outcome.UNREACHABLE: BackOff(first_ms=MS_PER_SECOND, longest_ms=MS_PER_MINUTE),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetRules:
    """A venue's limits for one address, and how they are used.

    Attributes:
        limits: All of them hold at once.
        bulk_share, live_share: Shares of every limit that may be used in all once bulk or live work asks. What is left
            pays for requests that arrive later, and so closer together, than they were sent.
        burst: Bulk requests that may be made at once after a rest; then they are spread evenly over the tightest limit.
        back_offs: Pauses by outcome.
        probe_ms: After a pause one request goes ahead; the others follow when it was answered, or after this time.
    """

    limits: tuple[Limit, ...]
    bulk_share: float = 0.90
    live_share: float = 0.96
    burst: int = 20
    back_offs: Mapping[Outcome, BackOff] = field(default_factory=lambda: _BACK_OFFS)
    probe_ms: int = 30 * MS_PER_SECOND

    def __post_init__(self) -> None:
        if not self.limits or any(limit.requests < 1 or limit.window_ms < 1 for limit in self.limits):
            raise InvalidValue("request limits", self.limits, "at least one, of 1 request or more")
        if not 0.0 < self.bulk_share <= self.live_share <= 1.0:
            raise InvalidValue("shares", (self.bulk_share, self.live_share), "0 < bulk_share <= live_share <= 1")
        if self.burst < 1:
            raise InvalidValue("burst", self.burst, "1 or more")

    @property
    def longest_window_ms(self) -> int:
        """How long a request has to be remembered."""
        return max(limit.window_ms for limit in self.limits)

    @property
    def bulk_per_s(self) -> float:
        """Requests a second that bulk work gets over the long run."""
        return min(self.count(limit, Urgency.BULK) * MS_PER_SECOND / limit.window_ms for limit in self.limits)

    def count(self, limit: Limit, urgency: Urgency) -> int:
        """Requests of a limit that may be used when such work asks; at least one."""
        share = self.bulk_share if urgency is Urgency.BULK else self.live_share
        return max(1, int(limit.requests * share + 1e-9))
