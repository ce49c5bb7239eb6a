"""Decisions as a list: what is passed over in silence, and what is not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.kernels.replay_events import EXIT_LONG, EXIT_SHORT, GO_LONG, GO_SHORT, gather_events, gather_events_py


# Sizes around whole blocks of 64 flags and whole words of 8; densities from silence to noise.
@settings(deadline=None, max_examples=150)
@given(
    count=st.integers(0, 330),
    density=st.sampled_from([0.0, 0.003, 0.05, 0.5, 1.0]),
    seed=st.integers(0, 10_000),
)
def test_the_list_is_what_reading_every_decision_gives(count: int, density: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    long, short, exit_long, exit_short = (random.uniform(size=count) < density for _ in range(4))
    index, code, ambiguous = gather_events(long, short, exit_long, exit_short)
    plain_index, plain_code, plain_ambiguous = gather_events_py(long, short, exit_long, exit_short)
    np.testing.assert_array_equal(index, plain_index)
    np.testing.assert_array_equal(code, plain_code)
    assert ambiguous == plain_ambiguous


@pytest.mark.parametrize("at", [0, 7, 8, 63, 64, 65, 127, 128, 199])
@pytest.mark.parametrize(("which", "says"), list(enumerate((GO_LONG, GO_SHORT, EXIT_LONG, EXIT_SHORT))))
def test_one_wish_in_a_long_silence_is_heard(at: int, which: int, says: int) -> None:
    flags = np.zeros((4, 200), np.bool_)
    flags[which, at] = True
    index, code, ambiguous = gather_events(*flags)
    assert (index.tolist(), code.tolist(), ambiguous) == ([at], [says], 0)
