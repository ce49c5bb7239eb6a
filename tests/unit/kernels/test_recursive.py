"""Recursive kernels: each twin like the other, and what they say at their edges."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import talib
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from edgeproof.kernels import ratios, recursive

if TYPE_CHECKING:
    from edgeproof.domain.arrays import FloatArray

NUMBERS = st.floats(-1e6, 1e6, width=32)
HOLED = arrays(np.float64, st.integers(0, 50), elements=NUMBERS | st.just(np.nan))


@settings(max_examples=60, deadline=None)
@given(values=HOLED, alpha=st.floats(0.01, 1.0), seed=st.integers(1, 6))
def test_the_twins_of_smoothing_agree(values: FloatArray, alpha: float, seed: int) -> None:
    expected = recursive.smooth_py(values, alpha, seed)
    np.testing.assert_allclose(recursive.smooth(values, alpha, seed), expected, rtol=1e-12, atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(values=HOLED, seed=st.integers(0, 1_000))
def test_the_other_twins_agree(values: FloatArray, seed: int) -> None:
    random = np.random.default_rng(seed)
    n = len(values)
    weights = np.where(random.uniform(size=n) < 0.1, np.nan, random.uniform(size=n))
    starts, close = random.uniform(size=n) < 0.2, random.normal(size=n)
    distance = np.where(random.uniform(size=n) < 0.1, np.nan, random.exponential(size=n))
    pairs = [
        (recursive.smooth_adaptively, recursive.smooth_adaptively_py, (values, weights)),
        (recursive.sum_since, recursive.sum_since_py, (values, starts)),
        (recursive.follow_supertrend, recursive.follow_supertrend_py, (close, close, distance)),
        (ratios.divide, ratios.divide_py, (values, np.round(close))),
        (ratios.divide_positive, ratios.divide_positive_py, (values, np.round(close))),
        (ratios.divide_by_past, ratios.divide_by_past_py, (values, 1 + seed % 3)),
    ]
    for compiled, plain, inputs in pairs:
        np.testing.assert_allclose(compiled(*inputs), plain(*inputs), rtol=1e-12, atol=1e-9)  # type: ignore[operator]


def test_smoothing_is_the_exponential_average_of_ta_lib() -> None:
    values = np.random.default_rng(2).normal(100.0, 5.0, 500)
    np.testing.assert_allclose(recursive.smooth(values, 2.0 / 15.0, 14), talib.EMA(values, 14), rtol=1e-12)


def test_a_null_starts_smoothing_over() -> None:
    values = np.array([1.0, 3.0, 5.0, np.nan, 2.0, 4.0, 8.0])
    expected = [np.nan, 2.0, 3.5, np.nan, np.nan, 3.0, 5.5]
    np.testing.assert_array_equal(recursive.smooth(values, 0.5, 2), expected)


def test_adaptive_weights_of_one_follow_and_of_nearly_none_stand_still() -> None:
    values = np.array([5.0, 6.0, 9.0, 7.0])
    np.testing.assert_array_equal(recursive.smooth_adaptively(values, np.ones(4)), values)
    np.testing.assert_array_equal(recursive.smooth_adaptively(values, np.zeros(4)), np.full(4, 5.0))


def test_a_running_sum_is_unknown_before_the_first_start() -> None:
    starts = np.array([False, False, True, False, True])
    np.testing.assert_array_equal(recursive.sum_since(np.arange(5.0), starts), [np.nan, np.nan, 2.0, 5.0, 4.0])


@pytest.mark.parametrize(
    ("numerator", "denominator"), [(1.0, 0.0), (0.0, 0.0), (np.nan, 1.0), (1.0, np.nan), (1e300, 1e-300)]
)
def test_a_quotient_without_an_answer_is_null(numerator: float, denominator: float) -> None:
    assert np.isnan(ratios.divide(np.array([numerator]), np.array([denominator])))[0]


def test_a_positive_quotient_needs_both_sides_positive() -> None:
    found = ratios.divide_positive(np.array([6.0, -6.0, 6.0, 0.0, 1e-300]), np.array([3.0, 3.0, -3.0, 3.0, 1e300]))
    np.testing.assert_array_equal(found, [2.0, np.nan, np.nan, np.nan, np.nan])
