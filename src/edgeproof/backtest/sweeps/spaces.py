"""The values each param of a strategy may take in a sweep."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from math import prod
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from edgeproof.domain.errors import InvalidValue, UnknownName
from edgeproof.strategies.expressions import Call, Name, walk

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edgeproof.strategies import Param, Strategy
    from edgeproof.strategies.expressions import Expression

Grid: TypeAlias = "Mapping[str, Iterable[float] | float]"

_MOST_VALUES: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """A param that takes one of some values, in the order given."""

    name: str
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A param that takes any value from ``low`` to ``high``, whole ones only where it is ``integer``."""

    name: str
    low: float
    high: float
    integer: bool


Axis: TypeAlias = Choices | Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """One strategy and what its params may be; those without an axis keep their defaults."""

    strategy: Strategy
    axes: tuple[Axis, ...]

    @property
    def count(self) -> int | None:
        """How many combinations there are; None where a param may be any number of a range."""
        sizes = [_count_values(axis) for axis in self.axes]
        return None if None in sizes else prod(size for size in sizes if size is not None)

    def complete(self, point: Mapping[str, float]) -> dict[str, float]:
        """Every param's value.

        Raises:
            InvalidValue: A value outside the range the strategy declares.
        """
        return self.strategy.resolve_params(point)


def read_spaces(strategies: Sequence[Strategy], grid: Grid | None) -> tuple[Space, ...]:
    """Give every strategy its axes.

    Args:
        strategies: Each with a name of its own.
        grid: Values by param. ``fast`` is meant for every strategy with such a param, ``ema_crossover.fast`` for one.
            None makes an axis of every param, over the whole range that the strategy declares.

    Raises:
        UnknownName: A name that is no param of any of the strategies.
        InvalidValue: No values, one twice, or one outside the declared range; or two strategies of one name.
    """
    names = [strategy.name for strategy in strategies]
    if not names:
        raise InvalidValue("strategies", "none", "at least one")
    if repeated := {name for name in names if names.count(name) > 1}:
        raise InvalidValue("strategies", ", ".join(sorted(repeated)), "each strategy once")
    if grid is None:
        return tuple(Space(strategy=s, axes=tuple(_span(n, p) for n, p in s.params.items())) for s in strategies)
    _check_names(strategies, grid)
    values = {name: _read_values(name, given) for name, given in grid.items()}
    return tuple(Space(strategy=strategy, axes=_choose(strategy, values)) for strategy in strategies)


def rank_axes(space: Space) -> tuple[int, ...]:
    """Positions of the axes, those whose change costs most first.

    A param inside a call moves a feature or window that has to be computed over all bars; elsewhere it moves a
    threshold that is compared in passing. Among the costly ones that with most values comes first: what varies faster
    is what has to stay in memory.
    """
    costly = _find_costly(space.strategy)
    sizes = [_count_values(axis) or 0 for axis in space.axes]
    order = sorted(range(len(sizes)), key=lambda at: (space.axes[at].name not in costly, -sizes[at], at))
    return tuple(order)


def _choose(strategy: Strategy, values: Mapping[str, tuple[float, ...]]) -> tuple[Axis, ...]:
    own = {name: values.get(f"{strategy.name}.{name}", values.get(name)) for name in strategy.params}
    # In the order of the grid, so that the table is in the order the caller wrote.
    asked = [key.rpartition(".")[2] for key in values]
    order = sorted((name for name in own if own[name] is not None), key=asked.index)
    return tuple(_check_values(strategy.params[name], name, own[name] or ()) for name in order)


def _check_values(param: Param, name: str, values: tuple[float, ...]) -> Choices:
    return Choices(name=name, values=tuple(param.check(name, value) for value in values))


def _check_names(strategies: Sequence[Strategy], grid: Grid) -> None:
    plain = {name for strategy in strategies for name in strategy.params}
    known = plain | {f"{strategy.name}.{name}" for strategy in strategies for name in strategy.params}
    for name in grid:
        if name not in known:
            raise UnknownName(f"param of {', '.join(s.name for s in strategies)}", str(name), plain)


def _read_values(name: str, given: Iterable[float] | float) -> tuple[float, ...]:
    if isinstance(given, (int, float, np.number)):
        values: tuple[float, ...] = (given,)
    elif isinstance(given, Iterable) and not isinstance(given, (str, bytes)) and getattr(given, "ndim", 1) == 1:
        values = tuple(islice(given, _MOST_VALUES + 1))
    else:
        raise InvalidValue(f"values of {name}", given, "numbers, such as range(5, 30) or [10, 20]")
    # numpy's numbers are as good as Python's; anything else is refused by the param itself.
    plain = tuple(value.item() if isinstance(value, np.generic) else value for value in values)
    if not plain or len(plain) > _MOST_VALUES:
        raise InvalidValue(f"values of {name}", f"{len(plain):,} of them", f"1 to {_MOST_VALUES:,}")
    if len(set(plain)) < len(plain):
        twice = next(value for at, value in enumerate(plain) if value in plain[:at])
        raise InvalidValue(f"values of {name}", f"{twice:g} twice", "each value once")
    return plain


def _span(name: str, param: Param) -> Span:
    return Span(name=name, low=param.low, high=param.high, integer=param.integer)


def _count_values(axis: Axis) -> int | None:
    if isinstance(axis, Choices):
        return len(axis.values)
    return int(axis.high - axis.low) + 1 if axis.integer else None


def _find_costly(strategy: Strategy) -> set[str]:
    """Params that stand inside a call, directly or by way of ``let`` names."""
    inside = {
        name
        for expression in strategy.expressions
        for node in walk(expression)
        if isinstance(node, Call)
        for name in _list_names(node, strategy.let)
    }
    return inside & set(strategy.params)


def _list_names(node: Expression, let: Mapping[str, Expression]) -> set[str]:
    """Names in an expression, and in what the ``let`` names among them stand for."""
    found: set[str] = set()
    waiting = [node]
    while waiting:
        fresh = {inner.name for inner in walk(waiting.pop()) if isinstance(inner, Name)} - found
        found |= fresh
        waiting.extend(let[name] for name in fresh if name in let)
    return found
