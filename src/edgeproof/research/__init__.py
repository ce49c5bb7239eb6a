"""The cycle: what is tried, how it is ranked and judged, and what is said about it."""

from edgeproof.research.cycle import CycleReport, run_cycle
from edgeproof.research.progress import ProgressListener, SilentListener
from edgeproof.research.request import DECISION_TIMEFRAMES, CycleRequest, NothingToTest
from edgeproof.research.status import describe_cycles

__all__ = [
    "DECISION_TIMEFRAMES",
    "CycleReport",
    "CycleRequest",
    "NothingToTest",
    "ProgressListener",
    "SilentListener",
    "describe_cycles",
    "run_cycle",
]
