"""Request budgets as BloFin sets them, counted by address and by user.

An address may send 500 requests in any minute and 1,500 in any five; the request that breaks the first is answered
429 and so is every other for five minutes, the one that breaks the second is answered 403 for an hour. Signed trading
requests: 30 in 10 s by user. New WebSocket connections: 1 in a second by address.
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import Final

from edgeproof.domain.time import MS_PER_HOUR, MS_PER_MINUTE, MS_PER_SECOND

TOO_MANY: Final = 429
FORBIDDEN: Final = 403


@dataclass(frozen=True, slots=True, kw_only=True)
class Budgets:
    """How much is allowed; ``None`` for a count means any."""

    per_minute: int | None = 500
    per_five_minutes: int | None = 1_500
    minute_ban_ms: int = 5 * MS_PER_MINUTE
    five_minutes_ban_ms: int = MS_PER_HOUR
    trading_per_ten_seconds: int | None = 30
    connections_per_second: int | None = 1
    subscribe_bytes: int = 4_096


UNLIMITED: Final = Budgets(
    per_minute=None, per_five_minutes=None, trading_per_ten_seconds=None, connections_per_second=None
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A budget that was exceeded: which, by whom, when."""

    budget: str
    who: str
    at_ms: int


class Window:
    """Counts what happened within a span of time."""

    __slots__ = ("_moments", "_span_ms")

    def __init__(self, span_ms: int) -> None:
        self._span_ms = span_ms
        self._moments: deque[int] = deque()

    def add(self, now_ms: int) -> int:
        """Count one more, and say how many there are."""
        self._moments.append(now_ms)
        return self.count(now_ms)

    def count(self, now_ms: int) -> int:
        """How many lie within the span before now."""
        while self._moments and self._moments[0] <= now_ms - self._span_ms:
            self._moments.popleft()
        return len(self._moments)


@dataclass(slots=True)
class _Address:
    minute: Window = field(default_factory=lambda: Window(MS_PER_MINUTE))
    five_minutes: Window = field(default_factory=lambda: Window(5 * MS_PER_MINUTE))
    connections: Window = field(default_factory=lambda: Window(MS_PER_SECOND))
    barred_until_ms: int = 0
    barred_with: int = TOO_MANY
    requests: int = 0
    most_in_a_minute: int = 0
    most_in_five_minutes: int = 0


class Limiter:
    """Counts requests and connections, and says which are refused."""

    def __init__(self, budgets: Budgets) -> None:
        self.budgets = budgets
        self.breaches: list[Breach] = []
        self._addresses: defaultdict[str, _Address] = defaultdict(_Address)
        self._users: defaultdict[str, Window] = defaultdict(lambda: Window(10 * MS_PER_SECOND))

    def admit_request(self, address: str, now_ms: int) -> int | None:
        """Count a request; the HTTP status to refuse it with, or None.

        Refused requests count too: whoever goes on asking while barred breaks no further budget by it.
        """
        who = self._addresses[address]
        who.requests += 1
        if now_ms < who.barred_until_ms:
            return who.barred_with
        minute, five = who.minute.add(now_ms), who.five_minutes.add(now_ms)
        who.most_in_a_minute = max(who.most_in_a_minute, minute)
        who.most_in_five_minutes = max(who.most_in_five_minutes, five)
        if self.budgets.per_five_minutes is not None and five > self.budgets.per_five_minutes:
            return self._bar(who, address, "requests in 5 minutes", FORBIDDEN, now_ms)
        if self.budgets.per_minute is not None and minute > self.budgets.per_minute:
            return self._bar(who, address, "requests in a minute", TOO_MANY, now_ms)
        return None

    def admit_trading(self, user: str, now_ms: int) -> bool:
        """Count a signed trading request; whether the user may make it."""
        allowed = self.budgets.trading_per_ten_seconds
        if allowed is None or self._users[user].add(now_ms) <= allowed:
            return True
        self.breaches.append(Breach(budget="trading requests in 10 s", who=user, at_ms=now_ms))
        return False

    def admit_connection(self, address: str, now_ms: int) -> bool:
        """Count a new WebSocket connection; whether the address may open it."""
        allowed = self.budgets.connections_per_second
        if self._addresses[address].connections.add(now_ms) <= (allowed or float("inf")):
            return True
        self.breaches.append(Breach(budget="connections in a second", who=address, at_ms=now_ms))
        return False

    def count_requests(self) -> dict[str, dict[str, int]]:
        """By address: requests so far, and the most that fell into one minute and into five."""
        return {
            address: {
                "requests": who.requests,
                "most_in_a_minute": who.most_in_a_minute,
                "most_in_five_minutes": who.most_in_five_minutes,
            }
            for address, who in self._addresses.items()
        }

    def _bar(self, who: _Address, address: str, budget: str, status: int, now_ms: int) -> int:
        ban = self.budgets.minute_ban_ms if status == TOO_MANY else self.budgets.five_minutes_ban_ms
        who.barred_until_ms = now_ms + ban
        who.barred_with = status
        self.breaches.append(Breach(budget=budget, who=address, at_ms=now_ms))
        return status
