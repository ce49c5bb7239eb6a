"""How patient a feed is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRules:
    """How a feed behaves.

    Attributes:
        subscribe_bytes: Longest text of a subscription.
        ping_after_s: Silence after which the venue is asked whether it is there.
        pong_within_s: How long it may take to answer.
        rows_within_s: Longest time without any row; then the stream is stale, whatever it answers.
        connect_within_s: How long opening may take.
        first_pause_s, longest_pause_s: Pauses between attempts, doubled each time, drawn between a half and the whole.
    """

    subscribe_bytes: int = 4_096
    ping_after_s: float = 15.0
    pong_within_s: float = 10.0
    rows_within_s: float = 45.0
    connect_within_s: float = 15.0
    first_pause_s: float = 0.25
    longest_pause_s: float = 30.0
