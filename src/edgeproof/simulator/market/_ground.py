"""What all symbols of a generated market share: its minutes, its season, the leader's moves and the alts' factor."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from edgeproof.domain.time import MS_PER_MINUTE
from edgeproof.simulator.market._profiles import LEADER, describe_symbol
from edgeproof.simulator.market._season import scale_activity, scale_volatility
from edgeproof.simulator.market._shocks import MINUTES_PER_DAY, draw_jumps, draw_shocks
from edgeproof.simulator.market._streams import open_stream

if TYPE_CHECKING:
    from edgeproof.domain.arrays import FloatArray, IntArray
    from edgeproof.simulator.market._shocks import Shocks

_JUMPS_PER_DAY: Final = 0.4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ground:
    """What a market has before it has symbols; it depends on seed, start and length alone. Arrays have shape (n,).

    Attributes:
        seed: The market's.
        ts: Opens of the minutes.
        volatility: Season's factor on volatility.
        activity: Season's factor on counts of trades.
        leader: Shocks of the leader, which every symbol follows to its own degree.
        alts: Shocks that all symbols but the leader share.
        jumps: Common jumps, in units of a day's volatility.
        leader_returns: The leader's log returns, before drift and funding.
        leader_deviation: Standard deviation of a minute's, season and jumps apart.
    """

    seed: int
    ts: IntArray
    volatility: FloatArray
    activity: FloatArray
    leader: Shocks
    alts: Shocks
    jumps: FloatArray
    leader_returns: FloatArray
    leader_deviation: float


def lay_ground(*, seed: int, start_ms: int, minutes: int) -> Ground:
    """Draw what all symbols share."""
    ts = start_ms + np.arange(minutes, dtype=np.int64) * MS_PER_MINUTE
    volatility = scale_volatility(ts)
    leader = draw_shocks(open_stream(seed, "market", "leader"), minutes)
    jumps = draw_jumps(open_stream(seed, "market", "jumps"), minutes, _JUMPS_PER_DAY)
    daily = describe_symbol(LEADER, seed).daily_volatility
    deviation = daily / math.sqrt(MINUTES_PER_DAY)
    return Ground(
        seed=seed,
        ts=ts,
        volatility=volatility,
        activity=scale_activity(ts),
        leader=leader,
        alts=draw_shocks(open_stream(seed, "market", "alts"), minutes),
        jumps=jumps,
        leader_returns=deviation * volatility * leader.values + daily * jumps,
        leader_deviation=deviation,
    )
