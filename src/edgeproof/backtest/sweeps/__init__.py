"""Sweeps: many combinations of params over the same bars."""

from edgeproof.backtest.sweeps.doors import read_markets, sweep
from edgeproof.backtest.sweeps.errors import CombinationRefused, MissingExtra, TooManyCombinations
from edgeproof.backtest.sweeps.markets import Markets
from edgeproof.backtest.sweeps.plans import MOST_COMBINATIONS, Plan, plan_sweep
from edgeproof.backtest.sweeps.sweeping import Journal, gather_rows, stream_rows
from edgeproof.backtest.sweeps.table import SCORES, name_column

__all__ = [
    "MOST_COMBINATIONS",
    "SCORES",
    "CombinationRefused",
    "Journal",
    "Markets",
    "MissingExtra",
    "Plan",
    "TooManyCombinations",
    "gather_rows",
    "name_column",
    "plan_sweep",
    "read_markets",
    "stream_rows",
    "sweep",
]
