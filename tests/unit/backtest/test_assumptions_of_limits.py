"""Rules of docs/assumptions.md about orders to enter that rest; numbers are worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edgeproof.backtest import Unfilled
from edgeproof.domain.instruments import InstrumentRules
from edgeproof.execution import Costs
from fakes.tiny_market import FREE, make_bars, minute_of, tell, trade

SURE = replace(FREE, fill_probability=1.0)
UNLUCKY = replace(FREE, fill_probability=0.0)
DIP = make_bars("100", "100 101 96 99", "99 103 99 103")


def test_an_order_rests_below_the_close_of_its_decision_to_buy_and_above_it_to_sell() -> None:
    assert tell(trade(DIP, "L", limit_offset=3.0, costs=SURE)) == [("long", 97, 103, "end")]
    assert tell(trade(DIP, "S", limit_offset=1.0, costs=SURE)) == [("short", 101, 103, "end")]
    later = make_bars("100 100 90 90", "100 101 96 99", "99")
    assert tell(trade(later, "L", limit_offset=3.0, costs=SURE)) == []


def test_an_order_that_rested_pays_the_maker_fee_and_no_slippage() -> None:
    costs = Costs(maker=0.001, taker=0.002, slippage=0.01, latency_ms=0, fill_probability=1.0)
    replay = trade(DIP, "L", limit_offset=4.0, costs=costs)
    size = 10_000 / 96
    assert tell(replay) == [("long", 96, 103 * 0.99, "end")]
    assert replay.trades["fees"].item() == pytest.approx(10_000 * 0.001 + size * 103 * 0.99 * 0.002)
    assert replay.trades["slippage"].item() == pytest.approx(size * 103 * 0.01)


def test_the_maker_fee_is_in_the_equity_while_the_position_is_open() -> None:
    bars = make_bars("100", "100 101 96 99", "99", "99", minutes=[0, 1, 59, 60])
    costs = Costs(maker=0.001, taker=0.002, slippage=0, latency_ms=0, fill_probability=1.0)
    replay = trade(bars, "L", limit_offset=4.0, costs=costs)
    assert replay.equity["equity"][1] == pytest.approx(10_000 - 10 + 10_000 / 96 * 3)


def test_an_order_whose_price_the_first_open_has_reached_takes_at_that_open_and_pays_at_most_its_price() -> None:
    bars = make_bars("100", "98", "98", "103")
    costs = Costs(maker=0.001, taker=0.002, slippage=0.01, latency_ms=0, fill_probability=0.0)
    cheap, capped = (trade(bars, "L", limit_offset=offset, costs=costs) for offset in (0.5, 1.5))
    assert cheap.trades["entry_price"].item() == pytest.approx(98 * 1.01)
    assert capped.trades["entry_price"].item() == pytest.approx(98.5)
    assert capped.trades["fees"].item() == pytest.approx(10_000 * 0.002 + 10_000 / 98.5 * 103 * 0.99 * 0.002)


def test_a_touch_fills_an_order_with_the_given_probability() -> None:
    count = 4_000
    bars = make_bars(*["100 101 99 100"] * (2 * count))
    half = replace(FREE, fill_probability=0.67)
    replay = trade(bars, "L." * count, limit_offset=1.0, max_hold=1, costs=half)
    # The share of 4,000 draws lies within 0.03 of its probability in all but one of 10,000 runs; the seed is fixed.
    assert replay.metrics.trades / count == pytest.approx(0.67, abs=0.03)
    assert replay.metrics.trades + replay.unfilled.missed == count


def test_a_bar_that_opens_beyond_its_price_fills_an_order_for_sure_at_its_price() -> None:
    bars = make_bars("100", "100", "90 95 85 95", "99")
    replay = trade(bars, "L", limit_offset=3.0, limit_wait=2, costs=UNLUCKY)
    assert tell(replay) == [("long", 97, 99, "end")]
    assert minute_of(replay) == [2]
    assert trade(DIP, "L", limit_offset=3.0, costs=UNLUCKY).unfilled == Unfilled(missed=1)


def test_the_luck_of_a_decision_is_its_own() -> None:
    bars = make_bars(*["100 101 99 100"] * 400)
    costs = replace(FREE, fill_probability=0.5)
    whole = trade(bars, "L." * 200, limit_offset=1.0, max_hold=1, costs=costs)
    again = trade(bars, "L." * 200, limit_offset=1.0, max_hold=1, costs=costs)
    other = trade(bars, "L." * 200, limit_offset=1.0, max_hold=1, costs=replace(costs, seed=1))
    later = bars.slice(200, 400)
    rest = trade(later, "L." * 100, limit_offset=1.0, max_hold=1, costs=costs)
    assert minute_of(whole) == minute_of(again)
    assert minute_of(whole) != minute_of(other)
    assert [minute for minute in minute_of(whole) if minute >= 200] == minute_of(rest)


def test_an_order_rests_for_so_many_decision_bars_by_the_clock_and_is_counted_when_missed() -> None:
    bars = make_bars("100", "100", "100", "100 100 97 99", "99")
    waits = {wait: trade(bars, "L", limit_offset=3.0, limit_wait=wait, costs=SURE) for wait in (1, 2, 3)}
    assert [len(replay.records) for replay in waits.values()] == [0, 0, 1]
    assert [replay.unfilled.missed for replay in waits.values()] == [1, 1, 0]
    gap = make_bars("100", "100", "97", minutes=[0, 1, 4])
    assert trade(gap, "L", limit_offset=3.0, limit_wait=3, costs=SURE).unfilled.missed == 1


def test_an_order_that_rests_when_the_data_end_is_missed() -> None:
    assert trade(make_bars("100", "100"), "L", limit_offset=3.0, limit_wait=9, costs=SURE).unfilled.missed == 1


def test_an_exit_or_an_opposite_wish_ends_an_order_that_rests() -> None:
    bars = make_bars("100", "100", "100", "100 100 97 99", "99")
    left = trade(bars, "L.x", limit_offset=3.0, limit_wait=9, costs=SURE)
    assert (tell(left), left.unfilled.missed) == ([], 1)
    turned = trade(bars, "L.S", limit_offset=[3.0, 3.0, 0.0, 0.0, 0.0], limit_wait=9, costs=SURE)
    assert (tell(turned), turned.unfilled.missed) == ([("short", 100, 99, "end")], 1)


def test_a_wish_of_the_same_side_leaves_an_order_where_it_rests() -> None:
    bars = make_bars("100", "98", "98 98 96 98", "98")
    replay = trade(bars, "LL", limit_offset=[3.0, 0.0, 0.0, 0.0], limit_wait=2, costs=SURE)
    assert tell(replay) == [("long", 97, 98, "end")]


def test_a_wish_at_the_open_at_which_an_order_ends_may_rest_anew() -> None:
    bars = make_bars("100", "100", "98 98 96 98", "98")
    replay = trade(bars, "LL", limit_offset=[3.0, 2.5, 0.0, 0.0], costs=SURE)
    assert tell(replay) == [("long", 97.5, 98, "end")]
    assert replay.unfilled.missed == 1


def test_levels_live_from_the_fill_and_the_worst_of_its_bar_counts() -> None:
    assert tell(trade(DIP, "L", limit_offset=1.0, stop=2.0, costs=SURE)) == [("long", 99, 97, "stop")]


def test_of_the_bar_of_the_fill_only_what_surely_came_after_it_reaches_a_target() -> None:
    # 101 may have come before 99 was bought; the close of 100.5 came after it.
    bars = make_bars("100", "100 101 99 100.5", "100")
    assert tell(trade(bars, "L", limit_offset=1.0, take=1.9, costs=SURE)) == [("long", 99, 100, "end")]
    assert tell(trade(bars, "L", limit_offset=1.0, take=1.5, costs=SURE)) == [("long", 99, 100.5, "take")]


def test_funding_in_the_bar_of_the_fill_is_not_paid() -> None:
    assert trade(DIP, "L", limit_offset=3.0, costs=SURE, funding={1: 0.01}).trades["funding"].item() == 0


def test_the_price_of_an_order_rounds_to_the_tick_away_from_the_market() -> None:
    ticks = InstrumentRules(tick=0.5)
    bars = make_bars("100", "100 104 96 100", "100")
    assert tell(trade(bars, "L", limit_offset=2.7, rules=ticks, costs=SURE)) == [("long", 97, 100, "end")]
    assert tell(trade(bars, "S", limit_offset=2.7, rules=ticks, costs=SURE)) == [("short", 103, 100, "end")]


def test_an_order_at_no_price_is_refused_and_counted() -> None:
    replay = trade(make_bars("100", "100", "100"), "L", limit_offset=100.0, costs=SURE)
    below = trade(make_bars("100", "100", "100"), "L", limit_offset=-1.0, costs=SURE)
    assert [found.unfilled for found in (replay, below)] == [Unfilled(refused=1)] * 2


def test_without_an_offset_at_a_decision_the_order_is_at_the_market() -> None:
    bars = make_bars("100", "100", "100")
    assert tell(trade(bars, "L", limit_offset=float("nan"), costs=UNLUCKY)) == tell(trade(bars, "L"))


def test_a_size_is_that_of_the_price_at_which_it_rests() -> None:
    assert trade(DIP, "L", limit_offset=4.0, costs=SURE).trades["size"].item() == pytest.approx(10_000 / 96)
