"""Every rule of docs/assumptions.md, each with the smallest market that shows it. Numbers are worked out by hand."""

from __future__ import annotations

import pytest

from edgeproof.domain.instruments import InstrumentRules
from edgeproof.execution import Costs
from fakes.tiny_market import make_bars, minute_of, tell, trade

NAN = float("nan")
NO_MAINTENANCE = InstrumentRules(maintenance_margin=0.0)


# Decisions and time


def test_a_decision_at_a_close_acts_at_the_next_open() -> None:
    replay = trade(make_bars("100", "101", "102", "103"), "L.x.")
    assert tell(replay) == [("long", 101, 103, "signal")]
    assert minute_of(replay) == [1]
    assert minute_of(replay, "exit_ts") == [3]


def test_a_decision_at_the_last_close_never_acts() -> None:
    assert tell(trade(make_bars("100", "101", "102"), "..L")) == []


def test_latency_shorter_than_an_execution_bar_is_absorbed_by_the_next_open() -> None:
    replay = trade(make_bars("100", "101", "102"), "L..", costs=Costs(taker=0, slippage=0, latency_ms=59_999))
    assert minute_of(replay) == [1]


def test_latency_of_whole_execution_bars_moves_an_order_by_as_many_opens() -> None:
    replay = trade(make_bars("100", "101", "102", "103"), "L..", costs=Costs(taker=0, slippage=0, latency_ms=130_000))
    assert minute_of(replay) == [3]


def test_an_entry_across_a_gap_longer_than_a_decision_bar_is_dropped_and_counted() -> None:
    one_late = trade(make_bars("100", "101", "102", minutes=[0, 2, 3]), "L..")
    two_late = trade(make_bars("100", "101", "102", minutes=[0, 3, 4]), "L..")
    assert (minute_of(one_late), one_late.unfilled.late) == ([2], 0)
    assert (minute_of(two_late), two_late.unfilled.late) == ([], 1)


def test_an_exit_is_never_too_late() -> None:
    replay = trade(make_bars("100", "101", "102", "90", minutes=[0, 1, 2, 300]), "L.x.")
    assert tell(replay) == [("long", 101, 90, "signal")]


def test_a_reversal_across_a_gap_leaves_but_does_not_enter() -> None:
    replay = trade(make_bars("100", "101", "102", "90", "91", minutes=[0, 1, 2, 300, 301]), "L.S..")
    assert tell(replay) == [("long", 101, 90, "reverse")]
    assert replay.unfilled.late == 1


def test_decisions_of_longer_bars_act_on_the_finest_bars() -> None:
    minutes = make_bars(*(str(100 + minute) for minute in range(10)))
    fives = make_bars("100 104 100 104", "105 109 105 109", timeframe="5m")
    replay = trade(minutes, "L.", decide_on=fives, stop=1000.0)
    assert minute_of(replay) == [5]
    assert replay.trades["entry_price"].item() == 105


def test_decisions_due_at_one_open_act_in_the_order_they_were_made() -> None:
    late = Costs(taker=0, slippage=0, latency_ms=60_000)
    # Both the first and the second decision are due at minute 3 or before, and minute 3 is the first open there is.
    replay = trade(make_bars("100", "101", "103", "104", minutes=[0, 1, 3, 4]), "Lx..", costs=late)
    assert tell(replay) == [("long", 103, 103, "signal")]


# Fills and what they cost


def test_slippage_goes_against_the_order_on_both_sides() -> None:
    costs = Costs(taker=0, slippage=0.01, latency_ms=0)
    long, short = (trade(make_bars("100", "100", "110"), letter, costs=costs) for letter in "LS")
    assert tell(long) == [("long", 101, 108.9, "end")]
    assert tell(short) == [("short", 99, 111.1, "end")]
    # A percent of 100 and of 110 on every unit.
    assert long.metrics.slippage == pytest.approx(10_000 / 101 * 2.1)


def test_the_taker_fee_is_paid_on_the_notional_of_both_fills() -> None:
    replay = trade(make_bars("100", "100", "110"), "L.", costs=Costs(taker=0.001, slippage=0, latency_ms=0))
    # 100 units: 10 on 10,000 at entry, 11 on 11,000 at exit.
    assert replay.metrics.fees == pytest.approx(21)
    assert replay.metrics.final_equity == pytest.approx(10_000 + 1_000 - 21)


