"""What a sheet needs to know of a result: the shape of it, not its class."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from edgeproof.domain.results import PARTIAL_EXITS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import polars as pl

    from edgeproof.domain.arrays import FloatArray
    from edgeproof.domain.results import Metrics
    from edgeproof.pages import Landscape
    from edgeproof.sheets.candles import Candles

NAMELESS: Final = "price"  # what the one market of an account is called whose bars name none


class MoneySpent(Protocol):
    """Where the money went, in quote units; ``net = gross - slippage - fees - funding``."""

    @property
    def gross(self) -> float:
        """What prices gave."""
        ...

    @property
    def slippage(self) -> float:
        """Lost between the price aimed at and the fill."""
        ...

    @property
    def fees(self) -> float:
        """Paid to the venue."""
        ...

    @property
    def funding(self) -> float:
        """Paid to the other side; negative where it was received."""
        ...

    @property
    def net(self) -> float:
        """What was left."""
        ...


class Account(Protocol):
    """One account, or several added up: whatever has these six has a sheet.

    One that also has ``partial_exits`` (``domain.results.PARTIAL_EXITS``) has positions that leave in parts.
    """

    @property
    def metrics(self) -> Metrics:
        """Every measure; the sheet shows these numbers and computes none of them again."""
        ...

    @property
    def equity(self) -> pl.DataFrame:
        """``domain.results.EQUITY_CURVE``, ascending."""
        ...

    @property
    def trades(self) -> pl.DataFrame:
        """``domain.results.TRADE_LIST``, in order of entry."""
        ...

    @property
    def costs(self) -> MoneySpent:
        """Where the money went."""
        ...

    @property
    def daily_returns(self) -> FloatArray:
        """One for each UTC day from ``first_day`` on, shape (days,)."""
        ...

    @property
    def first_day(self) -> date:
        """The UTC day of the first return."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Market:
    """One market's prices with what was traded there.

    Attributes:
        candles: Its prices.
        trades: ``domain.results.TRADE_LIST``, those of this market alone, in order of entry.
        parts: ``domain.results.PARTIAL_EXITS``: what left of them before the rest.
    """

    candles: Candles
    trades: pl.DataFrame
    parts: pl.DataFrame = field(default_factory=PARTIAL_EXITS.to_frame)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sheet:
    """Everything one sheet shows.

    Attributes:
        title: What was traded, such as a strategy, its markets and timeframe.
        account: What became of it.
        markets: Prices by the market's name; empty where they are not at hand.
        landscape: Scores of the sweep from which this result was picked, if it was.
        neutral: The score that is neither good nor bad, if there is one.
        notes: What else the reader has to know: costs assumed, trials made, data missing.
    """

    title: str
    account: Account
    markets: Mapping[str, Market] = field(default_factory=dict)
    landscape: Landscape | None = None
    neutral: float | None = None
    notes: tuple[str, ...] = ()
