"""Where trades come from: what the exchange asks of a market."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgeproof.domain.arrays import FloatArray, IntArray
    from edgeproof.simulator.exchange.engine.listing import Listing
    from edgeproof.simulator.exchange.engine.trades import TradeBatch


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FundingSchedule:
    """Rates of one instrument, past and to come; arrays have shape (n,), in order of time.

    Attributes:
        ts: Settlement times.
        rate: Rates; positive means that longs pay shorts.
    """

    ts: IntArray
    rate: FloatArray


class Tape(Protocol):
    """A market that is played: what was, and what comes next.

    A tape is read forwards once. Equal tapes give equal trades, whatever the steps in which they are read.
    """

    @property
    def start_ms(self) -> int:
        """The first moment that is played; all before it is history."""
        ...

    @property
    def listings(self) -> Sequence[Listing]:
        """The instruments, in the order the exchange shows them."""
        ...

    def history(self, symbol: str) -> IntArray:
        """Closed minutes before the start, shape (n, 7), without holes.

        Columns are open time (ms), open, high, low, close (ticks), volume (lots), and the sum of ticks times lots.
        """
        ...

    def funding(self, symbol: str) -> FundingSchedule:
        """The instrument's funding."""
        ...

    def play_until(self, until_ms: int) -> Sequence[TradeBatch]:
        """Trades not yet played with ``ts <= until_ms``, at most one batch an instrument."""
        ...
