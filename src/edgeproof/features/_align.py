"""Bring what stands beside the bars onto their times, without a look ahead."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from edgeproof.domain.errors import SchemaMismatch
from edgeproof.domain.series import VALUE_COLUMNS, BarSeries

if TYPE_CHECKING:
    from edgeproof.domain.arrays import FloatArray


def align_funding(funding: pl.DataFrame, bars: BarSeries) -> FloatArray:
    """The funding rate last known at each bar's close: the newest with ``ts <= close``, NaN before the first.

    Args:
        funding: One instrument's ``ts`` (Datetime or integer milliseconds) and ``rate``, in any order.
        bars: The bars to align to.

    Raises:
        SchemaMismatch: A column is missing, or of another type.
    """
    problems = {c: "missing" for c in ("ts", "rate") if c not in funding.columns}
    if not problems and not (isinstance(funding.schema["ts"], pl.Datetime) or funding.schema["ts"].is_integer()):
        problems["ts"] = f"is {funding.schema['ts']}, expected Datetime or integer milliseconds"
    if not problems and not funding.schema["rate"].is_numeric():
        problems["rate"] = f"is {funding.schema['rate']}, expected a number"
    if problems:
        raise SchemaMismatch("funding", problems)
    known = funding.select("ts", "rate").drop_nulls().sort("ts")
    if known.is_empty():
        return np.full(len(bars), np.nan)
    ts = known["ts"]
    ms = (ts.dt.epoch("ms") if isinstance(ts.dtype, pl.Datetime) else ts.cast(pl.Int64)).to_numpy()
    rates = known["rate"].cast(pl.Float64).to_numpy()
    newest = np.searchsorted(ms, bars.known_at, side="right") - 1
    return np.where(newest >= 0, rates[np.maximum(newest, 0)], np.nan)


def align_reference(reference: BarSeries, bars: BarSeries) -> BarSeries:
    """The reference market's bars at the times of ``bars``; NaN at times it has no bar of its own.

    Both series have one timeframe, so a bar of equal ``ts`` is known at the same moment.
    """
    if np.array_equal(reference.ts, bars.ts):
        return reference
    at = np.searchsorted(reference.ts, bars.ts)
    inside = np.minimum(at, max(len(reference) - 1, 0))
    found = reference.ts[inside] == bars.ts if len(reference) else np.zeros(len(bars), dtype=np.bool_)

    def pick(column: str) -> FloatArray:
        values: FloatArray = getattr(reference, column)
        return np.where(found, values[inside], np.nan) if len(reference) else np.full(len(bars), np.nan)

    return BarSeries(timeframe=bars.timeframe, ts=bars.ts, **{c: pick(c) for c in VALUE_COLUMNS})
