from __future__ import annotations

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
def test_a_number_is_admitted_once_and_none_is_turned_away_that_was_not_here(numbers: list[int]) -> None:
    sequence, seen = TradeSequence(), set[int]()
    for number in numbers:
        admitted = sequence.admit(str(number))
        assert not (admitted and number in seen)
        seen |= {number} if admitted else set()
        if not admitted and not sequence.dense:
            assert number in seen


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


def test_old_numbers_of_a_dense_sequence_are_known_for_ever() -> None:
    sequence = learn(count=10_000)
    assert not sequence.admit("1000")
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
