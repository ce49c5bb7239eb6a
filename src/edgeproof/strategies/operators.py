"""The language's own operators: what each takes, what it gives and what it means.

Every one looks back only. What they compute stands in `windows.py` and `evaluation.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from edgeproof.domain.registry import Registry

MAX_WINDOW: Final = 100_000


class Role(Enum):
    """What an argument must be."""

    NUMBER = auto()  # a number, bar by bar
    ANY = auto()  # a number or a condition
    BARS = auto()  # a count of bars known before the first bar
    TIMEFRAME = auto()  # a quoted timeframe
    SYMBOL = auto()  # a quoted symbol
    MODEL = auto()  # a quoted model name


class Gives(Enum):
    """What an operator's result is."""

    NUMBER = auto()
    CONDITION = auto()
    SAME = auto()  # whatever its series argument was


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """One operator.

    Attributes:
        name: Its spelling.
        roles: One per argument, in order.
        argument_names: How messages and documentation name the arguments.
        gives: What the result is.
        meaning: One line.
        fewest_bars: The smallest count its BARS argument may be.
        variadic: The last role may repeat.
        constant: Constants in, a constant out.
    """

    name: str
    roles: tuple[Role, ...]
    argument_names: tuple[str, ...]
    gives: Gives
    meaning: str
    fewest_bars: int = 1
    variadic: bool = False
    constant: bool = False

    @property
    def signature(self) -> str:
        """How it is called, such as ``lag(x, n)``."""
        return f"{self.name}({', '.join(self.argument_names)}{', ...' if self.variadic else ''})"

    def role(self, position: int) -> Role:
        """What the argument at a position must be."""
        return self.roles[min(position, len(self.roles) - 1)]


OPERATORS: Final[Registry[Operator]] = Registry("operator")


def _add_window(name: str, meaning: str, fewest_bars: int = 1) -> None:
    operator = Operator(
        name=name,
        roles=(Role.NUMBER, Role.BARS),
        argument_names=("x", "n"),
        gives=Gives.NUMBER,
        meaning=meaning,
        fewest_bars=fewest_bars,
    )
    OPERATORS.register(name, operator)


def _add_plain(name: str, argument_names: tuple[str, ...], meaning: str, *, variadic: bool = False) -> None:
    operator = Operator(
        name=name,
        roles=(Role.NUMBER,) * len(argument_names),
        argument_names=argument_names,
        gives=Gives.NUMBER,
        meaning=meaning,
        variadic=variadic,
        constant=True,
    )
    OPERATORS.register(name, operator)


def _add_cross(name: str, meaning: str) -> None:
    operator = Operator(
        name=name,
        roles=(Role.NUMBER, Role.NUMBER),
        argument_names=("a", "b"),
        gives=Gives.CONDITION,
        meaning=meaning,
    )
    OPERATORS.register(name, operator)


def _add_elsewhere(name: str, role: Role, argument_name: str, meaning: str) -> None:
    operator = Operator(
        name=name, roles=(role, Role.ANY), argument_names=(argument_name, "x"), gives=Gives.SAME, meaning=meaning
    )
    OPERATORS.register(name, operator)


OPERATORS.register(
    "lag",
    Operator(
        name="lag",
        roles=(Role.ANY, Role.BARS),
        argument_names=("x", "n"),
        gives=Gives.SAME,
        meaning="x as it was n bars ago, n >= 0.",
        fewest_bars=0,
    ),
)
_add_cross("crosses_above", "a is above b, and was not one bar ago.")
_add_cross("crosses_below", "a is below b, and was not one bar ago.")
_add_window("highest", "The largest of the last n values, the present one included.")
_add_window("lowest", "The smallest of the last n values, the present one included.")
_add_window("mean", "The arithmetic mean of the last n values.")
_add_window("stdev", "The standard deviation of the last n values about their mean, divisor n.", 2)
_add_window("zscore", "How many stdev(x, n) x lies above mean(x, n); unknown where all n values are equal.", 2)
_add_window("rank", "Where x stands among the last n values: 0 the smallest, 1 the largest, ties in the middle.", 2)
_add_plain("abs", ("x",), "x without its sign.")
_add_plain("min", ("x", "y"), "The smallest of its arguments.", variadic=True)
_add_plain("max", ("x", "y"), "The largest of its arguments.", variadic=True)
_add_plain("log", ("x",), "The natural logarithm; unknown where x is not above 0.")
_add_elsewhere("on", Role.TIMEFRAME, '"timeframe"', "x on bars of a longer timeframe, as of their close.")
_add_elsewhere("of", Role.SYMBOL, '"symbol"', "x of another symbol, as of its bars' close.")
OPERATORS.register(
    "model",
    Operator(
        name="model",
        roles=(Role.MODEL,),
        argument_names=('"name"',),
        gives=Gives.NUMBER,
        meaning="A model's out-of-sample prediction, known when it was made.",
    ),
)
