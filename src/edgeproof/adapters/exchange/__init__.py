"""Exchanges, through ccxt: public market data of linear perpetuals, in base units."""

from edgeproof.adapters.exchange._client import open_client
from edgeproof.adapters.exchange._config import ExchangeConfig
from edgeproof.adapters.exchange._empty_spans import EmptySpansFile
from edgeproof.adapters.exchange._gate import Gate
from edgeproof.adapters.exchange._opening import BUDGET_FILE, EMPTY_SPANS_FILE, open_budget, open_venue
from edgeproof.adapters.exchange._profiles import PROFILES, VenueProfile
from edgeproof.adapters.exchange._unified import unify_symbol
from edgeproof.adapters.exchange._units import read_decimal, to_base

__all__ = [
    "BUDGET_FILE",
    "EMPTY_SPANS_FILE",
    "PROFILES",
    "EmptySpansFile",
    "ExchangeConfig",
    "Gate",
    "VenueProfile",
    "open_budget",
    "open_client",
    "open_venue",
    "read_decimal",
    "to_base",
    "unify_symbol",
]
