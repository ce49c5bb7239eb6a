"""One strategy on one symbol, as a part of an account."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeproof.backtest.portfolio.sizing import check_sizing
from edgeproof.domain.errors import InvalidValue
from edgeproof.domain.scalars import read_whole

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edgeproof.backtest.portfolio.sizing import Sizing
    from edgeproof.domain.signals import Signals


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Leg:
    """One strategy's decisions on one symbol; at most one position at a time.

    Attributes:
        name: What it is called in results, such as the strategy's name.
        symbol: What it trades.
        signals: Its decisions.
        priority: Lower ones are served first where capital or room is short.
        sizing: How large its entries are; by default as the portfolio says.
        identity: Names what it does, whatever it is called: a strategy's hash with its params; by default the name.

    Raises:
        InvalidValue: A priority that is no whole number, or no size.
    """

    name: str
    symbol: str
    signals: Signals
    priority: int = 0
    sizing: Sizing | None = None
    identity: str = ""

    def __post_init__(self) -> None:
        keep_priority(self)
        check_sizing(self.sizing)

    @property
    def rank(self) -> tuple[int, str, str]:
        """Its place among legs that act at one open: priority, symbol, identity."""
        return self.priority, self.symbol, self.identity or self.name


def keep_priority(one: object) -> None:
    """Keep a place in the row as Python's number, and refuse one that cannot be compared with others.

    Raises:
        InvalidValue: No whole number.
    """
    given = getattr(one, "priority", None)
    priority = read_whole(given)
    if priority is None:
        raise InvalidValue("priority", given, "a whole number; lower ones are served first")
    object.__setattr__(one, "priority", priority)


def order_legs(legs: Iterable[Leg]) -> tuple[Leg, ...]:
    """The legs in the order in which they are served, however they were given.

    Raises:
        InvalidValue: No leg, or the same one twice.
    """
    ordered = tuple(sorted(legs, key=lambda leg: leg.rank))
    if not ordered:
        raise InvalidValue("legs", "none", "at least one")
    seen = Counter((leg.symbol, leg.rank[2]) for leg in ordered)
    for leg in ordered:
        if seen[leg.symbol, leg.rank[2]] > 1:
            raise InvalidValue("legs", f"{leg.name} on {leg.symbol} twice", "each strategy once on a symbol")
    return ordered
