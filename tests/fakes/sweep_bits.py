"""A small sweep, and its rows as bytes: two tables are the same only where every bit is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

CROSSING: Final = """
name: crossing
thesis: A fast mean above a slow one.
timeframe: 5m
params: {fast: {default: 3, low: 2, high: 50}, slow: {default: 12, low: 2, high: 200}}
long: crosses_above(mean(close, fast), mean(close, slow))
short: crosses_below(mean(close, fast), mean(close, slow))
stop: 2 * atr(14)
"""
GRID: Final[Mapping[str, Any]] = {"fast": [3, 4, 6], "slow": [10, 20, 40]}
_KEY: Final = ["symbol", "timeframe", "fast", "slow"]


def tell_bits(table: pl.DataFrame) -> list[tuple[object, ...]]:
    """Every row but for its number, in one order, floats as their very bits."""
    rows = table.drop("combination").sort(_KEY).iter_rows()
    return [tuple(value.hex() if isinstance(value, float) else value for value in row) for row in rows]
