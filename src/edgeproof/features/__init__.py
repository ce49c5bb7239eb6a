"""Features: named, causal functions of one instrument's past, from price to regime."""

from __future__ import annotations

from edgeproof.features._align import align_funding, align_reference
from edgeproof.features._catalogue import find_features, update_page
from edgeproof.features._compute import compute_feature, compute_features, infer_timeframe, parse_call
from edgeproof.features._families import FEATURES
from edgeproof.features._registry import Feature, FeatureInput, Parameter, Unit

__all__ = [
    "FEATURES",
    "Feature",
    "FeatureInput",
    "Parameter",
    "Unit",
    "align_funding",
    "align_reference",
    "compute_feature",
    "compute_features",
    "find_features",
    "infer_timeframe",
    "parse_call",
    "update_page",
]
