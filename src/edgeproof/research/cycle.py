"""One cycle, first form.

1. **score**: the universe's bars are loaded, measured and named by hashes; trials that are already recorded are found.
2. **backtest**: every strategy on every market at every decision timeframe, except what is already recorded; a market's
   trials are recorded together as soon as it is done, so a killed cycle resumes at its first unfinished market.
3. **rank** (`ranking`): the field of all recorded trials is surveyed, candidates are scored, a row is chosen for each
   strategy, the best are kept.
4. **evidence** (`judging`): the pool's rows are run again and every strategy's row is judged.
5. **report** (`report.build_report`): decisions, pool and report are recorded, and the cycle is finished.

``run_id`` names request, data, strategies and package version. The same inputs give the same report, times apart,
whatever the number of workers and whether or not the cycle was interrupted on its way.
"""

from __future__ import annotations

import warnings
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from threading import Event
from typing import TYPE_CHECKING, Any, Final

from joblib import Parallel, delayed

from edgeproof.backtest import describe_conditions
from edgeproof.domain.errors import EdgeproofError, InvalidValue
from edgeproof.domain.hashing import hash_json
from edgeproof.domain.records import PoolEntry, ReportRecord, RunStatus, StrategyVersion
from edgeproof.domain.version import VERSION
from edgeproof.research.candidates import read_candidate
from edgeproof.research.desk import load_desk
from edgeproof.research.diagnosis import diagnose
from edgeproof.research.evaluation import evaluate_market, list_tasks
from edgeproof.research.judging import find_false_discoveries, judge, rerun_pool
from edgeproof.research.progress import SilentListener
from edgeproof.research.ranking import rank_candidates
from edgeproof.research.regimes import find_unknown_regimes
from edgeproof.research.report import build_report, close_report, render_json
from edgeproof.research.request import NothingToTest, choose_universe
from edgeproof.research.results import CycleResult, Skipped
from edgeproof.research.stages import StageKeeper
from edgeproof.research.trial_field import survey_trials

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from edgeproof.domain.records import CycleRecord, Trial
    from edgeproof.domain.stores import Lake, Ledger
    from edgeproof.domain.time import Clock
    from edgeproof.evidence import TrialField
    from edgeproof.research.candidates import Candidate
    from edgeproof.research.desk import Desk
    from edgeproof.research.evaluation import Evaluated, Task
    from edgeproof.research.progress import ProgressListener
    from edgeproof.research.ranking import Ranking
    from edgeproof.research.request import CycleRequest, Universe
    from edgeproof.research.results import Failure, Judged
    from edgeproof.strategies import Strategy

POOL: Final = "strategies"


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleReport:
    """A finished cycle.

    Attributes:
        cycle_id: Its number in the ledger.
        run_id: Names its inputs.
        document: The report, JSON-ready.
    """

    cycle_id: int
    run_id: str
    document: dict[str, Any]


def run_cycle(  # noqa: PLR0913 - a request and the ports it needs
    request: CycleRequest,
    *,
    lake: Lake,
    ledger: Ledger,
    clock: Clock,
    strategies: Sequence[Strategy],
    refused: Sequence[str] = (),
    progress: ProgressListener | None = None,
    pid: int = 0,
) -> CycleReport:
    """Run one cycle, or go on with the unfinished one of the same request.

    The caller holds the workspace's lock: two cycles never run at once on one ledger.

    Args:
        request: What to do.
        lake: Where the bars are.
        ledger: Where everything is recorded; used from this thread alone.
        clock: Tells the time.
        strategies: What to try; names differ.
        refused: What is wrong with each file that is no strategy, for the report.
        progress: Hears of stages.
        pid: The process, for whoever asks what is running.

    Raises:
        NothingToTest: No strategies, or no bars to try them on.
        InvalidValue: Two strategies have one name.
        IrreproducibleTrial: A trial gave another result than the one recorded.
    """
    started_ms = clock.now_ms()
    listener = progress or SilentListener()
    tried = _order(strategies)
    universe = choose_universe(request, lake.holdings())
    desk = load_desk(lake, universe, tried, workers=request.workers)
    run_id = _name_run(request, desk, tried)
    record = ledger.begin_cycle(run_id, request.describe(), now_ms=started_ms, pid=pid)
    with _finishing(record, ledger, clock):
        stages = StageKeeper(record.cycle_id, ledger, clock, listener)
        cycle = _Cycle(
            request,
            universe,
            desk,
            tried,
            refused=refused,
            record=record,
            ledger=ledger,
            clock=clock,
            stages=stages,
            listener=listener,
        )
        document = cycle.run(started_ms)
    return CycleReport(cycle_id=record.cycle_id, run_id=run_id, document=document)


def _order(strategies: Sequence[Strategy]) -> tuple[Strategy, ...]:
    if not strategies:
        raise NothingToTest("there is no strategy to test; see `edgeproof strategies list`")
    ordered = sorted(strategies, key=lambda strategy: strategy.name)
    for one, other in pairwise(ordered):
        if one.name == other.name:
            raise InvalidValue("strategies", f"two called '{one.name}'", "names that differ")
    return tuple(ordered)


