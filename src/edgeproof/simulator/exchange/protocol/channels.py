"""The channels of a stream, and what may be subscribed to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from edgeproof.simulator.exchange.engine.candles import BARS

CANDLE_PREFIXES: Final = ("candle", "index-candle", "mark-price-candle")
CANDLES: Final = frozenset(f"{prefix}{bar}" for prefix in CANDLE_PREFIXES for bar in BARS)
PUBLIC_CHANNELS: Final = CANDLES | {"trades", "tickers", "books", "books5", "funding-rate"}
PRIVATE_CHANNELS: Final = frozenset({"account", "inverse-account", "positions", "orders", "orders-algo"})


@dataclass(frozen=True, slots=True)
class Topic:
    """A channel and its instrument; private channels may go without one."""

    channel: str
    symbol: str = ""

    @property
    def argument(self) -> dict[str, str]:
        """The topic as messages name it."""
        return {"channel": self.channel, "instId": self.symbol} if self.symbol else {"channel": self.channel}

    @property
    def bar(self) -> str:
        """The bar of a candle channel."""
        return self.channel.rsplit("candle", maxsplit=1)[-1]
