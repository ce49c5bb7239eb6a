from __future__ import annotations

import asyncio
import math
from contextlib import asynccontextmanager, suppress
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import pytest

from edgeproof.adapters import exchange as adapter
from edgeproof.adapters.rate_budget import BackOff, BudgetLedger, BudgetRules, Outcome, RateBudget, Urgency
from edgeproof.domain.errors import InvalidValue
from edgeproof.domain.time import MS_PER_MINUTE, ONE_MINUTE, Timeframe, Window
from edgeproof.domain.venues import BadAnswer, HistoryPage, MarketState, Venue, VenueRefusing, VenueUnreachable
from fakes.canned_venue import Canned, CannedVenue, serve_canned
from fakes.venue import HandClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

MARKET = "/api/v1/market/"
NOW_MS = 1_703_484_330_000  # half a minute into a candle
OPEN_MS = NOW_MS // MS_PER_MINUTE * MS_PER_MINUTE

# Shapes of the documented answers; what is not needed is left out.
BITCOIN = {
    "instId": "BTC-USDT",
    "contractValue": "0.001",
    "listTime": "1638333031000",
    "maxLeverage": "125",
    "minSize": "0.1",
    "lotSize": "0.1",
    "tickSize": "0.5",
    "instType": "SWAP",
    "contractType": "linear",
    "maxLimitSize": "100000000",
    "maxMarketSize": "1000000",
    "state": "live",
}
ETHER = {**BITCOIN, "instId": "ETH-USDT", "contractValue": "0.01", "tickSize": "0.01", "state": "suspend"}
PEPE = {**BITCOIN, "instId": "PEPE-USDT", "contractValue": "10000000", "minSize": "0.01", "lotSize": "0.01"}
INVERSE = {**BITCOIN, "instId": "BTC-USD", "contractType": "inverse"}


def listing(*rows: object) -> Canned:
    return Canned(data={"code": "0", "msg": "success", "data": list(rows)})


def candle(minute: int, *, closed: bool = True, **changed: str) -> list[str]:
    """A candle so many minutes before the one in the making."""
    row = {
        "ts": str(OPEN_MS - minute * MS_PER_MINUTE),
        "open": "2283.45",
        "high": "2283.45",
        "low": "2282.8",
        "close": "2282.8",
        "contracts": "835",
        "base": "8.35",
        "quote": "19063.9805",
        "closed": "1" if closed else "0",
    }
    return list((row | changed).values())


def minutes(oldest: int, newest: int = 0) -> Window:
    return Window(start_ms=OPEN_MS - oldest * MS_PER_MINUTE, end_ms=OPEN_MS - newest * MS_PER_MINUTE)


@asynccontextmanager
async def open_canned(
    folder: Path, answers: dict[str, list[Canned]], *, attempts: int = 3
) -> AsyncIterator[tuple[Venue, CannedVenue]]:
    paths = {MARKET + name: list(canned) for name, canned in answers.items()}
    paths.setdefault(MARKET + "instruments", [listing(BITCOIN, ETHER, PEPE, INVERSE)])
    async with serve_canned(paths) as server:
        config = adapter.ExchangeConfig(host=server.url, attempts=attempts, timeout_s=5)
        quick = dict.fromkeys(Outcome, BackOff(first_ms=1, longest_ms=5))
        rules = BudgetRules(limits=config.profile.limits, back_offs=quick)
        budget = RateBudget(BudgetLedger(folder / "b.sqlite", config.budget_key, rules), rules, seed=1)
        venue = adapter.open_venue(config, budget, HandClock(NOW_MS), urgency=Urgency.LIVE)
        try:
            yield venue, server
        finally:
            await venue.close()
            budget.close()


def ask(
    folder: Path, answers: dict[str, list[Canned]], question: Callable[[Venue], Awaitable[Any]], **more: int
) -> Any:  # noqa: ANN401 - whatever the question gives
    async def run() -> object:
        async with open_canned(folder, answers, **more) as (venue, _):
            return await question(venue)

    return asyncio.run(asyncio.wait_for(run(), 30))


def ask_candles(folder: Path, window: Window, *rows: object) -> HistoryPage:
    page = ask(folder, {"candles": [listing(*rows)]}, lambda venue: venue.candles("ETH-USDT", ONE_MINUTE, window))
    assert isinstance(page, HistoryPage)
    return page


