"""Values kept where a condition holds: each twin like the other, and like numpy."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.kernels import masks


@settings(max_examples=60, deadline=None)
@given(count=st.integers(0, 40), seed=st.integers(0, 1_000))
def test_values_are_kept_where_the_condition_holds_and_all_is_known(count: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    values, condition = random.normal(size=count), random.uniform(size=count) < 0.5
    known = np.where(random.uniform(size=count) < 0.2, np.nan, random.choice([1.0, -np.inf], count))
    expected = np.where(np.isnan(known), np.nan, np.where(condition, values, 0.0))
    np.testing.assert_array_equal(masks.keep_where(condition, values, known), expected)
    np.testing.assert_array_equal(masks.keep_where_py(condition, values, known), expected)
