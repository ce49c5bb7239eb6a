"""Trades of the market for a backtest: times and prices of the lake's trades, and a name for exactly these."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from edgeproof.domain.time import MS_PER_DAY, Window

if TYPE_CHECKING:
    from edgeproof.domain.instruments import Instrument
    from edgeproof.domain.stores import Lake

_HASH_LENGTH = 16


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prints:
    """One market's trades.

    Attributes:
        frame: ``ts`` and ``price``, in order of time.
        hash: Names these rows; empty where there are none.
    """

    frame: pl.DataFrame
    hash: str


def load_prints(lake: Lake, instrument: Instrument, window: Window) -> Prints:
    """Read a window's trades day by day, so that no more of their other columns is in memory than a day's."""
    days = []
    for start in range(window.start_ms, window.end_ms, MS_PER_DAY):
        day = Window(start_ms=start, end_ms=min(start + MS_PER_DAY, window.end_ms))
        days.append(lake.trades(instrument, day).select("ts", "price"))
    frame = pl.concat(days)
    if frame.is_empty():
        return Prints(frame=frame, hash="")
    digest = hashlib.sha256(frame["ts"].dt.epoch("ms").to_numpy().tobytes())
    digest.update(frame["price"].to_numpy().tobytes())
    return Prints(frame=frame, hash=digest.hexdigest()[:_HASH_LENGTH])
