"""Faults on demand: what goes wrong, when, and for whom."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import numpy as np

from edgeproof.domain.errors import InvalidValue, UnknownName
from edgeproof.domain.time import MS_PER_SECOND

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class FaultKind(StrEnum):
    """What can go wrong. ``count`` and ``seconds`` of a fault mean what is said here."""

    DROP = "drop"
    """Streams are cut without a goodbye."""
    STALL = "stall"
    """Streams stay open and silent for ``seconds``; what was held back is then sent late."""
    GAP = "gap"
    """The next ``count`` pushes of a stream are never sent on it."""
    DUPLICATE = "duplicate"
    """The next ``count`` pushes of a stream are sent twice."""
    REORDER = "reorder"
    """The next ``count`` pushes of a stream are held back and sent last first."""
    MALFORMED = "malformed"
    """``count`` hostile frames are put into a stream, of the form in ``detail`` or of each form in turn."""
    PARTIAL = "partial"
    """Half a frame is sent, then the stream is cut."""
    TOO_MANY = "429"
    """The next ``count`` requests are answered 429, and all for ``seconds``."""
    FORBIDDEN = "403"
    """The next ``count`` requests are answered 403, and all for ``seconds``."""
    SERVER_ERROR = "5xx"
    """The next ``count`` requests are answered 500, 502 or 503, and all for ``seconds``."""
    SLOW = "slow"
    """Requests are answered ``delay_ms`` late: the next ``count``, and all for ``seconds``."""
    SKEW = "skew"
    """The exchange's clock is ``skew_ms`` ahead (behind, if negative) for ``seconds``; 0 seconds means for good."""
    RESTART = "restart"
    """All connections are cut and none accepted for ``seconds``; sessions and nonces are forgotten."""


STREAM_FAULTS: Final = frozenset(
    {
        FaultKind.DROP,
        FaultKind.STALL,
        FaultKind.GAP,
        FaultKind.DUPLICATE,
        FaultKind.REORDER,
        FaultKind.MALFORMED,
        FaultKind.PARTIAL,
    }
)
_STATUSES: Final = {FaultKind.TOO_MANY: (429,), FaultKind.FORBIDDEN: (403,), FaultKind.SERVER_ERROR: (500, 502, 503)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong; see ``FaultKind``.

    Attributes:
        kind: What.
        count: How many pushes, frames or requests.
        seconds: For how long.
        connection: Number of the stream it happens to; None means all, -1 one that is drawn.
        channel: Channel whose pushes are left out, doubled or reordered.
        detail: Form of a malformed frame.
        delay_ms: Delay of slow answers.
        skew_ms: Error of the clock.
    """

    kind: FaultKind
    count: int = 1
    seconds: float = 0.0
    connection: int | None = None
    channel: str = "trades"
    detail: str = ""
    delay_ms: int = 0
    skew_ms: int = 0

    def __post_init__(self) -> None:
        if self.kind not in set(FaultKind):
            raise UnknownName("fault", str(self.kind), [kind.value for kind in FaultKind])
        object.__setattr__(self, "kind", FaultKind(self.kind))
        for name in ("count", "seconds", "delay_ms"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise InvalidValue(name, getattr(self, name), "a finite number, 0 or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedFault:
    """A fault and when it happens, milliseconds after the exchange opened, real time."""

    after_ms: int
    fault: Fault


def plan_faults(
    *, seed: int, every_s: float, total_s: float, kinds: Iterable[FaultKind] = tuple(FaultKind)
) -> tuple[PlannedFault, ...]:
    """A seeded plan: one fault about every ``every_s`` seconds, of these kinds in random order and size."""
    random = np.random.Generator(np.random.PCG64(seed))
    known = sorted(kinds)
    moments = np.cumsum(random.uniform(0.5, 1.5, int(total_s / every_s)) * every_s)
    return tuple(
        PlannedFault(
            after_ms=int(moment * MS_PER_SECOND), fault=_draw_fault(known[random.integers(len(known))], random)
        )
        for moment in moments.tolist()
        if moment < total_s
    )


def _draw_fault(kind: FaultKind, random: np.random.Generator) -> Fault:
    return Fault(
        kind=kind,
        # What goes wrong with requests ends by itself: counted ones would pile up while a client stays away.
        count=int(random.integers(1, 60)) if kind in STREAM_FAULTS else 0,
        seconds=round(float(random.uniform(0.2, 2.0)), 2) if kind not in _COUNTED else 0.0,
        connection=-1,
        delay_ms=int(random.integers(50, 1_500)),
        skew_ms=int(random.integers(-2_000, 2_000)),
    )


_COUNTED: Final = STREAM_FAULTS - {FaultKind.STALL}


@dataclass(slots=True, kw_only=True)
class _Live:
    """A fault of requests that has not run out."""

    fault: Fault
    left: int
    until_ms: int
    turn: int = 0


class FaultDesk:
    """Takes faults in and says which of them a request meets; stream faults are handed on to the server."""

    def __init__(self, plan: Sequence[PlannedFault] = ()) -> None:
        self._plan = deque(sorted(plan, key=lambda planned: planned.after_ms))
        self._live: list[_Live] = []
        self._handed_on: deque[Fault] = deque()
        self._skews: list[tuple[int, int | None]] = []

    def inject(self, fault: Fault, now_ms: int) -> None:
        """Make something go wrong from now on."""
        until_ms = now_ms + int(fault.seconds * MS_PER_SECOND)
        if fault.kind in STREAM_FAULTS or fault.kind is FaultKind.RESTART:
            self._handed_on.append(fault)
        elif fault.kind is FaultKind.SKEW:
            self._skews.append((fault.skew_ms, until_ms if fault.seconds else None))
        else:
            self._live.append(_Live(fault=fault, left=fault.count, until_ms=until_ms))

    def start_planned(self, elapsed_ms: int, now_ms: int) -> list[Fault]:
        """Inject what the plan has for the time up to now; returns it."""
        started = []
        while self._plan and self._plan[0].after_ms <= elapsed_ms:
            started.append(self._plan.popleft().fault)
            self.inject(started[-1], now_ms)
        return started

    def take_stream_faults(self) -> list[Fault]:
        """Faults of streams, and restarts, that were injected since the last call."""
        taken = list(self._handed_on)
        self._handed_on.clear()
        return taken

    def skew_ms(self, now_ms: int) -> int:
        """How far the exchange's clock is off."""
        self._skews = [(skew, until) for skew, until in self._skews if until is None or now_ms < until]
        return sum(skew for skew, _ in self._skews)

    def meet_request(self, now_ms: int) -> tuple[int | None, int]:
        """What a request meets: a status to answer with (or None), and a delay in milliseconds."""
        status, delay = None, 0
        for live in self._live:
            if live.left <= 0 and now_ms >= live.until_ms:
                continue
            live.left -= 1
            if live.fault.kind is FaultKind.SLOW:
                delay = max(delay, live.fault.delay_ms)
            elif status is None:
                choices = _STATUSES[live.fault.kind]
                status = choices[live.turn % len(choices)]
                live.turn += 1
        self._live = [live for live in self._live if live.left > 0 or now_ms < live.until_ms]
        return status, delay
