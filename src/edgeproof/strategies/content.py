"""What a strategy says: params, rules and size as read from its file."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from numbers import Real
from typing import TYPE_CHECKING, Final

from edgeproof.domain.errors import InvalidValue
from edgeproof.strategies.entering import Entry, MarketEntry
from edgeproof.strategies.expressions import Call, Expression, Text, walk
from edgeproof.strategies.operators import OPERATORS
from edgeproof.strategies.sizing import FixedSize, Size

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from edgeproof.domain.time import Timeframe

CONDITIONS: Final = ("long", "short", "exit_long", "exit_short")
DISTANCES: Final = ("stop", "take", "trail")
CONSTANTS: Final = ("take_share", "max_hold", "cool_down")
RULES: Final = (*CONDITIONS, *DISTANCES, *CONSTANTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Param:
    """A number a tuner may move, from ``low`` to ``high``; whole where it counts bars."""

    default: float
    low: float
    high: float
    integer: bool = False

    def check(self, name: str, value: object) -> float:
        """The value as a float.

        Raises:
            InvalidValue: Not a number, outside the range, or not whole where it counts bars.
        """
        kind = "a whole number" if self.integer else "a number"
        expected = f"{kind} from {self.low:g} to {self.high:g}"
        # In its range before it is made a float: whole numbers have no largest one.
        if isinstance(value, bool) or not isinstance(value, Real) or not value <= self.high or value < self.low:
            raise InvalidValue(f"param {name}", value, expected)
        number = float(value)
        if self.integer and number != math.floor(number):
            raise InvalidValue(f"param {name}", value, expected)
        return number


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Everything a strategy says.

    Attributes:
        name: How it is called.
        thesis: Why it should work, in a sentence.
        source: Where the idea comes from.
        tags: Words to find it by.
        timeframe: The bars it decides on, unless the caller chooses others.
        params: Numbers that may be tuned.
        let: Named expressions, each after those it uses.
        long, short: Conditions to enter; at least one is there.
        exit_long, exit_short: Conditions to leave.
        stop, take, trail: Distances in price from the fill.
        take_share: Share of a position that leaves at ``take``.
        max_hold: Decision bars after which a position is closed.
        cool_down: Decision bars after an exit in which nothing is entered.
        entry: How it enters.
        size: How much.
    """

    name: str
    thesis: str
    source: str = ""
    tags: tuple[str, ...] = ()
    timeframe: Timeframe
    params: Mapping[str, Param] = field(default_factory=dict)
    let: Mapping[str, Expression] = field(default_factory=dict)
    long: Expression | None = None
    short: Expression | None = None
    exit_long: Expression | None = None
    exit_short: Expression | None = None
    stop: Expression | None = None
    take: Expression | None = None
    trail: Expression | None = None
    take_share: Expression | None = None
    max_hold: Expression | None = None
    cool_down: Expression | None = None
    entry: Entry = field(default_factory=MarketEntry)
    size: Size = field(default_factory=FixedSize)

    @property
    def rules(self) -> dict[str, Expression]:
        """The rules that are there, by key, in the order of a file."""
        return {key: rule for key in RULES if (rule := getattr(self, key)) is not None}

    @property
    def expressions(self) -> Iterator[Expression]:
        """Every expression: ``let``, rules, entry and size."""
        yield from self.let.values()
        yield from self.rules.values()
        yield from self.entry.parts.values()
        yield from self.size.parts.values()

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the features it uses, sorted."""
        calls = (node for expression in self.expressions for node in walk(expression) if isinstance(node, Call))
        return tuple(sorted({call.name for call in calls if call.name not in OPERATORS}))

    @property
    def symbols(self) -> tuple[str, ...]:
        """Other symbols it looks at by name, sorted: the first arguments of its ``of()``."""
        calls = (node for expression in self.expressions for node in walk(expression) if isinstance(node, Call))
        named = {call.arguments[0] for call in calls if call.name == "of"}
        return tuple(sorted(symbol.value for symbol in named if isinstance(symbol, Text)))
