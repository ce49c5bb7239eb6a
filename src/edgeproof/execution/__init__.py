"""What happens to an order, in backtest, paper and live alike."""

from edgeproof.execution.costs import Costs, HourlySlippage

__all__ = ["Costs", "HourlySlippage"]
