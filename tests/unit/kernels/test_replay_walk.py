from __future__ import annotations

from typing import Any

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.kernels.prefetching import prefetch
from edgeproof.kernels.replay_walk import SPAN, range_spans, range_spans_py, scan_bars, scan_trailing, skip_spans

_ask: Any = numba.njit(lambda values, place: prefetch(values, place))  # noqa: PLW0108 - numba compiles a function, not a hint

SOME = settings(deadline=None, max_examples=300)
WALKS = st.tuples(st.integers(0, 2**32 - 1), st.integers(1, 5 * SPAN), st.integers(0, 5 * SPAN), st.integers(1, 40))


@SOME
@given(walk=WALKS, floor=st.floats(90.0, 100.0), ceiling=st.floats(100.0, 110.0))
def test_the_first_bar_that_touches_is_found_with_the_range_before_it(
    walk: tuple[int, int, int, int], floor: float, ceiling: float
) -> None:
    high, low, start, stop = _draw(*walk)
    touching = (low <= floor) | (high >= ceiling)
    found = next((bar for bar in range(start, stop) if touching[bar]), stop)
    assert scan_bars(high, low, start, stop, floor, ceiling, 100.0, 100.0) == _describe(high, low, start, found)


@SOME
@given(walk=WALKS, side=st.sampled_from([1, -1]), reach=st.floats(1.0, 10.0), trail=st.floats(0.1, 5.0))
def test_a_level_that_follows_the_best_price_is_touched_where_a_plain_walk_touches_it(
    walk: tuple[int, int, int, int], side: int, reach: float, trail: float
) -> None:
    high, low, start, stop = _draw(*walk)
    adverse, take = 100.0 - side * reach, 100.0 + side * reach
    lowest = highest = 100.0
    found = start
    while found < stop:
        level = max(adverse, highest - trail) if side > 0 else min(adverse, lowest + trail)
        against, towards = (low, high) if side > 0 else (high, low)
        if side * (against[found] - level) <= 0.0 or side * (towards[found] - take) >= 0.0:
            break
        lowest, highest = min(lowest, low[found]), max(highest, high[found])
        found += 1
    assert scan_trailing(side, high, low, start, stop, adverse, take, trail, 100.0, 100.0) == _describe(
        high, low, start, found
    )


@SOME
@given(walk=WALKS, floor=st.floats(90.0, 100.0), ceiling=st.floats(100.0, 110.0))
def test_passing_over_spans_stops_before_the_first_bar_that_touches(
    walk: tuple[int, int, int, int], floor: float, ceiling: float
) -> None:
    high, low, start, stop = _draw(*walk)
    begun = min(-(-start // SPAN) * SPAN, stop // SPAN * SPAN)
    touching = (low <= floor) | (high >= ceiling)
    first = next((bar for bar in range(begun, stop) if touching[bar]), stop)
    reached = begun + max(0, first - begun) // SPAN * SPAN
    spans = range_spans(high, low)
    assert skip_spans(*spans, begun, stop, floor, ceiling, 100.0, 100.0) == _describe(high, low, begun, reached)


@pytest.mark.parametrize("count", [1, SPAN - 1, SPAN, 3 * SPAN + 5])
def test_spans_know_their_highest_high_and_lowest_low(count: int) -> None:
    high, low, _, _ = _draw(7, count, 0, 5)
    whole = count // SPAN * SPAN
    for spans in (range_spans(high, low), range_spans_py(high, low)):
        np.testing.assert_array_equal(spans[0], high[:whole].reshape(-1, SPAN).max(axis=1))
        np.testing.assert_array_equal(spans[1], low[:whole].reshape(-1, SPAN).min(axis=1))


@pytest.mark.parametrize("index", [0, 2, -(10**9), 10**12])
def test_asking_for_memory_ahead_changes_nothing_even_where_there_is_none(index: int) -> None:
    values = np.arange(3.0)
    _ask(values, index)
    np.testing.assert_array_equal(values, np.arange(3.0))


def _draw(seed: int, count: int, start: int, coarse: int) -> tuple[np.ndarray, np.ndarray, int, int]:
    """A walk on a grid, so that levels are met exactly, too; and a stretch of it."""
    rng = np.random.default_rng(seed)
    middle = 100.0 + np.cumsum(rng.normal(0.0, 1.0, count).round() / coarse)
    reach = np.abs(rng.normal(0.0, 1.0, (2, count))).round(1)
    return middle + reach[0], middle - reach[1], min(start, count), count


def _describe(high: np.ndarray, low: np.ndarray, start: int, found: int) -> tuple[int, float, float]:
    return found, min([100.0, *low[start:found]]), max([100.0, *high[start:found]])
