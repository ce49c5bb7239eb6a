"""Rules of docs/assumptions.md about leaving in parts and waiting after an exit; numbers are worked out by hand."""

from __future__ import annotations

import pytest

from edgeproof.domain.instruments import InstrumentRules
from edgeproof.execution import Costs
from fakes.tiny_market import make_bars, minute_of, tell, trade

TO_THE_TARGET = make_bars("100", "100", "100 112 100 112", "105")


def test_a_share_leaves_at_the_target_and_the_rest_goes_on() -> None:
    replay = trade(TO_THE_TARGET, "L", take=10.0, take_share=0.25)
    # 25 of 100 units at 110, 75 at the last close of 105.
    assert replay.partial_exits["size"].to_list() == [25]
    assert replay.partial_exits["price"].to_list() == [110]
    assert replay.trades["pnl"].item() == pytest.approx(25 * 10 + 75 * 5)
    assert replay.metrics.final_equity == pytest.approx(10_625)


def test_the_rest_keeps_its_stop_and_has_no_target() -> None:
    bars = make_bars("100", "100", "100 112 100 112", "112 130 112 130", "120 120 94 94")
    replay = trade(bars, "L", take=10.0, stop=5.0, take_share=0.5)
    assert tell(replay) == [("long", 100, (110 + 95) / 2, "stop")]
    assert minute_of(replay, "exit_ts") == [4]


def test_a_position_that_left_in_parts_is_one_trade() -> None:
    costs = Costs(taker=0.001, slippage=0, latency_ms=0)
    replay = trade(TO_THE_TARGET, "L", take=10.0, take_share=0.25, costs=costs)
    assert tell(replay) == [("long", 100, (25 * 110 + 75 * 105) / 100, "end")]
    assert replay.metrics.trades == 1
    assert replay.trades["fees"].item() == pytest.approx((100 * 100 + 25 * 110 + 75 * 105) * 0.001)
    assert replay.trades["bars_held"].item() == 3
    assert replay.partial_exits["fee"].item() == pytest.approx(25 * 110 * 0.001)


def test_a_gap_beyond_the_target_sells_the_part_at_the_open_and_the_rest_lives_through_that_bar() -> None:
    bars = make_bars("100", "100", "120 120 94 94", "94")
    replay = trade(bars, "L", take=10.0, stop=5.0, take_share=0.5)
    assert tell(replay) == [("long", 100, (120 + 95) / 2, "stop")]
    assert minute_of(replay, "exit_ts") == [2]


def test_a_part_or_a_rest_that_would_be_no_order_takes_all_along() -> None:
    whole_units, hundreds = InstrumentRules(lot=30.0), InstrumentRules(min_size=60.0)
    small = [trade(TO_THE_TARGET, "L", take=10.0, take_share=0.25, rules=rules) for rules in (whole_units, hundreds)]
    assert [tell(replay) for replay in small] == [[("long", 100, 110, "take")]] * 2
    assert [len(replay.parts) for replay in small] == [0, 0]
    halves = trade(TO_THE_TARGET, "L", take=10.0, take_share=0.5, rules=whole_units)
    assert (halves.trades["size"].item(), halves.partial_exits["size"].item()) == (90, 30)


def test_a_part_takes_its_share_of_the_margin_along() -> None:
    no_maintenance = InstrumentRules(maintenance_margin=0.0)
    bars = make_bars("100", "100", "100 110 100 100", "85")
    replay = trade(bars, "L", take=10.0, take_share=0.5, leverage=10.0, rules=no_maintenance)
    # 1,000 units with a margin of 10,000: 500 gain 5,000, 500 lose their 5,000 of margin.
    assert tell(replay)[0][3] == "liquidation"
    assert replay.metrics.final_equity == pytest.approx(10_000)


def test_funding_after_a_part_left_is_paid_on_the_rest() -> None:
    replay = trade(TO_THE_TARGET, "L", take=10.0, take_share=0.25, funding={2: 0.01, 3: 0.01})
    assert replay.trades["funding"].item() == pytest.approx(100 * 100 * 0.01 + 75 * 105 * 0.01)


def test_equity_after_a_part_left_counts_what_it_brought() -> None:
    bars = make_bars("100", "100", "100 112 100 112", "104", "104", minutes=[0, 1, 58, 59, 60])
    costs = Costs(taker=0.001, slippage=0, latency_ms=0)
    replay = trade(bars, "L", take=10.0, take_share=0.25, costs=costs, funding={59: 0.01})
    brought = 25 * 10 - 25 * 110 * 0.001
    assert replay.equity["equity"][1] == pytest.approx(10_000 - 10 + brought + 75 * 4 - 75 * 104 * 0.01)


def test_nothing_is_entered_until_the_cool_down_has_passed() -> None:
    bars = make_bars("100", "100", "100", "101", "102", "103", "104")
    replay = trade(bars, "LxLLLLL", cool_down=3)
    assert minute_of(replay) == [1, 5]
    assert (replay.unfilled.late, replay.unfilled.refused) == (0, 0)


def test_the_cool_down_is_counted_by_the_clock_from_the_bar_of_the_exit() -> None:
    bars = make_bars("100", "100 100 94 94", "94", "94", "94")
    assert minute_of(trade(bars, "LLLLL", stop=5.0, cool_down=2)) == [1, 3]
    fives = make_bars("100", "94", timeframe="5m")
    minutes = make_bars(*["100"] * 5, "100 100 94 94", *["94"] * 9)
    assert minute_of(trade(minutes, "LL", decide_on=fives, stop=5.0, cool_down=1)) == [5, 10]
    assert minute_of(trade(minutes, "LL", decide_on=fives, stop=5.0, cool_down=2)) == [5]


def test_with_a_cool_down_an_opposite_entry_leaves_and_does_not_enter() -> None:
    replay = trade(make_bars("100", "100", "101", "102"), "LS", cool_down=1)
    assert tell(replay) == [("long", 100, 101, "reverse")]


def test_a_part_that_leaves_begins_no_cool_down() -> None:
    bars = make_bars("100", "100", "100 112 100 112", "105", "105", "105")
    replay = trade(bars, "L.xL", take=10.0, take_share=0.5, cool_down=1)
    assert minute_of(replay) == [1, 4]
    assert minute_of(replay, "exit_ts") == [3, 6]
