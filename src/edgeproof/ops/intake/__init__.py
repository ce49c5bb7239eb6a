"""Live intake: every public trade of the chosen symbols into the lake, once, and an account of what is missing."""

from edgeproof.ops.intake.collector import Candle, Collector, Hint
from edgeproof.ops.intake.ports import Feed, Heartbeat, IntakeRun, Journal, Sink
from edgeproof.ops.intake.state import describe_intake

__all__ = ["Candle", "Collector", "Feed", "Heartbeat", "Hint", "IntakeRun", "Journal", "Sink", "describe_intake"]
