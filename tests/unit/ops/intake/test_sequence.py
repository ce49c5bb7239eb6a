from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.ops.intake.sequence import TradeSequence


def learn(first: int = 1_000, count: int = 100, *, stride: int = 1) -> TradeSequence:
    sequence = TradeSequence()
    for number in range(first, first + count * stride, stride):
        assert sequence.admit(str(number))
    return sequence


@settings(deadline=None)
@given(numbers=st.lists(st.integers(0, 300), max_size=300))
def test_a_number_is_admitted_exactly_the_first_time(numbers: list[int]) -> None:
    sequence, seen = TradeSequence(), set[int]()
    for number in numbers:
        assert sequence.admit(str(number)) == (number not in seen)
        seen.add(number)


@pytest.mark.parametrize("odd", ["99999999999999999", str(1_100 + 150_000)])
def test_one_odd_number_hides_none_of_those_that_follow(odd: str) -> None:
    sequence = learn()
    assert sequence.admit(odd)
    assert all(sequence.admit(str(number)) for number in range(1_100, 2_100))
    assert (sequence.dense, sequence.jumps, sequence.missing) == (True, 0, 0)


def test_a_venue_may_begin_to_count_anew() -> None:
    sequence = learn()
    assert all(sequence.admit(str(number)) for number in range(10**9, 10**9 + 200))
    assert sequence.jumps == 0
    assert sequence.admit(str(10**9 + 210))
    assert sequence.jumps == 1


def test_numbers_that_rise_by_one_are_learned_to_be_dense() -> None:
    assert not learn(count=10).dense
    assert learn().dense
    assert not learn(stride=7).dense


def test_a_skipped_number_is_missing_until_it_comes() -> None:
    sequence = learn()
    assert sequence.admit("1103")
    assert (sequence.jumps, sequence.missing) == (1, 3)
    assert sequence.admit("1101")
    assert not sequence.admit("1101")
    assert sequence.missing == 2


def test_where_numbers_have_holes_a_jump_means_nothing() -> None:
    sequence = learn(stride=7)
    assert sequence.admit("99999")
    assert (sequence.jumps, sequence.missing) == (0, 0)
    assert sequence.admit("99990")


def test_numbers_of_long_ago_are_left_to_the_lake() -> None:
    sequence = learn(count=10_000)
    assert sequence.admit("1000")
    assert not sequence.admit("10999")


def test_after_a_break_any_number_may_come() -> None:
    sequence = learn()
    sequence.restart()
    assert sequence.admit("5000")
    assert sequence.jumps == 0
    assert not sequence.admit("1099")


def test_what_was_traded_during_a_break_may_come_after_it() -> None:
    sequence = learn()
    sequence.restart()
    assert sequence.admit("1120")
    assert [sequence.admit(str(number)) for number in (1_098, 1_099, 1_100, 1_119, 1_119)] == [
        False,
        False,
        True,
        True,
        False,
    ]


def test_numbers_that_are_none_are_told_apart_by_their_text() -> None:
    sequence = TradeSequence()
    names = ["0a1f-77", "0a1f-78", "9" * 40, "²", ""]
    assert [sequence.admit(name) for name in names] == [True] * 5
    assert [sequence.admit(name) for name in names] == [False] * 5
