from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.kernels.relations import relate_py
from edgeproof.strategies.values import (
    RelationArray,
    TruthArray,
    both,
    calculate,
    deny,
    either,
    find_relation,
    know_true,
    lag_numbers,
    lag_truths,
    take_logarithm,
    tell_above,
    tell_below,
    tell_equal,
)

if TYPE_CHECKING:
    from collections.abc import Callable

NAN = float("nan")
COMPARED = st.sampled_from([NAN, -float("inf"), -1.0, -0.0, 0.0, 1.0, float("inf")])
TRUE, UNKNOWN, FALSE = 1, 0, -1
# Kleene's strong logic of indeterminacy (1938), as his tables give it.
CONJUNCTION = {
    (TRUE, TRUE): TRUE,
    (TRUE, UNKNOWN): UNKNOWN,
    (TRUE, FALSE): FALSE,
    (UNKNOWN, UNKNOWN): UNKNOWN,
    (UNKNOWN, FALSE): FALSE,
    (FALSE, FALSE): FALSE,
}
DISJUNCTION = {
    (TRUE, TRUE): TRUE,
    (TRUE, UNKNOWN): TRUE,
    (TRUE, FALSE): TRUE,
    (UNKNOWN, UNKNOWN): UNKNOWN,
    (UNKNOWN, FALSE): UNKNOWN,
    (FALSE, FALSE): FALSE,
}


def encode(value: int) -> TruthArray:
    return np.array([value], dtype=np.int8)


@pytest.mark.parametrize(("left", "right"), list(CONJUNCTION))
def test_logic_is_kleenes(left: int, right: int) -> None:
    for a, b in ((left, right), (right, left)):
        assert both(encode(a), encode(b)).tolist() == [CONJUNCTION[left, right]]
        assert either(encode(a), encode(b)).tolist() == [DISJUNCTION[left, right]]


def test_denying_an_unknown_leaves_it_unknown() -> None:
    assert [deny(encode(value)).tolist() for value in (TRUE, UNKNOWN, FALSE)] == [[FALSE], [UNKNOWN], [TRUE]]


@pytest.mark.parametrize("ask", [tell_below, tell_above, tell_equal])
def test_a_comparison_with_an_unknown_is_unknown_and_so_is_its_denial(
    ask: Callable[[RelationArray], TruthArray],
) -> None:
    truth = ask(find_relation(np.array([NAN, 1.0, NAN]), np.array([1.0, NAN, NAN])))
    assert truth.tolist() == [0, 0, 0]
    assert not know_true(truth, 3).any()
    assert not know_true(deny(truth), 3).any()


def test_a_comparison_of_known_numbers_is_what_python_says() -> None:
    left, right = np.array([1.0, 2.0, 1.0, -0.0]), np.array([2.0, 1.0, 1.0, 0.0])
    relation = find_relation(left, right)
    assert tell_below(relation).tolist() == [TRUE, FALSE, FALSE, FALSE]
    assert tell_above(relation).tolist() == [FALSE, TRUE, FALSE, FALSE]
    assert tell_equal(relation).tolist() == [FALSE, FALSE, TRUE, TRUE]


@settings(deadline=None)
@given(left=st.lists(COMPARED, min_size=1, max_size=20), other=COMPARED)
def test_a_series_stands_to_a_constant_as_to_a_series_of_that_constant(left: list[float], other: float) -> None:
    values, constant = np.array(left), np.asarray(other)
    expected = relate_py(values, np.full(len(values), other))
    np.testing.assert_array_equal(find_relation(values, np.full(len(values), other)), expected)
    np.testing.assert_array_equal(find_relation(values, constant), expected)
    np.testing.assert_array_equal(tell_above(find_relation(constant, values)), tell_below(expected))


def test_dividing_by_zero_and_overflow_are_unknown() -> None:
    left, right = np.array([1.0, -1.0, 0.0, 1.0, 6.0]), np.array([0.0, 0.0, 0.0, 1e-320, 2.0])
    np.testing.assert_array_equal(calculate("/", left, right), [NAN, NAN, NAN, NAN, 3.0])
    np.testing.assert_array_equal(calculate("*", np.array([1e308]), np.array([10.0])), [NAN])
    np.testing.assert_array_equal(calculate("-", np.array([-1e308]), np.array([1e308])), [NAN])


def test_the_logarithm_of_nothing_and_of_less_is_unknown() -> None:
    np.testing.assert_array_equal(take_logarithm(np.array([1.0, 0.0, -1.0])), [0.0, NAN, NAN])


def test_a_lag_longer_than_the_history_knows_nothing() -> None:
    values = np.array([1.0, 2.0, 3.0])
    np.testing.assert_array_equal(lag_numbers(values, 0, 3), values)
    np.testing.assert_array_equal(lag_numbers(values, 1, 3), [NAN, 1.0, 2.0])
    np.testing.assert_array_equal(lag_numbers(values, 9, 3), [NAN] * 3)
    assert lag_truths(np.array([1, 1, -1], dtype=np.int8), 1, 3).tolist() == [0, 1, 1]
    assert lag_truths(np.array([1, 1, -1], dtype=np.int8), 9, 3).tolist() == [0, 0, 0]
