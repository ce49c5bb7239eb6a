"""Which combinations a sweep consists of, in which order they are computed and by which number they are known.

A combination's number says where it stands in the request: symbols, then timeframes, then strategies, then the params
as the caller wrote them, the last varying fastest. The order in which combinations are computed is another: one
neighbour after the other, one param moved by one step, the costly params moved most rarely (``spaces.rank_axes``), so
that features in memory are used again before they are forgotten. It is a reflected mixed-radix Gray code: D. E. Knuth,
*The Art of Computer Programming*, volume 4A, section 7.2.1.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Final, TypeAlias

from edgeproof.backtest.sweeps.spaces import Choices, Span, rank_axes
from edgeproof.domain.errors import InvalidValue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from edgeproof.backtest.sweeps.spaces import Axis, Space
    from edgeproof.domain.time import Timeframe
    from edgeproof.strategies import Strategy

Where: TypeAlias = "Callable[[Mapping[str, float]], bool]"

# A predicate that leaves fewer than one in this many draws gives up with what was found.
_MOST_DRAWS: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Where the params of one space are tried: a symbol, at a decision timeframe."""

    space: Space
    symbol: str
    timeframe: Timeframe


@dataclass(frozen=True, slots=True, kw_only=True)
class Combination:
    """One question of a sweep.

    Attributes:
        number: Its place in the request.
        strategy: What decides.
        symbol: What is traded.
        timeframe: The bars it decides on.
        params: Every param's value.
    """

    number: int
    strategy: Strategy
    symbol: str
    timeframe: Timeframe
    params: Mapping[str, float]


def list_grid(settings: Sequence[Setting], where: Where | None) -> Iterator[Combination]:
    """Every combination of finite spaces, in the order of computation; lazily, so any number takes no memory."""
    before = 0
    for setting in settings:
        for place, point in walk_space(setting.space):
            params = setting.space.complete(point)
            if accept(where, params):
                yield combine(setting, before + place, params)
        before += setting.space.count or 0


def list_draws(
    settings: Sequence[Setting], points: Mapping[str, Sequence[Mapping[str, float]]]
) -> Iterator[Combination]:
    """The drawn points of each strategy at each of its settings, in the order of computation."""
    before = 0
    for setting in settings:
        drawn = points[setting.space.strategy.name]
        axes = [setting.space.axes[at].name for at in rank_axes(setting.space)]
        order = sorted(range(len(drawn)), key=lambda at, d=drawn, a=axes: [d[at][name] for name in a])  # type: ignore[misc]
        for at in order:
            yield combine(setting, before + at, drawn[at])
        before += len(drawn)


def draw_points(space: Space, count: int, seed: int, where: Where | None) -> list[dict[str, float]]:
    """Draw different combinations of a space, uniformly; all of them where there are no more than ``count``.

    Fewer than ``count`` come back where ``where`` leaves too few of them.
    """
    if space.count is not None and space.count <= count:
        return [params for _, point in walk_space(space) if accept(where, params := space.complete(point))]
    source = Random(f"{seed} {space.strategy.name}")  # noqa: S311 - a reproducible draw, not a secret
    seen: set[tuple[float, ...]] = set()
    drawn: list[dict[str, float]] = []
    for _ in range(count * _MOST_DRAWS):
        point = {axis.name: _draw_value(axis, source) for axis in space.axes}
        if (place := tuple(point.values())) in seen:
            continue
        seen.add(place)
        if accept(where, params := space.complete(point)):
            drawn.append(params)
        if len(drawn) == count:
            break
    return drawn


def walk_space(space: Space) -> Iterator[tuple[int, dict[str, float]]]:
    """Every point of a finite space with its place in the caller's order; each differs from the last in one param.

    Where the axes' values ascend, that param moves by one step.
    """
    values = [_list_values(axis) for axis in space.axes]
    sizes = [len(one) for one in values]
    weights = _weigh_digits(sizes)
    ranked = rank_axes(space)
    turns = _weigh_digits([sizes[at] for at in ranked])
    for rank in range(space.count or 0):
        digits = [0] * len(sizes)
        for at, weight in zip(ranked, turns, strict=True):
            lap, digit = divmod(rank // weight, sizes[at])
            # Every other lap runs backwards: it begins where the one before ended.
            digits[at] = sizes[at] - 1 - digit if lap % 2 else digit
        place = sum(digit * weight for digit, weight in zip(digits, weights, strict=True))
        yield place, {axis.name: values[at][digits[at]] for at, axis in enumerate(space.axes)}


def combine(setting: Setting, number: int, params: Mapping[str, float]) -> Combination:
    """The combination of a setting and params."""
    return Combination(
        number=number,
        strategy=setting.space.strategy,
        symbol=setting.symbol,
        timeframe=setting.timeframe,
        params=params,
    )


def accept(where: Where | None, params: Mapping[str, float]) -> bool:
    """Whether the caller's predicate lets a combination in.

    Raises:
        InvalidValue: The predicate failed.
    """
    if where is None:
        return True
    try:
        return bool(where(params))
    except Exception as error:  # noqa: BLE001 - the caller's own code
        told = f"a predicate that raised {type(error).__name__}: {error}"
        raise InvalidValue("where", told, f"an answer for the params {', '.join(params)}") from None


def _weigh_digits(sizes: Sequence[int]) -> list[int]:
    """How much one step of each digit is worth, the last digit the least."""
    weights = [1] * len(sizes)
    for at in range(len(sizes) - 2, -1, -1):
        weights[at] = weights[at + 1] * sizes[at + 1]
    return weights


def _list_values(axis: Axis) -> Sequence[float]:
    return axis.values if isinstance(axis, Choices) else range(int(axis.low), int(axis.high) + 1)


def _draw_value(axis: Axis, source: Random) -> float:
    match axis:
        case Choices():
            return source.choice(axis.values)
        case Span(integer=True):
            return float(source.randint(int(axis.low), int(axis.high)))
        case _:
            return source.uniform(axis.low, axis.high)
