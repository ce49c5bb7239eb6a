"""Values as they are kept: strict JSON text, and returns packed bit for bit."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from edgeproof.domain.errors import InvalidValue

if TYPE_CHECKING:
    from collections.abc import Sequence

_FLOAT64_BYTES = 8


def encode_json(what: str, value: Mapping[str, Any]) -> str:
    """The mapping as strict JSON, numpy's numbers made plain, keys sorted.

    Raises:
        InvalidValue: It holds something JSON has no word for; the message names the place, such as ``metrics.sharpe``.
    """
    return json.dumps(_make_plain(what, value), separators=(",", ":"), sort_keys=True, allow_nan=False)


def decode_json(text: str) -> dict[str, Any]:
    """The mapping that was encoded."""
    read: dict[str, Any] = json.loads(text)
    return read


def pack_floats(values: Sequence[float]) -> bytes:
    """Little-endian float64, eight bytes a value, whatever the machine."""
    return struct.pack(f"<{len(values)}d", *values)


def unpack_floats(packed: bytes) -> tuple[float, ...]:
    """The values that were packed, to the bit."""
    return struct.unpack(f"<{len(packed) // _FLOAT64_BYTES}d", packed)


def _make_plain(place: str, value: object) -> object:
    # Exact types first: nearly every value is one of them, and a bool is an int.
    kind = type(value)
    if value is None or kind is str or kind is int or kind is bool:
        return value
    if isinstance(value, float):
        return _check_finite(place, float(value))
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Mapping):
        return {_check_key(place, key): _make_plain(f"{place}.{key}", item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_make_plain(f"{place}[{index}]", item) for index, item in enumerate(value)]
    # numpy's arrays and scalars know their plain form.
    if hasattr(value, "tolist"):
        return _make_plain(place, value.tolist())
    raise InvalidValue(place, value, "a number, text, list, mapping or null")


def _check_finite(place: str, value: float) -> float:
    if not math.isfinite(value):
        raise InvalidValue(place, value, "a finite number, or null where there is none")
    return value


def _check_key(place: str, key: object) -> str:
    if not isinstance(key, str):
        raise InvalidValue(f"key of {place}", key, "text")
    return str(key)
