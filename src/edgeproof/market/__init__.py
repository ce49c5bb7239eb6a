"""Bars from trades, longer bars from shorter ones, quality, gaps, and parsers of archive formats."""

from edgeproof.market.archives import Hints, Portion, Refusal, read_archive
from edgeproof.market.quality import ANSWERS, Fault, QualityReport, SeriesQuality, inspect_bars
from edgeproof.market.resampling import resample
from edgeproof.market.trade_bars import bars_from_trades, keep_whole_bars

__all__ = [
    "ANSWERS",
    "Fault",
    "Hints",
    "Portion",
    "QualityReport",
    "Refusal",
    "SeriesQuality",
    "bars_from_trades",
    "inspect_bars",
    "keep_whole_bars",
    "read_archive",
    "resample",
]
