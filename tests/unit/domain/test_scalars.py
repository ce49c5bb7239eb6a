from __future__ import annotations

from decimal import Decimal
from math import isnan

import numpy as np
import pytest

from edgeproof.domain.scalars import read_number, read_whole


@pytest.mark.parametrize("value", [3, np.int8(3), np.int64(3), np.uint32(3)])
def test_integers_are_whole_numbers(value: object) -> None:
    assert (read_whole(value), read_number(value)) == (3, 3)
    assert type(read_whole(value)) is int


@pytest.mark.parametrize("value", [3.0, np.float16(3), np.float32(3), np.float64(3)])
def test_floats_are_numbers_though_not_whole(value: object) -> None:
    assert read_number(value) == 3.0
    assert type(read_number(value)) is float
    assert read_whole(value) is None


def test_what_no_float_holds_is_a_number_too() -> None:
    assert read_number(10**400) == read_whole(10**400) == 10**400
    assert isnan(read_number(np.float32("nan")) or 0.0)


@pytest.mark.parametrize(
    "value", [True, np.True_, "3", None, Decimal(3), 3 + 0j, np.complex64(3), np.ones(1), np.array(3), [3]]
)
def test_truths_texts_and_arrays_are_no_numbers(value: object) -> None:
    assert read_number(value) is None
    assert read_whole(value) is None
