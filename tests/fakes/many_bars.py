"""A program: trade signals over so many bars, and say how many trades, whether they add up, and the largest memory.

Argument: how many bars. High, low, open and close are one column, so that the frame is small beside what it makes.
"""

from __future__ import annotations

import json
import math
import resource
import sys
import time

import numpy as np
import polars as pl

from edgeproof.backtest import backtest_signals
from edgeproof.domain.time import MS_PER_MINUTE


def main(count: int) -> dict[str, float]:
    """Trade one bar in a thousand of a slow wave that begins in 1970."""
    price = pl.Series(100.0 + 10.0 * np.sin(np.arange(count) / 5_000.0))
    ts = pl.Series(np.arange(count, dtype=np.int64) * MS_PER_MINUTE).cast(pl.Datetime("ms", "UTC"))
    bars = pl.DataFrame({"ts": ts, "open": price, "high": price, "low": price, "close": price})
    del price, ts
    at = np.arange(count) % 1_000
    before = time.thread_time()
    result = backtest_signals(bars, long=at == 0, exit_long=at == 700, stop=0.5, leverage=0.01)
    metrics = result.metrics
    gained = math.fsum(result.trades["pnl"])
    return {
        "trades": metrics.trades,
        "error": abs(metrics.initial_equity + gained - metrics.final_equity) / metrics.initial_equity,
        "ns_a_bar": (time.thread_time() - before) * 1e9 / count,
        "bytes_a_bar": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1_024 / count,
    }


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]))))  # noqa: T201 - a program that answers
