"""Arguments that every door of a backtest takes, refused where they are of another kind."""

from __future__ import annotations

from sys import float_info
from typing import TypeVar

from edgeproof.backtest.regimes import spell_regimes
from edgeproof.domain.errors import InvalidValue
from edgeproof.domain.instruments import InstrumentRules
from edgeproof.domain.scalars import read_number, read_whole
from edgeproof.domain.time import Timeframe
from edgeproof.execution import Costs

_Kind = TypeVar("_Kind")


def read_costs(costs: object) -> Costs:
    """Costs as given, their regimes in canonical spelling, or the default ones.

    Raises:
        InvalidValue: They are something else, or a regime's condition is none.
    """
    if costs is None:
        return Costs()
    return spell_regimes(_require("costs", costs, Costs, "ep.Costs(taker=0.0006, ...), or None"))


def read_rules(rules: object) -> InstrumentRules | None:
    """The venue's rules as given, or none.

    Raises:
        InvalidValue: They are something else.
    """
    return None if rules is None else _require("rules", rules, InstrumentRules, "InstrumentRules(lot=0.001, ...)")


def read_timeframe(timeframe: object) -> Timeframe | None:
    """A timeframe by itself or by its name, or none.

    Raises:
        InvalidValue: It is something else.
    """
    if timeframe is None or isinstance(timeframe, Timeframe):
        return timeframe
    return Timeframe.parse(_require("timeframe", timeframe, str, "a count and a unit m, h, d or w, such as 5m or 1h"))


def read_equity(initial_equity: object) -> float:
    """What an account begins with.

    Raises:
        InvalidValue: Not a number above 0.
    """
    read = read_number(initial_equity)
    if read is None or not 0.0 < read <= float_info.max:
        raise InvalidValue("initial_equity", initial_equity, "a number above 0")
    return float(read)


def read_count(what: str, count: object, *, least: int, most: int) -> int:
    """A whole number.

    Raises:
        InvalidValue: It is something else, or outside its range.
    """
    read = read_whole(count)
    if read is None or not least <= read <= most:
        raise InvalidValue(what, count, f"a whole number from {least} to {most:,}")
    return read


def check_callables(**functions: object) -> None:
    """Refuse what is there but cannot be called.

    Raises:
        InvalidValue: It is no function.
    """
    for name, function in functions.items():
        if function is not None and not callable(function):
            raise InvalidValue(name, function, "a function, or None")


def _require(what: str, given: object, kind: type[_Kind], expected: str) -> _Kind:
    if not isinstance(given, kind):
        raise InvalidValue(what, given, expected)
    return given
