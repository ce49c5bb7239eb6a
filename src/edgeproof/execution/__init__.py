"""What happens to an order, in backtest, paper and live alike."""

from edgeproof.execution.costs import Costs, HourlySlippage
from edgeproof.execution.regimes import Regime

__all__ = ["Costs", "HourlySlippage", "Regime"]