def test_lots_and_least_sizes_become_base_units(tmp_path: Path) -> None:
    markets = ask(tmp_path, {}, lambda venue: venue.markets())
    rules = {market.instrument.symbol: market.rules for market in markets}
    assert (rules["BTC-USDT"].lot, rules["BTC-USDT"].min_size, rules["BTC-USDT"].tick) == (0.0001, 0.0001, 0.5)
    assert rules["PEPE-USDT"].lot == 100_000.0
    assert {market.instrument.symbol: market.state for market in markets} == {
        "BTC-USDT": MarketState.LIVE,
        "ETH-USDT": MarketState.SUSPENDED,
        "PEPE-USDT": MarketState.LIVE,
    }
    assert markets[0].max_market_size == 1_000.0


def test_contract_sizes_are_the_venues_own_and_never_remembered_between_venues(tmp_path: Path) -> None:
    row = {"tradeId": "1", "instId": "BTC-USDT", "price": "100", "size": "3", "side": "buy", "ts": str(NOW_MS)}
    sizes = []
    for number, value in enumerate(("0.001", "0.01")):
        folder = tmp_path / str(number)
        folder.mkdir()
        answers = {"instruments": [listing({**BITCOIN, "contractValue": value})], "trades": [listing(row)]}
        page = ask(folder, answers, lambda venue: venue.trades("BTC-USDT"))
        sizes.append(page.rows["size"][0])
    assert sizes == [0.003, 0.03]


def test_a_candles_volume_is_base_units_and_its_turnover_quote_units(tmp_path: Path) -> None:
    page = ask_candles(tmp_path, minutes(1), candle(1))
    assert page.rows.row(0, named=True) | {"ts": None} == {
        "venue": "blofin-simulated",
        "symbol": "ETH-USDT",
        "timeframe": "1m",
        "ts": None,
        "open": 2283.45,
        "high": 2283.45,
        "low": 2282.8,
        "close": 2282.8,
        "volume": 8.35,
        "quote_volume": 19063.9805,
        "trades": None,
        "taker_buy_volume": None,
    }


def test_a_candle_without_base_volume_has_it_from_its_contracts(tmp_path: Path) -> None:
    assert ask_candles(tmp_path, minutes(1), candle(1, base="")).rows["volume"].to_list() == [8.35]


def test_the_candle_in_the_making_is_left_out_and_not_spoken_for(tmp_path: Path) -> None:
    ahead = Window(start_ms=OPEN_MS - 2 * MS_PER_MINUTE, end_ms=OPEN_MS + MS_PER_MINUTE)
    page = ask_candles(tmp_path, ahead, candle(0, closed=False), candle(1), candle(2))
    assert page.rows.height == 2
    assert page.answered == Window(start_ms=ahead.start_ms, end_ms=OPEN_MS)


def test_an_answer_speaks_back_to_its_oldest_row_and_holes_in_it_are_the_venues(tmp_path: Path) -> None:
    page = ask_candles(tmp_path, minutes(100), candle(1), candle(5))
    assert page.rows.height == 2
    assert page.answered == minutes(5)


def ask_listed_candles(folder: Path, listed_ms: int | None, window: Window, *answers: Canned) -> HistoryPage:
    market = {**ETHER, "listTime": "" if listed_ms is None else str(listed_ms)}
    canned = {"instruments": [listing(market)], "candles": list(answers)}
    page = ask(folder, canned, lambda venue: venue.candles("ETH-USDT", ONE_MINUTE, window))
    assert isinstance(page, HistoryPage)
    return page


@pytest.mark.parametrize("listed_ms", [None, minutes(70).start_ms])
def test_no_row_at_all_means_that_there_is_nothing_before(tmp_path: Path, listed_ms: int | None) -> None:
    page = ask_listed_candles(tmp_path, listed_ms, minutes(100, 50), listing())
    assert page.rows.is_empty()
    assert page.answered == Window(start_ms=0, end_ms=minutes(100, 50).end_ms)


def test_an_empty_page_that_a_second_one_denies_is_no_beginning(tmp_path: Path) -> None:
    page = ask_listed_candles(tmp_path, None, minutes(5), listing(), listing(candle(1), candle(2)))
    assert page.rows.height == 2
    assert page.answered == minutes(2)


