"""Edges that are planted: returns that past prices foretell, in the forms and units of ``EdgeKind``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from edgeproof.domain.time import MS_PER_HOUR, MS_PER_MINUTE
from edgeproof.simulator.market._shocks import MINUTES_PER_DAY, decay_shocks, draw_shocks
from edgeproof.simulator.market._spec import EdgeKind
from edgeproof.simulator.market._streams import open_stream

if TYPE_CHECKING:
    from edgeproof.domain.arrays import FloatArray, IntArray
    from edgeproof.simulator.market._ground import Ground
    from edgeproof.simulator.market._spec import PlantedEdge

_BPS: Final = 1e-4
# Gamma lengths of this shape vary by half their mean: regimes are neither clockwork nor dominated by one long run.
_REGIME_SHAPE: Final = 4.0


def measure_reverting_variance(edge: PlantedEdge) -> float:
    """Variance a minute of the shocks that feed a mean-reverting deviation."""
    keep = 0.5 ** (1.0 / edge.horizon_minutes)
    return float((edge.strength_bps * _BPS) ** 2 * (1.0 - keep**2))


def plant_edge(edge: PlantedEdge, ground: Ground) -> FloatArray:
    """Log returns, shape (n,), that the edge adds to its symbol."""
    if edge.kind is EdgeKind.MEAN_REVERSION:
        return _revert_to_fair_value(edge, ground)
    if edge.kind is EdgeKind.MOMENTUM:
        return _drift_in_regimes(edge, ground)
    if edge.kind is EdgeKind.HOUR_OF_DAY:
        return _drift_by_hour(edge, ground.ts)
    return _echo_leader(edge, ground)


def _revert_to_fair_value(edge: PlantedEdge, ground: Ground) -> FloatArray:
    stream = open_stream(ground.seed, edge.symbol, edge.kind)
    keep = 0.5 ** (1.0 / edge.horizon_minutes)
    first = stream.normal(0.0, edge.strength_bps * _BPS)
    shocks = draw_shocks(stream, len(ground.ts)).values * ground.volatility
    shocks *= math.sqrt(measure_reverting_variance(edge))
    return np.diff(decay_shocks(shocks, keep, first), prepend=first)


def _drift_in_regimes(edge: PlantedEdge, ground: Ground) -> FloatArray:
    stream = open_stream(ground.seed, edge.symbol, edge.kind)
    minutes = len(ground.ts)
    # Twice the regimes that fit on average: gamma lengths cannot fall that far short of their mean.
    most = 2 * minutes // edge.horizon_minutes + 16
    lengths = stream.gamma(_REGIME_SHAPE, edge.horizon_minutes / _REGIME_SHAPE, most)
    turns = np.searchsorted(np.cumsum(lengths), np.arange(minutes), side="right")
    signs = np.where((turns + stream.integers(0, 2)) % 2, 1.0, -1.0)
    return signs * edge.strength_bps * _BPS / edge.horizon_minutes


def _drift_by_hour(edge: PlantedEdge, ts: IntArray) -> FloatArray:
    since = (ts - edge.hour * MS_PER_HOUR) // MS_PER_MINUTE % MINUTES_PER_DAY
    up = edge.strength_bps * _BPS / edge.horizon_minutes
    down = edge.strength_bps * _BPS / (MINUTES_PER_DAY - edge.horizon_minutes)
    return np.where(since < edge.horizon_minutes, up, -down)


def _echo_leader(edge: PlantedEdge, ground: Ground) -> FloatArray:
    span = edge.horizon_minutes
    past = np.concatenate(([0.0], np.cumsum(ground.leader_returns)))
    at = np.arange(len(ground.ts))
    moved = (past[at] - past[np.maximum(at - span, 0)]) / (ground.leader_deviation * math.sqrt(span))
    # Of a move seen now, part has been echoed already: the minutes ahead still owe (span + 1) / (2 span) of it.
    return moved * (edge.strength_bps * _BPS * 2.0 / (span + 1.0))
