"""From a configuration to a feed."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from edgeproof.adapters.exchange import Gate, open_budget, open_client, unify_symbol
from edgeproof.adapters.rate_budget import BudgetLedger, BudgetRules, Limit, RateBudget, Urgency
from edgeproof.adapters.streams._blofin_feed import BlofinFeed
from edgeproof.adapters.streams._ccxt_feed import CcxtFeed
from edgeproof.domain.errors import InvalidValue

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

    from edgeproof.adapters.exchange import ExchangeConfig
    from edgeproof.domain.venues import Market
    from edgeproof.ops.intake import Feed

_BLOFIN: Final = "blofin"
_URLS: Final = {
    "live": "wss://openapi.blofin.com/ws/public",
    "demo": "wss://demo-trading-openapi.blofin.com/ws/public",
}
# One new connection a second and address, with a tenth of a second for the way there.
_CONNECTIONS: Final = BudgetRules(limits=(Limit(requests=1, window_ms=1_100),), bulk_share=1.0, live_share=1.0, burst=1)


def open_feed(config: ExchangeConfig, markets: Sequence[Market], budget_file: Path) -> Feed:
    """A feed of these markets; connections are counted in the budget's file, for all processes of the workspace.

    Args:
        config: Which venue, and where.
        markets: What to listen to.
        budget_file: Where the venue's requests are counted too.

    Raises:
        InvalidValue: The venue's streams are found by ccxt, not at a ``stream_url``, or it has no demo host.
    """
    gate = RateBudget(BudgetLedger(budget_file, f"{config.budget_key}:connections", _CONNECTIONS), _CONNECTIONS)

    async def admit() -> object:
        return await gate.take(Urgency.LIVE)

    if config.venue != _BLOFIN:
        return _open_ccxt_feed(config, markets, budget_file, admit)
    return BlofinFeed(
        _find_url(config),
        {market.venue_symbol: Decimal(repr(market.contract_size)) for market in markets},
        {market.venue_symbol: market.instrument.symbol for market in markets},
        admit=admit,
        proxy=config.proxy,
    )


def describe_stream(config: ExchangeConfig) -> str:
    """Where trades come from, for people."""
    return _find_url(config) if config.venue == _BLOFIN else f"{config.venue}'s own, by ccxt"


def _open_ccxt_feed(
    config: ExchangeConfig, markets: Sequence[Market], budget_file: Path, admit: Callable[[], Awaitable[object]]
) -> CcxtFeed:
    if config.stream_url is not None:
        raise InvalidValue("stream_url", config.stream_url, f"nothing: {config.venue}'s streams are found by ccxt")
    gate = Gate(
        open_budget(config, budget_file), venue=config.shown_name, urgency=Urgency.LIVE, attempts=config.attempts
    )
    return CcxtFeed(
        open_client(config, gate),
        {unify_symbol(market): Decimal(repr(market.contract_size)) for market in markets},
        {unify_symbol(market): market.instrument.symbol for market in markets},
        admit=admit,
        params=config.profile.trade_stream,
    )


def _find_url(config: ExchangeConfig) -> str:
    if config.stream_url is not None:
        return config.stream_url
    if config.address is not None:
        return f"ws{config.address.removeprefix('http')}/ws/public"
    return _URLS[config.host]
