from __future__ import annotations

from typing import Any

import msgspec
import pytest

from edgeproof.simulator.exchange.engine.refusal import Refusal
from edgeproof.simulator.exchange.protocol.channels import Topic
from edgeproof.simulator.exchange.protocol.hostile import make_odd_trade
from edgeproof.simulator.exchange.protocol.publisher import Publisher
from edgeproof.simulator.exchange.protocol.session import Session
from fakes.small_venues import START_MS, Desk, open_desk

HALTS = ("suspend", "delist")
CHANNELS = ("trades", "candle1m", "tickers", "books", "books5", "funding-rate")


def open_played_desk() -> Desk:
    desk = open_desk()
    play(desk)
    return desk


def play(desk: Desk, seconds: int = 90) -> None:
    desk.clock.step(seconds * 1_000)
    desk.venue.advance()


def list_states(desk: Desk) -> dict[str, str]:
    return {item["instId"]: item["state"] for item in desk.get("instruments")["data"]}


def subscribe(desk: Desk, symbol: str) -> list[Any]:
    session = Session(desk.venue, private=False, address="127.0.0.1")
    asked = {"op": "subscribe", "args": [{"channel": "trades", "instId": symbol}]}
    return [msgspec.json.decode(reply) for reply in session.hear(msgspec.json.encode(asked).decode()).replies]


def test_a_suspended_symbol_stays_in_the_list_and_says_so() -> None:
    desk = open_played_desk()
    desk.venue.suspend("ETH-USDT")
    assert list_states(desk) == {"BTC-USDT": "live", "ETH-USDT": "suspend"}
    assert subscribe(desk, "ETH-USDT")[0]["event"] == "subscribe"


def test_a_delisted_symbol_is_unknown_to_every_question() -> None:
    desk = open_played_desk()
    desk.venue.delist("ETH-USDT")
    assert list_states(desk) == {"BTC-USDT": "live"}
    assert [item["instId"] for item in desk.get("tickers")["data"]] == ["BTC-USDT"]
    for path in ("instruments", "tickers", "books", "trades", "candles", "funding-rate", "funding-rate-history"):
        assert desk.get(path, instId="ETH-USDT")["code"] == "152014"
    (reply,) = subscribe(desk, "ETH-USDT")
    assert (reply["event"], reply["code"]) == ("error", "60012")


@pytest.mark.parametrize("halt", HALTS)
def test_what_is_halted_makes_no_trades_and_says_nothing_until_it_is_back(halt: str) -> None:
    desk = open_played_desk()
    publisher, topics = Publisher(desk.venue), {Topic(channel, "ETH-USDT") for channel in CHANNELS}
    publisher.publish_trades()
    getattr(desk.venue, halt)("ETH-USDT")
    made = desk.venue.truth.sums()
    play(desk)
    assert {trades.symbol for trades in publisher.publish_trades()} == {"BTC-USDT"}
    assert publisher.publish_timed(topics) == {}
    assert not any(publisher.snapshot(topic) for topic in topics)
    assert desk.venue.truth.sums()["ETH-USDT"] == made["ETH-USDT"]
    assert desk.venue.truth.sums()["BTC-USDT"] > made["BTC-USDT"]

    desk.venue.relist("ETH-USDT")
    play(desk)
    assert list_states(desk) == {"BTC-USDT": "live", "ETH-USDT": "live"}
    assert {trades.symbol for trades in publisher.publish_trades()} == {"BTC-USDT", "ETH-USDT"}
    assert {topic.channel for topic in publisher.publish_timed(topics)} >= {"candle1m", "tickers"}
    assert desk.venue.truth.sums()["ETH-USDT"] > made["ETH-USDT"]


def test_the_trades_before_a_halt_are_still_told() -> None:
    desk = open_played_desk()
    publisher = Publisher(desk.venue)
    desk.venue.delist("ETH-USDT")
    told = sum(len(trades.frames) for trades in publisher.publish_trades() if trades.symbol == "ETH-USDT")
    assert told == desk.venue.truth.sums()["ETH-USDT"] > 0


def test_numbers_of_trades_go_on_after_a_halt_and_its_minutes_are_empty() -> None:
    desk = open_played_desk()
    before = int(desk.get("trades", instId="ETH-USDT")["data"][0]["tradeId"])
    desk.venue.delist("ETH-USDT")
    play(desk, 300)
    desk.venue.relist("ETH-USDT")
    play(desk, 1)
    numbers = desk.venue.truth.trades().filter(symbol="ETH-USDT")["trade_id"].cast(int)
    assert numbers.diff().drop_nulls().unique().to_list() == [1]
    assert int(desk.get("trades", instId="ETH-USDT")["data"][0]["tradeId"]) > before
    candles = desk.get("candles", instId="ETH-USDT", limit="5")["data"]
    assert [candle[5] for candle in candles[1:4]] == ["0"] * 3


def test_nothing_can_be_done_to_a_symbol_that_never_was() -> None:
    with pytest.raises(Refusal, match="152014"):
        open_desk().venue.delist("NO-SUCH")


def test_an_odd_trade_is_a_trade_in_all_but_its_number_and_was_never_made() -> None:
    desk = open_played_desk()
    made = desk.venue.truth.sums()
    frame = make_odd_trade(desk.venue.market["ETH-USDT"], START_MS + 90_000)
    (trade,) = msgspec.json.decode(frame[4:])["data"]
    (last,) = desk.get("trades", instId="ETH-USDT", limit="1")["data"]
    assert trade.keys() == last.keys()
    assert (trade["price"], trade["instId"]) == (last["price"], last["instId"])
    assert (trade["tradeId"], trade["ts"]) == ("99999999999999999", str(START_MS + 90_000))
    assert desk.venue.truth.sums() == made
