from __future__ import annotations

import math
import statistics
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from edgeproof.strategies.windows import compute_window

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def score(window: Sequence[float]) -> float:
    spread = statistics.pstdev(window)
    return (window[-1] - statistics.fmean(window)) / spread if spread else math.nan


def rank(window: Sequence[float]) -> float:
    return (float(stats.rankdata(window)[-1]) - 1.0) / (len(window) - 1)


# Each operator against the standard library or scipy, window by window.
ORACLES: dict[str, Callable[[Sequence[float]], float]] = {
    "highest": max,
    "lowest": min,
    "mean": statistics.fmean,
    "stdev": statistics.pstdev,
    "zscore": score,
    "rank": rank,
}
PRICES = st.lists(
    st.one_of(st.sampled_from([1.0, 2.0, 2.5, math.nan]), st.floats(-1e6, 1e6).map(lambda x: round(x, 3))),
    min_size=1,
    max_size=40,
)


@pytest.mark.parametrize("operator", ORACLES)
@given(values=PRICES, count=st.integers(2, 12))
@settings(deadline=None, max_examples=60)
def test_a_window_says_what_its_definition_says(operator: str, values: list[float], count: int) -> None:
    found = compute_window(operator, np.array(values), count)
    for i in range(len(values)):
        window = values[max(0, i - count + 1) : i + 1]
        if len(window) < count or any(math.isnan(v) for v in window):
            assert math.isnan(found[i])
        else:
            expected = ORACLES[operator](window)
            assert found[i] == pytest.approx(expected, rel=1e-7, abs=1e-6, nan_ok=True)


@pytest.mark.parametrize("operator", ["highest", "lowest", "mean"])
def test_a_window_of_one_bar_is_the_bar(operator: str) -> None:
    values = np.array([3.0, 1.0, 2.0])
    np.testing.assert_array_equal(compute_window(operator, values, 1), values)


def test_equal_values_have_no_score_even_after_a_spike() -> None:
    values = np.array([1e9, 1.1, 1.1, 1.1, 1.1])
    found = compute_window("zscore", values, 3)
    assert np.isnan(found[3:]).all()
    assert compute_window("stdev", values, 3)[3:].tolist() == [0.0, 0.0]
