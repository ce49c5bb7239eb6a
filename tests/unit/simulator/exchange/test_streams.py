from __future__ import annotations

from typing import Any

import msgspec
import pytest

from edgeproof.domain.time import MS_PER_MINUTE
from edgeproof.simulator.exchange.protocol.books import BookStream
from edgeproof.simulator.exchange.protocol.channels import Topic
from edgeproof.simulator.exchange.protocol.frames import Push, frame_payload
from edgeproof.simulator.exchange.protocol.hostile import FORMS, make_hostile_frame
from edgeproof.simulator.exchange.protocol.publisher import Publisher
from edgeproof.simulator.exchange.protocol.session import Session
from fakes.small_venues import START_MS, Desk, open_desk


def open_session(desk: Desk) -> Session:
    return Session(desk.venue, private=False, address="127.0.0.1")


def hear(session: Session, message: object) -> list[Any]:
    return [msgspec.json.decode(reply) for reply in session.hear(msgspec.json.encode(message).decode()).replies]


def read_frame(frame: bytes) -> Any:  # noqa: ANN401 - whatever JSON holds
    header = {126: 4, 127: 10}.get(frame[1], 2)
    return msgspec.json.decode(frame[header:])


def read_push(push: Push) -> Any:  # noqa: ANN401 - as above
    return read_frame(push.frame)


def subscribe(channel: str, symbol: str = "BTC-USDT") -> dict[str, object]:
    return {"op": "subscribe", "args": [{"channel": channel, "instId": symbol}]}


def test_ping_is_answered_with_pong_and_neither_is_json() -> None:
    assert open_session(open_desk()).hear("ping").replies == [b"pong"]


def test_a_subscription_is_confirmed_and_an_end_of_one_too() -> None:
    session = open_session(open_desk())
    argument = {"channel": "trades", "instId": "BTC-USDT"}
    assert hear(session, subscribe("trades")) == [{"event": "subscribe", "arg": argument}]
    assert session.topics == {Topic("trades", "BTC-USDT")}
    assert hear(session, {"op": "unsubscribe", "args": [argument]}) == [{"event": "unsubscribe", "arg": argument}]
    assert session.topics == set()


@pytest.mark.parametrize(
    "text",
    [
        "not json",
        "[" * 4_000,
        "[]",
        "{}",
        '{"op":"subscribe"}',
        '{"op":"subscribe","args":[]}',
        '{"op":"subscribe","args":[1]}',
        '{"op":["subscribe"],"args":[{"channel":"trades","instId":"BTC-USDT"}]}',
        '{"op":"subscribe","args":[{"channel":"gossip","instId":"BTC-USDT"}]}',
        '{"op":"subscribe","args":[{"channel":"trades","instId":"NO-SUCH"}]}',
        '{"op":"subscribe","args":[{"channel":["trades"],"instId":"BTC-USDT"}]}',
        '{"op":"subscribe","args":[{"channel":"account"}]}',
        '{"op":"subscribe","args":[{"channel":"' + "x" * 4_096 + '"}]}',
    ],
)
def test_what_makes_no_sense_is_an_invalid_request(text: str) -> None:
    session = open_session(open_desk())
    replies = [msgspec.json.decode(reply) for reply in session.hear(text).replies]
    assert [(reply["event"], reply["code"]) for reply in replies] == [("error", "60012")]
    assert session.topics == set()


def test_a_subscription_of_exactly_4096_bytes_is_heard() -> None:
    session = open_session(open_desk())
    text = '{"op":"subscribe","args":[{"channel":"trades","instId":"BTC-USDT"}]}'
    assert session.hear(text[:-1] + " " * (4_096 - len(text)) + "}").joined
    assert not session.hear(text[:-1] + " " * (4_097 - len(text)) + "}").joined


def test_each_trade_is_a_push_of_its_own() -> None:
    desk = open_desk()
    desk.clock.step(3_000)
    desk.venue.advance()
    pushed = [read_push(push) for trades in Publisher(desk.venue).publish_trades() for push in trades.split()]
    assert all(len(message["data"]) == 1 for message in pushed)
    mine = [m["data"][0] for m in pushed if m["arg"] == {"channel": "trades", "instId": "BTC-USDT"}]
    assert mine == desk.get("trades", instId="BTC-USDT")["data"][::-1]


