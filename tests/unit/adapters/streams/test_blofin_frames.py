from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.adapters.streams._blofin_frames import BlofinFrames
from edgeproof.domain.instruments import Instrument
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


@pytest.mark.parametrize(
    ("written", "trade_id"),
    [
        ({"tradeId": 106074994}, "106074994"),
        ({"tradeId": 9_007_199_254_740_993}, "9007199254740993"),  # no float holds it
        ({"tradeId": 99_999_999_999_999_999_999}, "99999999999999999999"),
        ({"size": 3.1}, "106074994"),
        ({"price": 1640.4, "ts": NOON_MS - 20}, "106074994"),
    ],
)
def test_numbers_may_be_text_or_not_and_keep_every_digit(written: dict[str, Any], trade_id: str) -> None:
    reader, collector = open_reader()
    assert reader.read(trade(**written))
    rows = collector.take_trades()
    assert (rows["trade_id"][0], rows["size"][0], rows["price"][0]) == (trade_id, 0.031, 1640.4)


@pytest.mark.parametrize(
    "changed",
    [
        {"tradeId": True},
        {"tradeId": 1.5},
        {"tradeId": [1]},
        {"size": None},
        {"size": True},
        {"size": {}},
        {"size": -3},
        {"size": 0},
    ],
)
def test_what_is_neither_text_nor_a_number_is_no_trade(changed: dict[str, Any]) -> None:
    reader, collector = open_reader()
    reader.read(trade(**changed))
    assert sum(collector.refused.values()) == 1
    assert collector.waiting == 0


CLOSED_MS = (NOON_MS - 120_000) // 60_000 * 60_000


@pytest.mark.parametrize(
    "row",
    [
        [str(CLOSED_MS), "10", "12", "9", "11", "300", "3", "31.5", "1"],
        [CLOSED_MS, 10, 12, 9.0, 11, 300, 3.0, 31.5, 1],
        [str(CLOSED_MS), "10", "12", "9", "11", "300", "3", "31.5", 1],
        [str(CLOSED_MS), "10", "12", "9", "11", "300", "", "31.5", "1"],
        [str(CLOSED_MS), "10", "12", "9", "11", 300, None, "31.5", "1"],
    ],
)
def test_a_candle_may_be_written_in_numbers_and_without_base_units(row: list[Any]) -> None:
    reader, collector = open_reader()
    assert reader.read(push("candle1m", "ETH-USDT", [row]))
    (candle,) = collector.candles(Instrument(venue="blofin", symbol="ETH-USDT")).iter_rows(named=True)
    assert (candle["open"], candle["low"], candle["volume"], candle["quote_volume"]) == (10.0, 9.0, 3.0, 31.5)


@pytest.mark.parametrize("contracts", ["", None, "x", "NaN", "1e999999", "-5", True])
def test_a_candle_without_any_volume_is_refused(contracts: object) -> None:
    reader, collector = open_reader()
    reader.read(push("candle1m", "ETH-USDT", [[str(CLOSED_MS), "10", "12", "9", "11", contracts, "", "31.5", "1"]]))
    assert sum(collector.refused.values()) == 1
    assert collector.counts["candles"] == 0


def test_errors_of_the_venue_are_counted_and_only_the_newest_are_kept() -> None:
    reader, _ = open_reader()
    for number in range(1_000):
        reader.read(json.dumps({"event": "error", "code": "60012", "msg": f"no {number} " + "x" * 500}).encode())
    assert reader.rejected == 1_000
    assert len(reader.errors) == 16
    assert reader.errors[-1].startswith("60012 no 999 ")
    assert len(reader.errors[-1]) == 200


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
