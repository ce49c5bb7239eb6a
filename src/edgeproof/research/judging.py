"""The evidence stage: the pool's rows are run again, as they were, at twice the costs and one bar late, and judged.

Running a row again as it was shows whether its recorded result is reproduced to the bit. Strategies below the pool are
judged on what their trials kept; the gates that need another run say that they were not run.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from joblib import Parallel, delayed

from edgeproof.backtest import hash_result
from edgeproof.evidence import (
    Findings,
    control_false_discoveries,
    doubt_sharpe,
    weigh_evidence,
)
from edgeproof.research.evaluation import open_tape, replay_task
from edgeproof.research.results import Curve, Judged, Thesis

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from edgeproof.domain.arrays import FloatArray
    from edgeproof.evidence import TrialField
    from edgeproof.execution import Costs
    from edgeproof.research.candidates import Candidate
    from edgeproof.research.desk import Desk
    from edgeproof.research.evaluation import Task
    from edgeproof.research.ranking import Ranked, Ranking
    from edgeproof.research.request import CycleRequest
    from edgeproof.strategies import Strategy

_MAX_LATENCY_MS: Final = 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rerun:
    """One row, run again.

    Attributes:
        reproduced: Whether the result is the recorded one to the bit.
        trade_returns: Profit over equity at entry, shape (trades,).
        costs_doubled_return, delayed_return: Net returns under the two harder assumptions.
        curve: Its equity.
    """

    reproduced: bool
    trade_returns: FloatArray
    costs_doubled_return: float
    delayed_return: float
    curve: Curve


def find_false_discoveries(candidates: Sequence[Candidate]) -> dict[str, float]:
    """The false-discovery rate at which each candidate with a Sharpe ratio is kept among all of them, by key.

    Candidates with fewer than ten daily returns have no rate.
    """
    measured = [
        (candidate.trial.key, doubt_sharpe(moments))
        for candidate in candidates
        if (moments := candidate.measure_record()) is not None
    ]
    rates = control_false_discoveries(np.array([p for _, p in measured], dtype=np.float64))
    return {key: float(rate) for (key, _), rate in zip(measured, rates, strict=True)}


def rerun_pool(
    desk: Desk, ranking: Ranking, tasks: Mapping[str, Task], request: CycleRequest
) -> Iterator[tuple[Ranked, Rerun]]:
    """Run every row of the pool again, in order of rank; ``tasks`` are found by trial key."""
    again = Parallel(n_jobs=request.workers, backend="threading", return_as="generator")(
        delayed(_rerun)(desk, row.best.candidate, tasks[row.best.candidate.trial.key], request) for row in ranking.kept
    )
    yield from zip(ranking.kept, again, strict=True)


def judge(  # noqa: PLR0913 - what is known of a row, each with its own source
    row: Ranked,
    strategy: Strategy,
    field: TrialField,
    *,
    false_discovery: float | None,
    seed: int,
    rerun: Rerun | None = None,
) -> Judged:
    """Weigh a row's evidence, with what running it again showed, if it was."""
    candidate = row.best.candidate
    findings = Findings(
        trades=candidate.metrics.trades,
        daily_returns=candidate.daily_returns,
        trade_returns=None if rerun is None else rerun.trade_returns,
        suspicions=candidate.suspicions,
        false_discovery=false_discovery,
        costs_doubled_return=None if rerun is None else rerun.costs_doubled_return,
        delayed_return=None if rerun is None else rerun.delayed_return,
    )
    return Judged(
        ranked=row,
        card=weigh_evidence(findings, field, seed=seed),
        thesis=Thesis(strategy_hash=strategy.hash, thesis=strategy.thesis, source=strategy.source),
        params=candidate.trial.params,
        curve=None if rerun is None else rerun.curve,
        reproduced=None if rerun is None else rerun.reproduced,
    )


def _rerun(desk: Desk, candidate: Candidate, task: Task, request: CycleRequest) -> Rerun:
    tape = open_tape(desk, task.instrument, request.costs)
    again = replay_task(desk, task, tape, request)
    late = min(request.costs.latency_ms + task.timeframe.ms, _MAX_LATENCY_MS)

    def earn(costs: Costs) -> float:
        return replay_task(desk, task, tape, request, costs=costs).metrics.total_return

    rerun = Rerun(
        reproduced=hash_result(again) == candidate.trial.result_hash,
        trade_returns=again.trades["return"].to_numpy(),
        costs_doubled_return=earn(request.costs.doubled()),
        delayed_return=earn(replace(request.costs, latency_ms=late)),
        curve=Curve(ts=again.equity_ts, equity=again.equity_values),
    )
    desk.release(task.instrument)
    return rerun
