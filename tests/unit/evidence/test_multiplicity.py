"""How many tries there were, and how many discoveries are expected to be false."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.evidence import control_false_discoveries, count_effective_trials, describe_field

if TYPE_CHECKING:
    from edgeproof.domain.arrays import FloatArray


def draw(trials: int, days: int, seed: int = 1) -> FloatArray:
    return np.random.default_rng(seed).normal(0.0, 0.01, size=(trials, days))


def test_unrelated_trials_all_count() -> None:
    assert count_effective_trials(draw(200, 90)) == 200


def test_copies_of_one_trial_are_one_try() -> None:
    assert count_effective_trials(np.repeat(draw(1, 30), 500, axis=0)) == 1


def test_families_of_near_copies_count_once_each() -> None:
    families = np.repeat(draw(25, 60), 20, axis=0)
    noisy = families + 0.004 * np.random.default_rng(2).normal(size=families.shape)
    assert count_effective_trials(noisy) == 25


def test_the_same_bet_on_the_other_side_is_another_try() -> None:
    one = draw(1, 60)
    assert count_effective_trials(np.concatenate([one, -one])) == 2


def test_the_size_of_a_bet_does_not_make_it_another_try() -> None:
    one = draw(1, 60)
    assert count_effective_trials(np.concatenate([one, one * 1e-6, one * 50.0])) == 1


def test_trials_that_never_move_are_no_tries_of_their_own() -> None:
    flat = np.zeros((40, 60))
    assert count_effective_trials(np.concatenate([draw(3, 60), flat])) == 3
    assert count_effective_trials(flat) == 1
    assert count_effective_trials(np.empty((0, 0))) == 1


def test_trials_on_days_they_do_not_share_are_unrelated() -> None:
    copies = np.repeat(draw(1, 60), 2, axis=0)
    copies[0, :30] = np.nan
    copies[1, 30:] = np.nan
    assert count_effective_trials(copies) == 2


def test_trials_are_compared_on_the_days_they_share() -> None:
    copies = np.repeat(draw(1, 60), 2, axis=0)
    copies[0, :20] = np.nan
    assert count_effective_trials(copies) == 1


def test_families_that_span_blocks_count_once() -> None:
    assert count_effective_trials(np.tile(draw(700, 90), (2, 1))) == 700


def test_longer_records_elsewhere_do_not_change_what_two_short_ones_share() -> None:
    short = np.full((40, 120), np.nan)
    short[:, :12] = draw(40, 12)
    long = draw(80, 120, seed=2)
    assert count_effective_trials(np.concatenate([short, long])) >= count_effective_trials(short)


@st.composite
def fields(draws: st.DrawFn) -> FloatArray:
    """Families of near copies, each trial on its own stretch of days."""
    rng = np.random.default_rng(draws(st.integers(0, 2**16)))
    trials, days = draws(st.integers(1, 40)), draws(st.integers(5, 80))
    families = rng.normal(size=(draws(st.integers(1, 6)), days))
    noise = draws(st.floats(0.0, 2.0))
    returns = families[rng.integers(len(families), size=trials)] + noise * rng.normal(size=(trials, days))
    for row in returns:
        first, last = sorted(rng.integers(0, days, size=2))
        row[:first] = np.nan
        row[last + 1 :] = np.nan
    return np.asarray(returns, dtype=np.float64)


@given(fields(), st.data())
@settings(deadline=None, max_examples=100)
def test_more_trials_never_lower_the_count(returns: FloatArray, data: st.DataObject) -> None:
    counts = [count_effective_trials(returns[:trials]) for trials in range(1, len(returns) + 1)]
    assert counts == sorted(counts)
    assert 1 <= counts[-1] <= len(returns)
    fewer = np.array(data.draw(st.lists(st.integers(1, 5), min_size=len(returns), max_size=len(returns))))
    more = fewer + np.arange(len(returns)) % 3
    assert count_effective_trials(returns, fewer) <= count_effective_trials(returns, more)


@given(st.integers(1, 30), st.integers(2, 5), st.integers(0, 2**16))
@settings(deadline=None, max_examples=25)
def test_copies_never_raise_the_count(trials: int, copies: int, seed: int) -> None:
    returns = draw(trials, 40, seed)
    assert count_effective_trials(np.tile(returns, (copies, 1))) == count_effective_trials(returns)


def test_a_field_of_losers_does_not_raise_the_bar() -> None:
    luck = draw(100, 60)
    losers = draw(100, 60, seed=2) - 0.02
    alone = describe_field(luck, total=100)
    together = describe_field(np.concatenate([luck, losers]), total=200)
    assert together.standard_variance == pytest.approx(alone.standard_variance)
    assert (together.total, together.effective) == (200, 200)


def test_luck_alone_has_the_variance_of_its_sampling() -> None:
    field = describe_field(draw(2_000, 61), total=2_000)
    assert field.standard_variance == pytest.approx(1.0, rel=0.1)


def test_luck_at_a_length_is_what_the_best_of_so_many_worthless_records_of_that_length_shows() -> None:
    field = describe_field(draw(400, 90), total=400)
    for days in (10, 30, 90):
        many = np.random.default_rng(days).normal(size=(300, 400, days))
        best = (many.mean(axis=2) / many.std(axis=2, ddof=1)).max(axis=1).mean()
        # Short records have heavier tails than the normal that the formula takes the largest of.
        assert field.expect_luck(days) == pytest.approx(best, rel=0.3 if days == 10 else 0.1)


def test_the_lengths_of_the_others_do_not_move_the_bar_of_a_length() -> None:
    short, long = draw(200, 5), draw(200, 60, seed=2)
    padded = np.concatenate([np.pad(short, ((0, 0), (55, 0)), constant_values=np.nan), long])
    alone, together = describe_field(short, total=200), describe_field(padded, total=400)
    assert together.expect_luck(5) >= 0.9 * alone.expect_luck(5)
    assert together.expect_luck(5) == pytest.approx(together.expect_luck(60) * np.sqrt(59.0 / 4.0))


def test_every_window_is_a_try_of_its_cluster() -> None:
    copies = np.concatenate([np.repeat(draw(1, 60), 5, axis=0), draw(3, 60, seed=2)])
    assert count_effective_trials(copies, np.array([1, 1, 7, 2, 1, 4, 1, 1])) == 7 + 4 + 1 + 1


def test_a_field_in_which_nothing_moved_has_no_bar() -> None:
    field = describe_field(np.zeros((3, 30)), total=3)
    assert (field.total, field.effective, field.expect_luck(30)) == (3, 1, 0.0)


def test_the_published_fifteen_p_values_keep_four_discoveries() -> None:
    # Benjamini and Hochberg 1995, section 3.1: thrombolysis against infarction, false-discovery rate 0.05.
    published = [
        *(0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344),
        *(0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000),
    ]
    assert int((control_false_discoveries(np.array(published)) <= 0.05).sum()) == 4


def test_no_findings_have_no_false_discoveries() -> None:
    assert control_false_discoveries(np.empty(0)).shape == (0,)


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=40))
@settings(deadline=None, max_examples=60)
def test_counting_the_others_never_makes_a_finding_surer(p_values: list[float]) -> None:
    rates = control_false_discoveries(np.array(p_values))
    assert (rates >= np.array(p_values) - 1e-12).all()
    assert (rates <= 1.0).all()
