from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import pytest

from edgeproof.adapters import exchange as adapter
from edgeproof.adapters.exchange._rows import RawCandle, read_candles
from edgeproof.adapters.exchange._unified import _find_answered
from edgeproof.adapters.rate_budget import BudgetLedger, BudgetRules, RateBudget
from edgeproof.domain.errors import UnknownName
from edgeproof.domain.instruments import Instrument
from edgeproof.domain.time import MS_PER_MINUTE, ONE_MINUTE, Window
from fakes.canned_venue import Canned, serve_canned
from fakes.venue import HandClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from edgeproof.domain.venues import Venue

OPEN_MS = 1_700_000_040_000 // MS_PER_MINUTE * MS_PER_MINUTE
NOW_MS = OPEN_MS + 30_000

BINANCE_MARKET = {
    "symbol": "BTCUSDT",
    "pair": "BTCUSDT",
    "contractType": "PERPETUAL",
    "onboardDate": 1569398400000,
    "status": "TRADING",
    "baseAsset": "BTC",
    "quoteAsset": "USDT",
    "marginAsset": "USDT",
    "pricePrecision": 2,
    "quantityPrecision": 3,
    "filters": [
        {"filterType": "PRICE_FILTER", "minPrice": "1", "maxPrice": "99999", "tickSize": "0.10"},
        {"filterType": "LOT_SIZE", "minQty": "0.001", "maxQty": "1000", "stepSize": "0.001"},
    ],
}
OKX_MARKET = {
    "instType": "SWAP",
    "instId": "BTC-USDT-SWAP",
    "uly": "BTC-USDT",
    "instFamily": "BTC-USDT",
    "settleCcy": "USDT",
    "ctVal": "0.01",
    "ctMult": "1",
    "ctValCcy": "BTC",
    "ctType": "linear",
    "tickSz": "0.1",
    "lotSz": "0.1",
    "minSz": "0.1",
    "lever": "100",
    "state": "live",
    "listTime": "1611916828000",
}


def at(minute: int) -> int:
    return OPEN_MS - minute * MS_PER_MINUTE


BINANCE: dict[str, list[Canned]] = {
    "/fapi/v1/exchangeInfo": [Canned(data={"symbols": [BINANCE_MARKET]})],
    "/fapi/v1/klines": [
        Canned(
            data=[
                [at(2), "100", "102", "99", "101", "12.5", at(1) - 1, "1256", 40, "6", "600", "0"],
                [at(1), "101", "102", "99", "100", "2.5", at(0) - 1, "251", 4, "1", "100", "0"],
                [at(0), "100", "100", "100", "100", "0.5", at(-1) - 1, "50", 1, "0", "0", "0"],
            ]
        )
    ],
    "/fapi/v1/fundingRate": [Canned(data=[{"symbol": "BTCUSDT", "fundingRate": "0.0001", "fundingTime": at(90)}])],
}
OKX: dict[str, list[Canned]] = {
    "/api/v5/public/instruments": [Canned(data={"code": "0", "msg": "", "data": [OKX_MARKET]})],
    "/api/v5/market/trades": [
        Canned(
            data={
                "code": "0",
                "data": [
                    {
                        "instId": "BTC-USDT-SWAP",
                        "tradeId": "7",
                        "px": "100.5",
                        "sz": "3",
                        "side": "sell",
                        "ts": str(at(1)),
                    }
                ],
            }
        )
    ],
}


@asynccontextmanager
async def open_canned(folder: Path, venue: str, answers: dict[str, list[Canned]]) -> AsyncIterator[Venue]:
    async with serve_canned(answers) as server:
        config = adapter.ExchangeConfig(venue=venue, host=server.url, attempts=1, timeout_s=5, name=venue)
        rules = BudgetRules(limits=config.profile.limits)
        budget = RateBudget(BudgetLedger(folder / "b.sqlite", config.budget_key, rules), rules, seed=1)
        opened = adapter.open_venue(config, budget, HandClock(NOW_MS))
        # Its other markets would be asked for as well: the perpetuals are all that is wanted here.
        opened._client.options["fetchMarkets"] = {"types": ["linear" if venue == "binance" else "swap"]}  # type: ignore[attr-defined] # ccxt's client inside  # noqa: SLF001
        opened._client.has["fetchCurrencies"] = False  # type: ignore[attr-defined] # ccxt's client inside  # noqa: SLF001
        try:
            yield opened
        finally:
            await opened.close()
            budget.close()


def ask(folder: Path, venue: str, answers: dict[str, list[Canned]], question: Callable[[Venue], Awaitable[Any]]) -> Any:  # noqa: ANN401 - whatever the question gives
    async def run() -> object:
        async with open_canned(folder, venue, answers) as opened:
            return await question(opened)

    return asyncio.run(asyncio.wait_for(run(), 30))


