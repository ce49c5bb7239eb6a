"""The field of all recorded trials, as one finding among them has to beat it.

A configuration (strategy version, parameters, instrument, timeframe, costs) that was tried on one window after another
is one configuration: nothing was chosen between its windows. Its newest trial stands for it. The total still counts
every trial.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from edgeproof.domain.hashing import hash_json
from edgeproof.evidence import TrialField, describe_field

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from edgeproof.domain.arrays import FloatArray
    from edgeproof.domain.records import Trial


def survey_trials(trials: Iterable[Trial], *, total: int) -> TrialField:
    """Describe the field; the order of the trials changes nothing."""
    newest: dict[str, Trial] = {}
    for trial in trials:
        name = _name_configuration(trial)
        known = newest.get(name)
        if known is None or _age(known) < _age(trial):
            newest[name] = trial
    return describe_field(align_returns([newest[name] for name in sorted(newest)]), total=total)


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
