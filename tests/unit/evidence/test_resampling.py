"""The stationary bootstrap: seeded, faithful to its definition, and wide where the past matters."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.domain.errors import InvalidValue
from edgeproof.evidence import bootstrap_mean, resample_means


def test_the_interval_of_independent_values_is_the_textbook_one() -> None:
    values = np.random.default_rng(1).normal(0.5, 2.0, size=2_000)
    interval = bootstrap_mean(values, seed=7, resamples=4_000, mean_block=1.0)
    half = 1.96 * values.std() / np.sqrt(values.size)
    assert interval.low == pytest.approx(values.mean() - half, abs=0.1 * half)
    assert interval.high == pytest.approx(values.mean() + half, abs=0.1 * half)
    assert interval.estimate == values.mean()


def test_the_spread_of_the_means_is_the_published_closed_form() -> None:
    # Politis and Romano 1994, section 3: two values k apart in a resample share a block with probability (1 - p)^k,
    # and then stand k apart in the circular sample as well.
    rng = np.random.default_rng(4)
    values = np.convolve(rng.normal(size=120), np.ones(4), mode="valid")
    n, p = values.size, 1.0 / 5.0
    centred = values - values.mean()
    circular = np.array([np.mean(centred * np.roll(centred, -lag)) for lag in range(n)])
    lags = np.arange(1, n)
    expected = (circular[0] + 2.0 * np.sum((1 - lags / n) * (1 - p) ** lags * circular[1:])) / n
    means = resample_means(values, rng=rng, resamples=40_000, mean_block=5.0)
    assert means.var() == pytest.approx(expected, rel=0.03)


def test_values_that_follow_their_past_have_a_wider_interval_with_blocks() -> None:
    walk = np.convolve(np.random.default_rng(2).normal(size=600), np.ones(20), mode="valid")
    blocks = bootstrap_mean(walk, seed=1, mean_block=40.0)
    single = bootstrap_mean(walk, seed=1, mean_block=1.0)
    assert blocks.high - blocks.low > 2.0 * (single.high - single.low)


def test_the_same_seed_gives_the_same_interval_and_another_seed_another() -> None:
    values = np.random.default_rng(1).normal(size=100)
    assert bootstrap_mean(values, seed=3) == bootstrap_mean(values, seed=3)
    assert bootstrap_mean(values, seed=3) != bootstrap_mean(values, seed=4)


@given(st.lists(st.floats(-1.0, 1.0), min_size=2, max_size=50), st.floats(1.0, 100.0))
@settings(deadline=None, max_examples=60)
def test_a_resampled_mean_stays_between_the_extremes(values: list[float], mean_block: float) -> None:
    sample = np.array(values)
    means = resample_means(sample, rng=np.random.default_rng(0), resamples=50, mean_block=mean_block)
    assert means.shape == (50,)
    assert means.min() >= sample.min() - 1e-9
    assert means.max() <= sample.max() + 1e-9


def test_a_repeated_number_is_its_own_mean_in_every_resample() -> None:
    interval = bootstrap_mean(np.full(30, 0.25), seed=0)
    assert (interval.low, interval.high) == pytest.approx((0.25, 0.25))


def test_one_value_cannot_be_resampled() -> None:
    with pytest.raises(InvalidValue):
        bootstrap_mean(np.array([0.1]), seed=0)
    with pytest.raises(InvalidValue):
        bootstrap_mean(np.array([0.1, 0.2]), seed=0, mean_block=0.5)
