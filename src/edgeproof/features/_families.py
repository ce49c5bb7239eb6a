"""The registry, filled: importing this registers family by family, in the order that listings follow."""

from __future__ import annotations

from edgeproof.features._registry import FEATURES

from edgeproof.features import price, levels, returns, volume, vwap, momentum, averages, trend  # isort: skip
from edgeproof.features import volatility, range_volatility, oscillators, channels, candles  # isort: skip
from edgeproof.features import order_flow, funding, cross_asset, seasonality, regime  # isort: skip

FAMILIES = (
    *(price, levels, returns, volume, vwap, momentum, averages, trend, volatility, range_volatility, oscillators),
    *(channels, candles, order_flow, funding, cross_asset, seasonality, regime),
)
__all__ = ["FAMILIES", "FEATURES"]
