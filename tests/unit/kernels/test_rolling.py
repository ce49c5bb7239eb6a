"""Window kernels: each twin like the other, and both like a fresh computation over every window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from edgeproof.kernels import rolling

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from edgeproof.domain.arrays import FloatArray

VALUES = arrays(np.float64, st.integers(0, 60), elements=st.floats(-1e6, 1e6, width=32) | st.sampled_from([0.0, 7.0]))
WINDOWS = st.integers(1, 25)
TWINS: list[tuple[str, int]] = [
    ("rolling_sum", 1),
    ("rolling_max", 1),
    ("rolling_variance", 1),
    ("rolling_covariance", 2),
    ("rolling_weighted_variance", 2),
    ("rolling_moments", 1),
    ("rolling_rank", 1),
]


def windows_of(values: FloatArray, window: int) -> FloatArray:
    return np.lib.stride_tricks.sliding_window_view(values, window)


def run(kernel: Callable[..., Any], *arguments: object) -> list[FloatArray]:
    answer = kernel(*arguments)
    return list(answer) if isinstance(answer, tuple) else [answer]


@pytest.mark.parametrize(("name", "columns"), TWINS)
@settings(max_examples=60, deadline=None)
@given(values=VALUES, window=WINDOWS, holes=st.sets(st.integers(0, 59), max_size=2))
def test_the_twins_agree(name: str, columns: int, values: FloatArray, window: int, holes: set[int]) -> None:
    holed = np.where(np.isin(np.arange(len(values)), list(holes)), np.nan, values)
    inputs = [holed, np.abs(values[::-1].copy())][:columns]
    compiled = run(getattr(rolling, name), *inputs, window)
    plain = run(getattr(rolling, f"{name}_py"), *inputs, window)
    for one, other in zip(compiled, plain, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-300)


@settings(max_examples=80, deadline=None)
@given(values=VALUES, window=WINDOWS)
@example(values=np.array([1e15, 1.0, 2.0, 3.0, 4.0]), window=2)
def test_sums_and_extremes_are_those_of_each_window(values: FloatArray, window: int) -> None:
    total, top = rolling.rolling_sum(values, window), rolling.rolling_max(values, window)
    short = min(window - 1, len(values))
    assert np.isnan(total[:short]).all()
    assert np.isnan(top[:short]).all()
    if len(values) >= window:
        fresh = windows_of(values, window)
        size = np.abs(fresh).sum(axis=1)
        assert (np.abs(total[short:] - fresh.sum(axis=1)) <= 1e-15 * window * size).all()
        np.testing.assert_array_equal(top[short:], fresh.max(axis=1))


@settings(max_examples=80, deadline=None)
@given(values=VALUES, window=WINDOWS)
def test_variances_are_as_exact_as_fresh_ones(values: FloatArray, window: int) -> None:
    mean, variance = rolling.rolling_variance(values, window)
    if len(values) >= window:
        fresh = windows_of(values, window)
        span = np.ptp(fresh, axis=1)
        assert (np.abs(mean[window - 1 :] - fresh.mean(axis=1)) <= 1e-13 * np.abs(fresh).max(axis=1)).all()
        slack = 1e-12 * span**2 + 1e-24 * np.abs(fresh).max(axis=1) ** 2
        assert (np.abs(variance[window - 1 :] - fresh.var(axis=1)) <= slack).all()


@given(value=st.floats(-1e12, 1e12), bars=st.integers(1, 40), window=WINDOWS)
def test_equal_values_have_exactly_no_variance(value: float, bars: int, window: int) -> None:
    values = np.full(bars, value)
    mean, variance = rolling.rolling_variance_py(values, window)
    assert (variance[window - 1 :] == 0.0).all()
    assert (mean[window - 1 :] == value).all()
    assert (
        rolling.rolling_covariance_py(values, np.arange(bars, dtype=np.float64), window)[2][window - 1 :] == 0.0
    ).all()
    for moment in rolling.rolling_moments_py(values, window):
        assert (moment[window - 1 :] == 0.0).all()


def test_a_spike_leaves_nothing_behind() -> None:
    # A running sum of squares would keep about 1e4 of the spike for ever.
    values = np.concatenate([[1e10], np.linspace(1.0, 2.0, 500)])
    total, (_, variance) = rolling.rolling_sum(values, 20), rolling.rolling_variance(values, 20)
    fresh = windows_of(values, 20)[1:]
    np.testing.assert_allclose(total[20:], fresh.sum(axis=1), rtol=1e-14)
    np.testing.assert_allclose(variance[20:], fresh.var(axis=1), rtol=1e-11)


def test_nothing_drifts_over_a_long_series() -> None:
    values = np.cumsum(np.random.default_rng(1).normal(size=300_000)) + 1e6
    _, variance = rolling.rolling_variance(values, 30)
    np.testing.assert_allclose(variance[-1000:], windows_of(values, 30)[-1000:].var(axis=1), rtol=1e-9)


def test_a_null_touches_exactly_the_windows_that_contain_it() -> None:
    values = np.arange(30.0)
    values[11] = np.nan
    expected = np.ones(30, dtype=np.bool_)
    expected[4:11] = expected[16:] = False
    for name, columns in TWINS:
        inputs = [values, np.ones(30) + values][:columns]
        for answer in run(getattr(rolling, name), *inputs, 5):
            np.testing.assert_array_equal(np.isnan(answer), expected, err_msg=name)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), window=st.integers(2, 30), bars=st.integers(30, 90))
def test_co_moments_are_those_of_each_window(seed: int, window: int, bars: int) -> None:
    random = np.random.default_rng(seed)
    x, y = random.normal(50.0, 1.0, bars), random.standard_t(3, bars)
    variance_x, variance_y, covariance = rolling.rolling_covariance(x, y, window)
    at = bars - 1
    expected = np.cov(x[-window:], y[-window:], bias=True)
    found = [[variance_x[at], covariance[at]], [covariance[at], variance_y[at]]]
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), window=st.integers(4, 30), bars=st.integers(30, 90))
def test_higher_moments_are_those_of_each_window(seed: int, window: int, bars: int) -> None:
    values = np.random.default_rng(seed).standard_t(3, bars) + 10.0
    for order, moment in enumerate(rolling.rolling_moments(values, window), start=2):
        expected = [stats.moment(w, order) for w in windows_of(values, window)]
        np.testing.assert_allclose(moment[window - 1 :], expected, rtol=1e-8, atol=1e-10)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), window=st.integers(1, 30), empty=st.integers(0, 20))
def test_weights_count_and_a_window_without_weight_is_null(seed: int, window: int, empty: int) -> None:
    random = np.random.default_rng(seed)
    values, weights = random.normal(100.0, 1.0, 60), random.exponential(1.0, 60)
    weights[30 : 30 + empty] = 0.0
    mean, variance = rolling.rolling_weighted_variance(values, weights, window)
    for at in range(window - 1, 60):
        v, w = values[at - window + 1 : at + 1], weights[at - window + 1 : at + 1]
        if w.sum() == 0.0:
            assert np.isnan(mean[at])
            assert np.isnan(variance[at])
        else:
            average = np.average(v, weights=w)
            assert mean[at] == pytest.approx(average, rel=1e-12)
            assert variance[at] == pytest.approx(np.average((v - average) ** 2, weights=w), rel=1e-9, abs=1e-18)


@settings(max_examples=60, deadline=None)
@given(values=arrays(np.float64, st.integers(2, 50), elements=st.integers(0, 6).map(float)), window=st.integers(2, 20))
def test_a_rank_is_the_share_below_ties_half(values: FloatArray, window: int) -> None:
    ranks = rolling.rolling_rank(values, window)
    for at in range(window - 1, len(values)):
        expected = stats.percentileofscore(values[at - window + 1 : at], values[at], "mean") / 100.0
        assert ranks[at] == pytest.approx(expected)


def test_alone_nothing_has_a_rank() -> None:
    assert np.isnan(rolling.rolling_rank(np.arange(5.0), 1)).all()
