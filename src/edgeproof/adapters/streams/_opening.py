"""From a venue's address to a feed."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from edgeproof.adapters.rate_budget import BudgetLedger, BudgetRules, Limit, RateBudget, Urgency
from edgeproof.adapters.streams._blofin_feed import BlofinFeed
from edgeproof.domain.errors import UnknownName

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from edgeproof.domain.venues import Market

_HOSTS: Final = {
    "live": "wss://openapi.blofin.com/ws/public",
    "demo": "wss://demo-trading-openapi.blofin.com/ws/public",
}
# One new connection a second and address, with a tenth of a second for the way there.
_CONNECTIONS: Final = BudgetRules(limits=(Limit(requests=1, window_ms=1_100),), bulk_share=1.0, live_share=1.0, burst=1)


def open_blofin_feed(host: str, markets: Sequence[Market], budget_file: Path) -> BlofinFeed:
    """A feed of these markets; connections are counted in the budget's file, for all processes of the workspace.

    Args:
        host: ``live``, ``demo``, or ``http://127.0.0.1:PORT``.
        markets: What to listen to.
        budget_file: Where the venue's requests are counted too.

    Raises:
        UnknownName: There is no such host.
    """
    if host.startswith("http://"):
        url = f"ws://{host.removeprefix('http://').rstrip('/')}/ws/public"
    elif host in _HOSTS:
        url = _HOSTS[host]
    else:
        raise UnknownName("host of blofin", host, [*_HOSTS, "http://127.0.0.1:PORT"])
    gate = RateBudget(BudgetLedger(budget_file, f"blofin:{host}:connections", _CONNECTIONS), _CONNECTIONS)

    async def admit() -> object:
        return await gate.take(Urgency.LIVE)

    return BlofinFeed(
        url,
        {market.venue_symbol: Decimal(repr(market.contract_size)) for market in markets},
        {market.venue_symbol: market.instrument.symbol for market in markets},
        admit=admit,
    )
