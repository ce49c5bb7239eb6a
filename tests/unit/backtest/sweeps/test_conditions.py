"""Conditions on params as text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeproof.backtest.sweeps import read_where
from edgeproof.domain.errors import RequestError

NAMES = ("fast", "slow", "k")
numbers = st.integers(-5, 5)


@given(fast=numbers, slow=numbers)
@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("fast < slow", lambda f, s: f < s),
        ("fast <= slow and slow != 3", lambda f, s: f <= s and s != 3),
        ("not fast > slow or fast == 2 * slow", lambda f, s: not f > s or f == 2 * s),
        ("slow - fast >= 2", lambda f, s: s - f >= 2),
        ("max(fast, slow) < 3", lambda f, s: max(f, s) < 3),
        ("not (fast < 0 and slow < 0)", lambda f, s: not (f < 0 and s < 0)),
    ],
)
def test_a_condition_means_what_python_means(text: str, meaning: object, fast: int, slow: int) -> None:
    assert callable(meaning)
    assert read_where(text, NAMES)({"fast": fast, "slow": slow}) == meaning(fast, slow)


def test_a_strategy_without_the_param_is_let_in() -> None:
    assert read_where("fast < slow", NAMES)({"k": 3.0})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("fast <", "where cannot be 'fast <'"),
        ("fast + slow", "a condition on params"),
        ("fast < close", "no param 'close'"),
        ("ema(fast) < slow", "a condition on params"),
        ("1 < 2", "a condition on params"),
        ("fats < slow", "did you mean 'fast'"),
        ("not fast", "a condition on params"),
        ("", "where cannot be ''"),
    ],
)
def test_anything_else_is_refused_in_one_line(text: str, says: str) -> None:
    with pytest.raises(RequestError) as raised:
        read_where(text, NAMES)
    assert says in str(raised.value)
