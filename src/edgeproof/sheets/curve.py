"""Equity, trades and days of whoever made them, with what is no number left out and counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from edgeproof.domain.arrays import FloatArray, IntArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curve:
    """An account's equity over time.

    Attributes:
        ts: UTC milliseconds, ascending, shape (n,).
        equity: Finite, quote units, shape (n,).
        left_out: Samples that were not numbers.
    """

    ts: IntArray
    equity: FloatArray
    left_out: int

    @property
    def is_drawable(self) -> bool:
        """Whether it has a beginning and an end."""
        return len(self.ts) > 1


def read_curve(equity: pl.DataFrame) -> Curve:
    """The samples of a frame (``domain.results.EQUITY_CURVE``) that are numbers."""
    known = equity.filter(pl.col("ts").is_not_null() & pl.col("equity").is_finite().fill_null(value=False))
    return Curve(
        ts=known["ts"].dt.epoch("ms").to_numpy().astype(np.int64),
        equity=known["equity"].to_numpy().astype(np.float64),
        left_out=equity.height - known.height,
    )


def read_trades(trades: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """Trades (``TRADE_LIST``) whose result is a number, and how many others there were."""
    known = trades.filter(pl.col("pnl").is_finite().fill_null(value=False))
    return known, trades.height - known.height


def read_days(daily_returns: FloatArray) -> tuple[FloatArray, int]:
    """Daily returns with 0 for what is no number, and how many those were."""
    known = np.isfinite(daily_returns)
    return np.where(known, daily_returns, 0.0), int((~known).sum())