def test_no_empty_page_speaks_for_time_after_a_market_was_listed(tmp_path: Path) -> None:
    listed_ms = minutes(3 * 1_440).start_ms
    assert ask_listed_candles(tmp_path, listed_ms, minutes(100), listing()).answered is None
    whole = ask_listed_candles(tmp_path, listed_ms, minutes(4 * 1_440), listing())
    assert whole.answered == Window(start_ms=0, end_ms=minutes(2 * 1_440).start_ms)  # it may open within a day


def test_a_venue_whose_clock_is_behind_ours_is_not_taken_to_have_reached_our_time(tmp_path: Path) -> None:
    page = ask_candles(tmp_path, minutes(9), candle(3, closed=False), candle(4), candle(5))
    assert page.answered == minutes(5, 3)


def test_the_venues_own_date_says_how_far_it_has_come(tmp_path: Path) -> None:
    date = formatdate((OPEN_MS - 8 * MS_PER_MINUTE) / 1_000, usegmt=True)
    answer = Canned(data=listing(candle(12), candle(13)).data, headers={"Date": date})
    page = ask(tmp_path, {"candles": [answer]}, lambda venue: venue.candles("ETH-USDT", ONE_MINUTE, minutes(13)))
    assert page.answered == minutes(13, 9)


@pytest.mark.parametrize(("seconds", "spoken_for"), [(5, minutes(9, 1)), (15, minutes(9))])
def test_a_minute_that_is_only_just_over_is_not_spoken_for_without_its_candle(
    tmp_path: Path, seconds: int, spoken_for: Window
) -> None:
    date = {"Date": formatdate(OPEN_MS / 1_000 + seconds, usegmt=True)}
    answer = Canned(data=listing(candle(2), candle(9)).data, headers=date)
    page = ask(tmp_path, {"candles": [answer]}, lambda venue: venue.candles("ETH-USDT", ONE_MINUTE, minutes(9)))
    assert page.answered == spoken_for


@pytest.mark.parametrize("refused", [candle(4, open="NaN"), candle(4, closed=False)])
def test_an_answer_ends_where_a_row_cannot_be_believed_and_keeps_what_comes_after(
    tmp_path: Path, refused: list[str]
) -> None:
    page = ask_candles(tmp_path, minutes(7), candle(1), candle(2), refused, candle(6), candle(7))
    assert page.answered == minutes(7, 4)
    assert page.rows.height == 4


def test_a_row_without_a_time_may_belong_into_any_hole(tmp_path: Path) -> None:
    page = ask_candles(tmp_path, minutes(7), candle(1), None, candle(6), candle(7))
    assert page.answered == minutes(7, 5)


def test_rows_from_before_the_window_prove_that_it_is_empty(tmp_path: Path) -> None:
    page = ask_candles(tmp_path, minutes(5, 3), candle(90))
    assert page.rows.is_empty()
    assert page.answered == minutes(5, 3)


def test_an_exchange_that_ignores_the_question_is_not_believed(tmp_path: Path) -> None:
    with pytest.raises(BadAnswer, match="no such row"):
        ask_candles(tmp_path, minutes(100, 50), candle(1), candle(2))


@pytest.mark.parametrize(
    "hostile",
    [
        candle(2, open="NaN"),
        candle(2, close="1e400"),
        candle(2, high="1"),
        candle(2, low="-1"),
        candle(2, contracts="", base=""),
        candle(2, base="-3"),
        candle(2, closed=False),
        [str(OPEN_MS - 90_001), *candle(2)[1:]],
        ["yesterday", *candle(2)[1:]],
        [],
        None,
        "text",
        {"ts": 1},
        candle(2)[:5],
    ],
    ids=str,
)
def test_rows_that_cannot_be_true_are_refused_and_counted(tmp_path: Path, hostile: object) -> None:
    page = ask_candles(tmp_path, minutes(3), candle(1), hostile, candle(3))
    assert page.rows.height == 2
    assert sum(page.refused.values()) == 1


def test_a_limit_that_an_older_exchange_refuses_is_lowered_to_a_hundred(tmp_path: Path) -> None:
    refusal = Canned(data={"code": "152002", "msg": "Parameter limit error."})

    async def run() -> None:
        async with open_canned(tmp_path, {"candles": [refusal, listing(candle(1))]}) as (venue, server):
            await venue.candles("ETH-USDT", ONE_MINUTE, minutes(1_000))
            assert [query["limit"] for query in server.asked[MARKET + "candles"]] == ["1000", "100"]
            assert venue.pace.candles_per_request == 100

    asyncio.run(run())


