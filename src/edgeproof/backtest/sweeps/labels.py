"""Values of params in as few digits as keep them apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

LEAST_DIGITS: Final = 4
_MOST_DIGITS: Final = 17  # tell any two floats apart


def count_digits(values: Iterable[float | None]) -> int:
    """How many significant digits, at least four, tell different values differently; None is no value."""
    distinct = {float(value) for value in values if value is not None}
    for digits in range(LEAST_DIGITS, _MOST_DIGITS):
        if len({f"{value:.{digits}g}" for value in distinct}) == len(distinct):
            return digits
    return _MOST_DIGITS
