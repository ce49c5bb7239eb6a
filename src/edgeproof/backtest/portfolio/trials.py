"""A portfolio as the ledger remembers it: one trial of all its legs together."""

from __future__ import annotations

from dataclasses import asdict
from math import isfinite
from typing import TYPE_CHECKING, Any, Final

from edgeproof.backtest.portfolio.legs import order_legs
from edgeproof.backtest.portfolio.sizing import Signalled
from edgeproof.backtest.trials import make_trial
from edgeproof.domain.hashing import hash_json
from edgeproof.domain.instruments import Instrument

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from edgeproof.backtest.portfolio.legs import Leg
    from edgeproof.backtest.portfolio.limits import Limits
    from edgeproof.backtest.portfolio.result import PortfolioResult
    from edgeproof.backtest.portfolio.sizing import Sizing
    from edgeproof.domain.instruments import InstrumentRules
    from edgeproof.domain.records import Trial
    from edgeproof.domain.time import Timeframe, Window
    from edgeproof.execution import Costs

# What stands where other trials name their symbol.
PORTFOLIO_SYMBOL: Final = "PORTFOLIO"
# Raised like `backtest.trials.ENGINE`, for what portfolios alone do.
PORTFOLIO_ENGINE: Final = 2


def describe_portfolio(
    legs: Iterable[Leg],
    *,
    sizing: Sizing | None,
    limits: Limits,
    rules: Mapping[str, InstrumentRules] | None = None,
) -> dict[str, Any]:
    """What a portfolio is made of, JSON-ready and in the order of its legs; equal content has equal descriptions."""
    ordered = order_legs(legs)
    symbols = {leg.symbol for leg in ordered}
    return {
        "legs": [
            {
                "leg": leg.name,
                "symbol": leg.symbol,
                "identity": leg.identity or leg.name,
                "priority": leg.priority,
                "sizing": describe_sizing(leg.sizing or sizing or Signalled()),
            }
            for leg in ordered
        ],
        "limits": asdict(limits),
        "rules": {symbol: _describe_rules(one) for symbol, one in sorted((rules or {}).items()) if symbol in symbols},
    }


def _describe_rules(rules: InstrumentRules) -> dict[str, Any]:
    tiers = [[t.max_notional if isfinite(t.max_notional) else None, t.maintenance, t.max_leverage] for t in rules.tiers]
    plain = ("lot", "tick", "min_size", "max_leverage", "maintenance_margin")
    return {**{name: getattr(rules, name) for name in plain}, "tiers": tiers}


def describe_sizing(sizing: Sizing) -> dict[str, Any]:
    """A kind of sizing and its numbers."""
    return {"kind": sizing.kind, **asdict(sizing)}


def make_portfolio_trial(  # noqa: PLR0913 - one keyword for each thing the question depends on
    result: PortfolioResult,
    *,
    composition: Mapping[str, Any],
    venue: str,
    timeframe: Timeframe,
    window: Window,
    data_hash: str,
    costs: Costs,
    origin: str,
    created_ms: int,
) -> Trial:
    """Remember a portfolio as one trial.

    Args:
        result: What was found.
        composition: What it is made of, from :func:`describe_portfolio`.
        venue: Where it traded.
        timeframe: The execution bars; each leg's identity names its own.
        window: What was asked for.
        data_hash: Names the bars and funding of all its symbols.
        costs: As the replay had them.
        origin: Who asked.
        created_ms: When, UTC milliseconds; in neither hash.
    """
    return make_trial(
        result,
        strategy_hash=name_portfolio(composition),
        strategy=f"portfolio of {len(result.legs)}",
        params={},
        instrument=Instrument(venue=venue, symbol=PORTFOLIO_SYMBOL),
        timeframe=timeframe,
        window=window,
        data_hash=data_hash,
        costs=costs,
        origin=origin,
        created_ms=created_ms,
        owners=result.owners,
    )


def name_portfolio(composition: Mapping[str, Any]) -> str:
    """Name what a portfolio does: what its legs are called is left out."""
    legs = [{name: value for name, value in leg.items() if name != "leg"} for leg in composition["legs"]]
    told = {"portfolio": legs, "limits": composition["limits"], "rules": composition["rules"]}
    return hash_json({"engine": PORTFOLIO_ENGINE} | told)
