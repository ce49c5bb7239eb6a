"""The order of combinations: nothing twice, nothing forgotten, one step at a time, costly params most rarely."""

from __future__ import annotations

from itertools import pairwise, product
from math import prod

from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.backtest.sweeps.combinations import draw_points, walk_space
from edgeproof.backtest.sweeps.spaces import Choices, Space, rank_axes, read_spaces
from edgeproof.strategies import load_strategy

MIXED = load_strategy("""
name: mixed
thesis: Windows and thresholds.
timeframe: 5m
params:
  edge: {default: 0.5, low: 0.0, high: 9.0}
  window: {default: 20, low: 2, high: 90}
  width: {default: 2.0, low: 0.5, high: 9.0}
  hold: {default: 10, low: 1, high: 90}
let: {far: width * 2, band: "zscore(close * far, window)"}
long: band < -edge
max_hold: hold
""")

sizes = st.lists(st.integers(1, 5), min_size=1, max_size=4)


def make_space(counts: list[int]) -> Space:
    names = ("edge", "window", "width", "hold")
    axes = tuple(
        Choices(name=name, values=tuple(float(v) for v in range(2, 2 + n)))
        for name, n in zip(names, counts, strict=False)
    )
    return Space(strategy=MIXED, axes=axes)


@settings(deadline=None)
@given(counts=sizes)
def test_every_point_has_the_place_of_the_callers_order(counts: list[int]) -> None:
    space = make_space(counts)
    expected = list(product(*(axis.values for axis in space.axes if isinstance(axis, Choices))))
    walked = list(walk_space(space))
    assert sorted(place for place, _ in walked) == list(range(prod(counts)))
    assert all(tuple(point.values()) == expected[place] for place, point in walked)


@settings(deadline=None)
@given(counts=sizes)
def test_neighbours_in_time_differ_by_one_step_of_one_param(counts: list[int]) -> None:
    for (_, before), (_, after) in pairwise(walk_space(make_space(counts))):
        assert sum(abs(after[name] - before[name]) for name in before) == 1


@settings(deadline=None)
@given(counts=st.lists(st.integers(2, 5), min_size=4, max_size=4))
def test_a_param_inside_a_call_moves_more_rarely_than_any_outside(counts: list[int]) -> None:
    space = make_space(counts)
    assert {space.axes[at].name for at in rank_axes(space)[:2]} == {"window", "width"}
    moves = dict.fromkeys(("edge", "window", "width", "hold"), 0)
    for (_, before), (_, after) in pairwise(walk_space(space)):
        for name in before:
            moves[name] += before[name] != after[name]
    assert max(moves["window"], moves["width"]) < min(moves["edge"], moves["hold"])


@settings(deadline=None)
@given(count=st.integers(1, 40), seed=st.integers(0, 99))
def test_draws_are_different_and_inside_the_declared_ranges(count: int, seed: int) -> None:
    (space,) = read_spaces([MIXED], None)
    drawn = draw_points(space, count, seed, None)
    assert len({tuple(point.items()) for point in drawn}) == count
    assert drawn == draw_points(space, count, seed, None)
    for point in drawn:
        assert all(MIXED.params[name].check(name, value) == value for name, value in point.items())


def test_a_grid_without_end_of_points_takes_no_memory() -> None:
    axes = tuple(Choices(name=name, values=tuple(range(2, 90))) for name in ("window", "hold"))
    space = Space(strategy=MIXED, axes=axes)
    walk = walk_space(space)
    assert space.count == 88 * 88
    assert next(walk) == (0, {"window": 2, "hold": 2})
