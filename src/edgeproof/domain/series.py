"""One instrument's bars as contiguous arrays: what features, signals and the replay work on.

A frame of several instruments is split before it becomes a series, so one coin's last bar can never be another's past.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from edgeproof.domain.errors import InvalidValue, SchemaMismatch
from edgeproof.domain.frames import UTC_MS

if TYPE_CHECKING:
    from edgeproof.domain.arrays import FloatArray, IntArray
    from edgeproof.domain.time import Timeframe

PRICE_COLUMNS = ("open", "high", "low", "close")
_TOO_WIDE = (pl.Int128, pl.UInt128)
VALUE_COLUMNS = (*PRICE_COLUMNS, "volume", "quote_volume", "trades", "taker_buy_volume")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BarSeries:
    """Bars of one instrument and timeframe, strictly ascending; minutes without a bar are simply absent.

    Attributes:
        timeframe: Length of each bar.
        ts: Opens, UTC milliseconds, shape (n,). Bar ``i`` is known at ``ts[i] + timeframe.ms``.
        open, high, low, close: Prices, shape (n,).
        volume: Base units, shape (n,).
        quote_volume, trades, taker_buy_volume: Shape (n,), NaN where the source has none; a column that is absent
            stands in memory as one NaN, not as n of them.
    """

    timeframe: Timeframe
    ts: IntArray
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray
    quote_volume: FloatArray
    trades: FloatArray
    taker_buy_volume: FloatArray

    def __post_init__(self) -> None:
        for field in fields(self):
            column = getattr(self, field.name)
            if field.name != "timeframe" and len(column) != len(self.ts):
                raise InvalidValue(field.name, f"{len(column)} values", f"{len(self.ts)}, one for each bar")
        stuck = self.ts[1:] <= self.ts[:-1]
        if stuck.any():
            at = int(np.argmax(stuck)) + 1
            raise InvalidValue("ts", f"bar {at} at or before bar {at - 1}", "times that strictly ascend")

    def __len__(self) -> int:
        return len(self.ts)

    @property
    def known_at(self) -> IntArray:
        """When each bar is complete: its close, UTC milliseconds."""
        return self.ts + self.timeframe.ms

    @classmethod
    def from_frame(cls, frame: pl.DataFrame, timeframe: Timeframe) -> BarSeries:
        """Take one instrument's bars; optional columns may be absent or null, times must ascend.

        Prices are taken as they are, for those who use them to judge; any other value that is infinite is unknown.

        Raises:
            SchemaMismatch: A required column is missing or not numeric.
            InvalidValue: Times repeat or run backwards.
        """
        wanted = ("ts", *PRICE_COLUMNS, "volume")
        problems = {c: "missing" for c in wanted if c not in frame.columns}
        problems |= {
            c: f"is {frame.schema[c]}, expected a number"
            for c in VALUE_COLUMNS
            if c in frame.columns and not (frame.schema[c].is_numeric() or frame.schema[c] == pl.Null)
        }
        if "ts" in frame.columns and not (
            isinstance(frame.schema["ts"], pl.Datetime)
            or (frame.schema["ts"].is_integer() and frame.schema["ts"] not in _TOO_WIDE)
        ):
            problems["ts"] = f"is {frame.schema['ts']}, expected Datetime or integer milliseconds"
        elif "ts" in frame.columns and frame["ts"].null_count():
            problems["ts"] = f"{frame['ts'].null_count()} nulls where none may be"
        if problems:
            raise SchemaMismatch("bars", problems)
        ts = frame["ts"]
        ms = _read_ms(ts)
        if ms.null_count():
            raise InvalidValue("ts", ts.max(), "UTC milliseconds, which fit 64 bits with a sign")
        return cls(
            timeframe=timeframe,
            ts=np.ascontiguousarray(ms.to_numpy(), dtype=np.int64),
            **{c: _floats(frame, c) for c in VALUE_COLUMNS},
        )

    def to_frame(self) -> pl.DataFrame:
        """The bars as a frame with ``ts`` and the value columns; NaN in optional columns becomes null."""
        columns = {c: pl.Series(c, getattr(self, c)).fill_nan(None) for c in VALUE_COLUMNS}
        return pl.DataFrame({"ts": pl.Series("ts", self.ts).cast(UTC_MS), **columns})

    def slice(self, start: int, stop: int) -> BarSeries:
        """Bars ``start`` up to ``stop``, by position; shares memory."""
        return BarSeries(
            timeframe=self.timeframe,
            ts=self.ts[start:stop],
            **{c: getattr(self, c)[start:stop] for c in VALUE_COLUMNS},
        )


def _read_ms(ts: pl.Series) -> pl.Series:
    if not isinstance(ts.dtype, pl.Datetime):
        return ts.cast(pl.Int64, strict=False)
    # To ask polars for the milliseconds it holds would copy them.
    return ts.to_physical() if ts.dtype.time_unit == "ms" else ts.dt.epoch("ms")


def _floats(frame: pl.DataFrame, column: str) -> FloatArray:
    if column not in frame.columns or frame[column].null_count() == frame.height:
        return np.broadcast_to(np.float64("nan"), (frame.height,))
    values = frame[column].cast(pl.Float64)
    known = values.fill_null(float("nan")) if values.null_count() else values
    numbers = np.ascontiguousarray(known.to_numpy(), dtype=np.float64)
    if column not in PRICE_COLUMNS and (infinite := np.isinf(numbers)).any():
        numbers = np.where(infinite, np.nan, numbers)
        numbers.flags.writeable = False  # as every other column is: kernels are compiled for one kind of array
    return numbers
