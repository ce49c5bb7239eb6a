"""The real ccxt client reads everything public that the desk uses."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeAlias

import ccxt
import pytest

from edgeproof.domain.time import MS_PER_MINUTE
from fakes.loopback_clients import BTC, ETH, connect, open_live_venue

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from edgeproof.simulator.exchange import ExchangeServer

Client: TypeAlias = Any  # ccxt is not typed


def converse(visit: Callable[[ExchangeServer, Client], Awaitable[None]]) -> None:
    async def run() -> None:
        async with asyncio.timeout(30), connect(open_live_venue()) as (server, client):
            await visit(server, client)

    asyncio.run(run())


def test_markets_carry_contract_grid_and_limits() -> None:
    async def visit(server: ExchangeServer, client: Client) -> None:
        markets = await client.load_markets()
        assert set(markets) == {BTC, ETH}
        (listing, _) = server.venue.tape.listings
        market = markets[BTC]
        assert market["contractSize"] == float(listing.contract_value)
        assert market["precision"] == {"amount": float(listing.lot), "price": float(listing.tick)} | {
            name: market["precision"][name] for name in market["precision"] if name not in {"amount", "price"}
        }
        assert market["limits"]["leverage"]["max"] == listing.max_leverage
        assert market["active"]

    converse(visit)


def test_candles_are_paged_without_a_hole_or_an_overlap() -> None:
    async def visit(server: ExchangeServer, client: Client) -> None:
        now_ms = server.venue.now_ms() // MS_PER_MINUTE * MS_PER_MINUTE
        since = now_ms - 2_900 * MS_PER_MINUTE
        times: list[int] = []
        while since < now_ms:
            page = await client.fetch_ohlcv(BTC, "1m", since=since, limit=1_440)
            times += [candle[0] for candle in page]
            since = times[-1] + MS_PER_MINUTE
        assert times == list(range(times[0], times[-1] + MS_PER_MINUTE, MS_PER_MINUTE))
        assert len(times) >= 2_900

    converse(visit)


def test_a_client_that_pages_by_itself_gets_the_same_candles() -> None:
    async def visit(server: ExchangeServer, client: Client) -> None:
        now_ms = server.venue.now_ms() // MS_PER_MINUTE * MS_PER_MINUTE
        since = now_ms - 700 * MS_PER_MINUTE
        paged = await client.fetch_ohlcv(BTC, "1m", since=since, limit=600, params={"paginate": True})
        whole = await client.fetch_ohlcv(BTC, "1m", since=since, limit=600)
        assert paged[:600] == whole
        hourly = await client.fetch_ohlcv(BTC, "4h", limit=5)
        assert len({candle[0] % (240 * MS_PER_MINUTE) for candle in hourly}) == 1

    converse(visit)


def test_trades_book_tickers_and_funding_are_read() -> None:
    async def visit(server: ExchangeServer, client: Client) -> None:
        await asyncio.sleep(1.2)
        trades = await client.fetch_trades(BTC, limit=20)
        true = {row["trade_id"] for row in server.venue.truth.trades().iter_rows(named=True)}
        assert trades
        assert {trade["id"] for trade in trades} <= true
        book = await client.fetch_order_book(BTC, limit=50)
        assert len(book["bids"]) == len(book["asks"]) == 50
        assert book["bids"][0][0] < book["asks"][0][0]
        tickers = await client.fetch_tickers()
        assert set(tickers) == {BTC, ETH}
        assert (await client.fetch_ticker(ETH))["last"] > 0
        assert (await client.fetch_mark_price(ETH))["markPrice"] > 0
        coming = await client.fetch_funding_rate(BTC)
        assert coming["fundingTimestamp"] > server.venue.now_ms()
        past = await client.fetch_funding_rate_history(BTC, limit=3)
        assert [rate["timestamp"] for rate in past] == sorted(rate["timestamp"] for rate in past)
        assert past[-1]["timestamp"] <= server.venue.now_ms()

    converse(visit)


def test_watched_trades_are_those_that_were_made() -> None:
    async def visit(server: ExchangeServer, client: Client) -> None:
        client.newUpdates = True
        seen: list[Any] = []
        while len(seen) < 40:
            seen += await client.watch_trades(BTC)
        made = server.venue.truth.trades().filter(symbol="BTC-USDT")
        true = {row["trade_id"]: row for row in made.iter_rows(named=True)}
        first = int(seen[0]["id"])
        assert [int(trade["id"]) for trade in seen] == list(range(first, first + len(seen)))
        contract = client.market(BTC)["contractSize"]
        assert all(trade["amount"] * contract == true[trade["id"]]["size"] for trade in seen)
        assert all(trade["price"] == true[trade["id"]]["price"] for trade in seen)

    converse(visit)


def test_books_candles_tickers_and_funding_are_watched() -> None:
    async def visit(server: ExchangeServer, client: Client) -> None:
        del server
        for _ in range(5):
            book = await client.watch_order_book(BTC)
            assert book["bids"][0][0] < book["asks"][0][0]
        candles = await client.watch_ohlcv(BTC, "1m")
        assert candles[-1][4] > 0
        assert set(await client.watch_tickers([BTC, ETH])) <= {BTC, ETH}
        assert (await client.watch_funding_rate(ETH))["fundingRate"] is not None
        many = await client.watch_trades_for_symbols([BTC, ETH])
        assert many[-1]["symbol"] in {BTC, ETH}

    converse(visit)


def test_the_clients_own_ping_keeps_a_quiet_stream_open() -> None:
    async def visit(server: ExchangeServer, client: Client) -> None:
        client.streaming["keepAlive"] = 200
        await client.watch_funding_rate(BTC)
        (socket,) = client.clients.values()
        before = socket.lastPong or 0
        await asyncio.sleep(0.7)
        assert socket.lastPong > before
        assert len(server.streams) == 1

    converse(visit)


@pytest.mark.parametrize("symbol", ["DOGE/USDT:USDT"])
def test_a_symbol_that_is_not_listed_is_unknown_to_the_client(symbol: str) -> None:
    async def visit(server: ExchangeServer, client: Client) -> None:
        del server
        with pytest.raises(ccxt.BadSymbol):
            await client.fetch_trades(symbol)

    converse(visit)
