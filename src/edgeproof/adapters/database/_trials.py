"""Strategy versions and trials: what was ever tried, in the order in which it was first seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import func, insert, select

from edgeproof.adapters.database._convert import from_trial, from_version, to_trial, to_version
from edgeproof.adapters.database._rows import StrategyVersionRow, TrialRow
from edgeproof.domain.stores import IrreproducibleTrial

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy.orm import Session

    from edgeproof.domain.records import StrategyVersion, Trial

# Far below what either engine takes as variables of one statement.
_KEYS_AT_ONCE: Final = 5_000


def record_strategies(session: Session, versions: Iterable[StrategyVersion]) -> int:
    """Remember versions not seen before."""
    known = set(session.scalars(select(StrategyVersionRow.strategy_hash)))
    fresh: dict[str, StrategyVersion] = {}
    for version in versions:
        if version.strategy_hash not in known:
            fresh.setdefault(version.strategy_hash, version)
    if fresh:
        session.execute(insert(StrategyVersionRow), [from_version(version) for version in fresh.values()])
    return len(fresh)


def list_versions(session: Session) -> Sequence[StrategyVersion]:
    """Every version, in order of first sight."""
    rows = session.scalars(select(StrategyVersionRow).order_by(StrategyVersionRow.version_id))
    return tuple(to_version(row) for row in rows)


def record_trials(session: Session, trials: Sequence[Trial]) -> int:
    """Remember the trials whose key is new.

    Raises:
        IrreproducibleTrial: A key came with another result than the ledger, or the batch itself, has for it.
    """
    answers = _find_answers(session, [trial.key for trial in trials])
    fresh: list[Trial] = []
    conflicts: list[Trial] = []
    for trial in trials:
        if trial.key not in answers:
            answers[trial.key] = trial.result_hash
            fresh.append(trial)
        elif answers[trial.key] != trial.result_hash:
            conflicts.append(trial)
    if conflicts:
        first = conflicts[0]
        raise IrreproducibleTrial(first.key, answers[first.key], first.result_hash, conflicts=len(conflicts))
    if fresh:
        session.execute(insert(TrialRow), [from_trial(trial) for trial in fresh])
    return len(fresh)


def count_trials(session: Session) -> int:
    """How many distinct trials were ever made."""
    return session.scalar(select(func.count()).select_from(TrialRow)) or 0


def find_ids(session: Session, keys: Iterable[str] | None) -> Sequence[int]:
    """The row ids of the trials with these keys, or of all, in order of creation."""
    if keys is None:
        return session.scalars(select(TrialRow.trial_id).order_by(TrialRow.trial_id)).all()
    found: list[int] = []
    for some in _slice(sorted(set(keys)), _KEYS_AT_ONCE):
        found.extend(session.scalars(select(TrialRow.trial_id).where(TrialRow.key.in_(some))))
    return sorted(found)


def load_trials(session: Session, ids: Sequence[int]) -> Sequence[Trial]:
    """The trials of these rows, in order of creation."""
    rows = session.scalars(select(TrialRow).where(TrialRow.trial_id.in_(ids)).order_by(TrialRow.trial_id))
    return tuple(to_trial(row) for row in rows)


def _find_answers(session: Session, keys: Sequence[str]) -> dict[str, str]:
    answers: dict[str, str] = {}
    for some in _slice(keys, _KEYS_AT_ONCE):
        known = select(TrialRow.key, TrialRow.result_hash).where(TrialRow.key.in_(some))
        answers.update((row.key, row.result_hash) for row in session.execute(known))
    return answers


def _slice(keys: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(keys), size):
        yield keys[start : start + size]
