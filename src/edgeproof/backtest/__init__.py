"""Replay of strategies over bars.

The package is callable, since ``edgeproof.backtest`` is also the name of the function most users want.
"""

from __future__ import annotations

import sys
from types import ModuleType

from edgeproof.backtest.doors import backtest, backtest_signals
from edgeproof.backtest.regimes import charge_regimes, compute_factors, count_unknown
from edgeproof.backtest.replay import CostBreakdown, Replay, Unfilled, break_down_costs, replay_signals
from edgeproof.backtest.result import BacktestResult, combine_replays
from edgeproof.backtest.tape import Tape, prepare_tape
from edgeproof.backtest.trials import describe_conditions, describe_metrics, hash_result, make_trial, name_trial

__all__ = [
    "BacktestResult",
    "CostBreakdown",
    "Replay",
    "Tape",
    "Unfilled",
    "backtest",
    "backtest_signals",
    "break_down_costs",
    "charge_regimes",
    "combine_replays",
    "compute_factors",
    "count_unknown",
    "describe_conditions",
    "describe_metrics",
    "hash_result",
    "make_trial",
    "name_trial",
    "prepare_tape",
    "replay_signals",
]


class _CallablePackage(ModuleType):
    __call__ = staticmethod(backtest)


sys.modules[__name__].__class__ = _CallablePackage
