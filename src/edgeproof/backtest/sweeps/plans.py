"""From a request to a sweep that is ready to run: what can be refused is refused here, before work begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from edgeproof.backtest.arguments import check_callables, read_count, read_timeframe
from edgeproof.backtest.sweeps.combinations import Setting, combine, draw_points, list_draws, list_grid
from edgeproof.backtest.sweeps.errors import NoCombination, TooManyCombinations
from edgeproof.backtest.sweeps.markets import open_scratch, try_combination
from edgeproof.backtest.sweeps.spaces import read_spaces
from edgeproof.backtest.sweeps.table import check_metric, describe_rows
from edgeproof.backtest.sweeps.tuning import TunedSearch
from edgeproof.domain.errors import InvalidValue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import polars as pl

    from edgeproof.backtest.sweeps.combinations import Combination, Where
    from edgeproof.backtest.sweeps.markets import Markets
    from edgeproof.backtest.sweeps.spaces import Grid, Space
    from edgeproof.domain.time import Timeframe
    from edgeproof.strategies import MarketData, Strategy

Timeframes: TypeAlias = "Timeframe | str | Sequence[Timeframe | str] | None"

MOST_COMBINATIONS: Final = 100_000
_MOST_DRAWN: Final = 10_000_000
_MOST_COMBINATIONS: Final = 10**15
_MOST_SEED: Final = 2**32 - 1  # what optuna's generator takes


class Search(Protocol):
    """Says what to compute next, and may learn from what came of it."""

    def ask(self, most: int) -> Sequence[Combination]:
        """The next combinations, about ``most`` of them; none at the end."""
        ...

    def tell(self, scores: Sequence[float | None]) -> None:
        """The scores of the combinations asked last, in their order."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plan:
    """A sweep ready to run.

    Attributes:
        markets: What it runs on.
        count: Combinations it will compute; the most it may compute where a search decides as it goes.
        metric: What rows are scored by.
        schema: Of its rows.
        open_search: Begins the sweep from the start.
    """

    markets: Markets
    count: int
    metric: str
    schema: pl.Schema
    open_search: Callable[[], Search]


def plan_sweep(  # noqa: PLR0913 - one keyword for each thing a sweep depends on
    markets: Markets,
    strategies: Sequence[Strategy],
    *,
    grid: Grid | None = None,
    random: int | None = None,
    optuna: int | None = None,
    seed: int = 7,
    where: Where | None = None,
    timeframes: Timeframes = None,
    metric: str = "sharpe",
    most: int = MOST_COMBINATIONS,
) -> Plan:
    """Check a request and plan it.

    Args:
        markets: What to run on.
        strategies: What to run.
        grid: Values by param; see :func:`~edgeproof.backtest.sweeps.spaces.read_spaces`. Params that are not in it keep
            their defaults. Without it, ``random`` and ``optuna`` move every param over its declared range.
        random: Draw so many different combinations for each strategy instead of trying all.
        optuna: Let optuna draw so many combinations for each strategy, symbol and timeframe.
        seed: Of the draws.
        where: Lets a combination in, by the values of all its params.
        timeframes: Decision timeframes; by default each strategy's own.
        metric: What to score by, and what optuna raises.
        most: Refuse to begin with more combinations than this.

    Raises:
        UnknownName, InvalidValue: A param, value, timeframe or metric that cannot be.
        TooManyCombinations: More than ``most``.
        NoCombination: ``where`` leaves all of them out; what optuna draws is known only as it draws.
        CombinationRefused: A strategy does not take these params together.
        NotRunnable: The bars cannot serve a strategy.
        MissingExtra: optuna is not installed.
    """
    check_metric(metric)
    check_callables(where=where)
    seed = read_count("seed", seed, least=0, most=_MOST_SEED)
    most = read_count("most", most, least=0, most=_MOST_COMBINATIONS)
    random, optuna = _read_method(grid, random, optuna)
    settings = _list_settings(markets, read_spaces(strategies, grid), timeframes)
    scratch = open_scratch(markets)
    if optuna is not None:
        count = _limit(optuna * len(settings), most)
        open_search = _plan_tuned(settings, scratch, count=optuna, seed=seed, where=where)
    elif random is not None:
        drawn = {one.space.strategy.name: one.space for one in settings}
        _limit(random * len(settings), most)
        points = {name: draw_points(space, random, seed, where) for name, space in drawn.items()}
        count = _check(scratch, settings, lambda setting: list_draws([setting], points))
        open_search = _open_list(lambda: list_draws(settings, points))
    else:
        _limit(sum(setting.space.count or 0 for setting in settings), most)
        count = _check(scratch, settings, lambda setting: list_grid([setting], where))
        open_search = _open_list(lambda: list_grid(settings, where))
    if not count:
        raise NoCombination
    return Plan(markets=markets, count=count, metric=metric, schema=describe_rows(strategies), open_search=open_search)


