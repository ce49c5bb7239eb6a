"""How large a position is, bar by bar."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from edgeproof.domain.time import MS_PER_DAY
from edgeproof.kernels.rolling import rolling_variance

if TYPE_CHECKING:
    from edgeproof.domain.arrays import FloatArray
    from edgeproof.domain.series import BarSeries
    from edgeproof.domain.time import Timeframe

FEWEST_BARS: Final = 48
_DAYS_PER_YEAR: Final = 365


def count_lookback(timeframe: Timeframe) -> int:
    """Bars over which volatility is measured: the last day's, 48 at least."""
    return max(FEWEST_BARS, MS_PER_DAY // timeframe.ms)


def compute_volatility(bars: BarSeries) -> FloatArray:
    """Yearly volatility realised up to each bar's close.

    Standard deviation of log returns from close to close over the last ``count_lookback`` bars, times the square root
    of the bars in 365 days.

    Returns:
        Shape (n,), 0.2 = 20 % a year; NaN until there are enough returns.
    """
    if len(bars) == 0:
        return np.empty(0)
    # In place where it can be: on a million bars, fresh memory costs more than the arithmetic.
    with np.errstate(all="ignore"):
        logs = np.log(bars.close)
        returns = np.empty_like(logs)
        returns[0] = np.nan
        np.subtract(logs[1:], logs[:-1], out=returns[1:])
    variance = rolling_variance(returns, count_lookback(bars.timeframe))[1]
    variance *= _DAYS_PER_YEAR * MS_PER_DAY / bars.timeframe.ms
    return np.sqrt(variance, out=variance)


def target_volatility(volatility: FloatArray, annual: float, max_leverage: float) -> FloatArray:
    """Notional over equity that makes a position as volatile as ``annual``; NaN where the market's is unknown or 0."""
    with np.errstate(divide="ignore"):
        wished = annual / volatility
    wished[volatility == 0] = np.nan
    return np.asarray(np.minimum(wished, max_leverage, out=wished))
