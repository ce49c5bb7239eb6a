"""The budget as a venue's client uses it: wait for leave, make the request, say what became of it."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edgeproof.adapters.rate_budget._ledger import Wait
from edgeproof.domain.time import MS_PER_SECOND

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from edgeproof.adapters.rate_budget._ledger import BudgetLedger, Grant
    from edgeproof.adapters.rate_budget._rules import BudgetRules, Outcome, Urgency

# Those who wait for one moment come a little apart; and nobody sleeps so long that a pause lifted early goes unseen.
_SPREAD_MS: Final = 20
_LONGEST_SLEEP_MS: Final = 5 * MS_PER_SECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A request has to wait because the venue said no."""

    ms: int
    reason: str


class RateBudget:
    """Leave to make requests, one at a time.

    Args:
        ledger: Where requests are counted, for all processes.
        rules: The limits that the ledger keeps.
        seed: Of the jitter; None draws another one in each process.
        sleep: Waits for so many seconds.
        on_pause: Told whenever a request begins to wait for a pause to end.
    """

    def __init__(
        self,
        ledger: BudgetLedger,
        rules: BudgetRules,
        *,
        seed: int | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        on_pause: Callable[[Waiting], None] | None = None,
    ) -> None:
        self._ledger = ledger
        self._rules = rules
        self._random = random.Random(seed)  # noqa: S311 - spreads retries, guards nothing
        self._sleep = sleep
        self._on_pause = on_pause

    @property
    def rules(self) -> BudgetRules:
        """The limits."""
        return self._rules

    async def take(self, urgency: Urgency) -> Grant:
        """Wait until one more request may be made; it is counted when this returns.

        Raises:
            WorkError: The ledger cannot be written.
        """
        told = ""
        while True:
            answer = await asyncio.to_thread(self._ledger.ask, urgency)
            if not isinstance(answer, Wait):
                return answer
            if answer.reason and answer.reason != told and self._on_pause is not None:
                self._on_pause(Waiting(ms=answer.ms, reason=answer.reason))
            told = answer.reason
            spread_ms = self._random.uniform(0, _SPREAD_MS)
            await self._sleep((min(answer.ms, _LONGEST_SLEEP_MS) + spread_ms) / MS_PER_SECOND)

    async def settle(self, grant: Grant, outcome: Outcome, *, retry_after_s: float = 0.0) -> int:
        """Say what became of a request.

        Returns:
            How long everybody pauses now, milliseconds; 0 after an answer.
        """
        jitter = self._random.random()
        retry_after_ms = int(retry_after_s * MS_PER_SECOND)
        return await asyncio.to_thread(
            self._ledger.settle, grant, outcome, jitter=jitter, retry_after_ms=retry_after_ms
        )

    def close(self) -> None:
        """Close the ledger's file."""
        self._ledger.close()
