"""From a configuration to a feed."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from edgeproof.adapters.rate_budget import BudgetLedger, BudgetRules, Limit, RateBudget, Urgency
from edgeproof.adapters.streams._blofin_feed import BlofinFeed
from edgeproof.domain.errors import UnknownName

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from edgeproof.adapters.exchange import ExchangeConfig
    from edgeproof.domain.venues import Market

_BLOFIN: Final = {
    "live": "wss://openapi.blofin.com/ws/public",
    "demo": "wss://demo-trading-openapi.blofin.com/ws/public",
}
# One new connection a second and address, with a tenth of a second for the way there.
_CONNECTIONS: Final = BudgetRules(limits=(Limit(requests=1, window_ms=1_100),), bulk_share=1.0, live_share=1.0, burst=1)


def open_feed(config: ExchangeConfig, markets: Sequence[Market], budget_file: Path) -> BlofinFeed:
    """A feed of these markets; connections are counted in the budget's file, for all processes of the workspace.

    Args:
        config: Which venue, and where.
        markets: What to listen to.
        budget_file: Where the venue's requests are counted too.

    Raises:
        UnknownName: Of this venue no streams are read.
    """
    url = find_stream_url(config)
    gate = RateBudget(BudgetLedger(budget_file, f"{config.budget_key}:connections", _CONNECTIONS), _CONNECTIONS)

    async def admit() -> object:
        return await gate.take(Urgency.LIVE)

    return BlofinFeed(
        url,
        {market.venue_symbol: Decimal(repr(market.contract_size)) for market in markets},
        {market.venue_symbol: market.instrument.symbol for market in markets},
        admit=admit,
        proxy=config.proxy,
    )


def find_stream_url(config: ExchangeConfig) -> str:
    """Address of the public streams: the one that was chosen, or the one beside REST.

    Raises:
        UnknownName: Of this venue no streams are read.
    """
    if config.venue != "blofin":
        raise UnknownName("venue whose streams are read", config.venue, ["blofin"])
    if config.stream_url is not None:
        return config.stream_url
    if config.address is not None:
        return f"ws{config.address.removeprefix('http')}/ws/public"
    return _BLOFIN[config.host]
