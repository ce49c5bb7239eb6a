"""Funding every eight hours: a premium that reacts to the trend, and the rate that a venue makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from edgeproof.domain.time import MS_PER_HOUR
from edgeproof.simulator.market._shocks import MINUTES_PER_DAY, draw_autoregression

if TYPE_CHECKING:
    from edgeproof.domain.arrays import FloatArray, IntArray

FUNDING_INTERVAL_MS: Final = 8 * MS_PER_HOUR
RATE_LIMIT: Final = 0.003
_INTEREST: Final = 0.0001
_INTEREST_BAND: Final = 0.0005
_PREMIUM_DEVIATION: Final = 0.00045
_PREMIUM_HALF_LIFE: Final = 600.0
# A trend of one day's volatility moves the premium by this much.
_TREND_PULL: Final = 0.0003
_DECIMALS: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FundingRates:
    """Rates of one symbol: settled at ``ts[i]``, the open of minute ``minute[i]``."""

    ts: IntArray
    minute: IntArray
    rate: FloatArray


def draw_funding(
    stream: np.random.Generator, ts: IntArray, returns: FloatArray, daily_volatility: float
) -> FundingRates:
    """Rates at every eighth hour UTC, from a premium with a life of its own and the last day's trend.

    The rate is the premium plus the interest of 0.01 % less the premium, that difference held within 0.05 %: the rule
    BloFin and its peers publish. It is limited to 0.3 %, and depends on nothing after its settlement.
    """
    premium = draw_autoregression(stream, len(ts), _PREMIUM_HALF_LIFE, _PREMIUM_DEVIATION)
    minute = np.flatnonzero(ts % FUNDING_INTERVAL_MS == 0)
    path = np.concatenate(([0.0], np.cumsum(returns)))
    trend = (path[minute] - path[np.maximum(minute - MINUTES_PER_DAY, 0)]) / daily_volatility
    pressed = premium[minute] + _TREND_PULL * np.clip(trend, -3.0, 3.0)
    rate = pressed + np.clip(_INTEREST - pressed, -_INTEREST_BAND, _INTEREST_BAND)
    rounded = np.round(np.clip(rate, -RATE_LIMIT, RATE_LIMIT), _DECIMALS)
    return FundingRates(ts=ts[minute], minute=minute, rate=np.asarray(rounded, dtype=np.float64))
