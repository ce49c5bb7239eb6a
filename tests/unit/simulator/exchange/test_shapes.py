from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from contracts.blofin_shapes import REST, STREAMS, tell_differences
from edgeproof.simulator.exchange import DEMO_KEY, UNLIMITED, ExchangeSpec
from edgeproof.simulator.exchange.engine.signing import SignedRequest, sign
from edgeproof.simulator.exchange.protocol.channels import PRIVATE_CHANNELS, Topic
from edgeproof.simulator.exchange.protocol.private_channels import PrivateChannels
from edgeproof.simulator.exchange.protocol.publisher import Publisher
from edgeproof.simulator.exchange.protocol.request import Request
from edgeproof.simulator.exchange.protocol.rest import answer_request
from fakes.small_venues import START_MS, Desk, open_desk

if TYPE_CHECKING:
    from collections.abc import Iterator

SHARED = Path(__file__).resolve().parents[5] / "shared" / "blofin" / "fixtures"
# Futures only: what concerns deposits, withdrawals, transfers and inverse contracts is not played.
LEFT_OUT = {
    "/api/v1/asset/deposit-history",
    "/api/v1/asset/withdrawal-history",
    "/api/v1/asset/bills",
    "/api/v1/asset/transfer",
    "/api/v1/user/query-apikey",
    "inverse-account",
}