def test_the_maker_fee_is_not_paid_where_no_order_rests() -> None:
    replay = trade(make_bars("100", "100", "110"), "L.", costs=Costs(maker=0.5, taker=0, slippage=0), take=5.0)
    assert replay.metrics.fees == 0


def test_prices_round_to_the_tick_against_the_order() -> None:
    rules = InstrumentRules(tick=0.5)
    bars = make_bars("100", "100.1", "110.4")
    assert tell(trade(bars, "L.", rules=rules)) == [("long", 100.5, 110, "end")]
    assert tell(trade(bars, "S.", rules=rules)) == [("short", 100, 110.5, "end")]


def test_a_price_on_the_tick_stays_there() -> None:
    replay = trade(make_bars("100", "100.3", "100.7"), "L.", rules=InstrumentRules(tick=0.1))
    assert tell(replay) == [("long", 100.3, 100.7, "end")]


def test_sizes_round_down_to_the_lot() -> None:
    replay = trade(make_bars("100", "300", "300"), "L.", rules=InstrumentRules(lot=0.5))
    assert replay.trades["size"].item() == 33  # 33.33 before


def test_a_size_below_the_minimum_after_rounding_is_refused_and_counted() -> None:
    bars = make_bars("100", "100", "100")
    refused = trade(bars, "L.", rules=InstrumentRules(lot=30.0, min_size=95.0))  # 100 becomes 90
    taken = trade(bars, "L.", rules=InstrumentRules(lot=19.0, min_size=95.0))
    assert (tell(refused), refused.metrics.rejected_orders) == ([], 1)
    assert taken.trades["size"].item() == 95


# Stops, targets, trails


def test_a_stop_is_a_distance_from_the_fill() -> None:
    costs = Costs(taker=0, slippage=0.01, latency_ms=0)
    replay = trade(make_bars("100", "100", "100 100 90 95"), "L.", costs=costs, stop=5.0)
    # Filled at 101, stopped at 96, sold a percent below.
    assert tell(replay) == [("long", 101, 95.04, "stop")]


def test_the_low_of_the_entry_bar_counts() -> None:
    replay = trade(make_bars("100", "100 101 94 100", "100"), "L..", stop=5.0)
    assert tell(replay) == [("long", 100, 95, "stop")]
    assert minute_of(replay) == minute_of(replay, "exit_ts") == [1]


def test_a_gap_through_the_stop_fills_at_the_open() -> None:
    replay = trade(make_bars("100", "100", "90 92 88 91"), "L.", stop=5.0)
    assert tell(replay) == [("long", 100, 90, "stop")]


def test_a_gap_beyond_the_target_fills_at_the_open() -> None:
    replay = trade(make_bars("100", "100", "120 121 119 120"), "L.", take=5.0)
    assert tell(replay) == [("long", 100, 120, "take")]


def test_a_target_is_sold_at_the_market_with_slippage() -> None:
    costs = Costs(taker=0, slippage=0.01, latency_ms=0)
    replay = trade(make_bars("100", "100", "101 120 101 120"), "L.", costs=costs, take=10.0)
    assert tell(replay) == [("long", 101, 109.89, "take")]


@pytest.mark.parametrize(("letter", "price"), [("L", 95), ("S", 105)])
def test_of_stop_and_target_in_one_bar_the_stop_comes_first(letter: str, price: float) -> None:
    replay = trade(make_bars("100", "100", "100 110 90 100"), letter, stop=5.0, take=5.0)
    assert [row[2:] for row in tell(replay)] == [(price, "stop")]


def test_a_stop_at_no_distance_leaves_at_the_open_of_entry() -> None:
    costs = Costs(taker=0, slippage=0.01, latency_ms=0)
    replay = trade(make_bars("100", "100 102 99 101", "101"), "L..", costs=costs, stop=0.0)
    assert tell(replay) == [("long", 101, 99, "stop")]


def test_a_trail_follows_the_best_price_of_earlier_bars() -> None:
    replay = trade(make_bars("100", "100", "101 110 101 108", "108 108 104 104"), "L..", trail=5.0)
    assert tell(replay) == [("long", 100, 105, "trail")]