def _name_run(request: CycleRequest, desk: Desk, strategies: Sequence[Strategy]) -> str:
    rules = {
        str(instrument): describe_conditions(request.costs, request.rules[instrument], request.initial_equity)
        for instrument in sorted(desk.loaded)
        if instrument in request.rules
    }
    return hash_json(
        {
            **({"rules": rules} if rules else {}),
            "request": request.describe(),
            "window": [desk.window.start_ms, desk.window.end_ms],
            "data": desk.data_hash,
            "strategies": {strategy.name: strategy.hash for strategy in strategies},
            "version": VERSION,
        }
    )


@contextmanager
def _finishing(record: CycleRecord, ledger: Ledger, clock: Clock) -> Iterator[None]:
    """Leave no cycle running behind: one that fails or is interrupted says so."""
    try:
        yield
    except BaseException as error:
        stopped = isinstance(error, KeyboardInterrupt)
        status = RunStatus.INTERRUPTED if stopped else RunStatus.FAILED
        detail = "interrupted by its owner" if stopped else f"{type(error).__name__}: {error}"
        with suppress(EdgeproofError):  # the first error is the one to tell
            ledger.finish_cycle(record.cycle_id, status, now_ms=clock.now_ms(), detail=detail)
        raise


class _Cycle:
    """The stages of one open cycle."""

    def __init__(  # noqa: PLR0913 - everything a cycle works with, handed in
        self,
        request: CycleRequest,
        universe: Universe,
        desk: Desk,
        strategies: tuple[Strategy, ...],
        *,
        refused: Sequence[str],
        record: CycleRecord,
        ledger: Ledger,
        clock: Clock,
        stages: StageKeeper,
        listener: ProgressListener,
    ) -> None:
        self._request = request
        self._universe = universe
        self._desk = desk
        self._strategies = {strategy.hash: strategy for strategy in strategies}
        self._tried = strategies
        self._refused = refused
        self._record = record
        self._ledger = ledger
        self._clock = clock
        self._stages = stages
        self._listener = listener

    def run(self, started_ms: int) -> dict[str, Any]:
        """Every stage, in order; returns the report."""
        with self._stages.run("score", started_ms=started_ms):
            tasks = self._list_tasks()
            known = {trial.key: trial for trial in self._ledger.trials(keys=list(tasks))}
            self._remember_strategies()
            self._tell_resumed(known, tasks)
        found, failures, skipped = self._backtest(tasks, known)
        with self._stages.run("rank"):
            candidates = [read_candidate(found[key]) for key in tasks if key in found]
            if not candidates:
                raise NothingToTest(_say_nothing_left(failures, skipped))
            field = survey_trials(self._ledger.trials(), total=self._ledger.count_trials())
            ranking = rank_candidates(candidates, field)
        judged = self._judge(ranking, candidates, field, tasks)
        return self._report(
            CycleResult(
                run_id=self._record.run_id,
                version=VERSION,
                started_ms=started_ms,
                finished_ms=started_ms,
                request=self._request,
                universe=self._universe,
                coverages=self._desk.coverages,
                data_hash=self._desk.data_hash,
                strategies=len(self._tried),
                evaluations=len(candidates),
                field=field,
                ranking=ranking,
                judged=judged,
                failures=failures,
                skipped=(
                    *skipped,
                    *(Skipped(strategy="", timeframe="", reason=r, refused=True) for r in self._refused),
                ),
                health=diagnose(
                    self._desk,
                    judged[: len(ranking.kept)],
                    evaluations=len(candidates),
                    failures=len(failures),
                ),
                stages=(),
                unknown_regimes=find_unknown_regimes(self._desk, self._request.costs, workers=self._request.workers),
            )
        )

    def _list_tasks(self) -> dict[str, Task]:
        """Every task by the key of its trial, market by market; a strategy spelled twice is one strategy."""
        tasks: dict[str, Task] = {}
        for coverage in self._desk.coverages:
            for task in list_tasks(self._desk, coverage.instrument, self._tried, self._request):
                tasks.setdefault(task.key, task)
        return tasks

    def _remember_strategies(self) -> None:
        self._ledger.record_strategies(
            StrategyVersion(
                strategy_hash=strategy.hash,
                name=strategy.name,
                text=strategy.to_yaml(),
                origin="cycle",
                first_seen_ms=self._clock.now_ms(),
            )
            for strategy in self._tried
        )

    def _tell_resumed(self, known: dict[str, Trial], tasks: dict[str, Task]) -> None:
        markets = len(self._desk.coverages)
        done = len({tasks[key].instrument for key in known})
        if self._record.stages:
            self._listener.noticed(f"resumed cycle {self._record.cycle_id}: {done} of {markets} markets were done")
        elif known:
            self._listener.noticed(
                f"{len(known):,} of {len(tasks):,} trials are already recorded and are not run again"
            )

    def _backtest(
        self, tasks: dict[str, Task], known: dict[str, Trial]
    ) -> tuple[dict[str, Trial], tuple[Failure, ...], tuple[Skipped, ...]]:
        found = dict(known)
        failures: list[Failure] = []
        skipped: set[Skipped] = set()
        with self._stages.run("backtest", total=len(tasks)) as stage:
            stage.advance(len(known))
            with closing(self._evaluate(tasks, known)) as evaluations:
                for evaluated, asked in evaluations:
                    self._ledger.record_trials(evaluated.trials)
                    found |= {trial.key: trial for trial in evaluated.trials}
                    failures += evaluated.failures
                    skipped |= {replace(one, instrument=str(evaluated.instrument)) for one in evaluated.skipped}
                    stage.advance(asked, detail=str(evaluated.instrument))
        named = {key: self._name_as_tried(trial) for key, trial in found.items()}
        return (
            named,
            tuple(failures),
            tuple(sorted(skipped, key=lambda s: (s.instrument, s.strategy, s.timeframe, s.reason))),
        )

    def _evaluate(self, tasks: dict[str, Task], known: dict[str, Trial]) -> Generator[tuple[Evaluated, int]]:
        """Markets with something left to do, in order, each with how much that was."""
        todo = {
            coverage.instrument: [
                task for key, task in tasks.items() if task.instrument == coverage.instrument and key not in known
            ]
            for coverage in self._desk.coverages
        }
        left = {instrument: asked for instrument, asked in todo.items() if asked}
        stop = Event()
        results = Parallel(
            n_jobs=self._request.workers,
            backend="threading",
            return_as="generator",
            pre_dispatch="n_jobs",
            batch_size=1,
        )(
            delayed(evaluate_market)(self._desk, instrument, asked, self._request, clock=self._clock, stop=stop)
            for instrument, asked in left.items()
        )
        try:
            for evaluated in results:
                yield evaluated, len(left[evaluated.instrument])
        finally:
            stop.set()
            with warnings.catch_warnings(action="ignore"):  # joblib warns of what it cancels, which is the purpose
                results.close()

    def _name_as_tried(self, trial: Trial) -> Trial:
        """The trial under its strategy's present name: another file may have recorded the same content before."""
        return replace(trial, strategy=self._strategies[trial.strategy_hash].name)

    def _judge(
        self, ranking: Ranking, candidates: Sequence[Candidate], field: TrialField, tasks: dict[str, Task]
    ) -> tuple[Judged, ...]:
        rates = find_false_discoveries(candidates)
        judged = []
        with self._stages.run("evidence", total=len(ranking.kept)) as stage:
            for row, rerun in rerun_pool(self._desk, ranking, tasks, self._request):
                trial = row.best.candidate.trial
                strategy = self._strategies[trial.strategy_hash]
                judged.append(
                    judge(
                        row,
                        strategy,
                        field,
                        false_discovery=rates.get(trial.key),
                        seed=self._request.seed,
                        rerun=rerun,
                    )
                )
                stage.advance(detail=trial.strategy)
            for row in ranking.archived:
                trial = row.best.candidate.trial
                strategy = self._strategies[trial.strategy_hash]
                judged.append(
                    judge(row, strategy, field, false_discovery=rates.get(trial.key), seed=self._request.seed)
                )
        return tuple(judged)

    def _report(self, result: CycleResult) -> dict[str, Any]:
        with self._stages.run("report"):
            self._ledger.record_ranking(self._record.cycle_id, result.ranking.decisions, _list_places(result))
            document = build_report(replace(result, stages=tuple(self._stages.finished)))
        now_ms = self._clock.now_ms()
        closed = close_report(document, self._stages.finished[-1], finished_ms=now_ms)
        self._ledger.record_report(
            ReportRecord(
                cycle_id=self._record.cycle_id,
                run_id=self._record.run_id,
                created_ms=now_ms,
                json_text=render_json(closed),
            )
        )
        self._ledger.finish_cycle(self._record.cycle_id, RunStatus.DONE, now_ms=now_ms)
        return closed


def _list_places(result: CycleResult) -> list[PoolEntry]:
    return [
        PoolEntry(
            pool=POOL,
            rank=row.ranked.rank,
            strategy_hash=row.thesis.strategy_hash,
            strategy=row.ranked.best.candidate.strategy,
            instrument=str(row.ranked.best.candidate.instrument),
            timeframe=row.ranked.best.candidate.timeframe,
            score=row.ranked.best.score,
            verdict=row.card.verdict,
        )
        for row in result.pool
    ]


def _say_nothing_left(failures: Sequence[Failure], skipped: Sequence[Skipped]) -> str:
    reason = failures[0].reason if failures else skipped[0].reason if skipped else "no task was left"
    return f"not one strategy could be tested; the first reason: {reason}"
