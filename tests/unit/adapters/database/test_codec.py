from __future__ import annotations

import json
import math
import struct
from decimal import Decimal
from enum import StrEnum
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.adapters.database._codec import decode_json, encode_json, pack_floats, unpack_floats
from edgeproof.domain.errors import InvalidValue

_SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
_JSON = st.recursive(_SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=12)


class Side(StrEnum):
    LONG = "long"


@settings(deadline=None, max_examples=150)
@given(st.dictionaries(st.text(), _JSON, max_size=5))
def test_json_comes_back_as_it_was_to_the_bit(value: dict[str, Any]) -> None:
    text = encode_json("metrics", value)
    assert repr(decode_json(text)) == repr(json.loads(json.dumps(value, sort_keys=True)))
    assert decode_json(text) == value
    assert text.isascii()


@given(st.dictionaries(st.text(), st.integers(), min_size=2, max_size=5))
@settings(deadline=None, max_examples=50)
def test_equal_mappings_have_equal_text(value: dict[str, int]) -> None:
    assert encode_json("params", value) == encode_json("params", dict(reversed(value.items())))


def test_numpy_enums_and_tuples_are_made_plain() -> None:
    given_value = {"a": np.float32(0.5), "b": np.int16(3), "c": np.True_, "d": np.eye(2), "e": (1, Side.LONG)}
    assert encode_json("x", given_value) == '{"a":0.5,"b":3,"c":true,"d":[[1.0,0.0],[0.0,1.0]],"e":[1,"long"]}'


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"sharpe": {"low": math.nan}}, r"metrics.sharpe.low cannot be nan; expected a finite number, or null"),
        ({"by_day": [1.0, np.inf]}, r"metrics.by_day\[1\] cannot be inf"),
        ({"win": np.array([math.nan])}, r"metrics.win\[0\] cannot be nan"),
        ({"fees": Decimal("0.1")}, r"metrics.fees cannot be Decimal\('0.1'\); expected a number"),
        ({"who": {1, 2}}, r"metrics.who cannot be \{1, 2\}"),
        ({"by_rank": {1: "first"}}, r"key of metrics.by_rank cannot be 1; expected text"),
    ],
)
def test_what_json_has_no_word_for_is_refused_with_its_place(value: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidValue, match=told):
        encode_json("metrics", value)


@settings(deadline=None, max_examples=100)
@given(st.lists(st.floats(width=64)))
def test_floats_come_back_to_the_bit_from_eight_bytes_each(values: list[float]) -> None:
    packed = pack_floats(values)
    assert packed == np.asarray(values, dtype="<f8").tobytes()
    assert struct.pack(f"<{len(values)}d", *unpack_floats(packed)) == packed
