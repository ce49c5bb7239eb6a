"""Live streams of venues, as feeds of the intake."""

from edgeproof.adapters.streams._blofin_feed import BlofinFeed
from edgeproof.adapters.streams._ccxt_feed import CcxtFeed
from edgeproof.adapters.streams._opening import describe_stream, open_feed
from edgeproof.adapters.streams._rules import FeedRules

__all__ = ["BlofinFeed", "CcxtFeed", "FeedRules", "describe_stream", "open_feed"]