def test_another_venues_candles_are_bars_without_the_one_in_the_making(tmp_path: Path) -> None:
    window = Window(start_ms=at(2), end_ms=at(-1))
    page = ask(tmp_path, "binance", BINANCE, lambda venue: venue.candles("BTC-USDT", ONE_MINUTE, window))
    assert page.rows["volume"].to_list() == [12.5, 2.5]
    assert page.rows["venue"].unique().to_list() == ["binance"]
    assert page.answered == Window(start_ms=at(2), end_ms=at(0))


def test_another_venues_funding_is_read(tmp_path: Path) -> None:
    window = Window(start_ms=at(600), end_ms=NOW_MS)
    page = ask(tmp_path, "binance", BINANCE, lambda venue: venue.funding("BTC-USDT", window))
    assert page.rows["rate"].to_list() == [0.0001]
    assert page.answered == Window(start_ms=at(600), end_ms=NOW_MS - 10_000)  # one more may still come


def test_another_venue_is_not_taken_to_have_reached_our_time_by_a_clock_ahead_of_its_own(tmp_path: Path) -> None:
    date = {"Date": formatdate(at(4) / 1_000, usegmt=True)}
    late = {path: [replace(answer, headers=date) for answer in canned] for path, canned in BINANCE.items()}
    window = Window(start_ms=at(9), end_ms=at(0))
    page = ask(tmp_path, "binance", late, lambda venue: venue.candles("BTC-USDT", ONE_MINUTE, window))
    assert page.answered == Window(start_ms=at(9), end_ms=at(5))


def test_another_venues_contracts_become_base_units(tmp_path: Path) -> None:
    async def question(venue: Venue) -> None:
        (market,) = await venue.markets()
        assert (market.contract_size, market.rules.lot, market.rules.tick) == (0.01, 0.001, 0.1)
        page = await venue.trades("BTCUSDT")
        assert page.rows["size"].to_list() == [0.03]
        assert page.rows["side"].to_list() == ["sell"]
        with pytest.raises(UnknownName):
            await venue.trades("ETH-USDT")

    ask(tmp_path, "okx", OKX, question)


@pytest.mark.parametrize(
    ("given", "spoken_for"),
    [
        ([], (9, 0)),
        ([9, 8, 7, 6, 5, 4, 3, 2, 1], (9, 0)),
        ([9, 8, 7], (9, 6)),  # cut short after its oldest rows
        ([3, 2, 1], (3, 0)),  # cut short before its newest rows
        ([7, 6, 4], (9, 0)),  # whole: the venue has nothing else
    ],
)
def test_an_answer_cut_short_speaks_for_what_it_has(given: list[int], spoken_for: tuple[int, int]) -> None:
    raw = [RawCandle(ts=at(minute), prices=(1, 1, 1, 1), volume=1) for minute in given]
    rows = read_candles(raw, Instrument(venue="v", symbol="BTC-USDT"), ONE_MINUTE).frame
    answered = _find_answered(rows, Window(start_ms=at(9), end_ms=at(0)), MS_PER_MINUTE)
    assert answered == Window(start_ms=at(spoken_for[0]), end_ms=at(spoken_for[1]))


def test_tiers_in_contracts_become_quote_units_at_the_last_price(tmp_path: Path) -> None:
    def tier(number: int, most: str, share: str, leverage: str) -> dict[str, str]:
        named = {"tier": str(number), "instFamily": "BTC-USDT", "minSz": "0", "maxSz": most}
        return {**named, "mmr": share, "imr": "0.01", "maxLever": leverage}

    ticker = {"instType": "SWAP", "instId": "BTC-USDT-SWAP", "last": "50000", "ts": str(at(0))}
    answers = {
        **OKX,
        "/api/v5/market/ticker": [Canned(data={"code": "0", "data": [ticker]})],
        "/api/v5/public/position-tiers": [
            Canned(data={"code": "0", "data": [tier(1, "1000", "0.004", "125"), tier(2, "5000", "0.01", "50")]})
        ],
    }
    tiers = ask(tmp_path, "okx", answers, lambda venue: venue.tiers("BTC-USDT"))
    assert [(one.max_notional, one.maintenance, one.max_leverage) for one in tiers] == [
        (500_000.0, 0.004, 125.0),  # 1,000 contracts of 0.01 BTC
        (float("inf"), 0.01, 50.0),
    ]


def test_a_venue_that_tells_no_tiers_without_a_key_gives_none(tmp_path: Path) -> None:
    assert ask(tmp_path, "binance", BINANCE, lambda venue: venue.tiers("BTC-USDT")) == ()