def test_following_a_book_leads_to_the_book() -> None:
    desk = open_desk()
    stream = BookStream(desk.venue.market["BTC-USDT"])
    stream.refresh(START_MS)
    message = stream.snapshot("books")
    assert message["data"]["prevSeqId"] == "0"
    sides = {side: dict(message["data"][side]) for side in ("asks", "bids")}
    sequence = message["data"]["seqId"]
    for _ in range(50):
        desk.clock.step(100)
        desk.venue.advance()
        update, _five = stream.refresh(desk.venue.now_ms())
        if update is None:
            continue
        assert update["data"]["prevSeqId"] == sequence
        assert int(update["data"]["seqId"]) > int(sequence)
        sequence = update["data"]["seqId"]
        for side, levels in sides.items():
            for price, size in update["data"][side]:
                levels[price] = size
            sides[side] = {price: size for price, size in levels.items() if size}
    told = desk.get("books", instId="BTC-USDT", size="100")["data"][0]
    for side, reverse in (("asks", False), ("bids", True)):
        best = sorted(sides[side].items(), reverse=reverse)[:100]
        assert best == [(float(price), float(size)) for price, size in told[side]]


def test_five_levels_are_a_snapshot_each_time_they_change() -> None:
    desk = open_desk()
    publisher = Publisher(desk.venue)
    topic = Topic("books5", "BTC-USDT")
    (first,) = publisher.snapshot(topic)
    assert read_push(first)["action"] == "snapshot"
    seen = 0
    for _ in range(40):
        desk.clock.step(100)
        desk.venue.advance()
        for push in publisher.publish_timed([topic]).get(topic, []):
            message = read_push(push)
            seen += 1
            assert message["action"] == "snapshot"
            assert len(message["data"]["asks"]) == len(message["data"]["bids"]) == 5
            assert all(isinstance(number, (int, float)) for level in message["data"]["asks"] for number in level)
    assert seen > 5


def test_a_closed_candle_is_confirmed_once_before_the_next_is_shown() -> None:
    desk = open_desk()
    publisher = Publisher(desk.venue)
    topic = Topic("candle1m", "BTC-USDT")
    shown = []
    for _ in range(130):
        desk.clock.step(1_000)
        desk.venue.advance()
        shown += [read_push(push)["data"][0] for push in publisher.publish_timed([topic]).get(topic, [])]
    times = [int(candle[0]) for candle in shown]
    assert times == sorted(times)
    confirmed = [int(candle[0]) for candle in shown if candle[-1] == "1"]
    assert confirmed == [START_MS, START_MS + MS_PER_MINUTE]
    final = {candle[0]: candle for candle in desk.get("candles", instId="BTC-USDT", limit="5")["data"]}
    assert all(candle == final[candle[0]] for candle in shown if candle[-1] == "1")


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 70_000])
def test_frame_headers_say_the_length_of_what_follows(size: int) -> None:
    frame = frame_payload(b"x" * size)
    short = frame[1]
    length = {126: int.from_bytes(frame[2:4], "big"), 127: int.from_bytes(frame[2:10], "big")}.get(short, short)
    assert length == size


@pytest.mark.parametrize("form", FORMS)
def test_no_hostile_frame_can_be_read_as_a_trade(form: str) -> None:
    frame = make_hostile_frame(form, "BTC-USDT")
    assert len(frame) >= 2
    try:
        message = read_frame(frame)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return
    data = message.get("data") if isinstance(message, dict) else None
    trade = data[0] if isinstance(data, list) and data else None
    good = isinstance(trade, dict) and all(
        isinstance(trade.get(name), str) and trade[name].isdigit() and len(trade[name]) < 14 and int(trade[name]) > 0
        for name in ("tradeId", "price", "size", "ts")
    )
    usual = good and trade["side"] in {"buy", "sell"} and message["arg"]["instId"] == "BTC-USDT"  # type: ignore[index]
    assert not usual
