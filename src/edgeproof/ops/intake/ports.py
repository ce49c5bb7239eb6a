"""What the intake needs of the world; adapters obey."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from edgeproof.domain.instruments import Instrument
    from edgeproof.ops.gaps import Gap
    from edgeproof.ops.intake.collector import Candle


class Sink(Protocol):
    """Takes in what streams tell; ``Collector`` is one. Nothing here raises, whatever it is given."""

    def add_trade(  # noqa: PLR0913 - the columns of a trade
        self, symbol: str, ts: int, price: float, size: float, trade_id: str, *, buy: bool
    ) -> None:
        """One trade: the venue's time in milliseconds, size in base units."""
        ...

    def add_candle(self, candle: Candle) -> None:
        """A candle that has closed."""
        ...

    def refuse(self, kind: str) -> None:
        """Count something that is not taken in."""
        ...

    def note(self, what: str) -> None:
        """Count something that happened."""
        ...

    def break_off(self, symbols: Iterable[str], cause: str) -> None:
        """A stream of these symbols ended, or was silent: trades may be missing."""
        ...

    def resume(self, symbols: Iterable[str]) -> None:
        """A stream of these symbols has begun."""
        ...


class Feed(Protocol):
    """Live trades and candles of a venue's symbols."""

    async def run(self, sink: Sink) -> None:
        """Connect, listen, reconnect, for ever; ends when it is cancelled.

        Raises:
            VenueError: The venue refuses what is asked for, and will go on to.
        """
        ...

    def renew(self, symbols: Collection[str]) -> None:
        """Open the streams of these symbols anew: they answer, but what was traded does not come."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """How an intake stands.

    Attributes:
        at_ms: When.
        trades_per_s: Trades taken in a second since the heartbeat before.
        waiting: Trades that wait for the lake.
        lag_ms: Since a stream brought a trade, by our clock; since the start where none did.
        counts: What was counted since the start, by name.
        delay_ms: The least time from a trade, by the venue's clock, to its arrival, by ours, since the heartbeat
            before: far from nought, the clocks differ. None where no trade came.
    """

    at_ms: int
    trades_per_s: float
    waiting: int
    lag_ms: int
    counts: Mapping[str, int]
    delay_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeRun:
    """One run of an intake, and its last sign of life; ``finished_ms`` is None while it runs or after a kill."""

    run_id: int
    venue: str
    symbols: Sequence[str]
    pid: int
    started_ms: int
    heartbeat: Heartbeat | None
    finished_ms: int | None
    detail: str


class Journal(Protocol):
    """What the intake remembers besides rows: how far trades were checked, the gaps found, its runs.

    What lies after a symbol's watermark has not been checked yet. Every method is one unit of work.
    """

    def begin_run(self, venue: str, symbols: Sequence[str], *, pid: int, now_ms: int) -> int:
        """Open a run; returns its number."""
        ...

    def beat(self, run_id: int, heartbeat: Heartbeat) -> None:
        """Replace a run's sign of life."""
        ...

    def finish_run(self, run_id: int, *, now_ms: int, detail: str) -> None:
        """Close a run."""
        ...

    def runs(self, *, limit: int = 10) -> Sequence[IntakeRun]:
        """The newest runs first."""
        ...

    def watermarks(self, venue: str) -> Mapping[str, int]:
        """Up to when each symbol's trades were checked, milliseconds."""
        ...

    def advance(self, instrument: Instrument, checked_ms: int, gaps: Sequence[Gap] = ()) -> None:
        """Move a symbol's watermark forwards and record the gaps before it, both or neither."""
        ...

    def gaps(self, instrument: Instrument | None = None) -> Sequence[Gap]:
        """Every gap recorded, by instrument and time."""
        ...
