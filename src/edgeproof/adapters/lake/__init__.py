"""Trades, bars and funding at rest, in Delta tables."""

from edgeproof.adapters.lake._delta_lake import DeltaLake
from edgeproof.adapters.lake._errors import Unwritable
from edgeproof.adapters.lake._place import find_folder

__all__ = ["DeltaLake", "Unwritable", "find_folder"]
