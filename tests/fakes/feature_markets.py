"""Markets for features: ordinary ones, seeded, and the awkward ones that break formulas."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from edgeproof.domain.series import VALUE_COLUMNS, BarSeries
from edgeproof.domain.time import ONE_MINUTE, Timeframe
from edgeproof.features import FeatureInput

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edgeproof.domain.arrays import FloatArray, IntArray

SUNDAY_MS = 1_748_736_000_000  # 2025-06-01T00:00Z
TICK = 1.0 / 64.0  # a power of two, so that sums of prices are exact


def make_bars(  # noqa: PLR0913 - one column each
    *,
    open: FloatArray,  # noqa: A002 - the column's name
    high: FloatArray,
    low: FloatArray,
    close: FloatArray,
    volume: FloatArray,
    ts: IntArray | None = None,
    timeframe: Timeframe = ONE_MINUTE,
    **optional: FloatArray,
) -> BarSeries:
    """A series from columns; optional ones left out are NaN."""
    missing = {c: np.full(len(close), np.nan) for c in VALUE_COLUMNS[5:] if c not in optional}
    times = SUNDAY_MS + np.arange(len(close), dtype=np.int64) * timeframe.ms if ts is None else ts
    return BarSeries(
        timeframe=timeframe, ts=times, open=open, high=high, low=low, close=close, volume=volume, **optional, **missing
    )


def random_bars(
    bars: int, seed: int, *, timeframe: Timeframe = ONE_MINUTE, start_ms: int = SUNDAY_MS, gaps: bool = False
) -> BarSeries:
    """A market of fat-tailed, clustered returns on a price grid, with takers, trades and, if wished, missing bars."""
    random = np.random.default_rng(seed)
    volatility = 2e-3 * np.exp(0.5 * np.convolve(random.normal(size=bars + 49), np.ones(50) / 7.0, "valid"))
    close = 400.0 * np.exp(np.cumsum(volatility * random.standard_t(4, size=bars)))
    open_ = np.concatenate([close[:1], close[:-1]]) * np.exp(random.normal(0.0, 2e-4, bars))
    high = np.maximum(open_, close) * np.exp(random.exponential(0.7 * volatility))
    low = np.minimum(open_, close) * np.exp(-random.exponential(0.7 * volatility))
    close, open_, high, low = (np.maximum(np.round(p / TICK), 1.0) * TICK for p in (close, open_, high, low))
    volume = (np.round(random.exponential(50.0, bars) * 64.0) + 1.0) / 64.0
    taken = np.round(volume * random.uniform(0.0, 1.0, bars) * 64.0) / 64.0
    kept = np.sort(random.choice(bars * 5 // 4, bars, replace=False)) if gaps else np.arange(bars)
    return make_bars(
        timeframe=timeframe,
        ts=start_ms + kept.astype(np.int64) * timeframe.ms,
        open=open_,
        high=np.maximum(high, np.maximum(open_, close)),
        low=np.minimum(low, np.minimum(open_, close)),
        close=close,
        volume=volume,
        quote_volume=volume * close,
        trades=np.round(volume / 4.0) + 1.0,
        taker_buy_volume=np.minimum(taken, volume),
    )


def random_input(bars: int, seed: int, *, timeframe: Timeframe = ONE_MINUTE, gaps: bool = False) -> FeatureInput:
    """A market with funding every eight hours (or every few bars) and a reference that it partly follows."""
    random = np.random.default_rng(seed + 1_000_003)
    series = random_bars(bars, seed, timeframe=timeframe, gaps=gaps)
    other = random_bars(bars, seed + 1, timeframe=timeframe)
    together = np.sqrt(series.close * other.close)
    reference = replace(other, ts=series.ts, open=together, high=together, low=together, close=together)
    return FeatureInput(
        bars=series,
        funding_rate=np.repeat(random.normal(1e-4, 1e-4, bars // 8 + 1), 8)[:bars],
        reference=reference,
    )


def slice_input(data: FeatureInput, start: int, stop: int) -> FeatureInput:
    """The same market as seen by somebody who has only these bars."""
    return FeatureInput(
        bars=data.bars.slice(start, stop),
        funding_rate=None if data.funding_rate is None else data.funding_rate[start:stop],
        reference=None if data.reference is None else data.reference.slice(start, stop),
    )


def replace_columns(data: FeatureInput, columns: Mapping[str, FloatArray]) -> FeatureInput:
    """The same market with other values in some columns."""
    kept = {c: columns.get(c, getattr(data.bars, c)) for c in VALUE_COLUMNS}
    bars = BarSeries(timeframe=data.bars.timeframe, ts=data.bars.ts, **kept)
    return FeatureInput(bars=bars, funding_rate=data.funding_rate, reference=data.reference)


def flat_input(bars: int, *, price: float = 0.1, volume: float = 0.0) -> FeatureInput:
    """A market in which nothing happens: one price, one volume."""
    prices, volumes = np.full(bars, price), np.full(bars, volume)
    series = make_bars(
        open=prices,
        high=prices,
        low=prices,
        close=prices,
        volume=volumes,
        quote_volume=volumes * price,
        trades=volumes,
        taker_buy_volume=volumes / 2.0,
    )
    return FeatureInput(bars=series, funding_rate=np.full(bars, 1e-4), reference=series)


def scale_input(data: FeatureInput, *, price: float = 1.0, volume: float = 1.0) -> FeatureInput:
    """The same market quoted in other units."""
    bars = data.bars
    return FeatureInput(
        bars=replace(
            bars,
            open=bars.open * price,
            high=bars.high * price,
            low=bars.low * price,
            close=bars.close * price,
            volume=bars.volume * volume,
            quote_volume=bars.quote_volume * price * volume,
            taker_buy_volume=bars.taker_buy_volume * volume,
        ),
        funding_rate=data.funding_rate,
        reference=data.reference,
    )