def test_a_trail_is_not_hit_by_the_bar_that_raised_it() -> None:
    # From 100 to 110 and back to 104: with the trail at 105 already, this bar would have left.
    replay = trade(make_bars("100", "100", "100 110 104 109", "109"), "L..", trail=6.0)
    assert tell(replay) == [("long", 100, 109, "end")]


def test_a_short_trail_follows_the_lowest_low() -> None:
    replay = trade(make_bars("100", "100", "99 99 90 92", "92 96 92 96"), "S..", trail=5.0)
    assert tell(replay) == [("short", 100, 95, "trail")]


def test_of_stop_and_trail_the_nearer_one_leaves() -> None:
    bars = make_bars("100", "100", "100 100 80 80")
    assert tell(trade(bars, "L.", stop=5.0, trail=7.0)) == [("long", 100, 95, "stop")]
    assert tell(trade(bars, "L.", stop=7.0, trail=5.0)) == [("long", 100, 95, "trail")]


def test_a_level_below_zero_is_refused_and_counted() -> None:
    replay = trade(make_bars("100", "100", "100"), "L.", stop=-1.0)
    assert (tell(replay), replay.unfilled.refused) == ([], 1)


# Margin and liquidation


def test_an_isolated_position_is_liquidated_where_margin_and_loss_leave_the_maintenance_margin() -> None:
    rules = InstrumentRules(maintenance_margin=0.02)
    replay = trade(make_bars("100", "100", "100 100 85 88"), "L.", rules=rules, leverage=10.0)
    # 1,000 units on 10,000: worth 10 a unit; at 90 / 0.98 a unit is worth 2 % of its price.
    assert tell(replay) == [("long", 100, round(90 / 0.98, 9), "liquidation")]
    assert replay.metrics.liquidations == 1


def test_a_liquidation_loses_the_margin_and_no_more() -> None:
    gapped = trade(make_bars("100", "100", "50"), "L.", leverage=10.0)
    touched = trade(make_bars("100", "100", "100 100 50 50"), "L", leverage=10.0)
    half = trade(make_bars("100", "100", "250"), "S", leverage=0.5)
    assert gapped.metrics.final_equity == pytest.approx(0, abs=1e-6)
    assert touched.metrics.final_equity == pytest.approx(0, abs=1e-6)
    # Half of the equity was margin; a short doubles its loss at 200.
    assert half.metrics.final_equity == pytest.approx(5_000)


def test_margin_is_the_notional_over_the_leverage_but_at_least_the_notional_without_any() -> None:
    rules = InstrumentRules(maintenance_margin=0.0)
    bars = make_bars("100", "100", "100 210 100 150")
    (one,) = tell(trade(bars, "S.", rules=rules, leverage=1.0))
    (half,) = tell(trade(bars, "S.", rules=rules, leverage=0.5))
    assert one[2:] == half[2:] == (200, "liquidation")


@pytest.mark.parametrize(("stop", "reason"), [(5.0, "stop"), (20.0, "liquidation"), (10.0, "liquidation")])
def test_of_stop_and_liquidation_the_nearer_one_comes_first(stop: float, reason: str) -> None:
    replay = trade(make_bars("100", "100", "100 100 50 60"), "L.", rules=NO_MAINTENANCE, leverage=10.0, stop=stop)
    assert tell(replay)[0][3] == reason


def test_a_gap_beyond_stop_and_liquidation_is_a_liquidation() -> None:
    replay = trade(make_bars("100", "100", "89 90 89 90"), "L.", rules=NO_MAINTENANCE, leverage=10.0, stop=5.0)
    assert tell(replay) == [("long", 100, 90, "liquidation")]
    assert replay.metrics.final_equity == pytest.approx(0, abs=1e-6)


def test_an_order_whose_liquidation_lies_beyond_its_own_open_is_refused() -> None:
    rules = InstrumentRules(maintenance_margin=0.02)
    replay = trade(make_bars("100", "100", "100"), "L.", rules=rules, leverage=60.0)
    assert (tell(replay), replay.unfilled.refused) == ([], 1)


