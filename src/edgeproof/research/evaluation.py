"""Backtests of a cycle: every strategy on one market at every decision timeframe, as trials."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeproof.backtest import (
    charge_regimes,
    describe_conditions,
    make_trial,
    name_trial,
    prepare_tape,
    replay_signals,
)
from edgeproof.domain.errors import EdgeproofError
from edgeproof.research.results import Failure, Skipped
from edgeproof.strategies import NotRunnable, evaluate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from threading import Event

    import polars as pl

    from edgeproof.backtest import Replay, Tape
    from edgeproof.domain.instruments import Instrument
    from edgeproof.domain.records import Trial
    from edgeproof.domain.time import Clock, Timeframe
    from edgeproof.execution import Costs
    from edgeproof.research.desk import Desk
    from edgeproof.research.request import CycleRequest
    from edgeproof.strategies import Strategy


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One question: a strategy, at one decision timeframe, on one market."""

    strategy: Strategy
    instrument: Instrument
    timeframe: Timeframe
    data_hash: str  # names the rows it uses
    key: str  # the key its trial will have


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """What came of one market's tasks, in their order."""

    instrument: Instrument
    trials: tuple[Trial, ...]
    failures: tuple[Failure, ...]
    skipped: tuple[Skipped, ...]


def list_tasks(desk: Desk, instrument: Instrument, strategies: Sequence[Strategy], request: CycleRequest) -> list[Task]:
    """Every question to ask about one market; what each trial will be called is known before it is made."""
    conditions = describe_conditions(request.costs, request.rules.get(instrument), request.initial_equity)
    return [
        Task(
            strategy=strategy,
            instrument=instrument,
            timeframe=timeframe,
            data_hash=data_hash,
            key=name_trial(
                strategy_hash=strategy.hash,
                params=strategy.resolve_params(),
                instrument=instrument,
                timeframe=timeframe,
                window=desk.window,
                data_hash=data_hash,
                conditions=conditions,
            ),
        )
        for strategy in strategies
        for data_hash in (desk.hash_for(strategy, instrument),)
        for timeframe in request.timeframes
    ]


def evaluate_market(  # noqa: PLR0913 - what it reads, what to do, how to stop
    desk: Desk,
    instrument: Instrument,
    tasks: Sequence[Task],
    request: CycleRequest,
    *,
    clock: Clock,
    stop: Event,
) -> Evaluated:
    """Run one market's tasks; one that fails stops no other. Stops early, with what it has, once ``stop`` is set."""
    trials: list[Trial] = []
    failures: list[Failure] = []
    skipped: list[Skipped] = []
    for task, outcome in _attempt(desk, instrument, tasks, request, clock, stop):
        if isinstance(outcome, NotRunnable):
            skipped.append(Skipped(strategy=task.strategy.name, timeframe=task.timeframe.name, reason=outcome.reason))
        elif isinstance(outcome, Exception):
            failures.append(
                Failure(
                    strategy=task.strategy.name,
                    instrument=str(instrument),
                    timeframe=task.timeframe.name,
                    reason=_tell(outcome),
                )
            )
        else:
            trials.append(outcome)
    desk.release(instrument)
    return Evaluated(instrument=instrument, trials=tuple(trials), failures=tuple(failures), skipped=tuple(skipped))


def replay_task(desk: Desk, task: Task, tape: Tape, request: CycleRequest, *, costs: Costs | None = None) -> Replay:
    """Decide and trade one task; ``costs`` other than the request's ask what would have become of it then.

    Raises:
        NotRunnable: The bars cannot serve this strategy at this timeframe.
    """
    signals = evaluate(
        task.strategy, desk.venues[task.instrument.venue], task.instrument.symbol, timeframe=task.timeframe
    )
    return replay_signals(
        tape,
        signals,
        costs=request.costs if costs is None else costs,
        rules=request.rules.get(task.instrument),
        initial_equity=request.initial_equity,
        symbol=task.instrument.symbol,
    )


def open_tape(desk: Desk, instrument: Instrument, costs: Costs, trades: pl.DataFrame | None = None) -> Tape:
    """One market's execution bars and funding, made ready for these costs or others with the same regimes.

    ``trades`` of the market settle what a bar leaves open.

    Raises:
        InvalidValue: The condition of a regime is none on these bars.
    """
    loaded = desk.loaded[instrument]
    tape = prepare_tape(loaded.bars, loaded.funding, trades=trades)
    return charge_regimes(tape, costs, desk.venues[instrument.venue], instrument.symbol)


def _attempt(  # noqa: PLR0913, PLR0917 - as evaluate_market
    desk: Desk,
    instrument: Instrument,
    tasks: Sequence[Task],
    request: CycleRequest,
    clock: Clock,
    stop: Event,
) -> Iterator[tuple[Task, Trial | Exception]]:
    tape: Tape | None = None
    for task in tasks:
        if stop.is_set():
            return
        try:
            tape = open_tape(desk, instrument, request.costs) if tape is None else tape
            yield task, _try_task(desk, task, tape, request, clock)
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 - one broken strategy must not stop a night's work; it is reported
            yield task, error


def _try_task(desk: Desk, task: Task, tape: Tape, request: CycleRequest, clock: Clock) -> Trial:
    return make_trial(
        replay_task(desk, task, tape, request),
        strategy_hash=task.strategy.hash,
        strategy=task.strategy.name,
        params=task.strategy.resolve_params(),
        instrument=task.instrument,
        timeframe=task.timeframe,
        window=desk.window,
        data_hash=task.data_hash,
        costs=request.costs,
        rules=request.rules.get(task.instrument),
        origin="cycle",
        created_ms=clock.now_ms(),
    )


def _tell(error: Exception) -> str:
    return str(error) if isinstance(error, EdgeproofError) else f"{type(error).__name__}: {error}"
