"""Find trading edges without fooling yourself.

The same things as the command line, by the same names. Names load when first used, so ``import edgeproof`` is instant.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from edgeproof.domain.version import VERSION

if TYPE_CHECKING:
    from edgeproof.backtest import backtest, backtest_signals
    from edgeproof.backtest.portfolio import backtest_portfolio
    from edgeproof.backtest.sweeps import sweep
    from edgeproof.backtest.tear_sheets import write_tear_sheet
    from edgeproof.bootstrap import open_workspace
    from edgeproof.domain.instruments import InstrumentRules, MarginTier
    from edgeproof.execution import Costs, HourlySlippage, Regime
    from edgeproof.features import compute_features
    from edgeproof.simulator.market import generate_market
    from edgeproof.strategies import load_strategy

__version__ = VERSION

_HOMES = {
    "Costs": "edgeproof.execution",
    "HourlySlippage": "edgeproof.execution",
    "InstrumentRules": "edgeproof.domain.instruments",
    "MarginTier": "edgeproof.domain.instruments",
    "Regime": "edgeproof.execution",
    "backtest": "edgeproof.backtest",
    "backtest_portfolio": "edgeproof.backtest.portfolio",
    "backtest_signals": "edgeproof.backtest",
    "compute_features": "edgeproof.features",
    "generate_market": "edgeproof.simulator.market",
    "load_strategy": "edgeproof.strategies",
    "open_workspace": "edgeproof.bootstrap",
    "sweep": "edgeproof.backtest.sweeps",
    "write_tear_sheet": "edgeproof.backtest.tear_sheets",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'edgeproof' has no attribute '{name}'; it has {', '.join(sorted(_HOMES))}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])


__all__ = [
    "Costs",
    "HourlySlippage",
    "InstrumentRules",
    "MarginTier",
    "Regime",
    "backtest",
    "backtest_portfolio",
    "backtest_signals",
    "compute_features",
    "generate_market",
    "load_strategy",
    "open_workspace",
    "sweep",
    "write_tear_sheet",
]
