"""How many earlier bars make a value final."""

from __future__ import annotations

from math import ceil, log, log1p
from typing import Final

from edgeproof.features._registry import Parameter

# What lies before the warm-up weighs less than this in a recursive feature.
FORGOTTEN: Final = 1e-6
# Each further smoothing of a smoothed value forgets later: the weight gains a factor of about the exponent itself.
_EXPONENT_A_STAGE: Final = 2.9


def window(default: int, *, low: int = 2, high: int = 5_000, name: str = "window") -> Parameter:
    """A parameter that counts bars."""
    return Parameter(name=name, default=default, low=low, high=high)


def number(name: str, default: float, low: float, high: float) -> Parameter:
    """A parameter that is any number in its range."""
    return Parameter(name=name, default=default, low=low, high=high, integer=False)


def settle_decay(alpha: float, stages: int = 1) -> int:
    """Bars until ``stages`` exponential means of weight ``alpha``, one over the other, have forgotten the past."""
    if alpha >= 1.0:
        return 0
    exponent = -log(FORGOTTEN) + _EXPONENT_A_STAGE * (stages - 1)
    return ceil(exponent / -log1p(-alpha))


def settle_ema(bars: int, stages: int = 1) -> int:
    """Warm-up of exponential means over ``bars``, alpha ``2 / (bars + 1)``, each seeded by a mean of as many values."""
    return stages * (bars - 1) + settle_decay(2.0 / (bars + 1), stages)


def settle_wilder(bars: int, stages: int = 1) -> int:
    """Warm-up of Wilder's means over ``bars``, alpha ``1 / bars``, each seeded by a mean of as many values."""
    return stages * bars + settle_decay(1.0 / bars, stages)


def one_less(bars: int) -> int:
    """Warm-up of a window that ends with the present bar."""
    return bars - 1


def as_many(bars: int) -> int:
    """Warm-up of a window over changes from bar to bar, each of which needs one bar more."""
    return bars
