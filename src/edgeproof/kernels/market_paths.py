"""Trades inside the minutes of a generated market, and the bars that they add up to.

Steps, for each minute:

1. Seed a random stream from the symbol's key and the minute's number, so any minute can be walked without the others.
2. Walk a bridge from the minute's first latent price to its last, one step per trade, with the minute's jump (if any)
   taken whole at one of the steps.
3. Each trade meets a book one tick wide around the path: a taker who buys pays the tick above it, one who sells gets
   the tick below.
4. Add the trade to the minute's bar and, where trades are wanted, write it out.

Prices are counted in ticks and sizes in lots throughout, so sums are whole numbers and have no order.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np
from numba.extending import register_jitable

from edgeproof.kernels._jit import jit

if TYPE_CHECKING:
    from edgeproof.kernels._arrays import BoolArray, FloatArray, IntArray

_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_MIX_A: Final = np.uint64(0xBF58476D1CE4E5B9)
_MIX_B: Final = np.uint64(0x94D049BB133111EB)
_S27: Final = np.uint64(27)
_S30: Final = np.uint64(30)
_S31: Final = np.uint64(31)
_S11: Final = np.uint64(11)
_S16: Final = np.uint64(16)
_S32: Final = np.uint64(32)
_S48: Final = np.uint64(48)
_LOW_16: Final = np.uint64(0xFFFF)
_LOW_32: Final = np.uint64(0xFFFFFFFF)
_PER_53_BITS: Final = 1.0 / 9007199254740992.0
_PER_32_BITS: Final = 1.0 / 4294967296.0
_FOUR_UNIFORMS_MEAN: Final = 2.0 * 65535.0
_FOUR_UNIFORMS_SCALE: Final = math.sqrt(3.0) / 65536.0
_MINUTE_MS: Final = 60_000.0


@register_jitable
def mix_bits(state: np.uint64) -> np.uint64:
    """Spread 64 bits evenly: the finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014)."""
    state = (state ^ (state >> _S30)) * _MIX_A
    state = (state ^ (state >> _S27)) * _MIX_B
    return state ^ (state >> _S31)


def walk_minutes_py(
    key: np.uint64,
    first_minute: int,
    latent: FloatArray,
    spread: FloatArray,
    jumps: FloatArray,
    counts: IntArray,
    mean_lots: FloatArray,
    buy_share: FloatArray,
    tick: float,
    bars: IntArray,
    trade_ticks: IntArray,
    trade_lots: IntArray,
    trade_buys: BoolArray,
    trade_offsets: IntArray,
) -> None:
    """Walk the trades of consecutive minutes and fill ``bars``; fill the trade arrays too unless they are empty.

    Args:
        key: Names the symbol's random stream.
        first_minute: Number of the first minute since the market's start.
        latent: Shape (n + 1,), quote units: the latent price before each minute, and after the last.
        spread: Shape (n,), quote units: standard deviation of the path over each minute, jump apart.
        jumps: Shape (n,), quote units: the part of the minute's move that happens at once.
        counts: Shape (n,): trades in each minute, 1 or more.
        mean_lots: Shape (n,): mean size of a trade.
        buy_share: Shape (n,): chance that a taker buys.
        tick: Price step, quote units.
        bars: Shape (n, 7), written: open, high, low, close in ticks, lots, ticks times lots, lots bought by takers.
        trade_ticks: Shape (sum of counts,), written, as are the next three; or all four empty.
        trade_lots: Sizes.
        trade_buys: Whether the taker bought.
        trade_offsets: Milliseconds since the minute's open; they never descend within a minute.
    """
    wanted = len(trade_ticks) > 0
    at = 0
    for i in range(len(counts)):
        count = counts[i]
        state = mix_bits(key + np.uint64(first_minute + i) * _GOLDEN)
        state = state + _GOLDEN
        jump_at = int(float(mix_bits(state) >> _S11) * _PER_53_BITS * count)
        path = latent[i]
        # The bridge ends a jump's length before the minute does: the jump makes up the rest.
        end = latent[i + 1] - jumps[i]
        step_variance = spread[i] * spread[i] / count
        shift = 0.0
        opened, high, low, close = 0, 0, 0, 0
        lots_sum, product_sum, bought = 0, 0, 0
        for k in range(count):
            left = count - k
            state = state + _GOLDEN
            bits = mix_bits(state)
            quarters = (bits & _LOW_16) + ((bits >> _S16) & _LOW_16) + ((bits >> _S32) & _LOW_16) + (bits >> _S48)
            normal = (float(quarters) - _FOUR_UNIFORMS_MEAN) * _FOUR_UNIFORMS_SCALE
            path += (end - path) / left + math.sqrt(step_variance * (left - 1) / left) * normal
            if k == jump_at:
                shift = jumps[i]
            state = state + _GOLDEN
            bits = mix_bits(state)
            buys = float(bits & _LOW_32) * _PER_32_BITS < buy_share[i]
            offset = int((k + float(bits >> _S32) * _PER_32_BITS) * _MINUTE_MS / count)
            state = state + _GOLDEN
            uniform = (float(mix_bits(state) >> _S11) + 0.5) * _PER_53_BITS
            # Exponential sizes: many small trades, few large ones, and one logarithm each.
            lots = 1 + int(-math.log(uniform) * mean_lots[i])
            price = max(1, math.floor((path + shift) / tick) + (1 if buys else 0))
            if k == 0:
                opened, high, low = price, price, price
            high = max(high, price)
            low = min(low, price)
            close = price
            lots_sum += lots
            product_sum += price * lots
            if buys:
                bought += lots
            if wanted:
                trade_ticks[at] = price
                trade_lots[at] = lots
                trade_buys[at] = buys
                trade_offsets[at] = offset
                at += 1
        bars[i, 0] = opened
        bars[i, 1] = high
        bars[i, 2] = low
        bars[i, 3] = close
        bars[i, 4] = lots_sum
        bars[i, 5] = product_sum
        bars[i, 6] = bought


walk_minutes = jit(walk_minutes_py)
