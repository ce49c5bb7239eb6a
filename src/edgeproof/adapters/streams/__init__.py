"""Live streams of venues, as feeds of the intake."""

from edgeproof.adapters.streams._blofin_feed import BlofinFeed, FeedRules
from edgeproof.adapters.streams._opening import open_blofin_feed

__all__ = ["BlofinFeed", "FeedRules", "open_blofin_feed"]
