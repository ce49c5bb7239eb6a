"""How many requests a venue gets from this workspace, whichever of its processes asks."""

from edgeproof.adapters.rate_budget._budget import RateBudget, Waiting
from edgeproof.adapters.rate_budget._ledger import BudgetLedger, Grant, Usage, Wait
from edgeproof.adapters.rate_budget._rules import BackOff, BudgetRules, Limit, Outcome, Urgency

__all__ = [
    "BackOff",
    "BudgetLedger",
    "BudgetRules",
    "Grant",
    "Limit",
    "Outcome",
    "RateBudget",
    "Urgency",
    "Usage",
    "Wait",
    "Waiting",
]
