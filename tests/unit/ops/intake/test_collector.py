from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from edgeproof.domain.frames import BARS, TRADES, UTC_MS, conform
from edgeproof.domain.instruments import Instrument
from edgeproof.domain.time import MS_PER_MINUTE
from edgeproof.ops.intake import Candle, Collector

NOON_MS = 1_760_000_040_000 // MS_PER_MINUTE * MS_PER_MINUTE
SYMBOLS = ("BTC-USDT", "ETH-USDT")
TRADE: dict[str, Any] = {"symbol": "ETH-USDT", "ts": NOON_MS, "price": 4_000.5, "size": 0.25, "trade_id": "7"}
CANDLE: dict[str, Any] = {
    "symbol": "BTC-USDT",
    "open_ms": NOON_MS - MS_PER_MINUTE,
    "open": 10.0,
    "high": 12.0,
    "low": 9.0,
    "close": 11.0,
    "volume": 3.0,
    "quote_volume": 31.0,
}


class HandClock:
    def __init__(self) -> None:
        self.at_ms = NOON_MS + 40

    def now_ms(self) -> int:
        return self.at_ms


def collect(*, most_waiting: int = 1_000) -> Collector:
    return Collector("blofin", SYMBOLS, HandClock(), most_waiting=most_waiting)


def add(collector: Collector, **changes: Any) -> None:  # noqa: ANN401 - any column of a trade
    values = {**TRADE, **changes}
    collector.add_trade(
        values["symbol"], values["ts"], values["price"], values["size"], values["trade_id"], buy=values.get("buy", True)
    )


def test_a_trade_becomes_a_row_with_both_clocks() -> None:
    collector = collect()
    add(collector)
    add(collector, symbol="BTC-USDT", buy=False, ts=NOON_MS + 5)
    rows = collector.take_trades()
    expected = pl.DataFrame(
        {
            "venue": ["blofin", "blofin"],
            "symbol": ["ETH-USDT", "BTC-USDT"],
            "ts": pl.Series([NOON_MS, NOON_MS + 5]).cast(UTC_MS),
            "seen_at": pl.Series([NOON_MS + 40, NOON_MS + 40]).cast(UTC_MS),
            "price": [4_000.5, 4_000.5],
            "size": [0.25, 0.25],
            "side": ["buy", "sell"],
            "trade_id": ["7", "7"],
        }
    )
    assert_frame_equal(rows, expected)
    assert conform(rows, TRADES).height == 2
    assert collector.take_trades().is_empty()


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"symbol": "NO-SUCH"}, "unknown instrument"),
        ({"price": float("nan")}, "price or size is not a positive number"),
        ({"price": float("inf")}, "price or size is not a positive number"),
        ({"price": -5.0}, "price or size is not a positive number"),
        ({"size": 0.0}, "price or size is not a positive number"),
        ({"size": 1e300}, "price or size is not a positive number"),
        ({"ts": 99_999_999_999_999}, "time out of range"),
        ({"ts": -1}, "time out of range"),
        ({"trade_id": ""}, "no trade number"),
        ({"trade_id": "9" * 400}, "no trade number"),
    ],
)
def test_a_trade_that_cannot_be_is_refused_and_counted_by_kind(changes: dict[str, Any], kind: str) -> None:
    collector = collect()
    add(collector, **changes)
    assert collector.refused == {kind: 1}
    assert collector.waiting == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"symbol": "NO-SUCH"},
        {"high": float("nan")},
        {"low": 11.5},
        {"volume": -1.0},
        {"quote_volume": float("inf")},
        {"open": 0.0},
        {"open_ms": NOON_MS + 1},
        {"open_ms": NOON_MS + 60 * MS_PER_MINUTE},
    ],
)
def test_a_candle_that_cannot_be_is_refused(changes: dict[str, Any]) -> None:
    collector = collect()
    collector.add_candle(Candle(**{**CANDLE, **changes}))
    assert sum(collector.refused.values()) == 1
    assert collector.candles(Instrument(venue="blofin", symbol="BTC-USDT")).is_empty()


def test_closed_candles_become_bars_until_they_were_used() -> None:
    collector = collect()
    btc = Instrument(venue="blofin", symbol="BTC-USDT")
    for minute in (1, 3, 2):
        collector.add_candle(Candle(**{**CANDLE, "open_ms": NOON_MS - minute * MS_PER_MINUTE}))
    bars = collector.candles(btc)
    assert bars.schema == BARS.schema
    assert bars["ts"].dt.epoch("ms").to_list() == [NOON_MS - k * MS_PER_MINUTE for k in (3, 2, 1)]
    collector.forget_candles("BTC-USDT", NOON_MS - MS_PER_MINUTE)
    assert collector.candles(btc).height == 1


def test_a_trade_sent_twice_is_taken_in_once() -> None:
    collector = collect()
    for _ in range(3):
        add(collector)
    assert collector.waiting == 1
    assert collector.counts["duplicates"] == 2


def test_beyond_the_limit_trades_are_dropped_counted_and_hinted_at() -> None:
    collector = collect(most_waiting=5)
    for number in range(8):
        add(collector, trade_id=str(number), ts=NOON_MS + number)
    assert collector.waiting == 5
    assert collector.counts["dropped beyond the memory limit"] == 3
    (hint,) = collector.take_hints()
    assert (hint.symbol, hint.cause, hint.from_ms) == ("ETH-USDT", "overflow", NOON_MS + 5)
    collector.take_trades()
    add(collector, trade_id="7", ts=NOON_MS + 7)
    assert collector.waiting == 1


def test_a_jump_of_dense_numbers_is_hinted_at_from_the_last_trade_before_it() -> None:
    collector = collect()
    for number in [*range(100), 104]:
        add(collector, trade_id=str(number), ts=NOON_MS + number)
    (hint,) = collector.take_hints()
    assert (hint.cause, hint.from_ms) == ("sequence", NOON_MS + 99)
    assert collector.take_hints() == []


def test_a_broken_stream_is_hinted_at_for_each_of_its_symbols() -> None:
    collector = collect()
    add(collector)
    collector.break_off(SYMBOLS, "reconnect")
    hints = {hint.symbol: hint for hint in collector.take_hints()}
    assert hints.keys() == set(SYMBOLS)
    assert hints["ETH-USDT"].from_ms == NOON_MS


def test_endless_kinds_of_refusal_do_not_fill_the_memory() -> None:
    collector = collect()
    for number in range(500):
        collector.refuse(f"kind {number}")
    assert len(collector.refused) <= 65
    assert sum(collector.refused.values()) == 500


@settings(deadline=None, max_examples=60)
@given(
    trades=st.lists(
        st.tuples(
            st.sampled_from([*SYMBOLS, "NO-SUCH"]),
            st.one_of(st.integers(-(2**62), 2**62), st.integers(NOON_MS - 10_000, NOON_MS)),
            st.floats(),
            st.floats(),
            st.text(max_size=90),
        ),
        max_size=40,
    )
)
def test_whatever_numbers_come_rows_conform_and_everything_is_counted(
    trades: list[tuple[str, int, float, float, str]],
) -> None:
    collector = collect()
    for symbol, ts, price, size, trade_id in trades:
        collector.add_trade(symbol, ts, price, size, trade_id, buy=True)
    rows = conform(collector.take_trades(), TRADES)
    assert rows.filter(~(pl.col("price") > 0) | ~(pl.col("size") > 0)).is_empty()
    assert rows.height + collector.counts["duplicates"] + sum(collector.refused.values()) == len(trades)