class _List:
    """Combinations that are known beforehand."""

    def __init__(self, combinations: Iterator[Combination]) -> None:
        self._rest = combinations

    def ask(self, most: int) -> list[Combination]:
        """The next ones."""
        return list(islice(self._rest, most))

    def tell(self, scores: Sequence[float | None]) -> None:
        """Scores change nothing."""


class _Tuned:
    """Combinations that depend on the scores of earlier ones."""

    def __init__(self, search: TunedSearch) -> None:
        self._search = search

    def ask(self, most: int) -> list[Combination]:  # noqa: ARG002 - batches have one size, or results would depend on it
        """The next batch."""
        return self._search.ask()

    def tell(self, scores: Sequence[float | None]) -> None:
        """Learn from the batch."""
        self._search.tell(scores)


def _open_list(start: Callable[[], Iterator[Combination]]) -> Callable[[], Search]:
    return lambda: _List(start())


def _plan_tuned(
    settings: Sequence[Setting], scratch: MarketData, *, count: int, seed: int, where: Where | None
) -> Callable[[], Search]:
    for setting in settings:
        try_combination(scratch, combine(setting, 0, setting.space.complete({})))

    def check(one: Combination) -> None:
        try_combination(scratch, one)

    def start() -> Search:
        return _Tuned(TunedSearch(settings, count=count, seed=seed, where=where, check=check))

    start()
    return start


def _check(scratch: MarketData, settings: Sequence[Setting], start: Callable[[Setting], Iterator[Combination]]) -> int:
    """Try what a strategy is asked: every combination in its first setting, one in each other. How many there are."""
    counts: dict[str, int] = {}
    for setting in settings:
        name = setting.space.strategy.name
        tried = 0
        for one in islice(start(setting), 1 if name in counts else None):
            try_combination(scratch, one)
            tried += 1
        counts.setdefault(name, tried)
    return sum(counts[setting.space.strategy.name] for setting in settings)


def _list_settings(markets: Markets, spaces: Sequence[Space], timeframes: Timeframes) -> list[Setting]:
    chosen = _read_timeframes(timeframes)
    return [
        Setting(space=space, symbol=symbol, timeframe=timeframe or space.strategy.timeframe)
        for symbol in markets.symbols
        for timeframe in chosen
        for space in spaces
    ]


def _read_timeframes(given: Timeframes) -> list[Timeframe] | list[None]:
    if given is None:
        return [None]
    several = given if isinstance(given, Sequence) and not isinstance(given, (str, bytes)) else [given]
    read = [found for one in several if (found := read_timeframe(one)) is not None]
    if not read:
        raise InvalidValue("timeframes", "none", "at least one, such as 5m")
    return list(dict.fromkeys(read))


def _read_method(grid: object, random: object, optuna: object) -> tuple[int | None, int | None]:
    """How many to draw, at random and by optuna."""
    if grid is not None and not isinstance(grid, Mapping):
        raise InvalidValue("grid", type(grid).__name__, 'values by param, such as {"fast": range(5, 30)}')
    if random is not None and optuna is not None:
        raise InvalidValue("random and optuna", "both", "one of them")
    if grid is None and random is None and optuna is None:
        raise InvalidValue("grid", None, "values by param, or a number of combinations as random or optuna")
    drawn = None if random is None else read_count("random", random, least=1, most=_MOST_DRAWN)
    return drawn, None if optuna is None else read_count("optuna", optuna, least=1, most=_MOST_DRAWN)


def _limit(count: int, most: int) -> int:
    if count > most:
        raise TooManyCombinations(count, most)
    return count
