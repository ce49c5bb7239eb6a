"""What a sweep from the command line does: load, compute, record, and say what its best row is worth."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from edgeproof.backtest import describe_conditions, replay_signals
from edgeproof.backtest.sweeps import (
    Journal,
    Markets,
    find_best,
    gather_rows,
    list_swept,
    measure_neighbourhood,
    name_column,
    stream_rows,
)
from edgeproof.cli._desk_markets import list_remarks, list_traded_together
from edgeproof.cli._door import open_progress, open_stderr
from edgeproof.domain.instruments import Instrument
from edgeproof.domain.records import StrategyVersion
from edgeproof.domain.time import Timeframe, format_ms
from edgeproof.research.desk import load_desk
from edgeproof.research.evaluation import open_tape
from edgeproof.research.trial_field import survey_trials
from edgeproof.strategies import evaluate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from edgeproof.backtest import Replay
    from edgeproof.backtest.sweeps import Plan
    from edgeproof.bootstrap import Workspace
    from edgeproof.domain.records import Trial
    from edgeproof.evidence import TrialField
    from edgeproof.execution import Costs
    from edgeproof.research.desk import Desk
    from edgeproof.research.request import Universe
    from edgeproof.strategies import Strategy

_DAYS_PER_YEAR: Final = 365
_CHUNK: Final = 64  # combinations between two entries in the ledger and steps of the progress bar


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ground:
    """What a sweep runs on: the lake's rows of a window, loaded and named as a cycle does it; and what they lack."""

    desk: Desk
    venue: str
    markets: Markets
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sweep:
    """A finished sweep.

    Attributes:
        table: Its rows, one a combination.
        plan: What was computed.
        ground: What it ran on.
        strategies: What was tried.
        field: Its trials as a field that its best one has to beat.
        recalled: Combinations known from earlier runs.
        trials_total: Distinct trials ever recorded.
    """

    table: pl.DataFrame
    plan: Plan
    ground: Ground
    strategies: tuple[Strategy, ...]
    field: TrialField
    recalled: int
    trials_total: int


def load_ground(
    house: Workspace, strategies: Sequence[Strategy], universe: Universe, *, costs: Costs, workers: int
) -> Ground:
    """Load bars and funding; trials on them have the keys that a cycle over the same window would give them.

    Of orders the venue's rules are asked where all markets have the same ones, as one market always has; of markets
    that differ none are, and their trials are others than a cycle's.

    Raises:
        RequestError: No bars in the window, or markets of several venues.
    """
    desk = load_desk(house.lake, universe, strategies, workers=workers)
    traded = list_traded_together(desk)
    venue = traded[0].venue
    loaded = {i.symbol: one for i, one in desk.loaded.items() if i.venue == venue}
    rules, *others = (house.rules().get(instrument) for instrument in traded)
    markets = Markets(
        bars={symbol: one.bars for symbol, one in loaded.items()},
        symbols=tuple(instrument.symbol for instrument in traded),
        funding={symbol: one.funding for symbol, one in loaded.items() if one.funding.height},
        costs=costs,
        rules=rules if all(other == rules for other in others) else None,
        initial_equity=house.settings.research.initial_equity,
    )
    return Ground(desk=desk, venue=venue, markets=markets, remarks=tuple(list_remarks(universe, desk, costs)))


def compute_sweep(
    house: Workspace, ground: Ground, plan: Plan, strategies: Sequence[Strategy], *, workers: int, compute: str | None
) -> Sweep:
    """Run a plan and record its trials; those that the ledger knows are not computed again."""
    _remember_strategies(house, strategies)
    met: list[Trial] = []
    fresh = 0

    def record(trials: Sequence[Trial]) -> None:
        nonlocal fresh
        house.ledger.record_trials(trials)
        fresh += len(trials)
        met.extend(trials)

    def recall(keys: Sequence[str]) -> list[Trial]:
        known = list(house.ledger.trials(keys=keys))
        met.extend(known)
        return known

    journal = Journal(
        record=record,
        recall=recall,
        clock=house.clock,
        venue=ground.venue,
        window=ground.desk.window,
        hash_for=lambda strategy, symbol: ground.desk.hash_for(strategy, Instrument(venue=ground.venue, symbol=symbol)),
    )
    frames: list[pl.DataFrame] = []
    with open_progress() as progress:
        bar = progress.add_task("sweep", total=plan.count)
        for rows in stream_rows(plan, workers=workers, compute=compute, chunk=_CHUNK, journal=journal):
            frames.append(rows)
            progress.advance(bar, rows.height)
    recalled = len(met) - fresh
    if recalled:
        open_stderr().print(f"{recalled:,} combinations were known from earlier runs", markup=False)
    return Sweep(
        table=gather_rows(plan, frames),
        plan=plan,
        ground=ground,
        strategies=tuple(strategies),
        field=survey_trials(met, total=len(met)),
        recalled=recalled,
        trials_total=house.ledger.count_trials(),
    )


