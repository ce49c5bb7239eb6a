"""One symbol's latent price and activity, minute by minute: everything the kernel needs to walk its trades.

A log return is the sum of

- the leader's factor, the alts' factor and the symbol's own shocks, times the season and the symbol's volatility;
- jumps, common and own;
- what the planted edges add (``_edges``);
- half the foreseen variance, taken off, so that the price itself (not its logarithm) has no drift;
- the funding rate, in the minute that ends when it is settled, so that collecting funding earns nothing: as a share
  drops by the dividend its holders get, a perpetual rises by the rate its holders are about to pay.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from edgeproof.simulator.market._edges import measure_reverting_variance, plant_edge
from edgeproof.simulator.market._funding import draw_funding
from edgeproof.simulator.market._profiles import describe_symbol
from edgeproof.simulator.market._shocks import MINUTES_PER_DAY, draw_autoregression, draw_jumps, draw_shocks
from edgeproof.simulator.market._spec import EdgeKind
from edgeproof.simulator.market._streams import draw_key, open_stream

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from edgeproof.domain.arrays import FloatArray, IntArray
    from edgeproof.simulator.market._funding import FundingRates
    from edgeproof.simulator.market._ground import Ground
    from edgeproof.simulator.market._profiles import SymbolProfile
    from edgeproof.simulator.market._spec import PlantedEdge

_OWN_VARIANCE_LEFT: Final = 0.1  # share of a symbol's own shocks that stays lasting, however strong its reversion
_OWN_JUMPS_PER_DAY: Final = 0.6
_COUNT_ELASTICITY: Final = 0.7  # of the count of trades to the size of the minute's move
_VALUE_ELASTICITY: Final = 0.25  # of their mean value to the same
_COUNT_NOISE_SD: Final = 0.35
_COUNT_NOISE_HALF_LIFE: Final = 15.0
_BUY_TILT: Final = 0.16
_BUY_NOISE_SD: Final = 0.05
_BUY_NOISE_HALF_LIFE: Final = 4.0
_FEWEST_BUYS, _MOST_BUYS = 0.05, 0.95


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SymbolPath:
    """What one symbol does, before its trades are walked; arrays have one entry a minute, ``latent`` one more."""

    symbol: str
    profile: SymbolProfile
    key: np.uint64
    latent: FloatArray
    spread: FloatArray
    jumps: FloatArray
    counts: IntArray
    mean_lots: FloatArray
    buy_share: FloatArray
    funding: FundingRates


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Moves:
    """Log returns by origin, and their variance as foreseen and as it turned out."""

    lasting: FloatArray
    jumps: FloatArray
    foreseen: FloatArray
    realised: FloatArray


def draw_path(ground: Ground, symbol: str, planted: Sequence[PlantedEdge]) -> SymbolPath:
    """One symbol's path, with these edges planted in it; it depends on no other symbol."""
    profile = describe_symbol(symbol, ground.seed)
    edges = [edge for edge in planted if edge.strength_bps > 0.0]
    moves = _draw_moves(ground, symbol, profile, edges)
    returns = moves.lasting + moves.jumps - 0.5 * moves.foreseen
    for edge in edges:
        returns += plant_edge(edge, ground)
    funding = draw_funding(open_stream(ground.seed, symbol, "funding"), ground.ts, returns, profile.daily_volatility)
    held = funding.minute > 0
    returns[funding.minute[held] - 1] += funding.rate[held]
    latent = profile.price * np.exp(np.concatenate(([0.0], np.cumsum(returns))))
    counts, values = _draw_activity(open_stream(ground.seed, symbol, "activity"), profile, moves, ground.activity)
    return SymbolPath(
        symbol=symbol,
        profile=profile,
        key=draw_key(ground.seed, symbol, "trades"),
        latent=latent,
        spread=latent[:-1] * np.sqrt(moves.realised),
        jumps=latent[:-1] * np.expm1(moves.jumps),
        counts=counts,
        mean_lots=values / (latent[:-1] * profile.lot),
        buy_share=_draw_buy_share(open_stream(ground.seed, symbol, "takers"), returns / np.sqrt(moves.realised)),
        funding=funding,
    )


def _draw_moves(ground: Ground, symbol: str, profile: SymbolProfile, edges: Sequence[PlantedEdge]) -> _Moves:
    minutes = len(ground.ts)
    own = draw_shocks(open_stream(ground.seed, symbol, "own"), minutes)
    own_jumps = draw_jumps(open_stream(ground.seed, symbol, "jumps"), minutes, _OWN_JUMPS_PER_DAY)
    variance = profile.daily_volatility**2 / MINUTES_PER_DAY
    reverting = sum(measure_reverting_variance(e) for e in edges if e.kind is EdgeKind.MEAN_REVERSION) / variance
    # A reverting deviation takes its variance out of the lasting shocks', so the price looks as lively as before.
    own_lasting = max(profile.own_share**2 - reverting, _OWN_VARIANCE_LEFT * profile.own_share**2)
    streams = (ground.leader, ground.alts, own)
    lasting = (profile.leader_share, profile.alt_share, math.sqrt(own_lasting))
    showing = (profile.leader_share, profile.alt_share, math.sqrt(own_lasting + reverting))
    scale = ground.volatility**2 * variance
    return _Moves(
        lasting=np.sqrt(scale) * _add(lasting, [s.values for s in streams]),
        jumps=profile.daily_volatility * (profile.leader_share * ground.jumps + profile.own_share * own_jumps),
        foreseen=scale * _add(np.square(lasting), [s.foreseen for s in streams]),
        realised=scale * _add(np.square(showing), [s.realised for s in streams]),
    )


def _add(weights: Iterable[float], arrays: Sequence[FloatArray]) -> FloatArray:
    return sum((weight * array for weight, array in zip(weights, arrays, strict=True)), np.zeros(len(arrays[0])))


def _draw_activity(
    stream: np.random.Generator, profile: SymbolProfile, moves: _Moves, season: FloatArray
) -> tuple[IntArray, FloatArray]:
    """Counts of trades and their mean value, quote units, each minute: both grow with the size of the move."""
    moved = np.sqrt(moves.realised * MINUTES_PER_DAY) / profile.daily_volatility
    # A jump is a minute of its own: it draws as much trading as the move it makes.
    moved += np.abs(moves.jumps) * math.sqrt(MINUTES_PER_DAY) / profile.daily_volatility
    noise = draw_autoregression(stream, len(season), _COUNT_NOISE_HALF_LIFE, _COUNT_NOISE_SD)
    rate = profile.trades_per_minute * season * moved**_COUNT_ELASTICITY * np.exp(noise)
    counts = np.maximum(stream.poisson(rate), 1).astype(np.int64)
    return counts, profile.quote_per_trade * moved**_VALUE_ELASTICITY


def _draw_buy_share(stream: np.random.Generator, standardised: FloatArray) -> FloatArray:
    noise = draw_autoregression(stream, len(standardised), _BUY_NOISE_HALF_LIFE, _BUY_NOISE_SD)
    share = 0.5 + _BUY_TILT * np.tanh(standardised) + noise
    return np.asarray(np.clip(share, _FEWEST_BUYS, _MOST_BUYS), dtype=np.float64)
