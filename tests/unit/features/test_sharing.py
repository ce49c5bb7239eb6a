"""What features have in common is computed once, and nobody can tell from their values."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgeproof.features import FEATURES, FeatureInput, compute_feature
from edgeproof.features._sharing import find_deviation, find_log_returns
from fakes.feature_markets import random_input


@pytest.mark.parametrize("seed", [1, 2])
def test_features_say_the_same_alone_and_together_in_any_order(seed: int) -> None:
    data = random_input(700, seed)
    together = replace(data, shared={})
    for name in np.random.default_rng(seed).permutation(FEATURES.names).tolist():
        alone = compute_feature(name, (), data)
        np.testing.assert_array_equal(compute_feature(name, (), together), alone, err_msg=name)


def test_the_second_to_ask_is_given_what_the_first_computed() -> None:
    data = replace(random_input(50, seed=1), shared={})
    assert find_log_returns(data) is find_log_returns(data)
    assert find_deviation(data, 5) is find_deviation(data, 5)
    assert find_deviation(data, 6) is not find_deviation(data, 5)


def test_an_input_without_a_place_for_results_keeps_nothing() -> None:
    data = FeatureInput(bars=random_input(50, seed=1).bars)
    assert find_log_returns(data) is not find_log_returns(data)


def test_nobody_can_write_into_what_all_share() -> None:
    data = replace(random_input(50, seed=1), shared={})
    with pytest.raises(ValueError, match="read-only"):
        find_log_returns(data)[0] = 1.0
    with pytest.raises(ValueError, match="read-only"):
        find_deviation(data, 5)[1][0] = 1.0
