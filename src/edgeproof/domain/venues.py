"""What the house needs of a venue; adapters obey.

Sizes are base units and prices quote units throughout: contracts end at the adapter's door. Frames are those of
``domain.frames``, whole, in order of time, with the venue's name in every row.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from edgeproof.domain.errors import WorkError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from edgeproof.domain.instruments import Instrument, InstrumentRules, MarginTier
    from edgeproof.domain.time import Timeframe, Window


class MarketState(StrEnum):
    """Whether a market can be traded now."""

    LIVE = "live"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """One linear perpetual, as its venue lists it.

    Attributes:
        instrument: The venue's name and the symbol.
        venue_symbol: The symbol as the venue spells it.
        rules: Lot, tick, least size and greatest leverage, in base units.
        contract_size: Base units in one contract, to be shown; every size is converted already.
        state: Whether it can be traded now.
        listed_ms: When trading began, None where the venue does not say; there is no history before.
        max_market_size, max_limit_size: Greatest sizes of an order, base units; None where the venue does not say.
    """

    instrument: Instrument
    venue_symbol: str
    rules: InstrumentRules
    contract_size: float
    state: MarketState
    listed_ms: int | None = None
    max_market_size: float | None = None
    max_limit_size: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPage:
    """One answer to a question about the past.

    Attributes:
        rows: Rows of the table, within the window that was asked for, ascending.
        answered: The span this answer speaks for: what is not in ``rows`` there, the venue does not have. It touches an
            end of the window that was asked for; it begins before that window where the venue has nothing earlier.
            It ends before a row that is not closed yet or cannot be believed, and where the venue's clock had got to.
            ``rows`` after that stand for themselves. None where nothing of the window can be spoken for.
        refused: Rows that cannot be true, counted by reason; they are not in ``rows``.
    """

    rows: pl.DataFrame
    answered: Window | None
    refused: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingRate:
    """The funding rate as it stands for the next payment; above 0 longs pay shorts."""

    instrument: Instrument
    rate: float
    due_ms: int
    seen_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticker:
    """The newest price of one market and what was traded in 24 hours; NaN where the venue does not say."""

    instrument: Instrument
    ts_ms: int
    seen_ms: int
    last: float
    bid: float
    ask: float
    volume: float  # base units
    turnover: float  # quote units


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """Resting orders at one moment: levels of price and size (base units), best first."""

    instrument: Instrument
    ts_ms: int
    seen_ms: int
    bids: tuple[tuple[float, float], ...]
    asks: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast a venue's history can be read, as far as is known now.

    Attributes:
        requests_per_s: What bulk work gets of the request budget, over the long run.
        candles_per_request: Bars in one full answer; learned from answers where the venue gives fewer than it says.
        funding_span_ms: The time that one answer about funding speaks for.
    """

    requests_per_s: float
    candles_per_request: int
    funding_span_ms: int


class Venue(Protocol):
    """Public market data of one venue. One object serves one event loop and may be asked many things at once.

    Every method may raise VenueUnreachable or VenueRefusing after patient retries, and BadAnswer at once. Methods that
    take a symbol raise UnknownName for one the venue does not list.
    """

    @property
    def name(self) -> str:
        """The venue's name, as rows carry it."""
        ...

    @property
    def pace(self) -> Pace:
        """How fast history can be read; asks the venue nothing."""
        ...

    async def markets(self, *, again: bool = False) -> Sequence[Market]:
        """Every linear perpetual, live or not, sorted by symbol; remembered unless asked for ``again``."""
        ...

    async def candles(self, symbol: str, timeframe: Timeframe, window: Window) -> HistoryPage:
        """Closed bars that open within the window: as many as one request gives.

        Ask again for what is left of the window. Volume is in base units, quote_volume where the venue has it.
        """
        ...

    async def funding(self, symbol: str, window: Window) -> HistoryPage:
        """Funding rates paid within the window: as many as one request gives."""
        ...

    async def trades(self, symbol: str, *, limit: int = 100) -> HistoryPage:
        """The newest trades, at most ``limit``; ``ts`` is the venue's clock, ``seen_at`` ours when the answer came.

        The page speaks for the time after its oldest trade, up to its newest: of the oldest's own millisecond there may
        be more.
        """
        ...

    async def funding_rate(self, symbol: str) -> FundingRate:
        """The rate that stands for the next payment."""
        ...

    async def tickers(self) -> Sequence[Ticker]:
        """Every linear perpetual's ticker, sorted by symbol."""
        ...

    async def tiers(self, symbol: str) -> Sequence[MarginTier]:
        """What isolated positions of the symbol are asked, smallest first; empty where the venue does not say.

        A bound that the venue sets in contracts is given in quote units at the price of the moment.
        """
        ...

    async def book(self, symbol: str, *, depth: int = 20) -> Book:
        """The book's best ``depth`` levels of each side, fewer where the venue shows fewer."""
        ...

    async def close(self) -> None:
        """Let go of connections; the object is done."""
        ...


class VenueError(WorkError):
    """The venue did not give what was asked for.

    Args:
        venue: Its name.
        reason: What happened, and what to do.
    """

    def __init__(self, venue: str, reason: str) -> None:
        self.venue = venue
        self.reason = reason
        super().__init__(f"{venue}: {reason}")

    def __reduce__(self) -> tuple[type[VenueError], tuple[str, str]]:
        return (type(self), (self.venue, self.reason))


class VenueUnreachable(VenueError):  # noqa: N818 - reads as what happened
    """No connection, no answer in time, or an answer that says the server failed."""


class VenueRefusing(VenueError):  # noqa: N818
    """The venue turns requests from this address away: too many were made, or it keeps the address out."""


class BadAnswer(VenueError):  # noqa: N818
    """An answer that is not what the venue's documents promise, or an error that asking again will not mend."""
