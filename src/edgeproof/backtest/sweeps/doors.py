"""Sweep a strategy's params over a frame of bars."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from edgeproof.backtest.arguments import check_callables, read_costs, read_equity, read_rules
from edgeproof.backtest.frames import split_bars, split_factors, split_funding
from edgeproof.backtest.sweeps.markets import Markets
from edgeproof.backtest.sweeps.plans import MOST_COMBINATIONS, plan_sweep
from edgeproof.backtest.sweeps.sweeping import CHUNK, Journal, gather_rows, stream_rows
from edgeproof.backtest.tape import read_factors
from edgeproof.domain.errors import InvalidValue
from edgeproof.domain.frames import BARS, FUNDING
from edgeproof.domain.hashing import combine_hashes, hash_rows
from edgeproof.domain.time import Window
from edgeproof.strategies import Strategy, load_strategy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path
    from typing import TypeAlias

    from edgeproof.backtest.sweeps.combinations import Where
    from edgeproof.backtest.sweeps.plans import Timeframes
    from edgeproof.backtest.sweeps.spaces import Grid
    from edgeproof.domain.instruments import InstrumentRules
    from edgeproof.domain.records import Trial
    from edgeproof.domain.time import Clock
    from edgeproof.execution import Costs

    AnyStrategy: TypeAlias = Strategy | str | Path


def sweep(  # noqa: PLR0913 - one keyword for each thing a sweep depends on
    bars: pl.DataFrame,
    strategy: AnyStrategy | Sequence[AnyStrategy],
    *,
    grid: Grid | None = None,
    random: int | None = None,
    optuna: int | None = None,
    seed: int = 7,
    where: Where | None = None,
    timeframes: Timeframes = None,
    metric: str = "sharpe",
    costs: Costs | None = None,
    funding: pl.DataFrame | None = None,
    rules: InstrumentRules | None = None,
    initial_equity: float = 10_000.0,
    workers: int = 1,
    compute: str | None = None,
    chunk: int = CHUNK,
    most: int = MOST_COMBINATIONS,
    on_rows: Callable[[pl.DataFrame], object] | None = None,
    record: Callable[[Sequence[Trial]], object] | None = None,
    recall: Callable[[Sequence[str]], Iterable[Trial]] | None = None,
    clock: Clock | None = None,
) -> pl.DataFrame:
    """Backtest many combinations of params: all of a grid, some at random, or as optuna suggests.

    Args:
        bars: As `backtest` takes them, ``slippage_factor`` included. Each symbol is an account of its own; strategies
            may look at the others.
        strategy: One strategy or several, each as `backtest` takes it.
        grid: Values by param, such as ``{"fast": range(5, 30)}``; params that are not in it keep their defaults. A name
            counts for every strategy with such a param, ``"ema_crossover.fast"`` for one. Without a grid, ``random``
            and ``optuna`` move every param over its declared range.
        random: Draw so many different combinations for each strategy instead of trying all.
        optuna: Let optuna draw so many for each strategy, symbol and timeframe (extra ``search``).
        seed: Of the draws.
        where: Lets a combination in: ``lambda p: p["fast"] < p["slow"]``.
        timeframes: Decision timeframes, one or several; by default each strategy's own.
        metric: What to score by, and what optuna raises; see ``SCORES``.
        costs: Fees, slippage and latency; by default ``Costs()``.
        funding: ``ts, rate`` [, ``symbol``].
        rules: The venue's rules.
        initial_equity: Quote units, of every account.
        workers: How many compute at once; they change how long it takes, never what is found.
        compute: None for threads, ``"processes"``, or the address of a Ray cluster (extra ``ray``).
        chunk: Rows given to ``on_rows`` and trials given to ``record`` at a time.
        most: Refuse to begin with more combinations than this.
        on_rows: Called with frames of rows as they are computed.
        record: Called with the trials of each chunk, such as ``ledger.record_trials``. Needs ``clock``, and the columns
            ``venue`` and ``symbol`` to name them by. Their window runs from the first bar to the end of the last, their
            data hash names all bars and funding given.
        recall: Gives the trials known by some keys, which are then not computed again.
        clock: Tells when trials are made.

    Returns:
        One row a combination, in the order of the request: ``combination`` (its number), ``strategy, symbol,
        timeframe``, the params, ``score`` (more is better; null where the sample cannot support it), every metric.

    Raises:
        RequestError: A request that cannot be, before any work begins; says what was expected.
        WorkError: No Ray cluster at that address.
    """
    check_callables(on_rows=on_rows, record=record, recall=recall)
    strategies = _load(strategy)
    markets = read_markets(bars, costs=costs, funding=funding, rules=rules, initial_equity=initial_equity)
    plan = plan_sweep(
        markets,
        strategies,
        grid=grid,
        random=random,
        optuna=optuna,
        seed=seed,
        where=where,
        timeframes=timeframes,
        metric=metric,
        most=most,
    )
    journal = None
    if record is not None or recall is not None:
        journal = _open_journal(bars, markets, record=record, recall=recall, clock=clock)
    frames: list[pl.DataFrame] = []
    for rows in stream_rows(plan, workers=workers, compute=compute, chunk=chunk, journal=journal):
        frames.append(rows)
        if on_rows is not None:
            on_rows(rows)
    return gather_rows(plan, frames)


def read_markets(
    bars: pl.DataFrame,
    *,
    costs: Costs | None = None,
    funding: pl.DataFrame | None = None,
    rules: InstrumentRules | None = None,
    initial_equity: float = 10_000.0,
) -> Markets:
    """The markets of a frame of bars, each symbol traded.

    Raises:
        RequestError: Bars or funding that cannot be used, or no equity to begin with.
    """
    series = split_bars(bars)
    return Markets(
        bars=series,
        symbols=tuple(series),
        funding=split_funding(funding, tuple(series)),
        slippage_factor=split_factors(bars),
        costs=read_costs(costs),
        rules=read_rules(rules),
        initial_equity=read_equity(initial_equity),
    )


def _load(given: AnyStrategy | Sequence[AnyStrategy]) -> list[Strategy]:
    several = list(given) if isinstance(given, Sequence) and not isinstance(given, (str, bytes)) else [given]
    return [one if isinstance(one, Strategy) else load_strategy(one) for one in several]


def _open_journal(
    bars: pl.DataFrame,
    markets: Markets,
    *,
    record: Callable[[Sequence[Trial]], object] | None,
    recall: Callable[[Sequence[str]], Iterable[Trial]] | None,
    clock: Clock | None,
) -> Journal:
    if clock is None or not callable(getattr(clock, "now_ms", None)):
        raise InvalidValue("clock", clock, "one that tells when trials are made, such as the workspace's")
    absent = [name for name in ("venue", "symbol") if name not in bars.columns]
    if absent:
        raise InvalidValue("bars", f"a frame without {' and '.join(absent)}", "venue and symbol, to name trials by")
    venue = str(bars["venue"][0])
    data_hash = _hash_markets(markets, venue)
    ends = [int(one.known_at[-1]) for one in markets.bars.values()]
    starts = [int(one.ts[0]) for one in markets.bars.values()]
    return Journal(
        record=record or (lambda _: None),
        recall=recall or (lambda _: ()),
        clock=clock,
        venue=venue,
        window=Window(start_ms=min(starts), end_ms=max(ends)),
        hash_for=lambda _strategy, _symbol: data_hash,
    )


def _hash_markets(markets: Markets, venue: str) -> str:
    names = []
    for symbol, series in markets.bars.items():
        place = {"venue": pl.lit(venue), "symbol": pl.lit(symbol), "timeframe": pl.lit(series.timeframe.name)}
        frame = series.to_frame().with_columns(pl.col("trades").cast(pl.Int64), **place)
        names.append(f"{symbol} bars:{hash_rows(frame, BARS)}")
        if (rates := markets.funding.get(symbol)) is not None:
            named = rates.with_columns(venue=place["venue"], symbol=place["symbol"])
            names.append(f"{symbol} funding:{hash_rows(named, FUNDING)}")
        if (factors := markets.slippage_factor.get(symbol)) is not None:
            numbers = read_factors(factors, len(series))
            names.append(f"{symbol} slippage_factor:{hashlib.sha256(numbers.tobytes()).hexdigest()}")
    return combine_hashes(names)
