"""What faults do to the pushes of one stream."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from edgeproof.domain.time import MS_PER_SECOND
from edgeproof.simulator.exchange.engine.faults import FaultKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edgeproof.simulator.exchange.engine.faults import Fault
    from edgeproof.simulator.exchange.protocol.frames import Push


class StreamFaults:
    """The faults that a stream is going through."""

    __slots__ = ("_delayed", "_doubled", "_held", "_reversed", "_skipped", "_stalled_until_ms")

    def __init__(self) -> None:
        self._skipped: Counter[str] = Counter()
        self._doubled: Counter[str] = Counter()
        self._reversed: Counter[str] = Counter()
        self._held: list[Push] = []
        self._delayed: list[Push] = []
        self._stalled_until_ms = 0

    def begin(self, fault: Fault, wall_ms: int) -> None:
        """Take on a fault that changes pushes."""
        if fault.kind is FaultKind.STALL:
            self._stalled_until_ms = max(self._stalled_until_ms, wall_ms + int(fault.seconds * MS_PER_SECOND))
        counters = {
            FaultKind.GAP: self._skipped,
            FaultKind.DUPLICATE: self._doubled,
            FaultKind.REORDER: self._reversed,
        }
        if fault.kind in counters:
            counters[fault.kind][fault.channel] += fault.count

    @property
    def active(self) -> bool:
        """Whether pushes have to pass through ``alter``."""
        counts = self._skipped.total() + self._doubled.total() + self._reversed.total()
        return bool(counts or self._held or self._delayed or self._stalled_until_ms)

    def alter(self, pushes: Iterable[Push], wall_ms: int) -> list[Push]:
        """The pushes that leave now, in the order in which they leave."""
        passed = [out for push in pushes for out in self._pass(push)]
        if wall_ms < self._stalled_until_ms:
            self._delayed += passed
            return []
        self._stalled_until_ms = 0
        late, self._delayed = self._delayed, []
        return late + passed

    def _pass(self, push: Push) -> list[Push]:
        channel = push.channel
        if self._skipped[channel] > 0:
            self._skipped[channel] -= 1
            return []
        if self._reversed[channel] > 0:
            self._reversed[channel] -= 1
            self._held.append(push)
            if self._reversed[channel]:
                return []
            released, self._held = self._held[::-1], []
            return released
        if self._doubled[channel] > 0:
            self._doubled[channel] -= 1
            return [push, push]
        return [push]
