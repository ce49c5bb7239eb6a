"""Random parts of returns: fat-tailed shocks, volatility that clusters, jumps.

A shock stream is ``g * sqrt(v) * z``: ``z`` standard normal, ``v`` a scale drawn afresh each minute that makes the
product Student-t, and ``g`` a volatility known from the past, log-normal with two speeds of forgetting (minutes and
days). Each has mean square 1, so the product has variance 1; see Taylor (1986) for the log-normal volatility.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.signal import lfilter

from edgeproof.domain.time import MS_PER_DAY, MS_PER_MINUTE

if TYPE_CHECKING:
    from edgeproof.domain.arrays import FloatArray

MINUTES_PER_DAY: Final = MS_PER_DAY // MS_PER_MINUTE
_FREEDOM: Final = 5.0  # degrees of freedom of the Student-t
_FAST_HALF_LIFE: Final = 25.0
_SLOW_HALF_LIFE: Final = 900.0
_FAST_LOG_SD: Final = 0.4
_SLOW_LOG_SD: Final = 0.32
_JUMP_SIZE: Final = 0.22  # standard deviation, in units of a day's volatility


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shocks:
    """A stream of shocks with variance 1, one a minute.

    Attributes:
        values: The shocks, shape (n,).
        foreseen: Variance of each as known one minute before, shape (n,).
        realised: Variance of each given its own scale, shape (n,): what the path inside the minute shows.
    """

    values: FloatArray
    foreseen: FloatArray
    realised: FloatArray


def draw_shocks(stream: np.random.Generator, minutes: int) -> Shocks:
    """A stream of fat-tailed shocks whose size clusters."""
    log_volatility = draw_autoregression(stream, minutes, _FAST_HALF_LIFE, _FAST_LOG_SD)
    log_volatility += draw_autoregression(stream, minutes, _SLOW_HALF_LIFE, _SLOW_LOG_SD)
    # exp(2x) of a normal x with variance s has mean exp(2s); taking s off first makes that mean 1.
    foreseen = np.exp(2.0 * (log_volatility - _FAST_LOG_SD**2 - _SLOW_LOG_SD**2))
    realised = foreseen * (_FREEDOM - 2.0) / stream.chisquare(_FREEDOM, minutes)
    return Shocks(values=np.sqrt(realised) * stream.standard_normal(minutes), foreseen=foreseen, realised=realised)


def draw_jumps(stream: np.random.Generator, minutes: int, per_day: float) -> FloatArray:
    """Jumps at Poisson times with normal sizes, in units of a day's volatility; 0 in most minutes."""
    jumps = np.zeros(minutes)
    count = stream.poisson(per_day * minutes / MINUTES_PER_DAY)
    jumps[stream.integers(0, minutes, count)] = stream.normal(0.0, _JUMP_SIZE, count)
    return jumps


def draw_autoregression(stream: np.random.Generator, minutes: int, half_life: float, deviation: float) -> FloatArray:
    """A normal AR(1) that starts in its stationary state: ``deviation`` is its standard deviation there."""
    keep = 0.5 ** (1.0 / half_life)
    shocks = stream.standard_normal(minutes) * math.sqrt(1.0 - keep**2)
    return decay_shocks(shocks, keep, stream.standard_normal()) * deviation


def decay_shocks(shocks: FloatArray, keep: float, first: float) -> FloatArray:
    """Sum shocks that fade: ``x[i] = keep * x[i - 1] + shocks[i]``, with ``first`` before the start."""
    faded, _ = lfilter([1.0], [1.0, -keep], shocks, zi=[keep * first])
    return np.asarray(faded, dtype=np.float64)
