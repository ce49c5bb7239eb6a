"""What goes wrong on demand arrives at a client as it would from a real exchange."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import aiohttp
import ccxt
import pytest

from edgeproof.domain.errors import WorkError
from edgeproof.simulator.exchange import (
    UNLIMITED,
    BackgroundExchange,
    Budgets,
    ExchangeServer,
    ExchangeSpec,
    Fault,
    FaultKind,
)
from fakes.loopback_clients import BTC, connect, make_client, open_live_venue
from fakes.small_venues import open_desk

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine

SUBSCRIBE = '{"op":"subscribe","args":[{"channel":"trades","instId":"BTC-USDT"}]}'


@asynccontextmanager
async def open_socket(
    server: ExchangeServer,
) -> AsyncIterator[tuple[ExchangeServer, aiohttp.ClientWebSocketResponse]]:
    async with server, aiohttp.ClientSession() as http, http.ws_connect(server.public_url) as socket:
        yield server, socket


def run(visit: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(30):
            await visit

    asyncio.run(bounded())


def test_counted_losses_are_the_gaps_that_were_asked_for() -> None:
    async def visit() -> None:
        async with connect(open_live_venue(rate=200.0)) as (server, client):
            client.newUpdates = True
            ids = [int(trade["id"]) for trade in await client.watch_trades(BTC)]
            server.venue.inject(Fault(kind=FaultKind.GAP, count=25))
            while len(ids) < 100:
                ids += [int(trade["id"]) for trade in await client.watch_trades(BTC)]
            missing = set(range(ids[0], ids[-1])) - set(ids)
            ranges = [(item.first, item.last) for item in server.venue.truth.deliveries()]
            holes = sum(later[0] - earlier[1] - 1 for earlier, later in pairwise(ranges))
            assert len(missing) == holes == 25

    run(visit())


def test_doubled_and_reordered_trades_arrive_so() -> None:
    async def visit() -> None:
        async with open_socket(ExchangeServer(open_live_venue(rate=200.0))) as (server, socket):
            await socket.send_str(SUBSCRIBE)
            await socket.receive()
            server.venue.inject(Fault(kind=FaultKind.REORDER, count=5))
            ids = [int((await socket.receive_json())["data"][0]["tradeId"]) for _ in range(30)]
            assert ids != sorted(ids)
            assert sorted(ids) == list(range(min(ids), max(ids) + 1))
            server.venue.inject(Fault(kind=FaultKind.DUPLICATE, count=3))
            ids = [int((await socket.receive_json())["data"][0]["tradeId"]) for _ in range(30)]
            assert len(ids) - len(set(ids)) == 3

    run(visit())


@pytest.mark.parametrize("kind", [FaultKind.DROP, FaultKind.PARTIAL])
def test_a_cut_stream_ends_without_a_goodbye_and_may_come_again(kind: FaultKind) -> None:
    async def visit() -> None:
        async with open_socket(ExchangeServer(open_live_venue())) as (server, socket):
            await socket.send_str(SUBSCRIBE)
            await socket.receive()
            server.venue.inject(Fault(kind=kind))
            while (message := await socket.receive()).type is aiohttp.WSMsgType.TEXT:
                pass
            assert message.type in {aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR, aiohttp.WSMsgType.CLOSING}
            assert socket.close_code in {None, 1006}
            async with aiohttp.ClientSession() as http, http.ws_connect(server.public_url) as another:
                await another.send_str(SUBSCRIBE)
                assert (await another.receive_json())["event"] == "subscribe"

    run(visit())


def test_a_stalled_stream_is_silent_then_catches_up() -> None:
    async def visit() -> None:
        async with open_socket(ExchangeServer(open_live_venue(rate=300.0))) as (server, socket):
            await socket.send_str(SUBSCRIBE)
            first = [await socket.receive_json() for _ in range(3)][-1]
            server.venue.inject(Fault(kind=FaultKind.STALL, seconds=0.6))
            ids = [int(first["data"][0]["tradeId"])]
            silent_s, loop = 0.0, asyncio.get_running_loop()
            while len(ids) < 150:
                asked_at = loop.time()
                ids.append(int((await socket.receive_json())["data"][0]["tradeId"]))
                silent_s = max(silent_s, loop.time() - asked_at)
            assert silent_s > 0.3
            assert ids == list(range(ids[0], ids[0] + len(ids)))

    run(visit())


def test_hostile_frames_come_between_good_ones() -> None:
    async def visit() -> None:
        async with open_socket(ExchangeServer(open_live_venue())) as (server, socket):
            await socket.send_str(SUBSCRIBE)
            await socket.receive()
            server.venue.inject(Fault(kind=FaultKind.MALFORMED, detail="truncated_json"))
            texts = [(await socket.receive()).data for _ in range(40)]
            broken = [text for text in texts if not _is_json(text)]
            assert len(broken) == 1
            assert _is_json(texts[-1])

    run(visit())


def test_a_delisted_symbol_ends_its_subscription_and_is_heard_again_when_it_is_back_and_asked_for() -> None:
    async def visit() -> None:
        async with open_socket(ExchangeServer(open_live_venue(rate=300.0))) as (server, socket):
            control = f"{server.rest_url}/_control/listing"
            await socket.send_str(SUBSCRIBE)
            await socket.receive()
            async with aiohttp.ClientSession() as http:
                for state, asked in (("delist", 200), ("closed", 400)):
                    async with http.post(control, json={"symbol": "BTC-USDT", "state": state}) as answer:
                        assert answer.status == asked
                await socket.send_str(SUBSCRIBE)
                while (message := await socket.receive_json()).get("event") is None:
                    pass
                assert (message["event"], message["code"]) == ("error", "60012")
                async with http.post(control, json={"symbol": "BTC-USDT", "state": "live"}) as answer:
                    assert answer.status == 200
            await asyncio.sleep(0.2)  # many trades are made meanwhile, and none is told
            await socket.send_str(SUBSCRIBE)
            assert (await socket.receive_json())["event"] == "subscribe"
            assert (await socket.receive_json())["data"][0]["instId"] == "BTC-USDT"

    run(visit())


def test_an_odd_number_arrives_and_is_no_trade_of_the_truth() -> None:
    async def visit() -> None:
        async with open_socket(ExchangeServer(open_live_venue(rate=100.0))) as (server, socket):
            await socket.send_str(SUBSCRIBE)
            await socket.receive()
            server.venue.inject(Fault(kind=FaultKind.MALFORMED, detail="odd_number"))
            numbers = {(await socket.receive_json())["data"][0]["tradeId"] for _ in range(50)}
            odd = numbers - set(server.venue.truth.trades()["trade_id"])
            assert odd == {"99999999999999999"}
            assert server.venue.truth.events["hostile odd_number"] == 1

    run(visit())


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except json.JSONDecodeError:
        return False
    return True


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (FaultKind.TOO_MANY, ccxt.RateLimitExceeded),
        (FaultKind.FORBIDDEN, ccxt.ExchangeNotAvailable),
        (FaultKind.SERVER_ERROR, ccxt.ExchangeNotAvailable),
    ],
)
def test_failing_requests_raise_what_ccxt_makes_of_them(kind: FaultKind, error: type[Exception]) -> None:
    async def visit() -> None:
        async with connect(open_live_venue()) as (server, client):
            await client.load_markets()
            server.venue.inject(Fault(kind=kind, count=1))
            with pytest.raises(error):
                await client.fetch_trades(BTC)
            assert isinstance(await client.fetch_trades(BTC), list)

    run(visit())


def test_slow_answers_outlast_an_impatient_client() -> None:
    async def visit() -> None:
        async with connect(open_live_venue()) as (server, client):
            await client.load_markets()
            client.timeout = 200
            server.venue.inject(Fault(kind=FaultKind.SLOW, delay_ms=2_000))
            with pytest.raises(ccxt.RequestTimeout):
                await client.fetch_trades(BTC)

    run(visit())


def test_a_clock_that_goes_wrong_shows_in_answers_and_comes_right_again() -> None:
    async def visit() -> None:
        async with connect(open_live_venue()) as (server, client):
            await client.load_markets()
            server.venue.inject(Fault(kind=FaultKind.SKEW, skew_ms=-3_600_000, seconds=1.0))
            wrong = await client.fetch_ticker(BTC)
            await asyncio.sleep(1.1)
            right = await client.fetch_ticker(BTC)
            assert right["timestamp"] - wrong["timestamp"] > 3_590_000

    run(visit())


def test_a_restart_cuts_everything_and_comes_back_on_the_same_port() -> None:
    async def visit() -> None:
        async with connect(open_live_venue()) as (server, client):
            await client.watch_trades(BTC)
            server.venue.inject(Fault(kind=FaultKind.RESTART, seconds=0.3))
            with pytest.raises(ccxt.NetworkError):
                await _watch_for_ever(client)
            with pytest.raises(ccxt.NetworkError):
                await client.fetch_trades(BTC)
            await asyncio.sleep(0.6)
            assert await client.fetch_trades(BTC)
            assert await client.watch_trades(BTC)

    run(visit())


def test_restarts_one_upon_the_other_are_one() -> None:
    async def visit() -> None:
        async with connect(open_live_venue()) as (server, client):
            for _ in range(3):
                server.venue.inject(Fault(kind=FaultKind.RESTART, seconds=0.3))
                await asyncio.sleep(0.1)
            await asyncio.sleep(0.6)
            assert await client.fetch_trades(BTC)

    run(visit())


async def _watch_for_ever(client: Any) -> None:  # noqa: ANN401 - ccxt is not typed
    while True:
        await client.watch_trades(BTC)


def test_a_second_connection_in_the_same_second_is_turned_away() -> None:
    async def visit() -> None:
        spec = ExchangeSpec(budgets=replace(UNLIMITED, connections_per_second=1))
        async with open_socket(ExchangeServer(open_live_venue(spec))) as (server, _), aiohttp.ClientSession() as http:
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await http.ws_connect(server.public_url)
            assert refused.value.status == 429
            await asyncio.sleep(1.1)
            async with http.ws_connect(server.public_url):
                assert len(server.streams) == 2

    run(visit())


def test_budgets_hold_over_http_and_are_counted_by_address() -> None:
    async def visit() -> None:
        spec = ExchangeSpec(budgets=Budgets(per_minute=5))
        async with ExchangeServer(open_live_venue(spec)) as server:
            statuses: dict[str, list[int]] = {}
            for address in ("127.0.0.2", "127.0.0.3"):
                connector = aiohttp.TCPConnector(local_addr=(address, 0))
                async with aiohttp.ClientSession(connector=connector) as http:
                    for _ in range(6):
                        async with http.get(f"{server.rest_url}/api/v1/market/tickers") as answer:
                            statuses.setdefault(address, []).append(answer.status)
            assert statuses == dict.fromkeys(("127.0.0.2", "127.0.0.3"), [200] * 5 + [429])

    run(visit())


def test_a_silent_stream_is_cut_and_a_ping_keeps_one() -> None:
    async def visit() -> None:
        desk = open_desk(ExchangeSpec(budgets=UNLIMITED))
        server = ExchangeServer(desk.venue, pump_every_s=None)
        async with open_socket(server) as (_, silent), aiohttp.ClientSession() as http:
            alive = await http.ws_connect(server.public_url)
            for _ in range(2):
                desk.clock.step(20_000)
                await alive.send_str("ping")
                assert await alive.receive_str() == "pong"
                server.pump()
            assert (await silent.receive()).type is aiohttp.WSMsgType.CLOSED
            await alive.send_str("ping")
            assert await alive.receive_str() == "pong"

    run(visit())


def test_the_control_makes_faults_and_tells_counts() -> None:
    async def visit() -> None:
        async with ExchangeServer(open_live_venue()) as server, aiohttp.ClientSession(server.rest_url) as http:
            async with http.post("/_control/fault", json={"kind": "5xx", "count": 1}) as answer:
                assert answer.status == 200
            async with http.get("/api/v1/market/tickers") as answer:
                assert answer.status == 500
            async with http.post("/_control/fault", json={"kind": "flood"}) as answer:
                assert answer.status == 400
            async with http.post("/_control/burst", json={"seconds": 1, "trades_per_second": 2_000}) as answer:
                assert answer.status == 200
            await asyncio.sleep(1.6)
            async with http.get("/_control/state") as answer:
                state = await answer.json()
            assert state["events"]["rest 500"] == 1
            assert sum(state["made"].values()) > 1_000

    run(visit())


def test_a_port_that_is_taken_is_said_so() -> None:
    with BackgroundExchange(open_live_venue()) as first:
        second = BackgroundExchange(open_live_venue(), port=first.server.port)
        with pytest.raises(WorkError, match="name another port"), second:
            pass


def test_an_exchange_in_the_background_serves_a_client_that_waits() -> None:
    with BackgroundExchange(open_live_venue()) as exchange:
        client = ccxt.blofin({"urls": {"api": {"rest": exchange.server.rest_url}}})
        assert BTC in client.load_markets()
        exchange.inject(Fault(kind=FaultKind.SERVER_ERROR))
        with pytest.raises(ccxt.ExchangeNotAvailable):
            client.fetch_tickers()
        assert exchange.state()["events"]["rest 200"] >= 1
        assert exchange.trades().height == sum(exchange.ask(exchange.server.venue.truth.sums).values())
        assert exchange.deliveries() == []


def test_two_clients_get_the_same_trades() -> None:
    async def visit() -> None:
        async with connect(open_live_venue(rate=200.0)) as (server, one):
            two = make_client(server)
            try:
                for client in (one, two):
                    client.newUpdates = True
                    await client.watch_trades(BTC)
                heard: list[dict[str, Any]] = [{}, {}]
                while len(heard[0]) < 50 or len(heard[1]) < 50:
                    for client, mine in zip((one, two), heard, strict=True):
                        mine.update({t["id"]: t["price"] for t in await client.watch_trades(BTC)})
                shared = heard[0].keys() & heard[1].keys()
                assert len(shared) > 20
                assert all(heard[0][i] == heard[1][i] for i in shared)
            finally:
                await two.close()

    run(visit())