def test_the_question_names_the_bar_the_end_and_no_more_rows_than_fit(tmp_path: Path) -> None:
    async def run() -> dict[str, str]:
        async with open_canned(tmp_path, {"candles": [listing()]}) as (venue, server):
            window = Window(start_ms=OPEN_MS - 7 * 3_600_000, end_ms=OPEN_MS)
            await venue.candles("BTC-USDT", Timeframe.parse("1h"), window)
            return server.asked[MARKET + "candles"][0]

    assert asyncio.run(run()) == {"instId": "BTC-USDT", "bar": "1H", "after": str(OPEN_MS), "limit": "7"}


def test_a_timeframe_that_the_venue_lacks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match="one that blofin-simulated has"):
        ask(tmp_path, {}, lambda venue: venue.candles("ETH-USDT", Timeframe.parse("10m"), minutes(10)))


def test_funding_is_paged_like_candles(tmp_path: Path) -> None:
    row = {"instId": "BTC-USDT", "fundingRate": "0.000330372404346635", "fundingTime": str(OPEN_MS - 60_000)}
    answers = {
        "funding-rate-history": [listing(row, {**row, "fundingRate": "nonsense", "fundingTime": str(OPEN_MS - 90_000)})]
    }
    page = ask(tmp_path, answers, lambda venue: venue.funding("BTC-USDT", minutes(100)))
    assert page.rows["rate"].to_list() == [0.000330372404346635]
    assert page.answered is None
    assert sum(page.refused.values()) == 1
    answers = {"funding-rate-history": [listing(row, {**row, "fundingTime": str(OPEN_MS - 90_000)})]}
    page = ask(tmp_path, answers, lambda venue: venue.funding("BTC-USDT", minutes(100)))
    assert page.answered == Window(start_ms=OPEN_MS - 90_000, end_ms=OPEN_MS)


def test_tickers_and_books_count_base_units(tmp_path: Path) -> None:
    ticker = {
        "instId": "BTC-USDT",
        "last": "27187",
        "askPrice": "27187.5",
        "bidPrice": "",
        "vol24h": "3224820",
        "ts": "1695261862487",
    }
    book = {"asks": [["1620", "72"], ["1620.01", 317]], "bids": [["1619.99", "49"], ["x"], None], "ts": "1695262080136"}
    answers = {"tickers": [listing(ticker, {"instId": "GONE-USDT"})], "books": [listing(book)]}

    async def question(venue: Venue) -> None:
        (one,) = await venue.tickers()
        assert (one.volume, one.turnover, one.ask) == (3_224.82, 3_224.82 * 27_187, 27_187.5)
        assert math.isnan(one.bid)
        found = await venue.book("ETH-USDT")
        assert found.asks == ((1620.0, 0.72), (1620.01, 3.17))
        assert found.bids == ((1619.99, 0.49),)

    ask(tmp_path, answers, question)


PAGE_OF_A_GATEWAY = "<html><body>Bad gateway</body></html>"


@pytest.mark.parametrize(
    ("failure", "kind", "told"),
    [
        (Canned(status=429, data={"code": "429", "msg": "Too Many Requests"}), VenueRefusing, "too many requests"),
        (Canned(status=429, body="slow down"), VenueRefusing, "HTTP 429"),
        (Canned(data={"code": "429", "msg": "Too Many Requests"}), VenueRefusing, "too many requests"),
        (Canned(status=403, body=PAGE_OF_A_GATEWAY), VenueRefusing, "HTTP 403"),
        (Canned(status=502, body=PAGE_OF_A_GATEWAY), VenueUnreachable, "server failed"),
        (Canned(data={"code": "500", "msg": "Internal Server Error"}), VenueUnreachable, "server failed"),
        (Canned(status=404, body=PAGE_OF_A_GATEWAY), BadAnswer, "404"),
        (Canned(body=PAGE_OF_A_GATEWAY), BadAnswer, "without a list"),
        (Canned(data=[1, 2]), BadAnswer, "blofin-simulated"),
        (Canned(data={"code": "0", "data": {"a": 1}}), BadAnswer, "without a list"),
        (Canned(body='{"code":"0","data":['), BadAnswer, "without a list"),
        (Canned(data={"code": "152014", "msg": "Instrument ID does not exist"}), BadAnswer, "152014"),
    ],
)
def test_failures_are_named_in_one_line(tmp_path: Path, failure: Canned, kind: type[Exception], told: str) -> None:
    with pytest.raises(kind, match=told) as caught:
        ask(tmp_path, {"candles": [failure]}, lambda venue: venue.candles("ETH-USDT", ONE_MINUTE, minutes(5)))
    assert "\n" not in str(caught.value)


