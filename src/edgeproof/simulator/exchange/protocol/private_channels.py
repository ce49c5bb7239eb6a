"""What the private channels say: orders when they change, accounts and positions too, and these regularly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from edgeproof.simulator.exchange.protocol import private_shapes as shapes
from edgeproof.simulator.exchange.protocol.channels import PRIVATE_CHANNELS, Topic
from edgeproof.simulator.exchange.protocol.frames import Push, frame_message

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edgeproof.simulator.exchange.engine.trading.accounts import Account
    from edgeproof.simulator.exchange.engine.trading.floor import News
    from edgeproof.simulator.exchange.engine.venue import Venue

_REGULARLY_MS: Final = 5_000


class PrivateChannels:
    """Makes the pushes of one user's streams."""

    def __init__(self, venue: Venue) -> None:
        self._venue = venue
        self._due_ms = 0
        self._news: News = venue.floor.take_news()
        self._regular = False

    def gather(self) -> None:
        """Collect what changed since the last time; ``publish`` tells it to each stream."""
        self._news = self._venue.floor.take_news()
        wall_ms = self._venue.wall_ms()
        self._regular = wall_ms >= self._due_ms
        if self._regular:
            self._due_ms = wall_ms + _REGULARLY_MS

    def publish(self, user: str, topics: Iterable[Topic]) -> list[Push]:
        """What a user's stream hears now on these topics."""
        account = self._venue.floor.accounts[user]
        pushes = []
        for topic in topics:
            if topic.channel in PRIVATE_CHANNELS:
                pushes += [_push(topic, message) for message in self._tell(account, topic)]
        return pushes

    def snapshot(self, user: str, topic: Topic) -> list[Push]:
        """What a new subscription hears first."""
        account = self._venue.floor.accounts[user]
        return [_push(topic, message) for message in self._describe(account, topic)]

    def _tell(self, account: Account, topic: Topic) -> list[dict[str, Any]]:
        floor = self._venue.floor
        if topic.channel == "orders":
            mine = [o for user, o in self._news.orders if user == account.user and _concerns(topic, o.request.symbol)]
            return [_update(topic, shapes.write_pushed_order(floor, order)) for order in mine]
        if topic.channel == "orders-algo":
            held = [w for user, w in self._news.waiting if user == account.user and _concerns(topic, w.request.symbol)]
            return [_update(topic, shapes.write_pushed_waiting(floor, waiting)) for waiting in held]
        if account.user not in self._news.accounts and not self._regular:
            return []
        return self._describe(account, topic)

    def _describe(self, account: Account, topic: Topic) -> list[dict[str, Any]]:
        floor = self._venue.floor
        if topic.channel == "account":
            return [{"arg": topic.argument, "data": shapes.write_balance(floor, account, pushed=True)}]
        if topic.channel == "positions":
            closed = [p for user, p in self._news.closed if user == account.user]
            held = [p for p in [*account.positions.values(), *closed] if _concerns(topic, p.key.symbol)]
            data = [shapes.write_position(floor, account, position) for position in held]
            return [{"arg": topic.argument, "data": data}] if data else []
        if topic.channel == "orders":
            orders = [o for o in account.orders.values() if _concerns(topic, o.request.symbol)]
            told = [shapes.write_pushed_order(floor, order) for order in orders]
            return [_snapshot(topic, told)] if told else []
        if topic.channel == "orders-algo":
            waiting = [w for w in account.waiting.values() if _concerns(topic, w.request.symbol)]
            told = [shapes.write_pushed_waiting(floor, item) for item in waiting]
            return [_snapshot(topic, told)] if told else []
        return []


def _concerns(topic: Topic, symbol: str) -> bool:
    return topic.symbol in {"", symbol}


def _update(topic: Topic, item: dict[str, Any]) -> dict[str, Any]:
    return {"action": "update", "arg": topic.argument, "data": [item]}


def _snapshot(topic: Topic, items: list[dict[str, Any]]) -> dict[str, Any]:
    return {"action": "snapshot", "arg": topic.argument, "data": items}


def _push(topic: Topic, message: object) -> Push:
    return Push(channel=topic.channel, symbol=topic.symbol, frame=frame_message(message))
