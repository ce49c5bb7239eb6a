"""One strategy on one symbol, as a part of an account."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from edgeproof.backtest.portfolio.sizing import check_sizing
from edgeproof.domain.errors import InvalidValue
from edgeproof.domain.scalars import read_whole

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edgeproof.backtest.portfolio.sizing import Sizing
    from edgeproof.domain.signals import Signals

_FEWEST_LETTERS: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Leg:
    """One strategy's decisions on one symbol; at most one position at a time.

    Attributes:
        name: What it is called in results, such as the strategy's name; `order_legs` tells equal ones apart.
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

    Where several do different things under one name, each name tells the begin of its leg's identity too.

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
    return _tell_apart(ordered)


def _tell_apart(legs: tuple[Leg, ...]) -> tuple[Leg, ...]:
    """Trades and parts say their leg by its name alone, so one name stands for one thing."""
    identities: dict[str, set[str]] = defaultdict(set)
    for leg in legs:
        identities[leg.name].add(leg.identity)
    return tuple(
        replace(leg, name=f"{leg.name} #{_shorten(leg.identity, identities[leg.name])}")
        if leg.identity and len(identities[leg.name]) > 1
        else leg
        for leg in legs
    )


def _shorten(identity: str, among: set[str]) -> str:
    letters = _FEWEST_LETTERS
    while len({one[:letters] for one in among}) < len(among):
        letters += 1
    return identity[:letters]