class Trader:
    """Signs requests to a desk as a client would."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._nonce = 0

    def ask(self, path: str, body: object = None, **query: str) -> Any:  # noqa: ANN401 - whatever JSON holds
        self._nonce += 1
        target = path + ("?" + "&".join(f"{name}={value}" for name, value in query.items()) if query else "")
        text = json.dumps(body) if body is not None else ""
        signed = SignedRequest(
            key=DEMO_KEY.key,
            sign="",
            timestamp=str(self._desk.venue.wall_ms()),
            nonce=str(self._nonce),
            passphrase=DEMO_KEY.passphrase,
            path=target,
            method="POST" if text else "GET",
            body=text,
        )
        headers = {
            "access-key": signed.key,
            "access-sign": sign(DEMO_KEY.secret, signed),
            "access-timestamp": signed.timestamp,
            "access-nonce": signed.nonce,
            "access-passphrase": signed.passphrase,
        }
        request = Request(
            method=signed.method, path=path, target=target, query=query, headers=headers, body=text.encode()
        )
        answer = msgspec.json.decode(answer_request(self._desk.venue, request).body)
        assert answer["code"] == "0", answer
        return answer["data"]


def walk_the_interface() -> Iterator[tuple[str, Any]]:
    """Ask everything once, with something there to be told."""
    desk = open_desk(ExchangeSpec(budgets=UNLIMITED))
    desk.clock.step(10_000)
    trader = Trader(desk)
    symbol = {"instId": "BTC-USDT"}
    names = ("instruments", "tickers", "books", "trades", "mark-price", "funding-rate", "candles", "position-tiers")
    for name in names:
        yield f"/api/v1/market/{name}", desk.get(name, **symbol)["data"]
    yield "/api/v1/market/funding-rate-history", desk.get("funding-rate-history", **symbol)["data"]
    place = symbol | {"marginMode": "cross", "positionSide": "net"}
    last = desk.venue.market["BTC-USDT"].last_ticks
    low, high = str((last - 900) * 0.25), str((last + 900) * 0.25)
    limit = place | {"side": "buy", "orderType": "limit", "price": low, "size": "2"}
    market = place | {"side": "buy", "orderType": "market", "size": "4"}
    protection = {"tpTriggerPrice": high, "tpOrderPrice": "-1", "slTriggerPrice": low, "slOrderPrice": "-1"}
    for path, body in (
        ("account/set-margin-mode", {"marginMode": "cross"}),
        ("account/set-position-mode", {"positionMode": "net_mode"}),
        ("account/set-leverage", symbol | {"leverage": "5", "marginMode": "cross"}),
        ("trade/order", market | {"tpTriggerPrice": high, "tpOrderPrice": "-1"}),
        ("trade/batch-orders", [limit, limit | {"clientOrderId": "two"}]),
        ("trade/order-tpsl", place | {"side": "sell", "size": "-1", "reduceOnly": "true"} | protection),
        (
            "trade/order-algo",
            place
            | {"side": "buy", "size": "1", "orderType": "trigger", "triggerPrice": high, "orderPrice": "-1"}
            | {"attachAlgoOrders": [protection]},
        ),
    ):
        yield f"/api/v1/{path}", trader.ask(f"/api/v1/{path}", body)
    yield from read_account(trader, symbol)
    (account,) = desk.venue.floor.accounts.values()
    for path, body in (
        ("trade/cancel-order", symbol | {"orderId": str(next(iter(account.orders)))}),
        ("trade/cancel-tpsl", [{"tpslId": str(w.waiting_id)} for w in account.waiting.values() if not w.trigger]),
        ("trade/cancel-algo", {"algoId": str(next(w.waiting_id for w in account.waiting.values() if w.trigger))}),
        ("trade/close-position", place),
    ):
        yield f"/api/v1/{path}", trader.ask(f"/api/v1/{path}", body)
    for path in ("trade/orders-history", "trade/orders-tpsl-history", "trade/orders-algo-history"):
        yield f"/api/v1/{path}", trader.ask(f"/api/v1/{path}")
    yield "/api/v1/account/positions-history", trader.ask("/api/v1/account/positions-history")


def read_account(trader: Trader, symbol: dict[str, str]) -> Iterator[tuple[str, Any]]:
    for path in ("balance", "config", "positions", "margin-mode", "position-mode"):
        yield f"/api/v1/account/{path}", trader.ask(f"/api/v1/account/{path}")
    yield (
        "/api/v1/account/batch-leverage-info",
        trader.ask("/api/v1/account/batch-leverage-info", instId="BTC-USDT,ETH-USDT", marginMode="cross"),
    )
    yield "/api/v1/asset/balances", trader.ask("/api/v1/asset/balances", accountType="futures")
    for path in ("orders-pending", "orders-tpsl-pending", "orders-algo-pending", "fills-history"):
        yield f"/api/v1/trade/{path}", trader.ask(f"/api/v1/trade/{path}")
    order = trader.ask("/api/v1/trade/orders-pending")[0]["orderId"]
    yield "/api/v1/trade/order-detail", trader.ask("/api/v1/trade/order-detail", orderId=order)
    tpsl = trader.ask("/api/v1/trade/orders-tpsl-pending")[0]["tpslId"]
    yield "/api/v1/trade/orders-tpsl-detail", trader.ask("/api/v1/trade/orders-tpsl-detail", tpslId=tpsl)
    price_range = "/api/v1/trade/order/price-range"
    yield price_range, trader.ask(price_range, **symbol, side="buy")


def test_every_answer_has_the_shape_that_was_documented() -> None:
    told = dict(walk_the_interface())
    assert told.keys() == REST.keys()
    assert all(data for data in told.values())
    assert {path: tell_differences(data, REST[path]) for path, data in told.items()} == {path: [] for path in told}


def test_every_push_has_the_shape_that_was_documented() -> None:
    desk = open_desk(ExchangeSpec(budgets=UNLIMITED))
    desk.clock.step(5_000)
    trader = Trader(desk)
    place = {"instId": "BTC-USDT", "marginMode": "cross", "positionSide": "net", "side": "buy", "size": "4"}
    low = str((desk.venue.market["BTC-USDT"].last_ticks - 900) * 0.25)
    trader.ask("/api/v1/trade/order", place | {"orderType": "market", "slTriggerPrice": low})
    trader.ask("/api/v1/trade/order", place | {"orderType": "limit", "price": low})
    private, public = PrivateChannels(desk.venue), Publisher(desk.venue)
    told: dict[str, list[Any]] = {channel: [] for channel in STREAMS}
    told["trades"] = [push.frame for trades in public.publish_trades() for push in trades.split()]
    for channel in STREAMS.keys() - {"trades"}:
        if channel in PRIVATE_CHANNELS:
            told[channel] = [push.frame for push in private.snapshot(DEMO_KEY.user, Topic(channel))]
        else:
            told[channel] = [push.frame for push in public.snapshot(Topic(channel, "BTC-USDT"))]
    for channel, frames in told.items():
        assert frames, channel
        for frame in frames:
            message = msgspec.json.decode(frame[{126: 4, 127: 10}.get(frame[1], 2) :])
            assert message["arg"]["channel"] == channel
            assert tell_differences(message["data"], STREAMS[channel], channel) == []


def test_a_departure_from_a_shape_is_told() -> None:
    shape = REST["/api/v1/market/trades"]
    good = {"instId": "A-B", "tradeId": "1", "price": "1.5", "size": "2", "side": "buy", "ts": str(START_MS)}
    assert tell_differences([good], shape) == []
    assert tell_differences([good | {"price": 1.5}], shape)
    assert tell_differences([good | {"extra": "1"}], shape) == ["data[0].extra: unknown"]
    assert tell_differences([{}], shape)[0] == "data[0].instId: missing"


def read_fixtures() -> Iterator[tuple[str, Any]]:
    """Path or channel, and the data, of each fixture that holds JSON of one message."""
    for file in sorted(SHARED.rglob("*.txt")):
        text = file.read_text("utf-8")
        if file.is_relative_to(SHARED / "Endpoints"):
            _method, path, _signed, body = text.split("\n", 3)
            yield path.strip(), json.loads(body)["data"]
        elif "\n=" in text and file.stem != "Concurrent":
            message = json.loads(re.split(r"\n= ?\n?", text, maxsplit=1)[1])
            yield message["arg"]["channel"], message["data"]


@pytest.mark.real_data
def test_the_shapes_are_those_of_the_collected_examples() -> None:
    if not SHARED.is_dir():
        pytest.skip("the shared examples are not beside this repository")
    examples = [(name, data) for name, data in read_fixtures() if name not in LEFT_OUT]
    assert len(examples) > 40
    known = REST | STREAMS
    assert {name for name, _ in examples} <= known.keys()
    # An example may leave out what others of its kind have; it may hold nothing that the shape does not know.
    wrong = [
        line
        for name, data in examples
        for line in tell_differences(data, known[name], name)
        if not line.endswith("missing")
    ]
    assert wrong == []
