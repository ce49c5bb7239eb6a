"""Live streams of venues, as feeds of the intake."""

from edgeproof.adapters.streams._blofin_feed import BlofinFeed, FeedRules

__all__ = ["BlofinFeed", "FeedRules"]