def replay_best(done: Sweep, best: Mapping[str, Any]) -> Replay:
    """Trade the best row once more, for its trades and its equity; the table keeps measures alone."""
    markets, symbol = done.ground.markets, best["symbol"]
    strategy = next(one for one in done.strategies if one.name == best["strategy"])
    signals = evaluate(
        strategy,
        done.ground.desk.venues[done.ground.venue],
        symbol,
        params={name: best[name_column(name)] for name in strategy.params},
        timeframe=Timeframe.parse(best["timeframe"]),
    )
    return replay_signals(
        open_tape(done.ground.desk, Instrument(venue=done.ground.venue, symbol=symbol), markets.costs),
        signals,
        costs=markets.costs,
        rules=markets.rules,
        initial_equity=markets.initial_equity,
        symbol=symbol,
    )


def describe_sweep(done: Sweep, *, top: int, reach: float | None) -> dict[str, Any]:
    """A sweep as a JSON document: what was tried, the best rows, how lonely the best is, what luck alone would show."""
    table = done.table
    columns = list(dict.fromkeys(name_column(name) for strategy in done.strategies for name in strategy.params))
    swept = list_swept(table, columns)
    around = measure_neighbourhood(table, swept, reach=reach)
    window, markets = done.ground.desk.window, done.ground.markets
    lucky = done.field.expect_luck(round(window.days)) * math.sqrt(_DAYS_PER_YEAR)
    listed = table.filter(table["score"].is_not_null()).sort("score", "combination", descending=[True, False])
    return {
        "strategies": [strategy.name for strategy in done.strategies],
        "symbols": list(markets.symbols),
        "timeframes": table["timeframe"].unique(maintain_order=True).to_list(),
        "window": {"start": format_ms(window.start_ms), "end": format_ms(window.end_ms)},
        "conditions": describe_conditions(markets.costs, markets.rules, markets.initial_equity),
        "metric": done.plan.metric,
        "params": swept,
        "columns": [name for name in columns if _moved(table, name)],
        "combinations": table.height,
        "scored": listed.height,
        "trials": {
            "added": table.height - done.recalled,
            "recalled": done.recalled,
            "independent": done.field.effective,
            "total": done.trials_total,
        },
        "luck": {"best_sharpe_by_luck": lucky, "best_sharpe": None if table.is_empty() else table["sharpe"].max()},
        "neighbourhood": around
        and {
            "neighbours": around.neighbours,
            "near": around.near,
            "share": around.share,
            "mean": around.mean,
            "best": around.best,
            "tolerance": around.tolerance,
            "reach": reach,
        },
        "best": find_best(table),
        "rows": listed.head(top).to_dicts(),
        "remarks": list(done.ground.remarks),
    }


def _moved(table: pl.DataFrame, column: str) -> bool:
    """Whether some strategy was tried with several values of a param."""
    return any(part[column].drop_nulls().n_unique() > 1 for part in table.partition_by("strategy"))


def _remember_strategies(house: Workspace, strategies: Sequence[Strategy]) -> None:
    house.ledger.record_strategies(
        StrategyVersion(
            strategy_hash=strategy.hash,
            name=strategy.name,
            text=strategy.to_yaml(),
            origin="sweep",
            first_seen_ms=house.clock.now_ms(),
        )
        for strategy in strategies
    )
