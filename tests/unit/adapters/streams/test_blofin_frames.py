from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.adapters.streams._blofin_frames import BlofinFrames
from edgeproof.ops.intake import Collector
from edgeproof.simulator.exchange.protocol.hostile import FORMS, make_hostile_frame

NOON_MS = 1_760_000_040_000
PLAIN = {"tradeId": "106074994", "price": "1640.4", "size": "3.1", "side": "sell", "ts": str(NOON_MS - 20)}


class StoppedClock:
    def now_ms(self) -> int:
        return NOON_MS


def open_reader() -> tuple[BlofinFrames, Collector]:
    collector = Collector("blofin", ["ETH-USDT", "PEPE-USDT"], StoppedClock())
    sizes = {"ETH-USDT": Decimal("0.01"), "PEPE-USDT": Decimal(10_000_000)}
    return BlofinFrames(sizes, {name: name for name in sizes}, collector), collector


def push(channel: str, symbol: str, rows: list[Any]) -> bytes:
    return json.dumps({"arg": {"channel": channel, "instId": symbol}, "data": rows}).encode()


def trade(**changes: Any) -> bytes:  # noqa: ANN401 - any JSON
    row = {"instId": "ETH-USDT", **PLAIN, **changes}
    return push("trades", str(row["instId"]), [row])


def test_a_trade_comes_in_base_units_to_the_last_digit() -> None:
    reader, collector = open_reader()
    assert reader.read(trade())
    assert reader.read(trade(instId="PEPE-USDT", size="0.07", price="0.0000071", tradeId="9"))
    rows = collector.take_trades()
    assert rows["size"].to_list() == [0.031, 700_000.0]
    assert rows["price"].to_list() == [1640.4, 0.0000071]
    assert rows["side"].to_list() == ["sell", "sell"]
    assert rows["trade_id"].to_list() == ["106074994", "9"]


def test_only_closed_candles_are_taken() -> None:
    reader, collector = open_reader()
    row = [str(NOON_MS - 120_000), "10", "12", "9", "11", "300", "3", "31.5", "0"]
    row[0] = str((NOON_MS - 120_000) // 60_000 * 60_000)
    assert reader.read(push("candle1m", "ETH-USDT", [row]))
    assert collector.counts["candles"] == 0
    assert reader.read(push("candle1m", "ETH-USDT", [[*row[:8], "1"]]))
    assert collector.counts["candles"] == 1


@pytest.mark.parametrize(
    ("frame", "kind"),
    [
        (trade(price="NaN"), "price or size is not a positive number"),
        (trade(price="-1"), "price or size is not a positive number"),
        (trade(size="1e400"), "price or size is not a positive number"),
        (trade(size="three"), "trade that cannot be"),
        (trade(side="both"), "trade that cannot be"),
        (trade(ts="yesterday"), "wrong types"),
        (trade(tradeId=None), "wrong types"),
        (trade(instId="NO-SUCH"), "unknown instrument"),
        (push("gossip", "ETH-USDT", [{}]), "unknown channel"),
        (push("candle1m", "ETH-USDT", [["1", "2"]]), "candle that cannot be"),
        (
            push("candle1m", "ETH-USDT", [[str(NOON_MS), "x", "1", "1", "1", "1", "1", "1", "1"]]),
            "candle that cannot be",
        ),
        (b'{"arg":{"channel":"trades","instId":"BTC-U', "not JSON"),
        (b"[" * 5_000, "wrong types"),
        (b'{"arg":7}', "wrong types"),
        (b"42", "wrong types"),
        (b"{}", "no event and no data"),
        (b" " * 300_000, "frame too long"),
        (b'{"event":"error","code":"60012","msg":"Invalid request"}', "errors of the venue"),
    ],
)
def test_what_cannot_be_is_counted_by_kind_and_goes_no_further(frame: bytes, kind: str) -> None:
    reader, collector = open_reader()
    reader.read(frame)
    assert collector.refused == {kind: 1}
    assert collector.waiting == 0


@pytest.mark.parametrize("form", [form for form in FORMS if form not in {"binary", "not_utf8"}])
def test_no_hostile_frame_of_the_simulated_exchange_becomes_a_trade(form: str) -> None:
    reader, collector = open_reader()
    frame = make_hostile_frame(form, "ETH-USDT")
    header = 2 if frame[1] < 126 else 4 if frame[1] == 126 else 10
    reader.read(frame[header:])
    assert sum(collector.refused.values()) == 1
    assert collector.waiting == 0


@settings(deadline=None, max_examples=200)
@given(frame=st.one_of(st.binary(max_size=200), st.integers(0, 150).map(lambda cut: trade()[:cut])))
def test_no_bytes_raise_or_become_a_trade(frame: bytes) -> None:
    reader, collector = open_reader()
    reader.read(frame)
    assert collector.waiting == 0


@settings(deadline=None, max_examples=100)
@given(
    value=st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
        max_leaves=6,
    ),
    field=st.sampled_from(["instId", "tradeId", "price", "size", "side", "ts"]),
)
def test_whatever_stands_in_a_field_the_rows_that_come_of_it_are_sound(value: object, field: str) -> None:
    reader, collector = open_reader()
    row = {"instId": "ETH-USDT", **PLAIN, field: value}
    reader.read(json.dumps({"arg": {"channel": "trades", "instId": "ETH-USDT"}, "data": [row]}).encode())
    rows = collector.take_trades()
    assert rows.height + sum(collector.refused.values()) == 1
    assert rows.filter((rows["price"] <= 0) | (rows["size"] <= 0)).is_empty()
