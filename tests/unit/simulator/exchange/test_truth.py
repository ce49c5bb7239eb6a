from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeproof.domain.errors import InvalidValue, Unreadable
from edgeproof.simulator.exchange import Delivery, ExchangeSpec, TradeIds, read_records, tabulate_trades
from edgeproof.simulator.exchange.engine.listing import GridText
from fakes.small_venues import open_desk

if TYPE_CHECKING:
    from pathlib import Path


def test_truth_holds_each_trade_once_in_order() -> None:
    desk = open_desk()
    desk.clock.step(20_000)
    desk.venue.advance()
    for (_,), mine in desk.venue.truth.trades().group_by("symbol"):
        assert mine["number"].to_list() == list(range(mine.height))
        assert mine["trade_id"].is_unique().all()
        assert mine["ts"].is_sorted()


def test_truth_says_what_the_exchange_tells() -> None:
    desk = open_desk()
    desk.clock.step(5_000)
    told = desk.get("trades", instId="ETH-USDT")["data"][::-1]
    value = Decimal(desk.get("instruments", instId="ETH-USDT")["data"][0]["contractValue"])
    true = desk.venue.truth.trades().filter(symbol="ETH-USDT").tail(len(told))
    assert true["trade_id"].to_list() == [trade["tradeId"] for trade in told]
    assert true["price"].to_list() == [float(trade["price"]) for trade in told]
    assert true["size"].to_list() == [float(Decimal(trade["size"]) * value) for trade in told]
    assert true["side"].to_list() == [trade["side"] for trade in told]


def test_a_file_holds_the_same_truth_and_a_torn_end_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "truth.bin"
    filed, kept = open_desk(ExchangeSpec(truth_path=path)), open_desk()
    for desk in (filed, kept):
        desk.clock.step(10_000)
        desk.venue.advance()
    filed.venue.truth.close()
    listings = kept.venue.tape.listings
    whole = kept.venue.truth.trades()
    assert tabulate_trades(read_records(path), listings, TradeIds()).equals(whole)
    assert filed.venue.truth.trades().equals(whole)
    path.write_bytes(path.read_bytes()[:-5])
    assert tabulate_trades(read_records(path), listings, TradeIds()).equals(whole.head(whole.height - 1))


def test_a_truth_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="absent"):
        read_records(tmp_path / "absent")


def test_deliveries_without_a_hole_are_one_range() -> None:
    truth = open_desk().venue.truth
    for first, last in [(0, 4), (5, 5), (6, 9), (12, 13), (13, 13)]:
        truth.record_delivery(1, "BTC-USDT", first, last)
    assert truth.deliveries() == [
        Delivery(connection=1, symbol="BTC-USDT", first=first, last=last)
        for first, last in [(0, 9), (12, 13), (13, 13)]
    ]


@given(number=st.integers(0, 10**9), dense=st.booleans())
def test_ids_ascend_and_lead_back_to_their_trades(number: int, dense: bool) -> None:  # noqa: FBT001 - drawn
    ids = TradeIds(dense=dense)
    assert ids.of_number(number) < ids.of_number(number + 1)
    assert ids.to_number(ids.of_number(number)) == number
    assert ids.of_numbers(np.array([number]))[0] == ids.of_number(number)


def test_an_id_of_nobody_is_refused() -> None:
    with pytest.raises(InvalidValue, match="trade id"):
        TradeIds().to_number(5)


@given(
    count=st.integers(-(10**9), 10**9),
    step=st.sampled_from(["0.1", "0.25", "1", "0.000030517578125", "1E-9", "10", "0.5"]),
)
def test_grid_text_is_the_decimal_it_stands_for(count: int, step: str) -> None:
    text = GridText(Decimal(step))(count)
    assert Decimal(text) == count * Decimal(step)
    assert "E" not in text
    assert "." not in text or not text.endswith("0")
