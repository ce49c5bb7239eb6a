"""How large an entry is wished to be, from what is known when it is decided."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Final, TypeAlias, get_args

import numpy as np

from edgeproof.backtest.portfolio.terms import ANY, keep_count, keep_number
from edgeproof.backtest.replay import replay_signals
from edgeproof.domain.errors import InvalidValue
from edgeproof.strategies.targeting import compute_volatility, target_volatility

if TYPE_CHECKING:
    from edgeproof.backtest.tape import Tape
    from edgeproof.domain.arrays import FloatArray
    from edgeproof.domain.instruments import InstrumentRules
    from edgeproof.domain.signals import Signals
    from edgeproof.execution import Costs

_MOST_TRADES: Final = 1_000_000
# Of an account, so little that no number of trades uses it up or makes it too large for a market.
_LESSON: Final = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Signalled:
    """What the signals say (a strategy's own ``size``), on a part of the account.

    Attributes:
        share: Of the account's equity; by default an equal part for each leg.
    """

    kind: ClassVar[str] = "own"
    share: float | None = None

    def __post_init__(self) -> None:
        if self.share is not None:
            _keep_share(self, "share")


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedLeverage:
    """The same notional over equity at every entry."""

    kind: ClassVar[str] = "fixed"
    leverage: float

    def __post_init__(self) -> None:
        _keep_leverage(self, "leverage")


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetVolatility:
    """Notional such that the position alone would make the account as volatile as ``annual``, 0.2 = 20 % a year.

    The symbol's volatility is that of the decision bars of the last day, 48 at least, up to the decision.
    """

    kind: ClassVar[str] = "volatility"
    annual: float
    max_leverage: float = 3.0

    def __post_init__(self) -> None:
        _keep_leverage(self, "annual", what="annual volatility")
        _keep_leverage(self, "max_leverage")


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskPerTrade:
    """Notional such that leaving at the stop, all costs included, loses ``risk`` of the account's equity.

    The stop is the nearer of ``stop`` and ``trail``; an entry without one is skipped.
    """

    kind: ClassVar[str] = "risk"
    risk: float = 0.01
    max_leverage: float = 10.0

    def __post_init__(self) -> None:
        _keep_share(self, "risk")
        _keep_leverage(self, "max_leverage")


@dataclass(frozen=True, slots=True, kw_only=True)
class FractionalKelly:
    """A fraction of the leverage at which the leg's own past trades would have grown fastest.

    Past trades are those that the leg would have made alone, at leverage one and never short of money: each has a stake
    of its own, and neither lots nor the least size of an order turn it away. So a leg that was shut out comes back when
    its edge does, whatever it would have lost by then. With returns r of their notional after costs, the leverage of
    fastest growth is taken as mean(r) / mean(r^2): exact for even bets (J. L. Kelly, *A New Interpretation of
    Information Rate*, 1956), and up to second order for any others (E. O. Thorp, *The Kelly Criterion in Blackjack,
    Sports Betting, and the Stock Market*, 2006). Where it is not above zero there is no entry.

    Attributes:
        fraction: Of that leverage.
        max_leverage: The cap.
        trades: So many last trades count, ended by the close at which is decided.
        fewest: With fewer, ``start`` is used.
        start: Leverage until then; 0 for none.
    """

    kind: ClassVar[str] = "kelly"
    fraction: float = 0.5
    max_leverage: float = 2.0
    trades: int = 100
    fewest: int = 30
    start: float = 0.0

    def __post_init__(self) -> None:
        _keep_share(self, "fraction")
        _keep_leverage(self, "max_leverage")
        _keep_leverage(self, "start", none_too=True)
        for name in ("trades", "fewest"):
            keep_count(self, name, most=_MOST_TRADES)
        if self.fewest > self.trades:
            raise InvalidValue("fewest", self.fewest, f"at most trades, {self.trades}")


Sizing: TypeAlias = Signalled | FixedLeverage | TargetVolatility | RiskPerTrade | FractionalKelly


def check_sizing(sizing: object) -> None:
    """Refuse what is there but says no size.

    Raises:
        InvalidValue: It is something else.
    """
    if sizing is not None and not isinstance(sizing, get_args(Sizing)):
        expected = "RiskPerTrade(risk=0.01) or another of edgeproof.backtest.portfolio, or None"
        raise InvalidValue("sizing", sizing, expected)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sized:
    """What a kernel needs to size a leg's entries.

    Attributes:
        share: Of the account's equity that ``leverage`` multiplies.
        leverage: Wished at each decision, NaN for no entry; with a ``risk`` the highest; shape (decisions,).
        risk: Share of equity lost at the stop; 0 where the leverage alone says the size.
    """

    share: float
    leverage: FloatArray
    risk: float = 0.0


def size_entries(  # noqa: PLR0913 - what a size may depend on
    sizing: Sizing, signals: Signals, tape: Tape, *, symbol: str, legs: int, costs: Costs, rules: InstrumentRules
) -> Sized:
    """Size every decision of a leg by what was known at its close.

    Args:
        sizing: How.
        signals: The leg's decisions.
        tape: Its symbol's execution bars.
        symbol: That symbol, on which the luck of orders that rest depends.
        legs: How many share the account.
        costs: Of the trades that Kelly learns from.
        rules: Likewise.
    """
    count = len(signals.bars)
    if isinstance(sizing, Signalled):
        return Sized(share=1.0 / legs if sizing.share is None else sizing.share, leverage=signals.leverage)
    if isinstance(sizing, FixedLeverage):
        return Sized(share=1.0, leverage=np.full(count, sizing.leverage))
    if isinstance(sizing, RiskPerTrade):
        return Sized(share=1.0, leverage=np.full(count, sizing.max_leverage), risk=sizing.risk)
    if isinstance(sizing, TargetVolatility):
        volatility = compute_volatility(signals.bars)
        return Sized(share=1.0, leverage=target_volatility(volatility, sizing.annual, sizing.max_leverage))
    return Sized(share=1.0, leverage=_bet_kelly(sizing, signals, tape, symbol, costs, rules))


def _bet_kelly(  # noqa: PLR0913, PLR0917 - as size_entries
    sizing: FractionalKelly, signals: Signals, tape: Tape, symbol: str, costs: Costs, rules: InstrumentRules
) -> FloatArray:
    stake = np.broadcast_to(np.float64(_LESSON), (len(signals.bars),))
    alone = replay_signals(
        tape,
        replace(signals, leverage=stake),
        costs=costs,
        rules=replace(rules, lot=0.0, min_size=0.0),
        initial_equity=1.0,
        symbol=symbol,
    )
    records = alone.records
    returns = records["pnl"] / (records["size"] * records["entry_price"])
    # What happens inside a bar is known at its close.
    known_at = tape.bars.ts[records["exit_bar"]] + tape.bars.timeframe.ms
    ended = np.searchsorted(known_at, signals.bars.known_at, side="right")
    first = np.maximum(ended - sizing.trades, 0)
    gained, squared = (np.concatenate([[0.0], np.cumsum(values)]) for values in (returns, returns * returns))
    spread = squared[ended] - squared[first]
    with np.errstate(divide="ignore", invalid="ignore"):
        best = np.where(spread > 0.0, (gained[ended] - gained[first]) / spread, 0.0)
    wished = np.minimum(sizing.fraction * best, sizing.max_leverage)
    return np.where(ended < sizing.fewest, sizing.start, np.maximum(wished, 0.0))


def _keep_share(sizing: object, field: str) -> None:
    keep_number(sizing, field, "a share above 0, at most 1, such as 0.01 for 1 %", most=1.0)


def _keep_leverage(sizing: object, field: str, *, what: str | None = None, none_too: bool = False) -> None:
    expected = "0, or a finite number above" if none_too else "a finite number above 0"
    keep_number(sizing, field, expected, most=ANY, least_too=none_too, what=what)
