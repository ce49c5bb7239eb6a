"""One symbol's trade numbers: which were seen, and where some are missing.

Venues differ: numbers may rise by one, rise with holes, or be no numbers at all. So it is learned whether a hole means
a lost trade: only where nearly all steps were one does a longer step count as a hole.
"""

from __future__ import annotations

from collections import deque
from typing import Final

_REMEMBERED: Final = 4_096
_STEPS_TO_LEARN: Final = 32
_DENSE_SHARE: Final = 0.9
_MOST_MISSING: Final = 100_000
_LONGEST_NUMBER: Final = 18
_STRANGE_IN_A_ROW: Final = 32


class TradeSequence:
    """The numbers of one symbol's trades, in the order they came."""

    __slots__ = ("_known", "_last", "_missing", "_ones", "_order", "_steps", "_strange", "jumps")

    def __init__(self) -> None:
        self.jumps = 0
        self._known: set[str] = set()
        self._order: deque[str] = deque()
        self._last: int | None = None
        self._strange = 0
        self._steps = 0
        self._ones = 0
        self._missing: set[int] = set()

    @property
    def dense(self) -> bool:
        """Whether numbers have been seen to rise by one."""
        return self._steps >= _STEPS_TO_LEARN and self._ones >= _DENSE_SHARE * self._steps

    @property
    def missing(self) -> int:
        """Numbers that were skipped and have not come since."""
        return len(self._missing)

    def admit(self, trade_id: str) -> bool:
        """Take in a number; False for one that was here lately. Of older ones the lake knows."""
        if trade_id in self._known:
            return False
        if len(trade_id) <= _LONGEST_NUMBER and trade_id.isdecimal():
            self._count(int(trade_id))
        self._known.add(trade_id)
        self._order.append(trade_id)
        if len(self._order) > _REMEMBERED:
            self._known.discard(self._order.popleft())
        return True

    def restart(self) -> None:
        """Begin anew after a break: the next number may be any."""
        self._last = None
        self._strange = 0
        self._missing.clear()

    def _count(self, number: int) -> None:
        step = 0 if self._last is None else number - self._last
        if self._last is not None and step <= 0:
            self._missing.discard(number)
            return
        if step > _MOST_MISSING:
            # One odd number is no news; if all are from now on, the venue has begun to count anew.
            self._strange += 1
            if self._strange <= _STRANGE_IN_A_ROW:
                return
            self.restart()
            step = 0
        if step > 1 and self.dense:
            self.jumps += 1
            if len(self._missing) + step <= _MOST_MISSING:
                self._missing.update(range(number - step + 1, number))
        self._strange = 0
        self._steps += step > 0
        self._ones += step == 1
        self._last = number
