"""The field counts configurations and the windows they were tried on, and compares them day by day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.domain.time import MS_PER_DAY, Window
from edgeproof.research.trial_field import align_returns, survey_trials
from fakes.cycle_results import WINDOW, make_trial

if TYPE_CHECKING:
    from edgeproof.domain.records import Trial


def draw_trial(name: str, seed: int, *, days: int = 30) -> Trial:
    return make_trial(name, np.random.default_rng(seed).normal(0.0, 0.01, size=days))


def shift(trial: Trial, days: int) -> Trial:
    """The same configuration on a later window, with another result."""
    window = Window(start_ms=WINDOW.start_ms + days * MS_PER_DAY, end_ms=WINDOW.end_ms + days * MS_PER_DAY)
    later = np.random.default_rng(days + 1_000).normal(0.0, 0.01, size=30)
    return replace(trial, key=f"{trial.key}+{days}", window=window, daily_returns=tuple(later.tolist()))


def cut(trial: Trial, days: int) -> Trial:
    """The same configuration on the last days of its window."""
    window = Window(start_ms=trial.window.end_ms - days * MS_PER_DAY, end_ms=trial.window.end_ms)
    first_day = (date.fromisoformat(trial.first_day) + timedelta(days=60 - days)).isoformat()
    key, returns = f"{trial.key}/{days}", trial.daily_returns[-days:]
    return replace(trial, key=key, window=window, first_day=first_day, daily_returns=returns)


def test_every_window_of_a_configuration_is_a_try() -> None:
    first, second = draw_trial("a", 1), draw_trial("b", 2)
    trials = [first, second, *(shift(first, days) for days in range(1, 20))]
    field = survey_trials(trials, total=len(trials))
    assert (field.total, field.effective) == (21, 21)


def test_the_newest_window_stands_for_its_configuration() -> None:
    first = draw_trial("a", 1)
    newest = shift(first, 5)
    field, alone = survey_trials([newest, first], total=2), survey_trials([newest], total=1)
    assert field.standard_variance == alone.standard_variance


def test_trying_shorter_windows_makes_the_bar_of_each_length_higher_never_lower() -> None:
    window = Window(start_ms=WINDOW.end_ms - 60 * MS_PER_DAY, end_ms=WINDOW.end_ms)
    whole = [replace(draw_trial(str(seed), seed, days=60), window=window) for seed in range(60)]
    tries = list(whole)
    before = survey_trials(tries, total=len(tries))
    for days in (30, 10, 7, 5):
        tries += [cut(trial, days) for trial in whole]
        after = survey_trials(tries, total=len(tries))
        assert after.effective == before.effective + 60
        assert after.expect_luck(5) > before.expect_luck(5)
        before = after


@pytest.mark.parametrize("change", [{"params": {"window": 12.0}}, {"costs": {"taker": 0.001}}, {"timeframe": "1h"}])
def test_other_parameters_costs_or_timeframes_are_other_tries(change: dict[str, object]) -> None:
    first = draw_trial("a", 1)
    other = replace(draw_trial("a", 2), key="other", **change)  # type: ignore[arg-type]
    assert survey_trials([first, other], total=2).effective == 2


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from([60, 30, 12, 5])), min_size=1, max_size=24))
@settings(deadline=None, max_examples=50)
def test_more_trials_never_lower_the_count(asked: list[tuple[int, int]]) -> None:
    # Configurations 3 to 5 are copies of 0 to 2 under another name.
    whole = [draw_trial(str(name), name % 3, days=60) for name in range(6)]
    tries = [cut(whole[name], days) for name, days in asked]
    counts = [survey_trials(tries[:many], total=many).effective for many in range(1, len(tries) + 1)]
    assert counts == sorted(counts)


def test_returns_are_aligned_by_calendar_day() -> None:
    early = replace(draw_trial("a", 1, days=3), first_day="2025-05-30")
    late = replace(draw_trial("b", 2, days=2), first_day="2025-06-01")
    aligned = align_returns([early, late])
    assert aligned.shape == (2, 4)
    assert aligned[0, :3].tolist() == list(early.daily_returns)
    assert aligned[1, 2:].tolist() == list(late.daily_returns)
    assert np.isnan(aligned[0, 3])
    assert np.isnan(aligned[1, :2]).all()


def test_no_trials_make_an_empty_field() -> None:
    field = survey_trials([], total=0)
    assert (field.total, field.effective, field.expect_luck(30)) == (0, 1, 0.0)


def test_a_trial_without_days_is_counted_but_not_compared() -> None:
    empty = replace(draw_trial("b", 2), daily_returns=())
    assert survey_trials([draw_trial("a", 1), empty], total=2).effective == 1
