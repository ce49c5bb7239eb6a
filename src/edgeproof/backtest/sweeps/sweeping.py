"""Run a planned sweep: rows stream out as they are computed, trials are remembered and not computed twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from edgeproof.backtest.arguments import read_count
from edgeproof.backtest.sweeps.errors import NoCombination
from edgeproof.backtest.sweeps.markets import Answer, Label, Question
from edgeproof.backtest.sweeps.pools import open_pool
from edgeproof.backtest.sweeps.table import make_rows
from edgeproof.backtest.trials import describe_conditions, name_trial
from edgeproof.domain.instruments import Instrument

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from edgeproof.backtest.sweeps.combinations import Combination
    from edgeproof.backtest.sweeps.markets import Markets
    from edgeproof.backtest.sweeps.plans import Plan
    from edgeproof.backtest.sweeps.pools import Ask
    from edgeproof.domain.records import Trial
    from edgeproof.domain.time import Clock, Window
    from edgeproof.strategies import Strategy

CHUNK: Final = 256
_MOST_CHUNK: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Journal:
    """Where the trials of a sweep are remembered.

    Attributes:
        record: Takes the new trials of each chunk, in the order of computation.
        recall: Gives the trials already known by these keys; they are not computed again.
        clock: Tells when a trial was made.
        venue: Where the symbols are traded.
        window: What was asked for.
        hash_for: Names the bars and funding that a strategy uses on a symbol.
        origin: Who asked.
    """

    record: Callable[[Sequence[Trial]], object]
    recall: Callable[[Sequence[str]], Iterable[Trial]]
    clock: Clock
    venue: str
    window: Window
    hash_for: Callable[[Strategy, str], str]
    origin: str = "sweep"

    def label(self, one: Combination) -> Label:
        """What a combination's trial is called."""
        return Label(
            instrument=Instrument(venue=self.venue, symbol=one.symbol),
            window=self.window,
            data_hash=self.hash_for(one.strategy, one.symbol),
            origin=self.origin,
            created_ms=self.clock.now_ms(),
        )


def stream_rows(
    plan: Plan,
    *,
    workers: int = 1,
    compute: str | None = None,
    chunk: int = CHUNK,
    journal: Journal | None = None,
) -> Iterator[pl.DataFrame]:
    """Compute a sweep and give its rows chunk by chunk, in the order of computation; nothing is kept in between.

    Args:
        plan: What to compute.
        workers: How many compute at once; they change how long it takes, never what is found.
        compute: None for threads, ``"processes"``, or the address of a Ray cluster.
        chunk: Rows of a frame, and trials recorded together; optuna's batches have a size of their own.
        journal: Where trials are remembered; what was recorded before a sweep was killed is not computed again.

    Raises:
        InvalidValue: Not a number of workers, or no size of a chunk.
        MissingExtra, WorkError: Ray is not installed, or does not answer.
    """
    chunk = read_count("chunk", chunk, least=1, most=_MOST_CHUNK)
    search = plan.open_search()
    with open_pool(plan.markets, workers=workers, compute=compute) as ask:
        while combinations := search.ask(chunk):
            answers = _answer(ask, combinations, plan.markets, journal)
            rows = make_rows(
                combinations, [answer.metrics for answer in answers], metric=plan.metric, schema=plan.schema
            )
            search.tell(rows["score"].to_list())
            yield rows


def gather_rows(plan: Plan, frames: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """All rows of a sweep, in the order of the request.

    Raises:
        NoCombination: There are none.
    """
    rows = pl.concat([plan.schema.to_frame(), *frames]).sort("combination")
    if rows.is_empty():
        raise NoCombination
    return rows


def _answer(ask: Ask, combinations: Sequence[Combination], markets: Markets, journal: Journal | None) -> list[Answer]:
    if journal is None:
        return ask([Question(combination=one) for one in combinations])
    labels = [journal.label(one) for one in combinations]
    keys = [_name(one, label, markets) for one, label in zip(combinations, labels, strict=True)]
    known = {trial.key: trial for trial in journal.recall(keys)}
    asked = [
        Question(combination=one, label=label)
        for one, label, key in zip(combinations, labels, keys, strict=True)
        if key not in known
    ]
    fresh = [answer.trial for answer in ask(asked) if answer.trial is not None] if asked else []
    if fresh:
        journal.record(fresh)
    found = known | {trial.key: trial for trial in fresh}
    return [Answer(metrics=found[key].metrics, trial=found[key]) for key in keys]


def _name(one: Combination, label: Label, markets: Markets) -> str:
    return name_trial(
        strategy_hash=one.strategy.hash,
        params=one.params,
        instrument=label.instrument,
        timeframe=one.timeframe,
        window=label.window,
        data_hash=label.data_hash,
        conditions=describe_conditions(markets.costs, markets.rules, markets.initial_equity),
    )
