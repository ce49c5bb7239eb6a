from __future__ import annotations

import pytest

from edgeproof.domain.time import parse_instant
from edgeproof.simulator.market import GeneratedMarket, MarketSpec, generate_market

START_MS = parse_instant("2026-01-05")
SYMBOLS = ("BTC-USDT", "ETH-USDT", "SOL-USDT", "XRP-USDT", "LINK-USDT", "SUI-USDT")


@pytest.fixture(scope="session")
def empty_market() -> GeneratedMarket:
    """Thirty days in which nothing is planted."""
    return generate_market(MarketSpec(symbols=SYMBOLS, start_ms=START_MS, days=30, seed=11))
