"""Portfolios: many strategies and symbols on one account."""

from edgeproof.backtest.portfolio.doors import Member, backtest_portfolio, decide
from edgeproof.backtest.portfolio.legs import Leg, order_legs
from edgeproof.backtest.portfolio.limits import CorrelationCap, DailyLossStop, Limits
from edgeproof.backtest.portfolio.replaying import SKIP_REASONS, replay_legs
from edgeproof.backtest.portfolio.result import (
    ACCOUNT_CURVE,
    LEG_LIST,
    PORTFOLIO_PARTS,
    PORTFOLIO_TRADES,
    LegResult,
    PortfolioResult,
)
from edgeproof.backtest.portfolio.sizing import (
    FixedLeverage,
    FractionalKelly,
    RiskPerTrade,
    Signalled,
    Sizing,
    TargetVolatility,
)
from edgeproof.backtest.portfolio.trials import (
    PORTFOLIO_SYMBOL,
    describe_portfolio,
    describe_sizing,
    make_portfolio_trial,
    name_portfolio,
)

__all__ = [
    "ACCOUNT_CURVE",
    "LEG_LIST",
    "PORTFOLIO_PARTS",
    "PORTFOLIO_SYMBOL",
    "PORTFOLIO_TRADES",
    "SKIP_REASONS",
    "CorrelationCap",
    "DailyLossStop",
    "FixedLeverage",
    "FractionalKelly",
    "Leg",
    "LegResult",
    "Limits",
    "Member",
    "PortfolioResult",
    "RiskPerTrade",
    "Signalled",
    "Sizing",
    "TargetVolatility",
    "backtest_portfolio",
    "decide",
    "describe_portfolio",
    "describe_sizing",
    "make_portfolio_trial",
    "name_portfolio",
    "order_legs",
    "replay_legs",
]
