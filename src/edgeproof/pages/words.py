"""Numbers as a page says them."""

from __future__ import annotations

from math import isfinite
from typing import Final

NOTHING: Final = "-"


def say_percent(value: float | None, digits: int = 1) -> str:
    """A share as a percentage; a dash for None and for what is no number."""
    return NOTHING if value is None or not isfinite(value) else f"{_round(100.0 * value, digits):.{digits}f} %"


def say_signed_percent(value: float | None, digits: int = 1) -> str:
    """A return as a percentage with its sign; a dash for None and for what is no number."""
    return NOTHING if value is None or not isfinite(value) else f"{_round(100.0 * value, digits):+.{digits}f} %"


def say_number(value: float | None, digits: int = 2) -> str:
    """A number with thousands separated; a dash for None and for what is no number."""
    return NOTHING if value is None or not isfinite(value) else f"{_round(value, digits):,.{digits}f}"


def say_count(number: int, one: str, many: str) -> str:
    """A count with its noun."""
    return f"{number:,} {one if number == 1 else many}"


def _round(value: float, digits: int) -> float:
    # Adding zero turns a negative zero into zero: nothing lost is not a loss.
    return round(value, digits) + 0.0
