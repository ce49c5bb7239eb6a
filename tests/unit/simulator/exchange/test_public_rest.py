from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from edgeproof.domain.time import MS_PER_HOUR, MS_PER_MINUTE
from edgeproof.simulator.exchange import ExchangeSpec
from fakes.small_venues import START_MS, Desk, open_desk


def open_played_desk(spec: ExchangeSpec | None = None) -> Desk:
    desk = open_desk(spec)
    desk.clock.step(90_000)
    return desk


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("trades", {"instId": "BTC-USDT"}),
        ("candles", {"instId": "BTC-USDT"}),
        ("funding-rate-history", {"instId": "BTC-USDT"}),
    ],
)
def test_lists_come_newest_first(path: str, query: dict[str, str]) -> None:
    data = open_played_desk().get(path, **query)["data"]
    times = [int(item[0] if isinstance(item, list) else item.get("ts") or item["fundingTime"]) for item in data]
    assert len(times) > 5
    assert times == sorted(times, reverse=True)


def test_trades_reach_back_a_hundred_and_no_further() -> None:
    desk = open_played_desk()
    assert len(desk.get("trades", instId="BTC-USDT", limit="500")["data"]) == 100
    assert len(desk.get("trades", instId="BTC-USDT", limit="7")["data"]) == 7


def test_only_the_newest_candle_is_open_and_it_holds_the_trades_of_its_minute() -> None:
    desk = open_played_desk()
    newest, *older = desk.get("candles", instId="BTC-USDT", limit="5")["data"]
    assert newest[-1] == "0"
    assert {candle[-1] for candle in older} == {"1"}
    mine = [t for t in desk.get("trades", instId="BTC-USDT")["data"] if int(t["ts"]) >= int(newest[0])]
    made = desk.venue.truth.trades().filter(symbol="BTC-USDT")
    assert Decimal(newest[6]) == sum(
        (Decimal(size) for ts, size in made.select("ts", "size").iter_rows() if ts.timestamp() * 1e3 >= int(newest[0])),
        Decimal(0),
    )
    assert newest[4] == mine[0]["price"]


def test_candle_volume_in_base_units_is_contracts_times_contract_value() -> None:
    desk = open_played_desk()
    value = Decimal(desk.get("instruments", instId="ETH-USDT")["data"][0]["contractValue"])
    for candle in desk.get("candles", instId="ETH-USDT", limit="20")["data"]:
        assert Decimal(candle[5]) * value == Decimal(candle[6])


def test_no_page_of_candles_is_longer_than_the_exchange_gives() -> None:
    assert len(open_played_desk().get("candles", instId="BTC-USDT", limit="5000")["data"]) == 1_440
    old_build = open_played_desk(ExchangeSpec(candle_page=100))
    assert len(old_build.get("candles", instId="BTC-USDT", limit="1440")["data"]) == 100


def test_the_rate_to_come_is_not_in_the_history_until_it_is_settled() -> None:
    desk = open_played_desk()
    coming = desk.get("funding-rate", instId="BTC-USDT")["data"][0]
    assert int(coming["fundingTime"]) == START_MS + 4 * MS_PER_HOUR
    assert coming not in desk.get("funding-rate-history", instId="BTC-USDT")["data"]
    desk.clock.step(4 * MS_PER_HOUR)
    assert desk.get("funding-rate-history", instId="BTC-USDT")["data"][0] == coming


def test_the_book_surrounds_the_last_price_without_crossing() -> None:
    desk = open_played_desk()
    book = desk.get("books", instId="BTC-USDT", size="100")["data"][0]
    asks, bids = ([Decimal(price) for price, _ in book[side]] for side in ("asks", "bids"))
    assert asks == sorted(asks)
    assert bids == sorted(bids, reverse=True)
    assert bids[0] < asks[0]
    assert Decimal(desk.get("tickers", instId="BTC-USDT")["data"][0]["last"]) in {bids[0], asks[0]}
    assert len(asks) == len(bids) == 100


def test_a_book_is_one_level_deep_unless_asked() -> None:
    book = open_played_desk().get("books", instId="BTC-USDT")["data"][0]
    assert len(book["asks"]) == len(book["bids"]) == 1


def test_tiers_ask_more_margin_of_larger_positions() -> None:
    tiers = open_played_desk().get("position-tiers", instId="BTC-USDT", marginMode="cross")["data"]
    assert [tier["minSize"] for tier in tiers[1:]] == [tier["maxSize"] for tier in tiers[:-1]]
    rates = [Decimal(tier["maintenanceMarginRate"]) for tier in tiers]
    assert rates == sorted(rates)


@pytest.mark.parametrize(
    ("path", "query", "code"),
    [
        ("candles", {}, "152001"),
        ("candles", {"instId": "NO-SUCH"}, "152014"),
        ("candles", {"instId": "BTC-USDT", "bar": "7m"}, "152002"),
        ("candles", {"instId": "BTC-USDT", "limit": "0"}, "152002"),
        ("candles", {"instId": "BTC-USDT", "limit": "-1"}, "152002"),
        ("candles", {"instId": "BTC-USDT", "after": "soon"}, "152002"),
        ("trades", {"instId": "BTC-USDT", "limit": "9" * 30}, "152002"),
        ("position-tiers", {"instId": "BTC-USDT", "marginMode": "none"}, "152002"),
        ("no-such-path", {}, "404"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_the_envelope(path: str, query: dict[str, str], code: str) -> None:
    answer: dict[str, Any] = open_played_desk().get(path, **query)
    assert answer["code"] == code
    assert answer["msg"]


def test_the_same_market_is_told_whatever_the_steps_of_the_clock() -> None:
    hasty, patient = open_desk(), open_desk()
    hasty.clock.step(3 * MS_PER_MINUTE)
    hasty.venue.advance()
    for _ in range(180):
        patient.clock.step(1_000)
        patient.venue.advance()
    assert (
        hasty.venue.truth.trades()
        .sort("symbol", "number")
        .equals(patient.venue.truth.trades().sort("symbol", "number"))
    )
    for path in ("candles", "trades", "books", "tickers"):
        assert hasty.get(path, instId="ETH-USDT") == patient.get(path, instId="ETH-USDT")
