"""How trades spread: their returns, their excursions, how they ended, and how much was at stake over time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from edgeproof.domain.time import MS_PER_HOUR
from edgeproof.sheets.parts import match_parts

if TYPE_CHECKING:
    from edgeproof.domain.arrays import FloatArray, IntArray

_MOST_BINS: Final = 60
_LEAST_BINS: Final = 12
_MOST_STEPS: Final = 300
_CELLS: Final = 150
_STEP_HOURS: Final = (1, 2, 3, 4, 6, 8, 12, 24, 48, 72, 168)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Histogram:
    """Counts between edges; the outermost bins also hold what lies beyond them.

    Attributes:
        edges: Ascending, 0 among them where values lie on both sides, shape (n + 1,).
        counts: Shape (n,).
        beyond: How many values lie beyond the edges.
    """

    edges: FloatArray
    counts: IntArray
    beyond: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cloud:
    """Points of which those that would cover each other are one.

    Attributes:
        x, y: Shape (n,).
        counts: How many points each stands for, shape (n,).
    """

    x: FloatArray
    y: FloatArray
    counts: IntArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Exposure:
    """Notional at entry prices over equity, averaged over each step of time.

    Attributes:
        ts: Beginnings of the steps, UTC milliseconds, shape (n,).
        long, short: Shares of equity, 1.0 = once the equity, both positive, shape (n,).
        step_ms: Length of a step.
    """

    ts: IntArray
    long: FloatArray
    short: FloatArray
    step_ms: int


def count_returns(returns: FloatArray) -> Histogram | None:
    """A histogram of the middle 98 % of the values, by the rule of Freedman and Diaconis; None without values."""
    known = returns[np.isfinite(returns)]
    if not known.size:
        return None
    low, high, quarter, three = np.quantile(known, [0.01, 0.99, 0.25, 0.75]).tolist()
    width = max(2.0 * (three - quarter) / known.size ** (1 / 3), (high - low) / _MOST_BINS)
    width = min(width, (high - low) / _LEAST_BINS) if known.size > _LEAST_BINS else width
    if width <= max(abs(low), abs(high)) * 1e-9:
        width = max(abs(low), abs(high), 1e-4) / 10.0
    first, last = math.floor(low / width), math.ceil(high / width)
    edges = width * np.arange(first, max(last, first + 1) + 1)
    counts, _ = np.histogram(np.clip(known, edges[0], edges[-1]), edges)
    beyond = int(((known < edges[0]) | (known > edges[-1])).sum())
    return Histogram(edges=edges, counts=counts.astype(np.int64), beyond=beyond)


def scatter(x: FloatArray, y: FloatArray) -> Cloud:
    """Points with those that fall into one cell of a fine grid drawn as one, so that nothing visible is left out."""
    known = np.isfinite(x) & np.isfinite(y)
    x, y = x[known], y[known]
    if not x.size:
        return Cloud(x=x, y=y, counts=np.empty(0, np.int64))
    cells = [np.floor((v - v.min()) / (np.ptp(v) or 1.0) * _CELLS).astype(np.int64) for v in (x, y)]
    _, firsts, counts = np.unique(cells[0] * (_CELLS + 1) + cells[1], return_index=True, return_counts=True)
    return Cloud(x=x[firsts], y=y[firsts], counts=counts.astype(np.int64))


def tabulate(trades: pl.DataFrame, by: str) -> pl.DataFrame:
    """Trades (``TRADE_LIST``) by a column: ``name, trades, wins, pnl, mean, costs``, most trades first."""
    return (
        trades.group_by(pl.col(by).alias("name"))
        .agg(
            trades=pl.len(),
            wins=(pl.col("pnl") > 0.0).mean(),
            pnl=pl.col("pnl").sum(),
            mean=pl.col("return").mean(),
            costs=(pl.col("fees") + pl.col("funding") + pl.col("slippage")).sum(),
        )
        .sort("trades", "name", descending=[True, False])
    )


def average_exposure(trades: pl.DataFrame, parts: pl.DataFrame, ts: IntArray, equity: FloatArray) -> Exposure | None:
    """How much was at stake, step by step, over the time of the equity curve; None where that has no length.

    Args:
        trades: ``TRADE_LIST``.
        parts: ``PARTIAL_EXITS``: what left before the rest of its trade.
        ts: Samples of equity, UTC milliseconds, ascending, shape (n,).
        equity: Quote units, shape (n,).
    """
    span = int(ts[-1] - ts[0]) if len(ts) else 0
    if span <= 0:
        return None
    hours = next((h for h in _STEP_HOURS if span <= h * MS_PER_HOUR * _MOST_STEPS), None)
    step = hours * MS_PER_HOUR if hours else -(-span // _MOST_STEPS)
    edges = np.arange(int(ts[0]) // step, -(-int(ts[-1]) // step) + 1) * step
    held = np.maximum(equity[np.maximum(np.searchsorted(ts, edges[:-1], side="right") - 1, 0)], 0.0)
    per_equity = np.divide(1.0, held * step, out=np.zeros(len(held)), where=held > 0.0)
    long, short = (
        np.diff(_integrate_side(trades.filter(pl.col("side") == side), parts, edges)) * per_equity
        for side in ("long", "short")
    )
    return Exposure(ts=edges[:-1], long=np.maximum(long, 0.0), short=np.maximum(short, 0.0), step_ms=step)


def _integrate_side(trades: pl.DataFrame, parts: pl.DataFrame, at: IntArray) -> FloatArray:
    """What `_integrate` gives for whole positions, less what had left of them before they ended."""
    gone = match_parts(trades, parts)
    return _integrate(trades, at, "entry_ts", "exit_ts") - _integrate(gone, at, "ts", "exit_ts")


def _integrate(held: pl.DataFrame, at: IntArray, first: str, last: str) -> FloatArray:
    """Notional times milliseconds held up to each moment: a sum over beginnings less one over ends."""
    notional = (held["size"] * held["entry_price"]).to_numpy()
    total = np.zeros(len(at))
    for column, sign in ((first, 1.0), (last, -1.0)):
        # Counted from the first moment, so that products stay exact enough.
        moment = (held[column].dt.epoch("ms").to_numpy() - at[0]).astype(np.float64)
        order = np.argsort(moment, kind="stable")
        sizes = np.concatenate([[0.0], np.cumsum(notional[order])])
        moments = np.concatenate([[0.0], np.cumsum(notional[order] * moment[order])])
        passed = np.searchsorted(moment[order], (at - at[0]).astype(np.float64), side="right")
        total += sign * (sizes[passed] * (at - at[0]) - moments[passed])
    return total
