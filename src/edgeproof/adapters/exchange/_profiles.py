"""What is known of each venue before it is asked: its limits and page sizes.

A venue is listed only where the candles that ccxt gives of its linear perpetuals are known to count base units: some
count contracts instead, and a guess would be wrong by a factor of up to ten million (PEPE-USDT at BloFin).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from edgeproof.adapters.rate_budget import Limit
from edgeproof.domain.registry import Registry
from edgeproof.domain.time import MS_PER_MINUTE

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueProfile:
    """One venue.

    Attributes:
        name: What the house calls it.
        ccxt_class: Its class in ccxt.
        limits: Requests one address may make.
        candles_per_request: Bars in a full answer, by the venue's documents.
        funding_per_request: Funding rates in a full answer.
        paced_by_ccxt: Whether requests weigh differently, so that ccxt's own limiter has to help.
        tells_tiers: Whether it tells margin tiers without a key, in contracts and shares. Binance wants a key, and
            whether Bybit counts per cent differs between its documents and its answers.
        trade_stream: What ccxt's watch of trades is asked besides, so that streams number trades as REST does: Binance
            gives aggregated ones over REST, OKX every single one.
    """

    name: str
    ccxt_class: str
    limits: tuple[Limit, ...]
    candles_per_request: int
    funding_per_request: int
    paced_by_ccxt: bool = True
    tells_tiers: bool = False
    trade_stream: Mapping[str, str] = field(default_factory=dict)


PROFILES: Final[Registry[VenueProfile]] = Registry("venue")

for _profile in (
    VenueProfile(
        name="blofin",
        ccxt_class="blofin",
        limits=(
            Limit(requests=500, window_ms=MS_PER_MINUTE),
            Limit(requests=1_500, window_ms=5 * MS_PER_MINUTE),
        ),
        candles_per_request=1_440,
        funding_per_request=100,
        paced_by_ccxt=False,
        tells_tiers=True,
    ),
    VenueProfile(
        name="binance",
        ccxt_class="binanceusdm",
        # 2,400 weights a minute; a page of 1,000 candles weighs 5.
        limits=(Limit(requests=480, window_ms=MS_PER_MINUTE),),
        candles_per_request=1_000,
        funding_per_request=1_000,
        trade_stream={"name": "aggTrade"},
    ),
    VenueProfile(
        name="bybit",
        ccxt_class="bybit",
        limits=(Limit(requests=600, window_ms=5_000),),
        candles_per_request=1_000,
        funding_per_request=200,
    ),
    VenueProfile(
        name="okx",
        ccxt_class="okx",
        limits=(Limit(requests=20, window_ms=2_000),),
        candles_per_request=100,
        funding_per_request=100,
        tells_tiers=True,
        trade_stream={"channel": "trades-all"},
    ),
):
    PROFILES.register(_profile.name, _profile)