def test_what_passes_is_asked_again_and_what_does_not_is_asked_once(tmp_path: Path) -> None:
    async def count(*answers: Canned) -> int:
        async with open_canned(tmp_path, {"candles": [*answers, listing(candle(1))]}) as (venue, server):
            with suppress(BadAnswer):
                await venue.candles("ETH-USDT", ONE_MINUTE, minutes(1))
            return len(server.asked[MARKET + "candles"])

    assert asyncio.run(count(Canned(status=503, body=""), Canned(status=429, body=""))) == 3
    assert asyncio.run(count(Canned(data={"code": "152014", "msg": "no such thing"}))) == 1


def test_a_server_that_is_gone_is_told_with_what_to_check(tmp_path: Path) -> None:
    async def run() -> None:
        async with open_canned(tmp_path, {}, attempts=2) as (venue, server):
            await venue.markets()
            server.answers.clear()
        config = adapter.ExchangeConfig(host=server.url, attempts=2)
        quick = dict.fromkeys(Outcome, BackOff(first_ms=1, longest_ms=2))
        rules = BudgetRules(limits=config.profile.limits, back_offs=quick)
        budget = RateBudget(BudgetLedger(tmp_path / "c.sqlite", "x", rules), rules)
        gone = adapter.open_venue(config, budget, HandClock(NOW_MS))
        try:
            with pytest.raises(VenueUnreachable, match="check the network"):
                await gone.markets()
        finally:
            await gone.close()
            budget.close()

    asyncio.run(run())


def tier(most: object, maintenance: object = "0.005", leverage: object = "100") -> dict[str, object]:
    return {
        "instId": "ETH-USDT",
        "marginMode": "isolated",
        "minSize": "0",
        "maxSize": most,
        "maintenanceMarginRate": maintenance,
        "maxLeverage": leverage,
    }


MARK = listing({"instId": "ETH-USDT", "indexPrice": "1620.78", "markPrice": "2000", "ts": str(NOW_MS)})


def test_tiers_in_contracts_become_quote_units_at_the_mark_price(tmp_path: Path) -> None:
    rows = [tier("30000", "0.02", "25"), tier("1000"), tier("5000", "0.01", "50")]
    answers = {"mark-price": [MARK], "position-tiers": [listing(*rows)]}
    tiers = ask(tmp_path, answers, lambda venue: venue.tiers("ETH-USDT"))
    assert [(one.max_notional, one.maintenance, one.max_leverage) for one in tiers] == [
        (20_000.0, 0.005, 100.0),  # 1,000 contracts of 0.01 ETH
        (100_000.0, 0.01, 50.0),
        (float("inf"), 0.02, 25.0),
    ]


@pytest.mark.parametrize(
    "rows",
    [
        (),
        ("no tier",),
        (tier("1000"), tier(None)),
        (tier("1000"), tier("NaN")),
        (tier("1000"), tier("5000", "1.5")),
        (tier("1000"), tier("5000", leverage="0")),
        (tier("-1"),),
        (tier("1000", "0.02"), tier("5000", "0.01")),
        (tier("1000"), tier("1000")),
        (tier("1e999999"), tier("2e999999")),
    ],
)
def test_a_table_of_tiers_with_one_bad_row_is_no_table(tmp_path: Path, rows: tuple[object, ...]) -> None:
    answers = {"mark-price": [MARK], "position-tiers": [listing(*rows)]}
    with pytest.raises(BadAnswer, match="ETH-USDT"):
        ask(tmp_path, answers, lambda venue: venue.tiers("ETH-USDT"))


@pytest.mark.parametrize("mark", [(), ("x",), ({"markPrice": "0"},), ({"markPrice": "soon"},), ({},)])
def test_tiers_without_a_mark_price_are_not_to_be_had(tmp_path: Path, mark: tuple[object, ...]) -> None:
    answers = {"mark-price": [listing(*mark)], "position-tiers": [listing(tier("1000"))]}
    with pytest.raises(BadAnswer, match="no mark price"):
        ask(tmp_path, answers, lambda venue: venue.tiers("ETH-USDT"))
