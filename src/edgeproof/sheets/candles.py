"""Bars made few enough to be drawn: candles of several bars keep the first, highest, lowest and last price."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from edgeproof.domain.time import MS_PER_MINUTE

if TYPE_CHECKING:
    from edgeproof.domain.arrays import FloatArray, IntArray
    from edgeproof.domain.series import BarSeries

MOST_CANDLES: Final = 150_000  # three months of minutes; 27 bytes of page each
# Lengths that a reader can name, minutes; past these, whole numbers of weeks.
LENGTHS: Final = (1, 2, 3, 5, 10, 15, 20, 30, 60, 120, 180, 240, 360, 480, 720, 1_440, 2_880, 4_320, 10_080)
_WEEK: Final = 10_080


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candles:
    """Prices of one market; candles without a bar are absent.

    Attributes:
        ts: Opens, whole multiples of the length, UTC milliseconds, ascending, shape (n,).
        open, high, low, close: Prices, shape (n,).
        length_ms: Time in one candle.
        bar_ms: Time in one of the bars they were made of.
        bars: How many bars they were made of.
    """

    ts: IntArray
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    length_ms: int
    bar_ms: int
    bars: int

    def __len__(self) -> int:
        return len(self.ts)


def gather_candles(series: BarSeries, *, most: int = MOST_CANDLES) -> Candles:
    """Candles of the shortest length that makes at most ``most`` of them; no high or low is lost.

    Bars with a price that is not a number are left out.
    """
    prices = np.stack([series.open, series.high, series.low, series.close])
    known = np.isfinite(prices).all(axis=0)
    ts, (open_, high, low, close) = series.ts[known], prices[:, known]
    bars = Candles(
        ts=ts, open=open_, high=high, low=low, close=close,
        length_ms=series.timeframe.ms, bar_ms=series.timeframe.ms, bars=len(series),
    )  # fmt: skip
    return merge_candles(bars, most=most)


def merge_candles(candles: Candles, *, most: int) -> Candles:
    """The same prices in at most ``most`` longer candles; unchanged where there are no more."""
    if len(candles) <= most:
        return candles
    for length in _list_lengths(candles.length_ms):
        at = candles.ts // length
        firsts = np.flatnonzero(np.diff(at, prepend=at[0] - 1))
        if len(firsts) <= most:
            break
    lasts = np.append(firsts[1:], len(at)) - 1
    return Candles(
        ts=at[firsts] * length,
        open=candles.open[firsts],
        high=np.maximum.reduceat(candles.high, firsts),
        low=np.minimum.reduceat(candles.low, firsts),
        close=candles.close[lasts],
        length_ms=length,
        bar_ms=candles.bar_ms,
        bars=candles.bars,
    )


def _list_lengths(shortest_ms: int) -> list[int]:
    """Longer lengths that the shortest one divides, milliseconds; enough of them for a candle of a century."""
    named = [minutes * MS_PER_MINUTE for minutes in LENGTHS]
    weeks = [_WEEK * MS_PER_MINUTE * 2**power for power in range(1, 14)]
    return [length for length in (*named, *weeks) if length > shortest_ms and length % shortest_ms == 0]
