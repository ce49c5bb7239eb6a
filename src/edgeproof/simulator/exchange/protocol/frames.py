"""WebSocket frames as bytes, made here rather than by a library: one write may carry thousands of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from edgeproof.simulator.exchange.protocol.channels import Topic

if TYPE_CHECKING:
    from edgeproof.simulator.exchange.engine.market import Instrument
    from edgeproof.simulator.exchange.engine.trade_ids import TradeIds
    from edgeproof.simulator.exchange.engine.trades import Printed

TEXT: Final = 0x81
BINARY: Final = 0x82
_SHORT: Final = 126
_MEDIUM: Final = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """One frame on its way to a subscriber.

    Attributes:
        channel: Its channel, such as ``trades``.
        symbol: Its instrument, empty where a channel has none.
        frame: The bytes, header included.
        number: A trade's number; None for other channels.
    """

    channel: str
    symbol: str
    frame: bytes
    number: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TradePushes:
    """Trades of one instrument, each a frame of its own.

    Attributes:
        symbol: The instrument.
        first: Number of the first trade.
        frames: Frames as text in which each character is one byte.
        joined: All frames as bytes.
    """

    symbol: str
    first: int
    frames: list[str]
    joined: bytes

    @property
    def topic(self) -> Topic:
        """Where they are published."""
        return Topic("trades", self.symbol)

    @property
    def last(self) -> int:
        """Number of the last trade."""
        return self.first + len(self.frames) - 1

    def split(self) -> list[Push]:
        """One push a trade."""
        return [
            Push(channel="trades", symbol=self.symbol, frame=frame.encode("latin-1"), number=self.first + i)
            for i, frame in enumerate(self.frames)
        ]


def frame_message(message: object) -> bytes:
    """A message as the text frame of its JSON."""
    return frame_payload(msgspec.json.encode(message))


def frame_payload(payload: bytes, opcode: int = TEXT) -> bytes:
    """A payload with a server's frame header (RFC 6455, section 5.2)."""
    length = len(payload)
    if length < _SHORT:
        return bytes((opcode, length)) + payload
    if length < _MEDIUM:
        return bytes((opcode, _SHORT)) + length.to_bytes(2, "big") + payload
    return bytes((opcode, _SHORT + 1)) + length.to_bytes(8, "big") + payload


def encode_trades(printed: Printed, instrument: Instrument, ids: TradeIds) -> TradePushes:
    """Trades as pushes, each encoded once for all who listen."""
    symbol, batch = instrument.symbol, printed.batch
    price, size = instrument.listing.price_text, instrument.listing.size_text
    numbers = range(printed.first, printed.first + len(batch))
    start = f'{{"arg":{{"channel":"trades","instId":"{symbol}"}},"data":[{{"instId":"{symbol}","tradeId":"'
    columns = (batch.ts, batch.ticks, batch.lots, batch.buys)
    frames = []
    for number, ts, ticks, lots, buys in zip(numbers, *(column.tolist() for column in columns), strict=True):
        side = "buy" if buys else "sell"
        rest = (
            f'{ids.of_number(number)}","price":"{price(ticks)}","size":"{size(lots)}","side":"{side}","ts":"{ts}"}}]}}'
        )
        # Such a message is never shorter than 126 bytes nor longer than 65,535.
        length = len(start) + len(rest)
        frames.append(f"\x81\x7e{chr(length >> 8)}{chr(length & 255)}{start}{rest}")
    return TradePushes(symbol=symbol, first=printed.first, frames=frames, joined="".join(frames).encode("latin-1"))
