"""Features: named, causal functions of one instrument's past, from price to regime.

Importing this window registers every family; listings follow the order below.
"""

from __future__ import annotations

from edgeproof.features import price  # isort: skip
from edgeproof.features import levels, returns, volume, vwap, momentum, averages, trend  # isort: skip
from edgeproof.features import volatility, range_volatility, oscillators, channels, candles  # isort: skip
from edgeproof.features import order_flow, funding, cross_asset, seasonality, regime  # isort: skip
from edgeproof.features._align import align_funding, align_reference
from edgeproof.features._catalogue import find_features, update_page
from edgeproof.features._compute import compute_feature, compute_features, infer_timeframe, parse_call
from edgeproof.features._registry import FEATURES, Feature, FeatureInput, Parameter, Unit

__all__ = [
    "FEATURES",
    "Feature",
    "FeatureInput",
    "Parameter",
    "Unit",
    "align_funding",
    "align_reference",
    "averages",
    "candles",
    "channels",
    "compute_feature",
    "compute_features",
    "cross_asset",
    "find_features",
    "funding",
    "infer_timeframe",
    "levels",
    "momentum",
    "order_flow",
    "oscillators",
    "parse_call",
    "price",
    "range_volatility",
    "regime",
    "returns",
    "seasonality",
    "trend",
    "update_page",
    "volatility",
    "volume",
    "vwap",
]
