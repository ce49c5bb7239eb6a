"""From a configuration to a venue."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from edgeproof.adapters.exchange._blofin import BlofinVenue
from edgeproof.adapters.exchange._client import open_client
from edgeproof.adapters.exchange._gate import Gate
from edgeproof.adapters.exchange._unified import UnifiedVenue
from edgeproof.adapters.rate_budget import BudgetLedger, BudgetRules, RateBudget, Urgency

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from edgeproof.adapters.exchange._config import ExchangeConfig
    from edgeproof.adapters.rate_budget import Waiting
    from edgeproof.domain.time import Clock
    from edgeproof.domain.venues import Venue


# Files of a workspace that all of its processes share.
BUDGET_FILE: Final = ".request-budget.sqlite"
EMPTY_SPANS_FILE: Final = ".empty-spans.sqlite"


def open_budget(config: ExchangeConfig, file: Path, *, on_pause: Callable[[Waiting], None] | None = None) -> RateBudget:
    """The request budget of a venue's host, shared by all processes that name the same file."""
    usual = BudgetRules(limits=config.profile.limits)
    rules = replace(
        usual,
        bulk_share=usual.bulk_share * config.budget_share,
        live_share=usual.live_share * config.budget_share,
    )
    return RateBudget(BudgetLedger(file, config.budget_key, rules), rules, seed=config.seed, on_pause=on_pause)


def open_venue(config: ExchangeConfig, budget: RateBudget, clock: Clock, *, urgency: Urgency = Urgency.LIVE) -> Venue:
    """A venue for public market data; needs no key, and connects when first asked.

    Args:
        config: Which venue, and where.
        budget: From ``open_budget`` with the same configuration.
        clock: The machine's.
        urgency: Of every request this object makes.

    Raises:
        InvalidValue: The venue has no demo host.
    """
    gate = Gate(budget, venue=config.shown_name, urgency=urgency, attempts=config.attempts)
    kind = BlofinVenue if config.venue == "blofin" else UnifiedVenue
    return kind(
        open_client(config, gate),
        profile=config.profile,
        name=config.shown_name,
        clock=clock,
        requests_per_s=budget.rules.bulk_per_s,
    )
