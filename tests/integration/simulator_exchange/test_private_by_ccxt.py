"""The real ccxt client trades."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeAlias

import ccxt
import pytest

from fakes.loopback_clients import BTC, ETH, connect, open_live_venue

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from edgeproof.simulator.exchange import ExchangeServer

Client: TypeAlias = Any  # ccxt is not typed


def trade(visit: Callable[[ExchangeServer, Client], Awaitable[None]]) -> None:
    async def run() -> None:
        async with asyncio.timeout(40), connect(open_live_venue(), signed=True) as (server, client):
            await client.load_markets()
            await visit(server, client)

    asyncio.run(run())


def test_a_market_order_opens_a_position_and_closing_ends_it() -> None:
    async def visit(server: ExchangeServer, client: Client) -> None:
        before = await client.fetch_balance()
        made = await client.create_order(BTC, "market", "buy", 1_000)
        position = await client.fetch_position(BTC)
        assert position["contracts"] == 1_000
        assert position["side"] == "long"
        assert position["marginMode"] == "cross"
        (order,) = await client.fetch_closed_orders(BTC)
        assert order["id"] == made["id"]
        assert order["status"] == "closed"
        assert order["filled"] == 1_000
        fills = await client.fetch_my_trades(BTC, limit=100)
        assert sum(fill["amount"] for fill in fills) == 1_000
        printed = set(server.venue.truth.trades().filter(symbol="BTC-USDT")["trade_id"])
        assert {fill["id"] for fill in fills} <= printed
        held = await client.fetch_balance()
        assert held["USDT"]["free"] < before["USDT"]["free"]
        await client.close_position(BTC)
        assert await client.fetch_positions([BTC]) == []
        (past,) = await client.fetch_positions_history()
        assert past["symbol"] == BTC
        after = await client.fetch_balance()
        assert after["USDT"]["total"] < before["USDT"]["total"]
        assert after["USDT"]["free"] == after["USDT"]["total"]

    trade(visit)


def test_limit_orders_rest_are_listed_and_are_canceled() -> None:
    async def visit(server: ExchangeServer, client: Client) -> None:
        last = server.venue.market["BTC-USDT"].last_ticks * 0.25
        far = round(last * 0.95 * 4) / 4
        made = await client.create_order(BTC, "limit", "buy", 10, far, {"clientOrderId": "mine_1"})
        (order,) = await client.fetch_open_orders(BTC)
        assert (order["id"], order["clientOrderId"], order["price"]) == (made["id"], "mine_1", far)
        assert order["status"] == "open"
        with pytest.raises(ccxt.InvalidOrder):
            await client.create_order(BTC, "limit", "buy", 10, far, {"clientOrderId": "mine_1"})
        assert (await client.cancel_order(made["id"], BTC))["id"] == made["id"]
        assert await client.fetch_open_orders(BTC) == []
        with pytest.raises(ccxt.BadRequest):
            await client.cancel_order(made["id"], BTC)
        (canceled,) = await client.fetch_closed_orders(BTC)
        assert canceled["status"] == "canceled"

    trade(visit)


def test_post_only_ioc_and_fok_do_as_they_are_named() -> None:
    async def visit(server: ExchangeServer, client: Client) -> None:
        last = server.venue.market["BTC-USDT"].last_ticks * 0.25
        through, away = round(last * 1.01 * 4) / 4, round(last * 0.98 * 4) / 4
        ids = {}
        ids["post_only"] = (await client.create_order(BTC, "post_only", "buy", 1, through))["id"]
        ids["ioc"] = (await client.create_order(BTC, "ioc", "buy", 1, away))["id"]
        ids["fok"] = (await client.create_order(BTC, "fok", "buy", 5_000, round(last * 4) / 4))["id"]
        ids["taken"] = (await client.create_order(BTC, "ioc", "buy", 1, through))["id"]
        states = {order["id"]: order["status"] for order in await client.fetch_closed_orders(BTC)}
        assert [states[ids[name]] for name in ("post_only", "ioc", "fok", "taken")] == [*["canceled"] * 3, "closed"]

    trade(visit)


def test_batches_are_placed_and_canceled_together() -> None:
    async def visit(server: ExchangeServer, client: Client) -> None:
        last = server.venue.market["BTC-USDT"].last_ticks * 0.25
        wanted = [
            {"symbol": BTC, "type": "limit", "side": "buy", "amount": 1, "price": round(last * share * 4) / 4}
            for share in (0.95, 0.96)
        ]
        made = await client.create_orders(wanted)
        assert len(await client.fetch_open_orders(BTC)) == 2
        await client.cancel_orders([order["id"] for order in made], BTC)
        assert await client.fetch_open_orders(BTC) == []

    trade(visit)


def test_trigger_and_protective_orders_wait_and_are_canceled() -> None:
    async def visit(server: ExchangeServer, client: Client) -> None:
        last = server.venue.market["BTC-USDT"].last_ticks * 0.25
        high, low = round(last * 1.05 * 4) / 4, round(last * 0.95 * 4) / 4
        trigger = await client.create_order(BTC, "market", "buy", 1, None, {"triggerPrice": high})
        (waiting,) = await client.fetch_open_orders(BTC, params={"trigger": True})
        assert waiting["id"] == trigger["id"]
        await client.cancel_order(trigger["id"], BTC, {"trigger": True})
        assert await client.fetch_open_orders(BTC, params={"trigger": True}) == []
        await client.create_order(BTC, "market", "buy", 5)
        both = {"stopLossPrice": low, "takeProfitPrice": high}
        tpsl = await client.create_order(BTC, "market", "sell", 5, None, both)
        (protective,) = await client.fetch_open_orders(BTC, params={"tpsl": True})
        assert (protective["stopLossPrice"], protective["takeProfitPrice"]) == (low, high)
        await client.cancel_order(tpsl["id"], BTC, {"tpsl": True})
        assert await client.fetch_open_orders(BTC, params={"tpsl": True}) == []
        single = await client.create_order(BTC, "market", "sell", 5, None, {"stopLossPrice": low})
        assert single["id"]

    trade(visit)


def test_attached_exits_begin_to_wait_when_the_order_fills() -> None:
    async def visit(server: ExchangeServer, client: Client) -> None:
        last = server.venue.market["BTC-USDT"].last_ticks * 0.25
        high, low = round(last * 1.05 * 4) / 4, round(last * 0.95 * 4) / 4
        exits = {"stopLoss": {"triggerPrice": low}, "takeProfit": {"triggerPrice": high}}
        await client.create_order(BTC, "market", "buy", 3, None, exits)
        (protective,) = await client.fetch_open_orders(BTC, params={"tpsl": True})
        assert (protective["side"], protective["amount"]) == ("sell", 3)
        assert (protective["stopLossPrice"], protective["takeProfitPrice"]) == (low, high)

    trade(visit)


def test_leverage_margin_and_position_modes_are_set_and_read() -> None:
    async def visit(server: ExchangeServer, client: Client) -> None:
        del server
        await client.set_leverage(20, BTC, {"marginMode": "cross"})
        assert (await client.fetch_leverage(BTC, {"marginMode": "cross"}))["longLeverage"] == 20
        assert set(await client.fetch_leverages([BTC, ETH], {"marginMode": "cross"})) == {BTC, ETH}
        await client.set_margin_mode("isolated")
        assert (await client.fetch_margin_mode(BTC))["marginMode"] == "isolated"
        await client.set_position_mode(True)
        assert (await client.fetch_position_mode())["hedged"]
        hedged = {"hedged": True, "marginMode": "isolated"}
        await client.create_order(BTC, "market", "buy", 2, None, hedged)
        await client.create_order(BTC, "market", "sell", 1, None, hedged)
        positions = await client.fetch_positions([BTC])
        assert {(p["side"], p["contracts"], p["hedged"]) for p in positions} == {("long", 2, True), ("short", 1, True)}
        with pytest.raises(ccxt.InvalidOrder):
            await client.set_position_mode(False)

    trade(visit)


def test_what_one_cannot_pay_is_refused() -> None:
    async def visit(server: ExchangeServer, client: Client) -> None:
        del server
        with pytest.raises(ccxt.InsufficientFunds):
            await client.create_order(BTC, "market", "buy", 50_000_000)
        with pytest.raises(ccxt.InvalidOrder):
            await client.create_order(BTC, "market", "sell", 1, None, {"reduceOnly": True})

    trade(visit)


def test_orders_positions_and_balance_are_watched() -> None:
    async def visit(server: ExchangeServer, client: Client) -> None:
        watched = [
            asyncio.ensure_future(client.watch_orders(BTC)),
            asyncio.ensure_future(client.watch_positions([BTC])),
            asyncio.ensure_future(client.watch_balance()),
        ]
        await asyncio.wait_for(watched[-1], timeout=10)
        await client.create_order(BTC, "market", "buy", 7)
        orders, positions, balance = await asyncio.gather(*watched)
        assert orders[-1]["symbol"] == BTC
        assert positions["contracts"] == 7
        assert balance["USDT"]["total"] > 0
        assert orders[-1]["id"] == str(next(iter(server.venue.floor.accounts.values())).past_orders[-1].order_id)

    trade(visit)


def test_a_wrong_secret_is_an_authentication_error() -> None:
    async def visit(server: ExchangeServer, client: Client) -> None:
        del server
        client.secret = "another"  # noqa: S105 - of a simulation
        with pytest.raises(ccxt.AuthenticationError):
            await client.fetch_balance()

    trade(visit)
