"""Strategies as text and small markets to run them on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgeproof.domain.series import BarSeries
from edgeproof.domain.time import ONE_MINUTE, Timeframe

if TYPE_CHECKING:
    from edgeproof.domain.arrays import FloatArray

START_MS = 1_748_736_000_000  # 2025-06-01T00:00Z


def write_strategy(**keys: str) -> str:
    """A smallest strategy as YAML, with keys added, replaced, or removed where the text is empty."""
    given = {
        "name": "sample",
        "thesis": "Prices that rose go on rising.",
        "timeframe": "1m",
        "long": "close > open",
        **keys,
    }
    return "".join(f"{key}: {text}\n" for key, text in given.items() if text)


def draw_series(
    bars: int, *, seed: int = 0, timeframe: Timeframe = ONE_MINUTE, missing: float = 0.0, start: int = 0
) -> BarSeries:
    """A random walk; a share of the bars may be missing; it begins ``start`` bars late."""
    rng = np.random.default_rng(seed)
    kept = np.flatnonzero(rng.random(bars) >= missing)
    close = 100.0 * np.exp(np.cumsum(rng.standard_t(4, bars) * 0.002))[kept]
    opening = np.concatenate([[100.0], close[:-1]])[: len(kept)]
    reach = np.abs(rng.normal(0.0, 0.001, (2, len(kept))))
    volume = rng.gamma(2.0, 50.0, len(kept))
    return BarSeries(
        timeframe=timeframe,
        ts=START_MS + (kept.astype(np.int64) + start) * timeframe.ms,
        open=opening,
        high=np.maximum(opening, close) * (1.0 + reach[0]),
        low=np.minimum(opening, close) * (1.0 - reach[1]),
        close=close,
        volume=volume,
        quote_volume=volume * close,
        trades=rng.integers(1, 500, len(kept)).astype(np.float64),
        taker_buy_volume=volume * rng.random(len(kept)),
    )


def series_of(close: FloatArray | list[float], *, timeframe: Timeframe = ONE_MINUTE) -> BarSeries:
    """Flat bars at these closes; what a source may lack is lacking."""
    prices = np.asarray(close, dtype=np.float64)
    absent = np.full(len(prices), np.nan)
    return BarSeries(
        timeframe=timeframe,
        ts=START_MS + np.arange(len(prices), dtype=np.int64) * timeframe.ms,
        open=prices,
        high=prices,
        low=prices,
        close=prices,
        volume=np.ones(len(prices)),
        quote_volume=absent,
        trades=absent,
        taker_buy_volume=absent,
    )
