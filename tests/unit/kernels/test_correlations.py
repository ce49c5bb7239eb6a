from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.kernels.correlations import correlate_days, correlate_days_py

SOME = settings(deadline=None, max_examples=100)


@SOME
@given(seed=st.integers(0, 2**32 - 1), days=st.integers(1, 6), window=st.integers(1, 4), missing=st.floats(0, 0.5))
def test_the_kernel_and_its_twin_agree(seed: int, days: int, window: int, missing: float) -> None:
    rng = np.random.default_rng(seed)
    returns = rng.normal(size=(rng.integers(0, 60), 3))
    returns[rng.random(returns.shape) < missing] = np.nan
    known_on = np.sort(rng.integers(0, days + 1, len(returns)))
    arguments = (returns, known_on, days, window, 5)
    np.testing.assert_array_equal(correlate_days(*arguments), correlate_days_py(*arguments))


@SOME
@given(seed=st.integers(0, 2**32 - 1), missing=st.floats(0, 0.5))
def test_correlations_are_those_of_numpy_over_the_rows_both_have(seed: int, missing: float) -> None:
    rng = np.random.default_rng(seed)
    returns = rng.normal(size=(80, 1)) + rng.normal(size=(80, 3))
    returns[rng.random(returns.shape) < missing] = np.nan
    known_on = np.arange(80) // 10
    found = correlate_days(returns, known_on, 9, 4, 12)
    for day in range(9):
        seen = (known_on > day - 4) & (known_on <= day)
        for a, b in ((0, 1), (1, 2), (0, 2)):
            x, y = returns[seen, a], returns[seen, b]
            both = ~(np.isnan(x) | np.isnan(y))
            if both.sum() < 12:
                assert np.isnan(found[day, a, b])
            else:
                np.testing.assert_allclose(found[day, a, b], np.corrcoef(x[both], y[both])[0, 1], atol=1e-9)
            np.testing.assert_equal(found[day, a, b], found[day, b, a])


def test_a_market_that_stood_still_is_unknown() -> None:
    returns = np.column_stack([np.zeros(30), np.random.default_rng(1).normal(size=30)])
    found = correlate_days(returns, np.zeros(30, np.int64), 1, 1, 5)
    assert np.isnan(found[0, 0, 1])
    assert found[0].diagonal().tolist() == [1.0, 1.0]
