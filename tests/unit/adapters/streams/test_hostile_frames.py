"""Whatever a stream may send: nothing raises, nothing unsound comes through, and everything is counted."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from edgeproof.adapters.streams._blofin_frames import BlofinFrames
from edgeproof.domain.frames import BARS, TRADES, conform, require_names
from edgeproof.domain.instruments import Instrument
from edgeproof.domain.time import MS_PER_DAY
from edgeproof.ops.intake import Collector

NOON_MS = 1_760_000_040_000
SIZES = {"ETH-USDT": Decimal("0.01"), "PEPE-USDT": Decimal(10_000_000)}
TRADE = {"tradeId": "106074994", "price": "1640.4", "size": "3.1", "side": "sell", "ts": str(NOON_MS - 20)}
CANDLE = [str(NOON_MS // 60_000 * 60_000 - 60_000), "10", "12", "9", "11", "300", "3", "31.5", "1"]


class StoppedClock:
    def now_ms(self) -> int:
        return NOON_MS


ODD_NUMBERS: list[object] = [
    *(
        "NaN",
        "Infinity",
        "-Infinity",
        "1e400",
        "1e999999",
        "1e999999999999999999",
        "-1",
        "0",
        "-0",
        "",
        " ",
        "x",
        "0x10",
    ),
    *("9" * 5_000, "1e-400", None, True, [], {}, -1.5),
]
ODD_TIMES: list[object] = [
    *("0", "-1", "253402300799999", "99999999999999", "1760000040000000", "soon", "", "9" * 400, None, True),
    *(10**40, 1.5, [], {}),
]
ODD_IDENTIFIERS: list[object] = [None, 7.5, True, "", [], {}, "7" * 81, "\ud800"]
ODD_SIDES: list[object] = [None, "both", "", 1, "BUY"]
ODD_CELLS: list[object] = ["NaN", "1e999", "Infinity", "-1", "x", "", "1_0", "9" * 5_000, None, [], True]


def push(channel: str, symbol: str, data: object) -> bytes:
    return json.dumps({"arg": {"channel": channel, "instId": symbol}, "data": data}).encode()


def trade(symbol: str = "PEPE-USDT", **changes: object) -> bytes:
    return push("trades", symbol, [{"instId": symbol, **TRADE, **changes}])


def trade_with(field: str, value: object) -> bytes:
    return push("trades", "PEPE-USDT", [{"instId": "PEPE-USDT", **TRADE, field: value}])


def candle(changes: dict[int, object]) -> bytes:
    return push("candle1m", "ETH-USDT", [[changes.get(i, value) for i, value in enumerate(CANDLE)]])


def read(*frames: bytes) -> tuple[Collector, pl.DataFrame, pl.DataFrame]:
    """Read frames; the collector, and the rows that would go to the lake."""
    collector = Collector("blofin", list(SIZES), StoppedClock())
    reader = BlofinFrames(SIZES, {name: name for name in SIZES}, collector)
    for frame in frames:
        reader.read(frame)
    bars = pl.concat(collector.candles(Instrument(venue="blofin", symbol=symbol)) for symbol in SIZES)
    return collector, collector.take_trades(), bars


def assert_sound(trades: pl.DataFrame, bars: pl.DataFrame) -> None:
    """What the lake may hold: rows that conform, of finite positive numbers and times that can be."""
    assert_frame_equal(conform(trades, TRADES), trades)
    require_names(trades, TRADES)
    assert trades.select(pl.all_horizontal((pl.col("price", "size") > 0) & pl.col("price", "size").is_finite()).all())[
        0, 0
    ]
    assert trades["side"].is_in(["buy", "sell"]).all()
    assert (trades["ts"].dt.epoch("ms") <= NOON_MS + MS_PER_DAY).all()
    assert_frame_equal(conform(bars, BARS), bars)
    numbers = pl.col("open", "high", "low", "close", "volume", "quote_volume")
    assert bars.select(pl.all_horizontal(numbers.fill_null(0).is_finite() & (numbers.fill_null(0) >= 0)).all())[0, 0]


def test_good_frames_come_through() -> None:
    collector, trades, bars = read(trade(), candle({}))
    assert (trades.height, bars.height, collector.refused) == (1, 1, {})
    assert_sound(trades, bars)


DEEP = 200_000
CORPUS: dict[str, bytes] = {
    "nothing": b"",
    "a blank": b" ",
    "a zero byte": b"\0",
    "no text": b"\xff\xfe\x80",
    "half a character": b'{"event":"error","msg":"\\ud800"}',
    "truncated": trade()[:-7],
    "two values": trade() + trade(),
    "html": b"<html><body>502 Bad Gateway</body></html>",
    "a number": b"42",
    "a number too long to be read": b"9" * 10_000,
    "not a number": b"NaN",
    "null": b"null",
    "no fields": b"{}",
    "deep lists": b"[" * DEEP,
    "deep lists that end": b"[" * DEEP + b"]" * DEEP,
    "deep objects": b'{"arg":' * DEEP,
    "deep data": b'{"arg":{"channel":"trades","instId":"ETH-USDT"},"data":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "deep candles": b'{"arg":{"channel":"candle1m","instId":"ETH-USDT"},"data":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "ten megabytes": trade() + b" " * 10_485_760,
    "no data": b'{"arg":{"channel":"trades","instId":"ETH-USDT"}}',
    "null data": push("trades", "ETH-USDT", None),
    "text data": push("trades", "ETH-USDT", "x"),
    "a trade that is no object": push("trades", "ETH-USDT", [7]),
    "unknown channel": push("gossip", "ETH-USDT", [{}]),
    "unknown instrument": trade("NO-SUCH"),
    "unknown event": b'{"event":"farewell"}',
    "an event of a wrong type": b'{"event":7}',
    "a channel of a wrong type": b'{"arg":{"channel":[],"instId":{}},"data":[]}',
    **{f"{field} {value!r:.40}": trade_with(field, value) for field in ("price", "size") for value in ODD_NUMBERS},
    **{f"time {value!r:.40}": trade_with("ts", value) for value in ODD_TIMES},
    **{f"number {value!r:.40}": trade_with("tradeId", value) for value in ODD_IDENTIFIERS},
    **{f"side {value!r}": trade_with("side", value) for value in ODD_SIDES},
    **{f"candle {i} {value!r:.40}": candle({i: value}) for i in (0, 1, 2, 3, 4, 7) for value in ODD_CELLS},
    # Where base units are left out, contracts tell them.
    **{f"candle 6 {value!r:.40}": candle({6: value}) for value in ODD_CELLS if value is not None and value != ""},
    "a candle off its minute": candle({0: str(NOON_MS // 60_000 * 60_000 - 59_999)}),
    "a candle of tomorrow": candle({0: str(NOON_MS // 60_000 * 60_000 + MS_PER_DAY)}),
    "a candle of 1970": candle({0: "60000"}),
    "a candle whose low is high": candle({3: "13"}),
    "a candle too short": push("candle1m", "ETH-USDT", [CANDLE[:8]]),
    "a candle too long": push("candle1m", "ETH-USDT", [[*CANDLE, "1"]]),
    "a candle of nobody": push("candle1m", "NO-SUCH", [CANDLE]),
}


@pytest.mark.parametrize("frame", CORPUS.values(), ids=CORPUS.keys())
def test_a_hostile_frame_is_counted_and_goes_no_further(frame: bytes) -> None:
    collector, trades, bars = read(frame)
    assert (trades.height, bars.height) == (0, 0)
    assert sum(collector.refused.values()) == 1


def test_kinds_are_few_whatever_comes() -> None:
    """A count by kind must not grow with what strangers send."""
    collector, _, _ = read(*CORPUS.values())
    assert sum(collector.refused.values()) == len(CORPUS)
    assert len(collector.refused) <= 20


def test_a_bad_frame_spoils_none_of_the_good_ones_beside_it() -> None:
    good = [trade(tradeId=str(number)) for number in range(len(CORPUS))]
    mixed = [frame for pair in zip(good, CORPUS.values(), strict=True) for frame in pair]
    collector, trades, _ = read(*mixed)
    assert trades["trade_id"].to_list() == [str(number) for number in range(len(CORPUS))]
    assert sum(collector.refused.values()) == len(CORPUS)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.floats()
    | st.integers(-(10**30), 10**30)
    | st.text(max_size=8)
    | st.decimals(allow_nan=True, allow_infinity=True).map(str)
    | st.integers(-400, 400).map(lambda power: f"1e{power}"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None, max_examples=200)
@given(frame=st.binary(max_size=300))
def test_no_bytes_become_rows(frame: bytes) -> None:
    collector, trades, bars = read(frame)
    assert (trades.height, bars.height) == (0, 0)
    assert sum(collector.refused.values()) <= 1


@settings(deadline=None, max_examples=200)
@given(
    whole=st.sampled_from([trade(), trade("ETH-USDT"), candle({})]),
    cut=st.integers(0, 400),
    flips=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=4),
)
def test_a_damaged_frame_gives_sound_rows_or_a_count(whole: bytes, cut: int, flips: list[tuple[int, int]]) -> None:
    damaged = bytearray(whole[: max(1, len(whole) - cut)])
    for place, byte in flips:
        damaged[place % len(damaged)] = byte
    collector, trades, bars = read(bytes(damaged))
    assert_sound(trades, bars)
    # A candle that has become one in the making is neither taken nor refused, an answer to a subscription neither.
    assert trades.height + bars.height + sum(collector.refused.values()) <= 1


@settings(deadline=None, max_examples=200)
@given(
    channel=st.sampled_from(["trades", "candle1m"]),
    rows=st.lists(
        st.fixed_dictionaries(
            {}, optional={key: JSON | st.just(value) for key, value in {**TRADE, "instId": "PEPE-USDT"}.items()}
        )
        | st.lists(st.sampled_from(CANDLE) | JSON, min_size=8, max_size=10)
        | JSON,
        max_size=3,
    ),
)
def test_whatever_stands_in_the_rows_what_comes_of_them_is_sound(channel: str, rows: list[Any]) -> None:
    _, trades, bars = read(push(channel, "ETH-USDT", rows))
    assert_sound(trades, bars)
