"""The order book around a price: a function of the price and of time, so that every reader sees the same one.

Each price level holds a size drawn from the level and from an epoch. Epochs last 1.6 s and begin at another moment for
each level, so every 100 ms about one level in sixteen changes and the rest stand still.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from edgeproof.domain.arrays import IntArray

SLOT_MS: Final = 100
MOST_LEVELS: Final = 200
_EPOCH_SLOTS: Final = 16
_MASK_53: Final = np.uint64((1 << 53) - 1)
_S27, _S30, _S31 = np.uint64(27), np.uint64(30), np.uint64(31)
_MIX_A, _MIX_B = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_EMPTY_SHARE: Final = 0.06


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch:
    """Best prices, in ticks."""

    bid: int
    ask: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Side:
    """Levels of one side, best first; arrays have shape (k,)."""

    ticks: IntArray
    lots: IntArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Depth:
    """A book."""

    bids: Side
    asks: Side


def draw_depth(key: int, touch: Touch, now_ms: int, *, mean_lots: float, levels: int = MOST_LEVELS) -> Depth:
    """The book of an instrument at a moment.

    Args:
        key: Names the instrument's stream.
        touch: Best prices.
        now_ms: The moment.
        mean_lots: Mean size of a level, in lots.
        levels: Levels a side, at most.
    """
    # A few levels are empty; more are drawn than asked for, so that enough remain.
    steps = np.arange(levels + levels // 8 + 2, dtype=np.int64)
    return Depth(
        bids=_draw_side(key, touch.bid - steps, now_ms, mean_lots, levels),
        asks=_draw_side(key, touch.ask + steps, now_ms, mean_lots, levels),
    )


def _draw_side(key: int, ticks: IntArray, now_ms: int, mean_lots: float, levels: int) -> Side:
    ticks = ticks[ticks > 0]
    phase = _mix(ticks.astype(np.uint64) + np.uint64(key)) % np.uint64(_EPOCH_SLOTS)
    epoch = (np.uint64(now_ms // SLOT_MS) + phase) // np.uint64(_EPOCH_SLOTS)
    with np.errstate(over="ignore"):
        bits = _mix(ticks.astype(np.uint64) * _MIX_B ^ epoch * _MIX_A ^ np.uint64(key))
    uniform = (bits & _MASK_53).astype(np.float64) / float(1 << 53)
    # Thin near the touch, thicker further out; the best level is never empty.
    shape = 0.4 + 1.2 * np.minimum(np.arange(len(ticks)) / 10.0, 1.0)
    lots = 1 + (-np.log1p(-uniform) * mean_lots * shape).astype(np.int64)
    kept = (uniform > _EMPTY_SHARE) | (np.arange(len(ticks)) == 0)
    return Side(ticks=ticks[kept][:levels], lots=lots[kept][:levels])


def _mix(state: np.ndarray[tuple[int, ...], np.dtype[np.uint64]]) -> np.ndarray[tuple[int, ...], np.dtype[np.uint64]]:
    """Spread 64 bits evenly: the finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014)."""
    with np.errstate(over="ignore"):
        state = (state ^ (state >> _S30)) * _MIX_A
        state = (state ^ (state >> _S27)) * _MIX_B
    return state ^ (state >> _S31)
