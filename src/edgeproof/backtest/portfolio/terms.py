"""Numbers of a portfolio's terms, checked at birth and kept as Python's: no file knows numpy's."""

from __future__ import annotations

from sys import float_info
from typing import Final

from edgeproof.domain.errors import InvalidValue
from edgeproof.domain.scalars import read_number, read_whole

ANY: Final = float_info.max


def keep_number(  # noqa: PLR0913 - one word for each end of a range
    terms: object,
    field: str,
    expected: str,
    *,
    most: float,
    least: float = 0.0,
    least_too: bool = False,
    what: str | None = None,
) -> None:
    """Keep a field as a number above ``least``, or at it where ``least_too``, and at most ``most``.

    Raises:
        InvalidValue: It is none, or outside; ``what`` names it, the field by default.
    """
    given = getattr(terms, field)
    number = read_number(given)
    if number is None or not least <= number <= most or (number == least and not least_too):
        raise InvalidValue(what or field, given, expected)
    object.__setattr__(terms, field, number)


def keep_count(terms: object, field: str, *, most: int, what: str | None = None) -> None:
    """Keep a field as a whole number from 1 to ``most``.

    Raises:
        InvalidValue: It is none, or outside.
    """
    given = getattr(terms, field)
    count = read_whole(given)
    if count is None or not 1 <= count <= most:
        raise InvalidValue(what or field, given, f"a whole number from 1 to {most:,}")
    object.__setattr__(terms, field, count)
