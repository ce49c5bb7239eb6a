"""Trades, bars and funding at rest, in Delta tables."""

from edgeproof.adapters.lake._delta_lake import DeltaLake
from edgeproof.adapters.lake._errors import Unwritable

__all__ = ["DeltaLake", "Unwritable"]
