"""What every engine is given: the same bars, the same signals, the same trades, drawn by numpy alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

START_MS: Final = 1_767_225_600_000  # 2026-01-01
MINUTE_MS: Final = 60_000
FEE: Final = 0.0006
SLIPPAGE: Final = 0.00052
STOP: Final = 0.01  # share of the price at the decision
TAKE: Final = 0.02
CASH: Final = 10_000.0
# One unit costs about a hundredth of the account: no engine goes broke half-way and rests for the other half.
UNITS: Final = 1
SHARE: Final = 0.01
# So many sets of signals take turns: a processor learns one set by heart, and what a strategy has just decided lies in
# its caches, where many sets would not find room.
SETS: Final = 4
_SEED: Final = 20_260_101
_SLOW_FOR_ONE_FAST: Final = 3.2
_MOST_FAST: Final = 56
_VOLATILITY: Final = 0.0008  # of a minute's log return


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """Minutes of one symbol; all arrays have shape (n,)."""

    ts: NDArray[np.int64]
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    volume: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.ts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """Entries and exits decided at each close, shape (n,); no bar wants both directions."""

    long: NDArray[np.bool_]
    short: NDArray[np.bool_]
    exit_long: NDArray[np.bool_]
    exit_short: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prints:
    """Trades of one symbol in order of time; all arrays have shape (n,)."""

    ts: NDArray[np.int64]
    price: NDArray[np.float64]
    size: NDArray[np.float64]
    buys: NDArray[np.bool_]


def draw_bars(count: int) -> Bars:
    """A random walk in minutes, with ranges about as wide as its moves."""
    stream = np.random.default_rng(_SEED)
    close = 100.0 * np.exp(np.cumsum(stream.normal(0.0, _VOLATILITY, count)))
    opened = np.concatenate(([100.0], close[:-1]))
    reach = np.abs(stream.normal(0.0, 0.5 * _VOLATILITY, (2, count)))
    return Bars(
        ts=START_MS + np.arange(count, dtype=np.int64) * MINUTE_MS,
        open=opened,
        high=np.maximum(opened, close) * (1.0 + reach[0]),
        low=np.minimum(opened, close) * (1.0 - reach[1]),
        close=close,
        volume=np.exp(stream.normal(3.0, 1.0, count)),
    )


def draw_wishes(count: int, density: float) -> list[Wishes]:
    """``SETS`` of signals on a share ``density`` of the bars: half entries, half exits, both directions alike."""
    return [_draw_wishes(np.random.default_rng((_SEED, at)), count, density) for at in range(SETS)]


def _draw_wishes(stream: np.random.Generator, count: int, density: float) -> Wishes:
    kind = np.where(stream.random(count) < density, stream.integers(0, 4, count), -1)
    return Wishes(long=kind == 0, short=kind == 1, exit_long=kind == 2, exit_short=kind == 3)  # noqa: PLR2004


def draw_windows(combinations: int) -> tuple[list[int], list[int]]:
    """Lengths of a fast and a slow mean: every fast one with every slow one makes about as many combinations."""
    fast = min(_MOST_FAST, max(1, round((combinations / _SLOW_FOR_ONE_FAST) ** 0.5)))
    slow = -(-combinations // fast)
    return list(range(3, 3 + fast)), list(range(61, 61 + slow))


def draw_prints(count: int) -> Prints:
    """Trades at random times, some hundreds a minute, on a tick grid."""
    stream = np.random.default_rng(_SEED + 2)
    steps = stream.integers(0, 400, count)
    return Prints(
        ts=START_MS + np.cumsum(steps),
        price=np.round(50_000.0 + np.cumsum(stream.normal(0.0, 1.0, count)), 1),
        size=np.round(stream.exponential(0.05, count) + 0.001, 3),
        buys=stream.random(count) < 0.5,  # noqa: PLR2004 - a fair coin
    )
