"""What the public channels say, and when: trades at once, books every 100 ms, candles and tickers every second."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from edgeproof.simulator.exchange.engine.candles import TS, Page
from edgeproof.simulator.exchange.protocol import shapes
from edgeproof.simulator.exchange.protocol.books import BookStream
from edgeproof.simulator.exchange.protocol.channels import CANDLES, PRIVATE_CHANNELS, Topic
from edgeproof.simulator.exchange.protocol.frames import Push, TradePushes, encode_trades, frame_message

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from edgeproof.domain.arrays import IntArray
    from edgeproof.simulator.exchange.engine.venue import Venue

_BOOKS_EVERY_MS: Final = 100
_SECOND_MS: Final = 1_000
_FUNDING_EVERY_MS: Final = 30_000
_CANDLES_BACK: Final = 5


class Publisher:
    """Makes the pushes of public channels; who gets them is the server's business."""

    def __init__(self, venue: Venue) -> None:
        self._venue = venue
        self._books: dict[str, BookStream] = {}
        self._due_ms: dict[str, int] = {}
        self._newest_candle_ms: dict[Topic, int] = {}

    def publish_trades(self) -> list[TradePushes]:
        """Trades made since the last call."""
        venue = self._venue
        return [
            encode_trades(printed, venue.market[printed.batch.symbol], venue.spec.ids)
            for printed in venue.take_unsent()
        ]

    def publish_timed(self, topics: Collection[Topic]) -> dict[Topic, list[Push]]:
        """Frames that are due now on the topics that anybody listens to."""
        wall_ms = self._venue.wall_ms()
        topics = [topic for topic in topics if self._is_alive(topic)]
        pushes: dict[Topic, list[Push]] = {}
        if self._is_due("books", wall_ms, _BOOKS_EVERY_MS):
            for symbol in {topic.symbol for topic in topics if topic.channel.startswith("books")}:
                pushes |= self._refresh_book(symbol)
        if self._is_due("second", wall_ms, _SECOND_MS):
            for topic in topics:
                if topic.channel == "tickers":
                    pushes[topic] = self.snapshot(topic)
                elif topic.channel in CANDLES:
                    pushes[topic] = _push_each(topic, self._continue_candles(topic))
        if self._is_due("funding", wall_ms, _FUNDING_EVERY_MS):
            for topic in topics:
                if topic.channel == "funding-rate":
                    pushes[topic] = self.snapshot(topic)
        return {topic: frames for topic, frames in pushes.items() if topic in topics}

    def snapshot(self, topic: Topic) -> list[Push]:
        """What a topic has to say now: to those who just came, and whenever it is due."""
        if topic.channel == "trades" or topic.channel in PRIVATE_CHANNELS or not self._is_alive(topic):
            return []
        if topic.channel.startswith("books"):
            return [_push(topic, self._open_book(topic.symbol).snapshot(topic.channel))]
        return _push_each(topic, self._describe(topic))

    def _is_alive(self, topic: Topic) -> bool:
        """Whether there is news: a private channel may go without an instrument, and one that is halted has none."""
        instrument = self._venue.market.instruments.get(topic.symbol)
        return instrument is None or instrument.trades

    def _describe(self, topic: Topic) -> list[Any]:
        venue, instrument = self._venue, self._venue.market[topic.symbol]
        now_ms = venue.now_ms()
        if topic.channel == "tickers":
            return [shapes.write_ticker(instrument, now_ms)]
        if topic.channel == "funding-rate":
            point = instrument.next_funding(now_ms)
            return [shapes.write_funding(instrument, point)] if point is not None else []
        return self._write_candles(topic, instrument.candles.read(topic.bar, Page(limit=1)))

    def _continue_candles(self, topic: Topic) -> list[list[str]]:
        """The candle that is being made, after those that closed since this was last asked."""
        rows = self._venue.market[topic.symbol].candles.read(topic.bar, Page(limit=_CANDLES_BACK))
        if not len(rows):
            return []
        since = self._newest_candle_ms.get(topic, int(rows[0, TS]))
        self._newest_candle_ms[topic] = int(rows[0, TS])
        return self._write_candles(topic, rows[rows[:, TS] >= since][::-1])

    def _write_candles(self, topic: Topic, rows: IntArray) -> list[list[str]]:
        write = shapes.write_candles if topic.channel.startswith("candle") else shapes.write_price_candles
        return write(self._venue.market[topic.symbol], rows, topic.bar, self._venue.now_ms())

    def _refresh_book(self, symbol: str) -> dict[Topic, list[Push]]:
        update, five = self._open_book(symbol).refresh(self._venue.now_ms())
        pushes = {}
        if update is not None:
            pushes[Topic("books", symbol)] = [_push(Topic("books", symbol), update)]
        if five is not None:
            pushes[Topic("books5", symbol)] = [_push(Topic("books5", symbol), five)]
        return pushes

    def _open_book(self, symbol: str) -> BookStream:
        if symbol not in self._books:
            self._books[symbol] = BookStream(self._venue.market[symbol])
            self._books[symbol].refresh(self._venue.now_ms())
        return self._books[symbol]

    def _is_due(self, what: str, wall_ms: int, every_ms: int) -> bool:
        if wall_ms < self._due_ms.get(what, 0):
            return False
        self._due_ms[what] = wall_ms + every_ms
        return True


def _push(topic: Topic, message: object) -> Push:
    return Push(channel=topic.channel, symbol=topic.symbol, frame=frame_message(message))


def _push_each(topic: Topic, items: Iterable[Any]) -> list[Push]:
    return [_push(topic, {"arg": topic.argument, "data": [item]}) for item in items]
