"""Bars from trades, longer bars from shorter ones, quality, gaps, and parsers of archive formats."""

from edgeproof.market.resampling import resample

__all__ = ["resample"]
