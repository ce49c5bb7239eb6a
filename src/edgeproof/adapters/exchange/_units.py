"""Contracts to base units: the only place in the house where one becomes the other."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Final

# No price, size, rate or time has more digits before or behind its point; beyond them products would overflow.
_MOST_DIGITS: Final = 40


def read_decimal(value: object) -> Decimal | None:
    """A finite number as the venue wrote it, digit for digit; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        return None
    try:
        number = Decimal(str(value).strip())
    except (InvalidOperation, ValueError):  # the latter for whole numbers too long to be written
        return None
    return number if number.is_finite() and abs(number.adjusted()) <= _MOST_DIGITS else None


def to_base(contracts: Decimal, contract_size: Decimal) -> float:
    """The base units of a number of contracts, as the float nearest to the exact product."""
    return float(contracts * contract_size)
