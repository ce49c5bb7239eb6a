"""What happens to an order, in backtest, paper and live alike."""

from edgeproof.execution.costs import Costs

__all__ = ["Costs"]
