"""Replay of strategies over bars."""

from edgeproof.backtest.replay import CostBreakdown, Replay, Unfilled, break_down_costs, replay_signals
from edgeproof.backtest.tape import Tape, prepare_tape
from edgeproof.backtest.trials import describe_conditions, describe_metrics, hash_result, make_trial, name_trial

__all__ = [
    "CostBreakdown",
    "Replay",
    "Tape",
    "Unfilled",
    "break_down_costs",
    "describe_conditions",
    "describe_metrics",
    "hash_result",
    "make_trial",
    "name_trial",
    "prepare_tape",
    "replay_signals",
]
