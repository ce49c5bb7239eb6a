"""Clocks: one that is stepped by hand, and one that runs at a multiple of another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeproof.domain.errors import InvalidValue

if TYPE_CHECKING:
    from edgeproof.domain.time import Clock


class ManualClock:
    """Stands still until it is stepped."""

    def __init__(self, start_ms: int) -> None:
        self._now_ms = start_ms

    def now_ms(self) -> int:
        """Milliseconds since the epoch."""
        return self._now_ms

    def step(self, ms: int) -> None:
        """Move forwards.

        Raises:
            InvalidValue: The step goes back.
        """
        if ms < 0:
            raise InvalidValue("step", ms, "0 ms or more")
        self._now_ms += ms


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaledClock:
    """Starts at ``start_ms`` when ``base`` says ``base_start_ms``, and runs ``speed`` times as fast."""

    base: Clock
    base_start_ms: int
    start_ms: int
    speed: float = 1.0

    def __post_init__(self) -> None:
        if not 0.0 < self.speed < float("inf"):
            raise InvalidValue("speed", self.speed, "a finite number above 0")

    def now_ms(self) -> int:
        """Milliseconds since the epoch."""
        return self.start_ms + int((self.base.now_ms() - self.base_start_ms) * self.speed)
