"""The field of all recorded trials, as one finding among them has to beat it.

How many independent configurations (strategy version, parameters, instrument, timeframe, costs) there are is read from
the first trial of each, in the order they were recorded, so that trying more never lowers their number. How far luck
strays is read from the newest trial of each, the longest of them. Every window a configuration was tried on is a try of
its own: who tries ten lengths and keeps the best has tried ten times.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from edgeproof.domain.hashing import hash_json
from edgeproof.evidence import TrialField, count_effective_trials, describe_field

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from edgeproof.domain.arrays import FloatArray
    from edgeproof.domain.records import Trial
    from edgeproof.domain.time import Window


def survey_trials(trials: Iterable[Trial], *, total: int) -> TrialField:
    """Describe the field.

    Args:
        trials: In the order they were recorded; trials that follow never lower the number of independent ones.
        total: Distinct trials ever recorded.
    """
    first: dict[str, Trial] = {}
    newest: dict[str, Trial] = {}
    windows: dict[str, set[Window]] = defaultdict(set)
    for trial in trials:
        name = _name_configuration(trial)
        windows[name].add(trial.window)
        first.setdefault(name, trial)
        known = newest.get(name)
        if known is None or _age(known) < _age(trial):
            newest[name] = trial
    tried = np.array([len(windows[name]) for name in first], dtype=np.int64)
    return describe_field(
        align_returns(list(newest.values())),
        total=total,
        effective=count_effective_trials(align_returns(list(first.values())), tried),
    )


def align_returns(trials: Sequence[Trial]) -> FloatArray:
    """Daily returns by calendar day, shape (trials, days), NaN where a trial has no such day."""
    firsts = [date.fromisoformat(trial.first_day).toordinal() for trial in trials]
    used = sorted({first + i for first, t in zip(firsts, trials, strict=True) for i in range(len(t.daily_returns))})
    column = {day: at for at, day in enumerate(used)}
    aligned = np.full((len(trials), len(used)), np.nan)
    for row, (first, trial) in enumerate(zip(firsts, trials, strict=True)):
        if trial.daily_returns:
            start = column[first]
            aligned[row, start : start + len(trial.daily_returns)] = trial.daily_returns
    return aligned


def _name_configuration(trial: Trial) -> str:
    return hash_json(
        [
            trial.strategy_hash,
            dict(trial.params),
            str(trial.instrument),
            trial.timeframe,
            dict(trial.costs),
        ]
    )


def _age(trial: Trial) -> tuple[int, int, str]:
    return (trial.window.end_ms, trial.window.end_ms - trial.window.start_ms, trial.key)
