"""Which connection listens to what: as few connections as the limit on subscription texts allows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from edgeproof.domain.errors import InvalidValue

if TYPE_CHECKING:
    from collections.abc import Sequence


def write_subscription(channels: Sequence[tuple[str, str]]) -> str:
    """The text that subscribes to these pairs of channel and symbol."""
    arguments = [{"channel": channel, "instId": symbol} for channel, symbol in channels]
    return json.dumps({"op": "subscribe", "args": arguments}, separators=(",", ":"))


def split_symbols(symbols: Sequence[str], channels: Sequence[str], *, most_bytes: int) -> list[tuple[str, ...]]:
    """Share symbols out so that each connection's subscription, to every channel of its symbols, fits.

    Shares are as even as they can be, in the order given.

    Raises:
        InvalidValue: One symbol alone does not fit.
    """
    for count in range(1, len(symbols) + 1):
        shares = [tuple(symbols[i::count]) for i in range(count)]
        longest = max(len(write_subscription([(c, s) for s in share for c in channels])) for share in shares)
        if longest <= most_bytes:
            return shares
    if not symbols:
        return []
    raise InvalidValue("subscription", f"{len(channels)} channels of {symbols[0]}", f"a text of {most_bytes} bytes")
