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


class TradeSequence:
    """The numbers of one symbol's trades, in the order they came."""

    __slots__ = ("_first", "_known", "_last", "_missing", "_ones", "_order", "_steps", "jumps")

    def __init__(self) -> None:
        self.jumps = 0
        self._known: set[str] = set()
        self._order: deque[str] = deque()
        self._first = 0
        self._last: int | None = None
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
        """Take in a number; False for one that was here before."""
        if trade_id in self._known:
            return False
        if len(trade_id) <= _LONGEST_NUMBER and trade_id.isdecimal() and not self._count(int(trade_id)):
            return False
        self._known.add(trade_id)
        self._order.append(trade_id)
        if len(self._order) > _REMEMBERED:
            self._known.discard(self._order.popleft())
        return True

    def restart(self) -> None:
        """Begin anew after a break: the next number may be any."""
        self._last = None
        self._missing.clear()

    def _count(self, number: int) -> bool:
        if self._last is None:
            self._first = self._last = number
            return True
        step = number - self._last
        if step <= 0:
            late = number in self._missing
            self._missing.discard(number)
            # Where numbers are dense, one since the last break that is not missing was here; of any other nobody knows,
            # and the lake decides.
            return late or not self.dense or number < self._first
        if step > 1 and self.dense:
            self.jumps += 1
            if len(self._missing) + step <= _MOST_MISSING:
                self._missing.update(range(self._last + 1, number))
        self._last = number
        self._steps += 1
        self._ones += step == 1
        return True
