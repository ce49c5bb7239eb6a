"""Longer bars from shorter ones, such that no bar is ever built from a minute that was not over.

1. Every source bar belongs to the bucket its open falls into; buckets are counted from the epoch, UTC.
2. The first bucket is dropped when the series begins inside it: what came before is unknown.
3. A bucket counts once a bar of the series closes at or after the bucket's end.

So resampling the past gives the beginning of what resampling the whole gives, which `tests/unit/market` checks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgeproof.domain.errors import InvalidValue
from edgeproof.domain.series import VALUE_COLUMNS, BarSeries

if TYPE_CHECKING:
    from edgeproof.domain.arrays import IntArray
    from edgeproof.domain.time import Timeframe


def resample(series: BarSeries, timeframe: Timeframe) -> BarSeries:
    """Build complete bars of a longer timeframe.

    Bars missing inside a bucket contribute nothing; a bucket without any bar is absent. Sums (volumes, trade counts)
    with an unknown part are unknown, so NaN. Weeks begin on Thursdays, as buckets are counted from the epoch.

    Args:
        series: n bars of one instrument, opens on multiples of its timeframe.
        timeframe: A whole multiple of the series' own; the same timeframe returns the series itself.

    Raises:
        InvalidValue: The timeframe is no multiple, or a bar straddles two buckets.
    """
    _check_multiple(series.timeframe, timeframe)
    _check_aligned(series)
    if timeframe == series.timeframe or len(series) == 0:
        return series if timeframe == series.timeframe else _empty_like(series, timeframe)
    first, last = _find_complete_bars(series, timeframe)
    bars = series.slice(first, last)
    if len(bars) == 0:
        return _empty_like(series, timeframe)
    opens = bars.ts - bars.ts % timeframe.ms
    starts = np.flatnonzero(np.diff(opens, prepend=opens[0] - 1))
    return _join_buckets(bars, timeframe, opens, starts)


def _find_complete_bars(series: BarSeries, timeframe: Timeframe) -> tuple[int, int]:
    """Positions of the first bar of the first whole bucket, and past the last bar of the last complete one."""
    first_whole = -(-int(series.ts[0]) // timeframe.ms) * timeframe.ms
    end_of_complete = int(series.known_at[-1]) // timeframe.ms * timeframe.ms
    first, last = np.searchsorted(series.ts, [first_whole, end_of_complete])
    return int(first), max(int(first), int(last))


def _join_buckets(bars: BarSeries, timeframe: Timeframe, opens: IntArray, starts: IntArray) -> BarSeries:
    ends = np.append(starts[1:], len(bars)) - 1
    return BarSeries(
        timeframe=timeframe,
        ts=opens[starts],
        open=bars.open[starts],
        high=np.maximum.reduceat(bars.high, starts),
        low=np.minimum.reduceat(bars.low, starts),
        close=bars.close[ends],
        volume=np.add.reduceat(bars.volume, starts),
        quote_volume=np.add.reduceat(bars.quote_volume, starts),
        trades=np.add.reduceat(bars.trades, starts),
        taker_buy_volume=np.add.reduceat(bars.taker_buy_volume, starts),
    )


def _empty_like(series: BarSeries, timeframe: Timeframe) -> BarSeries:
    return BarSeries(timeframe=timeframe, ts=series.ts[:0], **{c: getattr(series, c)[:0] for c in VALUE_COLUMNS})


def _check_multiple(source: Timeframe, target: Timeframe) -> None:
    if target.ms % source.ms:
        raise InvalidValue("timeframe", target.name, f"a whole multiple of the bars' own, {source.name}")


def _check_aligned(series: BarSeries) -> None:
    # A bar across two buckets would be counted in the earlier one before it is known.
    odd = np.flatnonzero(series.ts % series.timeframe.ms)
    if odd.size:
        at = int(odd[0])
        raise InvalidValue("ts", f"{int(series.ts[at])} (bar {at})", f"a multiple of {series.timeframe.name}")
