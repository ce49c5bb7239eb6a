"""What counts as a number where one is asked for: Python's and numpy's alike, truths never."""

from __future__ import annotations

from numbers import Integral, Real
from typing import cast

import numpy as np


def read_number(value: object) -> float | None:
    """One real number as Python has it, None where this is none; NaN is one, and so is what no float can hold."""
    plain = _make_plain(value)
    if isinstance(plain, bool) or not isinstance(plain, Real):
        return None
    return cast("float", plain)


def read_whole(value: object) -> int | None:
    """One integer by its type, None where this is none; 2.0 is none."""
    plain = _make_plain(value)
    if isinstance(plain, bool) or not isinstance(plain, Integral):
        return None
    return int(plain)


def _make_plain(value: object) -> object:
    """Numpy compares in the precision of its number, in which a limit may overflow."""
    return value.item() if isinstance(value, np.generic) else value