def test_an_account_never_falls_below_zero() -> None:
    costs = Costs(taker=0.001, slippage=0.05, latency_ms=0)
    replay = trade(make_bars("100", "100", "93", "93"), "Lx.", costs=costs, rules=NO_MAINTENANCE, leverage=9.0)
    assert replay.metrics.final_equity == 0
    assert replay.trades["pnl"].sum() == pytest.approx(-10_000)


# Funding


def test_funding_is_paid_by_positions_opened_at_an_earlier_bar() -> None:
    bars = make_bars("100", "100", "110", "110")
    replay = trade(bars, "L..", funding={2: 0.01})
    # 100 units at the open of minute 2: one percent of 11,000.
    assert replay.metrics.funding == pytest.approx(110)
    assert replay.trades["funding"].item() == pytest.approx(110)


def test_a_position_opened_at_the_very_second_of_funding_does_not_pay() -> None:
    assert trade(make_bars("100", "100", "100"), "L..", funding={1: 0.01}).metrics.funding == 0


def test_a_position_closed_at_the_very_second_of_funding_pays() -> None:
    replay = trade(make_bars("100", "100", "100", "100"), "Lx..", funding={2: 0.01})
    assert minute_of(replay, "exit_ts") == [2]
    assert replay.metrics.funding == pytest.approx(100)


def test_a_positive_rate_is_paid_by_longs_to_shorts() -> None:
    bars = make_bars("100", "100", "100", "100")
    assert trade(bars, "L..", funding={2: 0.01}).metrics.final_equity == pytest.approx(9_900)
    assert trade(bars, "S..", funding={2: 0.01}).metrics.final_equity == pytest.approx(10_100)
    assert trade(bars, "S..", funding={2: -0.01}).metrics.final_equity == pytest.approx(9_900)


def test_funding_a_moment_after_an_open_belongs_to_that_bar() -> None:
    bars = make_bars("100", "100", "100", "200")
    replay = trade(bars, "L..", funding={2 + 1 / 60_000: 0.01})
    assert replay.metrics.funding == pytest.approx(100)


def test_funding_in_a_minute_without_a_bar_is_paid_at_the_next_open() -> None:
    bars = make_bars("100", "100", "120", "130", minutes=[0, 1, 5, 6])
    assert trade(bars, "L..", funding={3: 0.01}).metrics.funding == pytest.approx(120)


def test_funding_before_the_first_and_after_the_last_bar_is_left_out() -> None:
    bars = make_bars("100", "100", "100")
    assert trade(bars, "L..", funding={-480: 0.5, 3: 0.5, 480: 0.5}).metrics.funding == 0


def test_funding_is_taken_from_the_margin_where_there_is_nothing_else() -> None:
    bars = make_bars("100", "100", "100", "100 100 96 96")
    without = trade(bars, "L..", rules=NO_MAINTENANCE, leverage=10.0)
    paid = trade(bars, "L..", rules=NO_MAINTENANCE, leverage=10.0, funding={2: 0.07})
    # Ten a unit of margin, seven of it paid away: three are left, and 97 takes them.
    assert tell(without)[0][3] == "end"
    assert tell(paid) == [("long", 100, 97, "liquidation")]


# What signals mean


def test_an_exit_signal_leaves_at_the_next_open() -> None:
    assert tell(trade(make_bars("100", "100", "100", "105"), "L.x")) == [("long", 100, 105, "signal")]


def test_an_opposite_entry_closes_and_opens_at_the_same_open() -> None:
    replay = trade(make_bars("100", "100", "100", "105", "100"), "L.S.")
    assert tell(replay) == [("long", 100, 105, "reverse"), ("short", 105, 100, "end")]


def test_an_exit_and_an_opposite_entry_at_once_leave_by_signal_and_enter() -> None:
    replay = trade(make_bars("100", "100", "100", "105", "100"), "L.R.")
    assert tell(replay) == [("long", 100, 105, "signal"), ("short", 105, 100, "end")]


def test_a_signal_in_the_direction_of_the_position_changes_nothing() -> None:
    once, often = (trade(make_bars("100", "101", "102", "103"), letters) for letters in ("L...", "LLLL"))
    assert tell(once) == tell(often)


