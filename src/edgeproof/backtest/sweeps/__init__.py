"""Sweeps: many combinations of params over the same bars."""

from edgeproof.backtest.sweeps.conditions import read_where
from edgeproof.backtest.sweeps.doors import read_markets, sweep
from edgeproof.backtest.sweeps.errors import CombinationRefused, NoCombination, TooManyCombinations
from edgeproof.backtest.sweeps.labels import LEAST_DIGITS, count_digits
from edgeproof.backtest.sweeps.landscape import (
    REACH,
    HeatMap,
    Neighbourhood,
    Ring,
    draw_heat_map,
    find_best,
    list_swept,
    measure_neighbourhood,
    measure_rings,
)
from edgeproof.backtest.sweeps.markets import Markets
from edgeproof.backtest.sweeps.plans import MOST_COMBINATIONS, Plan, plan_sweep
from edgeproof.backtest.sweeps.pools import check_address
from edgeproof.backtest.sweeps.sweeping import Journal, gather_rows, stream_rows
from edgeproof.backtest.sweeps.table import NEUTRAL, SCORES, name_column

__all__ = [
    "LEAST_DIGITS",
    "MOST_COMBINATIONS",
    "NEUTRAL",
    "REACH",
    "SCORES",
    "CombinationRefused",
    "HeatMap",
    "Journal",
    "Markets",
    "Neighbourhood",
    "NoCombination",
    "Plan",
    "Ring",
    "TooManyCombinations",
    "check_address",
    "count_digits",
    "draw_heat_map",
    "find_best",
    "gather_rows",
    "list_swept",
    "measure_neighbourhood",
    "measure_rings",
    "name_column",
    "plan_sweep",
    "read_markets",
    "read_where",
    "stream_rows",
    "sweep",
]
