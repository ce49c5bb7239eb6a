"""The numbers of Bailey and López de Prado, and what must hold of any sample."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from edgeproof.domain.errors import InvalidValue
from edgeproof.evidence import (
    ReturnMoments,
    bound_sharpe,
    deflated_sharpe,
    doubt_sharpe,
    expect_best_sharpe,
    measure_moments,
    minimum_track_record,
    outlast_luck,
    probabilistic_sharpe,
)

# 2012: two years of monthly returns of a hedge fund, Sharpe 0.458 a month, skewed and fat-tailed.
FUND = ReturnMoments(periods=24, sharpe=0.458, skewness=-2.448, kurtosis=10.164)
FUND_IF_NORMAL = ReturnMoments(periods=24, sharpe=0.458)
# 2014: the best of 100 trials, Sharpe 2.5 a year over five years of 250 days.
BEST_OF_100 = ReturnMoments(periods=1_250, sharpe=2.5 / math.sqrt(250), skewness=-3.0, kurtosis=10.0)

ratios = st.floats(-1.0, 1.0)


def test_the_published_fund_is_less_certain_than_a_normal_one() -> None:
    assert probabilistic_sharpe(FUND_IF_NORMAL) == pytest.approx(0.982, abs=5e-4)
    assert probabilistic_sharpe(FUND) == pytest.approx(0.913, abs=5e-4)


@pytest.mark.parametrize(
    ("periods_a_year", "skewness", "kurtosis", "years"),
    [(252, 0.0, 3.0, 2.73), (52, 0.0, 3.0, 2.83), (12, 0.0, 3.0, 3.24), (12, -0.72, 5.78, 4.99)],
)
def test_the_published_track_records_are_reproduced(
    periods_a_year: int, skewness: float, kurtosis: float, years: float
) -> None:
    a_period = 1.0 / math.sqrt(periods_a_year)
    moments = ReturnMoments(periods=100, sharpe=2.0 * a_period, skewness=skewness, kurtosis=kurtosis)
    needed = minimum_track_record(moments, benchmark=a_period)
    assert needed is not None
    assert needed / periods_a_year == pytest.approx(years, abs=0.006)


def test_the_published_best_of_a_hundred_is_not_proven_but_the_best_of_46_is() -> None:
    a_day = 0.5 / 250
    assert expect_best_sharpe(100, a_day) == pytest.approx(0.1132, abs=1e-4)
    assert deflated_sharpe(BEST_OF_100, trials=100, variance=a_day) == pytest.approx(0.9004, abs=1e-4)
    assert deflated_sharpe(BEST_OF_100, trials=46, variance=a_day) == pytest.approx(0.9505, abs=1e-4)


def test_the_expected_best_of_many_is_what_many_draws_show() -> None:
    rng = np.random.default_rng(5)
    drawn = rng.normal(0.0, 0.2, size=(4_000, 500)).max(axis=1).mean()
    assert expect_best_sharpe(500, 0.04) == pytest.approx(drawn, rel=0.01)


def test_one_trial_needs_no_deflation() -> None:
    assert deflated_sharpe(FUND, trials=1, variance=0.3) == probabilistic_sharpe(FUND)


def test_the_standard_error_of_normal_returns_is_what_many_samples_show() -> None:
    rng = np.random.default_rng(11)
    samples = rng.normal(0.1, 1.0, size=(4_000, 250))
    spread = (samples.mean(axis=1) / samples.std(axis=1, ddof=1)).std()
    assert ReturnMoments(periods=250, sharpe=0.1).error == pytest.approx(spread, rel=0.04)


def test_moments_agree_with_scipy() -> None:
    sample = np.random.default_rng(3).standard_t(4, size=300) * 0.01
    moments = measure_moments(sample)
    assert moments is not None
    assert moments.skewness == pytest.approx(stats.skew(sample))
    assert moments.kurtosis == pytest.approx(stats.kurtosis(sample, fisher=False))
    assert moments.sharpe == pytest.approx(sample.mean() / sample.std(ddof=1))


def test_doubt_is_the_p_value_of_a_one_sided_t_test() -> None:
    sample = np.random.default_rng(3).standard_t(4, size=30) * 0.01 + 0.002
    moments = measure_moments(sample)
    assert moments is not None
    assert doubt_sharpe(moments) == pytest.approx(stats.ttest_1samp(sample, 0.0, alternative="greater").pvalue)


def test_days_without_a_value_are_left_out() -> None:
    sample = np.array([0.01, np.nan, -0.02, 0.03, np.nan])
    assert measure_moments(sample) == measure_moments(np.array([0.01, -0.02, 0.03]))


@pytest.mark.parametrize("sample", [[], [0.01], [0.01, 0.02], [0.0] * 30, [0.013] * 30])
def test_a_sample_without_spread_has_no_sharpe(sample: list[float]) -> None:
    assert measure_moments(np.array(sample, dtype=np.float64)) is None


def test_a_record_that_loses_is_never_long_enough() -> None:
    assert minimum_track_record(ReturnMoments(periods=30, sharpe=-0.1)) is None
    assert outlast_luck(ReturnMoments(periods=30, sharpe=-0.1), luck=3.0) is None
    assert outlast_luck(ReturnMoments(periods=30, sharpe=0.0), luck=3.0) is None
    assert minimum_track_record(ReturnMoments(periods=30, sharpe=0.1), benchmark=0.1) is None


@given(sharpe=st.floats(0.02, 1.0), skewness=st.floats(-2.0, 2.0), confidence=st.floats(0.6, 0.99))
@settings(deadline=None, max_examples=60)
def test_where_there_is_no_luck_to_outlast_the_minimum_track_record_is_enough(
    sharpe: float, skewness: float, confidence: float
) -> None:
    moments = ReturnMoments(periods=40, sharpe=sharpe, skewness=skewness, kurtosis=3.0 + skewness**2)
    assert outlast_luck(moments, 0.0, confidence) == pytest.approx(minimum_track_record(moments, confidence=confidence))


@given(sharpe=st.floats(0.02, 1.0), skewness=st.floats(-2.0, 2.0), confidence=st.floats(0.6, 0.99))
@settings(deadline=None, max_examples=60)
def test_a_record_of_the_minimum_length_is_exactly_confident_enough(
    sharpe: float, skewness: float, confidence: float
) -> None:
    kurtosis = 3.0 + skewness**2
    needed = minimum_track_record(
        ReturnMoments(periods=10, sharpe=sharpe, skewness=skewness, kurtosis=kurtosis), confidence=confidence
    )
    assert needed is not None
    error = ReturnMoments(periods=10, sharpe=sharpe, skewness=skewness, kurtosis=kurtosis).error
    error_then = error * math.sqrt(9.0) / math.sqrt(needed - 1.0)
    assert stats.norm.cdf(sharpe / error_then) == pytest.approx(confidence)


@given(ratios, ratios, st.integers(10, 1_000))
@settings(deadline=None, max_examples=60)
def test_a_higher_benchmark_is_never_beaten_more_surely(a: float, b: float, periods: int) -> None:
    moments = ReturnMoments(periods=periods, sharpe=0.1)
    low, high = sorted((a, b))
    assert 0.0 <= probabilistic_sharpe(moments, high) <= probabilistic_sharpe(moments, low) <= 1.0


@given(st.floats(1.0, 1e6), st.floats(1.0, 1e6), st.floats(0.0, 2.0))
@settings(deadline=None, max_examples=60)
def test_more_trials_never_lower_the_bar(a: float, b: float, variance: float) -> None:
    few, many = sorted((a, b))
    assert 0.0 <= expect_best_sharpe(few, variance) <= expect_best_sharpe(many, variance) + 1e-12


@given(ratios, st.floats(0.55, 0.99))
@settings(deadline=None, max_examples=60)
def test_the_bound_is_the_benchmark_beaten_with_that_confidence(sharpe: float, confidence: float) -> None:
    moments = ReturnMoments(periods=60, sharpe=sharpe)
    assert probabilistic_sharpe(moments, bound_sharpe(moments, confidence)) == pytest.approx(confidence)


@pytest.mark.parametrize(("trials", "variance"), [(0, 0.1), (0.5, 0.1), (10, -0.1), (10, math.nan)])
def test_impossible_fields_are_refused(trials: float, variance: float) -> None:
    with pytest.raises(InvalidValue):
        expect_best_sharpe(trials, variance)


def test_one_return_is_no_sample() -> None:
    with pytest.raises(InvalidValue):
        ReturnMoments(periods=1, sharpe=0.1)
