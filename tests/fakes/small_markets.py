"""Small markets for tests of what reads a lake: minute bars that wander, and funding every eight hours."""

from __future__ import annotations

import numpy as np
import polars as pl

from edgeproof.domain.frames import BARS, FUNDING, UTC_MS
from edgeproof.domain.time import MS_PER_HOUR, MS_PER_MINUTE, parse_instant
from fakes.memory_lake import MemoryLake

START_MS = parse_instant("2025-06-01")


def make_bars(symbol: str, *, minutes: int, seed: int, venue: str = "demo", start_ms: int = START_MS) -> pl.DataFrame:
    """Minute bars of a price that starts at 100 and reverts to it, so that some strategies earn and some lose."""
    rng = np.random.default_rng(seed)
    shocks = rng.standard_t(4, size=minutes) * 0.001
    level = np.zeros(minutes)
    for i in range(1, minutes):
        level[i] = 0.99 * level[i - 1] + shocks[i]
    close = 100.0 * np.exp(level)
    open_ = np.r_[100.0, close[:-1]]
    reach = np.abs(rng.normal(size=minutes)) * 0.0005
    return pl.DataFrame(
        {
            "venue": venue,
            "symbol": symbol,
            "timeframe": "1m",
            "ts": pl.Series(start_ms + np.arange(minutes, dtype=np.int64) * MS_PER_MINUTE).cast(UTC_MS),
            "open": open_,
            "high": np.maximum(open_, close) * (1.0 + reach),
            "low": np.minimum(open_, close) * (1.0 - reach),
            "close": close,
            "volume": rng.lognormal(size=minutes),
        }
    )


def make_funding(symbol: str, *, minutes: int, venue: str = "demo", start_ms: int = START_MS) -> pl.DataFrame:
    """A small rate every eight hours."""
    times = np.arange(start_ms, start_ms + minutes * MS_PER_MINUTE, 8 * MS_PER_HOUR, dtype=np.int64)
    return pl.DataFrame(
        {"venue": venue, "symbol": symbol, "ts": pl.Series(times).cast(UTC_MS), "rate": np.full(times.size, 1e-4)}
    )


def fill_lake(minutes: dict[str, int], *, venue: str = "demo") -> MemoryLake:
    """A lake with these symbols, each with so many minutes."""
    lake = MemoryLake()
    for seed, (symbol, count) in enumerate(minutes.items()):
        lake.append(BARS, make_bars(symbol, minutes=count, seed=seed, venue=venue))
        lake.append(FUNDING, make_funding(symbol, minutes=count, venue=venue))
    return lake