def test_both_directions_at_one_decision_are_no_entry_and_counted() -> None:
    replay = trade(make_bars("100", "101", "102"), "B..")
    assert (tell(replay), replay.unfilled.ambiguous) == ([], 1)


def test_both_directions_at_one_decision_do_not_reverse_a_position() -> None:
    assert tell(trade(make_bars("100", "101", "102", "103"), "LB..")) == [("long", 101, 103, "end")]


def test_entry_and_exit_of_one_side_at_one_decision_are_no_entry() -> None:
    assert tell(trade(make_bars("100", "101", "102"), "l..")) == []


def test_max_hold_leaves_at_the_open_at_which_so_many_decision_bars_have_passed() -> None:
    bars = make_bars(*(str(100 + minute) for minute in range(12)))
    fives = make_bars("100 104 100 104", "105 109 105 109", timeframe="5m")
    assert tell(trade(bars, "L", max_hold=3)) == [("long", 101, 104, "max_hold")]
    assert tell(trade(bars, "L", decide_on=fives, max_hold=1)) == [("long", 105, 110, "max_hold")]


def test_max_hold_in_a_gap_leaves_at_the_first_open_after_it() -> None:
    bars = make_bars("100", "101", "102", "109", minutes=[0, 1, 2, 9])
    assert tell(trade(bars, "L", max_hold=3)) == [("long", 101, 109, "max_hold")]


# The order of things at one open


def test_funding_comes_before_a_gap_fill() -> None:
    replay = trade(make_bars("100", "100", "90"), "L.", stop=5.0, funding={2: 0.01})
    assert replay.trades["funding"].item() == pytest.approx(90)


def test_a_gap_fill_comes_before_max_hold_and_an_exit_signal() -> None:
    assert tell(trade(make_bars("100", "100", "90"), "Lx", stop=5.0, max_hold=1))[0][3] == "stop"


def test_max_hold_comes_before_an_exit_signal() -> None:
    assert tell(trade(make_bars("100", "100", "100"), "Lx", max_hold=1))[0][3] == "max_hold"


def test_an_entry_may_follow_at_the_open_of_a_gap_fill() -> None:
    replay = trade(make_bars("100", "100", "90", "95"), "LL", stop=5.0)
    assert tell(replay) == [("long", 100, 90, "stop"), ("long", 90, 95, "end")]


def test_an_entry_follows_a_stop_inside_a_bar_at_the_next_open_at_the_earliest() -> None:
    replay = trade(make_bars("100", "100 100 94 100", "99", "98"), "LL", stop=5.0)
    assert tell(replay) == [("long", 100, 95, "stop"), ("long", 99, 98, "end")]
    assert minute_of(replay) == [1, 2]


# Size and equity


def test_profits_are_reinvested() -> None:
    replay = trade(make_bars("100", "100", "200", "200", "200", "300"), "LxL..")
    assert replay.trades["size"].to_list() == [100, 100]
    assert replay.metrics.final_equity == pytest.approx(30_000)


def test_leverage_is_notional_over_equity() -> None:
    assert trade(make_bars("100", "100", "101"), "L", leverage=3.0).trades["size"].item() == 300


def test_leverage_is_limited_by_the_venue() -> None:
    replay = trade(make_bars("100", "100", "101"), "L", leverage=1e9, rules=InstrumentRules(max_leverage=5.0))
    assert replay.trades["size"].item() == 500


@pytest.mark.parametrize("leverage", [NAN, 0.0, -2.0])
def test_no_leverage_is_no_entry(leverage: float) -> None:
    replay = trade(make_bars("100", "100", "101"), "L", leverage=leverage)
    assert (tell(replay), replay.unfilled.refused) == ([], 0)


def test_an_opposite_signal_without_leverage_still_leaves() -> None:
    replay = trade(make_bars("100", "100", "100", "105"), "L.S", leverage=[1.0, 1.0, NAN, 1.0])
    assert tell(replay) == [("long", 100, 105, "reverse")]


def test_a_spent_account_trades_no_more() -> None:
    replay = trade(make_bars("100", "100", "50", "50", "50"), "L.LL", leverage=10.0)
    assert len(replay.records) == 1
    assert replay.unfilled.refused == 0


