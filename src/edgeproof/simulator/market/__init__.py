"""A generated market: plausible, seeded, and with no edge in it but those that were planted."""

from edgeproof.simulator.market._funding import FUNDING_INTERVAL_MS, RATE_LIMIT
from edgeproof.simulator.market._generate import VENUE, GeneratedMarket, generate_market
from edgeproof.simulator.market._profiles import KNOWN_SYMBOLS, LEADER, SymbolProfile, describe_symbol
from edgeproof.simulator.market._spec import EdgeKind, MarketSpec, PlantedEdge, demo_spec

__all__ = [
    "FUNDING_INTERVAL_MS",
    "KNOWN_SYMBOLS",
    "LEADER",
    "RATE_LIMIT",
    "VENUE",
    "EdgeKind",
    "GeneratedMarket",
    "MarketSpec",
    "PlantedEdge",
    "SymbolProfile",
    "demo_spec",
    "describe_symbol",
    "generate_market",
]
