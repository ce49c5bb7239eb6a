"""Live streams of venues, as feeds of the intake."""

from edgeproof.adapters.streams._blofin_feed import BlofinFeed, FeedRules
from edgeproof.adapters.streams._opening import find_stream_url, open_feed

__all__ = ["BlofinFeed", "FeedRules", "find_stream_url", "open_feed"]