def test_an_order_deeper_than_any_market_is_refused() -> None:
    replay = trade(make_bars("100", "100", "100"), "L", leverage=150.0, equity=1e15)
    deepest = trade(make_bars("1e-12", "1e-12", "1e6", "1e6", "1e6"), "Lx.L", equity=1e15)
    assert len(replay.records) == 1
    assert deepest.unfilled.refused == 1


# The end, and marking to market


def test_an_open_position_closes_at_the_last_close_and_pays_for_it() -> None:
    costs = Costs(taker=0.001, slippage=0.01, latency_ms=0)
    replay = trade(make_bars("100", "100", "100 120 100 110"), "L", costs=costs)
    assert tell(replay) == [("long", 101, 108.9, "end")]
    assert minute_of(replay, "exit_ts") == [3]
    assert replay.trades["fees"].item() == pytest.approx((10_000 + 10_000 / 101 * 108.9) * 0.001)


def test_a_position_opened_in_the_last_bar_closes_at_its_close() -> None:
    replay = trade(make_bars("100", "100", "100 120 100 110"), ".L")
    assert tell(replay) == [("long", 100, 110, "end")]
    assert replay.trades["bars_held"].item() == 1


def test_equity_is_sampled_at_the_start_and_at_the_last_close_of_every_hour() -> None:
    bars = make_bars("100", "100", "130", "120", "150", minutes=[0, 1, 59, 60, 61])
    replay = trade(bars, "L....")
    assert replay.equity["equity"].to_list() == pytest.approx([10_000, 13_000, 15_000])
    assert replay.equity["ts"].dt.strftime("%H:%M").to_list() == ["00:00", "01:00", "01:02"]


def test_open_positions_are_marked_at_the_close_with_entry_fee_and_funding_paid_but_not_the_exit() -> None:
    costs = Costs(taker=0.001, slippage=0, latency_ms=0)
    bars = make_bars("100", "100", "120", "120", "120", minutes=[0, 1, 59, 60, 61])
    replay = trade(bars, "L....", costs=costs, funding={59: 0.01})
    # 100 units: 2,000 gained, 10 for the entry, 120 for funding.
    assert replay.equity["equity"][1] == pytest.approx(10_000 + 2_000 - 10 - 120)
    assert replay.equity["equity"][2] == pytest.approx(10_000 + 2_000 - 10 - 120 - 12)


def test_days_without_bars_return_nothing_and_part_days_count_as_days() -> None:
    day = 1_440
    bars = make_bars("100", "100", "110", "121", minutes=[day // 2, day // 2 + 1, day - 1, 3 * day + 5])
    replay = trade(bars, "L...")
    assert replay.daily_returns.tolist() == pytest.approx([0.1, 0, 0, 0.1])
    assert replay.first_day.isoformat() == "2025-06-01"


def test_excursions_count_whole_bars_before_the_exit_and_the_prices_of_the_exit() -> None:
    replay = trade(make_bars("100", "100 104 97 100", "100 130 95 100", "100"), "L", stop=5.0)
    # The bar of the stop reached 130, but perhaps after it: only the first bar's 104 is sure.
    assert replay.trades["mae"].item() == pytest.approx(0.05)
    assert replay.trades["mfe"].item() == pytest.approx(0.04)


def test_bars_held_counts_every_bar_in_which_the_position_was_open() -> None:
    bars = make_bars("100", "100", "100", "100 100 90 90", "100", "100")
    stopped, left = trade(bars, "L", stop=5.0), trade(bars, "L.x")
    assert (stopped.trades["bars_held"].item(), left.trades["bars_held"].item()) == (3, 2)
    assert left.metrics.exposure == pytest.approx(2 / 6)


def test_an_open_outside_its_bar_is_a_price_like_any_other() -> None:
    # Some venues publish the close before as the open: 80 lies under the low of 99.
    replay = trade(make_bars("100", "100", "80 101 99 100", "100"), "L", stop=5.0)
    assert tell(replay) == [("long", 100, 80, "stop")]


def test_returns_are_pnl_over_the_equity_at_entry() -> None:
    replay = trade(make_bars("100", "100", "150", "150", "75"), "LxL")
    assert replay.trades["return"].to_list() == pytest.approx([0.5, -0.5])
