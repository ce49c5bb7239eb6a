"""Whatever a venue may answer: rows that come of it are sound, and what goes wrong is one line of ours."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from edgeproof.adapters import exchange as adapter
from edgeproof.adapters.exchange._blofin_rows import (
    read_market,
    read_ticker,
    read_tier,
    read_trade,
    sort_candles,
)
from edgeproof.adapters.exchange._rows import RawCandle, read_candles, read_funding, read_levels, read_trades
from edgeproof.adapters.exchange._tiers import read_tiers
from edgeproof.adapters.exchange._unified import _read_market
from edgeproof.adapters.exchange._units import read_decimal
from edgeproof.adapters.rate_budget import BackOff, BudgetLedger, BudgetRules, Outcome, RateBudget
from edgeproof.domain.errors import EdgeproofError
from edgeproof.domain.frames import BARS, FUNDING, TRADES, conform, require_names
from edgeproof.domain.instruments import Instrument, check_tiers
from edgeproof.domain.time import MS_PER_DAY, ONE_MINUTE, Window
from edgeproof.domain.venues import BadAnswer, Market
from fakes.canned_venue import Canned, serve_canned
from fakes.venue import HandClock

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from edgeproof.domain.venues import Venue

ETH = Instrument(venue="blofin", symbol="ETH-USDT")
NOON_MS = 1_760_000_040_000
PEPE_SIZE = Decimal(10_000_000)

NUMBERS = (
    st.none()
    | st.booleans()
    | st.floats()
    | st.integers(-(10**40), 10**40)
    | st.decimals(allow_nan=True, allow_infinity=True).map(str)
    | st.integers(-(10**18), 10**18).map(lambda power: f"1e{power}")
    | st.sampled_from(["", " ", "NaN", "9" * 5_000, "1_000", str(NOON_MS), "1", "0.5", "0", "-1"])
)
JSON = st.recursive(
    NUMBERS | st.text(max_size=8) | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=10,
)
MANY = settings(deadline=None, max_examples=100)


def test_a_number_too_long_to_be_written_is_no_number() -> None:
    assert read_decimal(10**5_000) is None
    assert read_decimal("1e41") is None
    assert read_decimal("1e40") == Decimal("1e40")


def assert_finite(frame: pl.DataFrame, *columns: str) -> None:
    numbers = frame.select(pl.col(*columns).fill_null(0.0))
    assert numbers.select(pl.all_horizontal(pl.all().is_finite()).all()).item()


@MANY
@given(rows=st.lists(st.lists(NUMBERS, min_size=9, max_size=9) | JSON, max_size=4))
def test_candles_of_any_answer_are_bars_that_can_be(rows: list[Any]) -> None:
    found = sort_candles(rows, PEPE_SIZE, before_ms=NOON_MS + MS_PER_DAY, stale_ms=NOON_MS)
    read = read_candles(found.closed, ETH, ONE_MINUTE)
    assert_frame_equal(conform(read.frame, BARS), read.frame)
    require_names(read.frame, BARS)
    assert_finite(read.frame, "open", "high", "low", "close", "volume", "quote_volume")
    assert (read.frame["low"] > 0).all()
    assert (read.frame["low"] <= read.frame["high"]).all()
    assert (read.frame["volume"] >= 0).all()


@MANY
@given(rows=st.lists(st.tuples(NUMBERS, st.tuples(NUMBERS, NUMBERS, NUMBERS, NUMBERS), NUMBERS, NUMBERS), max_size=4))
def test_candles_of_other_venues_are_bars_that_can_be(rows: list[tuple[Any, Any, Any, Any]]) -> None:
    candles = [RawCandle(ts=ts, prices=prices, volume=volume, quote_volume=quote) for ts, prices, volume, quote in rows]
    read = read_candles(candles, ETH, ONE_MINUTE)
    assert read.frame.height + sum(read.refused.values()) <= len(rows)
    assert_finite(read.frame, "open", "high", "low", "close", "volume", "quote_volume")


TRADE = {"tradeId": "7", "price": "10", "size": "3", "side": "buy", "ts": str(NOON_MS)}


@MANY
@given(rows=st.lists(st.fixed_dictionaries({key: JSON | st.just(value) for key, value in TRADE.items()}), max_size=4))
def test_trades_of_any_answer_are_trades_that_can_be(rows: list[dict[str, Any]]) -> None:
    read = read_trades([read_trade(row) for row in rows], ETH, contract_size=PEPE_SIZE, seen_ms=NOON_MS)
    assert_frame_equal(conform(read.frame, TRADES), read.frame)
    require_names(read.frame, TRADES)
    assert_finite(read.frame, "price", "size")
    assert (read.frame["price"] > 0).all()
    assert (read.frame["size"] > 0).all()
    assert read.frame["side"].is_in(["buy", "sell"]).all()


@MANY
@given(rows=st.lists(st.tuples(NUMBERS, NUMBERS), max_size=4))
def test_funding_of_any_answer_is_a_share_below_one(rows: list[tuple[Any, Any]]) -> None:
    read = read_funding(rows, ETH)
    assert_frame_equal(conform(read.frame, FUNDING), read.frame)
    assert read.frame.height + sum(read.refused.values()) <= len(rows)
    assert (read.frame["rate"].abs() < 1).all()


LISTING = {
    "instId": "ETH-USDT",
    "instType": "SWAP",
    "contractType": "linear",
    "contractValue": "0.01",
    "lotSize": "0.1",
    "tickSize": "0.01",
    "minSize": "0.1",
    "maxLeverage": "100",
    "state": "live",
    "listTime": str(NOON_MS),
}


@MANY
@given(row=JSON | st.fixed_dictionaries({key: JSON | st.just(value) for key, value in LISTING.items()}))
def test_a_listing_is_a_market_that_can_be_or_none(row: object) -> None:
    for read in (read_market, _read_market):
        found = read(row, "blofin")
        assert found is None or isinstance(found[0], Market)


CCXT_MARKET = {
    "symbol": "ETH/USDT:USDT",
    "id": "ETH-USDT",
    "swap": True,
    "linear": True,
    "active": True,
    "contractSize": 0.01,
    "precision": {"amount": 0.1, "price": 0.01},
    "limits": {"amount": {"min": 0.1}, "leverage": {"max": 100}},
    "created": NOON_MS,
}


@MANY
@given(row=st.fixed_dictionaries({key: JSON | st.just(value) for key, value in CCXT_MARKET.items()}))
def test_a_market_of_ccxt_is_one_that_can_be_or_none(row: object) -> None:
    found = _read_market(row, "okx")
    assert found is None or isinstance(found[0], Market)


@MANY
@given(row=st.fixed_dictionaries(dict.fromkeys(("ts", "last", "bidPrice", "askPrice", "vol24h"), JSON)), levels=JSON)
def test_tickers_and_levels_of_any_answer_are_read_or_left_out(row: dict[str, Any], levels: object) -> None:
    found = read_market(LISTING, "blofin")
    assert found is not None
    ticker = read_ticker(row, *found, seen_ms=NOON_MS)
    assert ticker is None or abs(ticker.last) < float("inf")
    for price, size in read_levels(levels, PEPE_SIZE):
        assert max(abs(price), abs(size)) < float("inf")


TIER = {"maxSize": "100", "maintenanceMarginRate": "0.01", "maxLeverage": "50"}


@MANY
@given(rows=st.lists(JSON | st.fixed_dictionaries({key: JSON | st.just(v) for key, v in TIER.items()}), max_size=3))
def test_tiers_of_any_answer_are_a_table_or_refused(rows: list[Any]) -> None:
    with suppress(BadAnswer):
        tiers = read_tiers([read_tier(row) for row in rows], ETH, PEPE_SIZE)
        assert check_tiers(tiers) == tiers


BODIES: dict[str, str | bytes] = {
    "nothing": "",
    "truncated": '{"code":"0","msg":"success","data":[["1700000',
    "no JSON": "<html><body>\n502\nBad Gateway</body></html>",
    "no text": b"\xff\xfe\x80{",
    "not a number": '{"code":"0","data":[[NaN,Infinity,1]]}',
    "a list": "[1,2,3]",
    "a number": "42",
    "null": "null",
    "null data": '{"code":"0","data":null}',
    "data of a wrong type": '{"code":"0","data":"x"}',
    "rows of odd fields": '{"code":"0","data":[{"instId":[],"side":{},"tradeId":[],"bids":[[1],2],"ts":"soon"}]}',
    "rows of a wrong type": '{"code":"0","data":[null,7,"x",[],{},[[]]]}',
    "a code of a wrong type": '{"code":{"a":[]},"msg":[],"data":[]}',
    "deep lists": "[" * 100_000,
    "deep lists that end": "[" * 100_000 + "]" * 100_000,
    "deep data": '{"code":"0","data":' + "[" * 50_000 + "]" * 50_000 + "}",
    "a number too long to be read": '{"code":"0","data":[' + "9" * 10_000 + "]}",
    "half a character": r'{"code":"0","data":["\ud800"]}',
    "ten megabytes": '{"code":"0","data":["' + "x" * 10_485_760 + '"]}',
}
WINDOW = Window(start_ms=NOON_MS - MS_PER_DAY, end_ms=NOON_MS)
QUESTIONS: dict[str, Callable[[Venue], Awaitable[object]]] = {
    "candles": lambda venue: venue.candles("ETH-USDT", ONE_MINUTE, WINDOW),
    "trades": lambda venue: venue.trades("ETH-USDT"),
    "funding-rate-history": lambda venue: venue.funding("ETH-USDT", WINDOW),
    "funding-rate": lambda venue: venue.funding_rate("ETH-USDT"),
    "tickers": lambda venue: venue.tickers(),
    "books": lambda venue: venue.book("ETH-USDT"),
    "position-tiers": lambda venue: venue.tiers("ETH-USDT"),
    "instruments": lambda venue: venue.markets(again=True),
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_no_body_of_any_answer_gives_more_than_an_error_of_ours(tmp_path: Path, body: str | bytes) -> None:
    async def visit() -> None:
        listed = {"code": "0", "msg": "success", "data": [LISTING]}
        mark = {"code": "0", "msg": "success", "data": [{"instId": "ETH-USDT", "markPrice": "10"}]}
        paths = {f"/api/v1/market/{name}": [Canned(body=body)] for name in QUESTIONS}
        paths["/api/v1/market/instruments"] = [Canned(data=listed), Canned(body=body)]
        paths["/api/v1/market/mark-price"] = [Canned(data=mark)]
        async with serve_canned(paths) as server:
            config = adapter.ExchangeConfig(host=server.url, attempts=1, timeout_s=30)
            quick = dict.fromkeys(Outcome, BackOff(first_ms=1, longest_ms=2))
            rules = BudgetRules(limits=config.profile.limits, back_offs=quick)
            budget = RateBudget(BudgetLedger(tmp_path / "b.sqlite", config.budget_key, rules), rules, seed=1)
            venue = adapter.open_venue(config, budget, HandClock(NOON_MS))
            try:
                for name, question in QUESTIONS.items():
                    await ask(name, question, venue)
            finally:
                await venue.close()
                budget.close()

    async def ask(name: str, question: Callable[[Venue], Awaitable[object]], venue: Venue) -> None:
        told, answer = "", None
        try:
            answer = await question(venue)
        except EdgeproofError as error:
            told = str(error)
        assert "\n" not in told, name
        assert len(told) < 500, name
        rows = getattr(answer, "rows", None)
        assert rows.is_empty() if rows is not None else not answer, name

    asyncio.run(asyncio.wait_for(visit(), 60))
