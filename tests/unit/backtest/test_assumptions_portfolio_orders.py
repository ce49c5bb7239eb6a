"""Rules of docs/assumptions.md about orders that rest, parts and trades inside bars where legs share an account."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from edgeproof.backtest.portfolio import (
    CorrelationCap,
    DailyLossStop,
    FixedLeverage,
    FractionalKelly,
    Limits,
    RiskPerTrade,
    Signalled,
)
from edgeproof.domain.instruments import InstrumentRules
from edgeproof.execution import Costs
from fakes.tiny_market import FREE, START_MS, make_bars, trade
from fakes.tiny_portfolio import MINUTE_MS, WHOLE, count_skipped, make_leg, tell, trade_together

if TYPE_CHECKING:
    from edgeproof.backtest.portfolio import PortfolioResult
    from edgeproof.domain.series import BarSeries

SURE = replace(FREE, fill_probability=1.0)
FLAT = make_bars(*["100"] * 8)
DIP = make_bars("100", "100", "100", "100 100 96 98", *["98"] * 4)  # falls in minute 3
HOURS = make_bars(*["100"] * 5, timeframe="1h")


def rest_and_buy(limits: Limits, *, later: str = "..L", bars: BarSeries = FLAT) -> PortfolioResult:
    """A's order for half of the account rests at 90 from minute 1 to 5; B wishes for 80 % in between."""
    resting = make_leg(bars, "L", symbol="A", limit_offset=10.0, limit_wait=4)
    buying = make_leg(FLAT, later, symbol="B", sizing=FixedLeverage(leverage=0.8))
    return trade_together({"A": bars, "B": FLAT}, resting, buying, limits=limits, costs=SURE)


# Orders that rest


def test_one_leg_whose_orders_rest_and_whose_positions_part_trades_as_a_backtest_does() -> None:
    bars = make_bars("100", "100 101 96 99", "99 108 94 107", "107 109 90 95", "95")
    terms: dict[str, Any] = {"limit_offset": 3.0, "take": 8.0, "stop": 4.0}
    prints = [(2.5, 106.0)]
    costs = Costs(latency_ms=0, fill_probability=1.0)
    alone = trade(bars, "L", costs=costs, take_share=0.5, prints=prints, **terms)
    leg = make_leg(bars, "L", take_share=0.5, **terms)
    together = trade_together({"A": bars}, leg, sizing=Signalled(), costs=costs, prints={"A": prints})
    assert len(alone.parts) == 1
    np.testing.assert_array_equal(together.records, alone.records)
    np.testing.assert_array_equal(together.parts, alone.parts)
    assert together.metrics == alone.metrics


def test_an_order_that_rests_keeps_the_margin_its_position_would_need() -> None:
    result = rest_and_buy(Limits())
    # Half of the account is kept for A, whose order is never filled.
    assert tell(result) == [("leg", "B", 3, 8, 50, "end")]
    assert [leg.cut for leg in result.legs] == [0, 1]
    assert count_skipped(result) == {"missed": 1}


def test_what_an_order_keeps_is_told_apart_from_what_positions_tie_up() -> None:
    costs = Costs(maker=0.01, taker=0.0, slippage=0.0, latency_ms=0, fill_probability=1.0)
    leg = make_leg(HOURS, "L", limit_offset=10.0, limit_wait=2)
    result = trade_together({"A": HOURS}, leg, costs=costs)
    told = result.equity.select("equity", "cash", "margin", "reserved", "positions", "orders").rows()
    # 5,000 of margin and 50 of fee, while it rests; it is worth nothing.
    assert told[2:5] == [
        (10_000, 10_000, 0, 5_050, 0, 1),
        (10_000, 10_000, 0, 5_050, 0, 1),
        (10_000, 10_000, 0, 0, 0, 0),
    ]


def test_an_order_that_rests_takes_a_place_among_positions() -> None:
    assert count_skipped(rest_and_buy(Limits(max_positions=1))) == {"max_positions": 1, "missed": 1}


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (Limits(max_gross=0.6, margin_leverage=5.0), "max_gross"),
        (Limits(correlation=CorrelationCap(exposure=0.6), margin_leverage=5.0), "correlation"),
    ],
)
def test_an_order_that_rests_counts_in_every_limit_at_its_own_price(limits: Limits, reason: str) -> None:
    cut = rest_and_buy(limits)
    assert [size for *_, size, _ in tell(cut)] == [10]
    skipped = rest_and_buy(replace(limits, least_part=0.9))
    assert count_skipped(skipped) == {reason: 1, "missed": 1}


def test_the_limit_of_a_symbol_counts_orders_that_rest_there() -> None:
    legs = make_leg(FLAT, "L", name="a", limit_offset=10.0, limit_wait=9), make_leg(FLAT, ".S", name="b")
    result = trade_together({"A": FLAT}, *legs, costs=SURE, limits=Limits(max_symbol=0.7, margin_leverage=5.0))
    assert [size for *_, size, _ in tell(result)] == [20]


def test_what_an_order_kept_is_there_at_the_open_at_which_it_ends() -> None:
    # It rests until minute 5; what B wishes at minute 4 acts there.
    assert tell(rest_and_buy(Limits(), later="....L")) == [("leg", "B", 5, 8, 80, "end")]
    assert tell(rest_and_buy(Limits(), later="...L")) == [("leg", "B", 4, 8, 50, "end")]


def test_an_exit_that_ends_an_order_comes_before_entries_decided_with_it() -> None:
    resting = make_leg(FLAT, "L.x", symbol="B", limit_offset=10.0, limit_wait=9)
    buying = make_leg(FLAT, "..L", symbol="A", sizing=WHOLE)
    result = trade_together({"A": FLAT, "B": FLAT}, resting, buying, costs=SURE)
    assert tell(result) == [("leg", "A", 3, 8, 100, "end")]


def test_an_order_is_sized_and_cut_when_it_is_placed_and_fills_whole() -> None:
    dip = make_bars("100", "100", "100", "100", "100 100 90 95", *["95"] * 3)
    first = make_leg(FLAT, "L.x", symbol="A")
    resting = make_leg(dip, ".L", symbol="B", limit_offset=5.0, limit_wait=9, sizing=FixedLeverage(leverage=0.8))
    result = trade_together({"A": FLAT, "B": dip}, first, resting, costs=SURE)
    # Placed beside A's half it is cut to the other half; that A leaves before it is filled gives it no more.
    assert tell(result) == [("leg", "A", 1, 3, 50, "signal"), ("leg", "B", 4, 8, round(5_000 / 95, 9), "end")]
    assert [leg.cut for leg in result.legs] == [0, 1]


def test_an_order_that_was_made_smaller_and_missed_was_no_entry_that_was_cut() -> None:
    legs = make_leg(FLAT, "L", symbol="A"), make_leg(FLAT, ".L", symbol="B", limit_offset=5.0, sizing=WHOLE)
    result = trade_together({"A": FLAT, "B": FLAT}, *legs, costs=SURE)
    assert ([leg.cut for leg in result.legs], count_skipped(result)) == ([0, 0], {"missed": 1})


def test_orders_of_two_symbols_filled_in_one_minute_both_fill_whole() -> None:
    def run(first: int, second: int) -> list[tuple[str, int, float]]:
        legs = (
            make_leg(DIP, "L", symbol="A", priority=first, limit_offset=3.0, limit_wait=9),
            make_leg(DIP, "L", symbol="B", priority=second, limit_offset=3.0, limit_wait=9),
        )
        result = trade_together({"A": DIP, "B": DIP}, *legs, costs=SURE, limits=Limits(max_positions=2, max_gross=1))
        return sorted((symbol, entry, size) for _, symbol, entry, _, size, _ in tell(result))

    size = round(5_000 / 97, 9)
    assert run(0, 1) == run(1, 0) == [("A", 3, size), ("B", 3, size)]


def test_a_fill_needs_nothing_that_another_leg_could_have_taken_since() -> None:
    falling = make_bars("100", "100", "100", "100 100 20 20", *["20"] * 4)
    resting = make_leg(DIP, "L", symbol="A", limit_offset=3.0, limit_wait=9)
    lost = make_leg(falling, "L", symbol="B", sizing=FixedLeverage(leverage=2.5))
    result = trade_together(
        {"A": DIP, "B": falling}, resting, lost, costs=SURE, limits=Limits(max_gross=3.0), funding={"B": {2: 0.5}}
    )
    # B loses its half of the account, funding and all, in the minute in which A is filled.
    told = {symbol: (entry, size) for _, symbol, entry, _, size, _ in tell(result)}
    assert told["A"] == (3, round(5_000 / 97, 9))
    assert result.trades.filter(symbol="B")["pnl"].item() == pytest.approx(-5_000)


def test_funding_never_takes_what_an_order_keeps() -> None:
    resting = make_leg(FLAT, "L", symbol="A", limit_offset=10.0, limit_wait=9)
    result = trade_together(
        {"A": FLAT, "B": FLAT}, resting, make_leg(FLAT, "L", symbol="B"), costs=SURE, funding={"B": {3: 1.5}}
    )
    # Of the 7,500 due, B has the half that A's order does not keep.
    assert result.trades["funding"].to_list() == [5_000]


def test_an_order_that_missing_bars_kept_back_for_all_of_its_time_is_never_placed() -> None:
    gap = make_bars("100", "100 100 90 95", "95", minutes=[0, 2, 3])
    # Due in minute 1 for a minute, it could act in minute 2 at the earliest; two minutes of waiting are enough.
    for wait, (trades, skipped) in ((1, (0, {"missed": 1})), (2, (1, {}))):
        leg = make_leg(gap, "L", limit_offset=5.0, limit_wait=wait)
        result = trade_together({"A": gap}, leg, costs=SURE)
        assert (len(result.records), count_skipped(result)) == (trades, skipped)
        assert len(trade(gap, "L", costs=SURE, limit_offset=5.0, limit_wait=wait).records) == trades


def test_a_daily_loss_calls_orders_that_rest_back() -> None:
    loss = make_bars("100", "100", "50", *["50"] * 5)
    late = make_bars("100", "100", "100", "100 100 89 95", *["95"] * 4)
    legs = make_leg(loss, "L", symbol="A"), make_leg(late, "L", symbol="B", limit_offset=10.0, limit_wait=9)
    stop = Limits(daily_loss=DailyLossStop(share=0.2))
    result = trade_together({"A": loss, "B": late}, *legs, costs=SURE, limits=stop)
    # Seen at the close of minute 2; the order is gone at the next open, in whose minute it would have been filled.
    assert [symbol for _, symbol, *_ in tell(result)] == ["A"]
    assert count_skipped(result) == {"daily_loss": 1}


@pytest.mark.parametrize(("flatten", "left"), [(False, (8, "end")), (True, (4, "daily_loss"))])
def test_calling_an_order_back_takes_as_long_as_any_order(flatten: bool, left: tuple[int, str]) -> None:  # noqa: FBT001 - a table of cases
    loss = make_bars("100", "100", "100 100 50 50", *["50"] * 5)
    late = make_bars("100", "100", "100", "100 100 89 95", *["95"] * 4)
    legs = make_leg(loss, "L", symbol="A"), make_leg(late, "L", symbol="B", limit_offset=10.0, limit_wait=9)
    result = trade_together(
        {"A": loss, "B": late},
        *legs,
        costs=replace(SURE, latency_ms=60_000),
        limits=Limits(daily_loss=DailyLossStop(share=0.2, flatten=flatten)),
    )
    # A is bought in minute 2 and has lost half by its close; what is sent then arrives at minute 4. B is filled before.
    assert [(entry, exit_, why) for _, symbol, entry, exit_, _, why in tell(result) if symbol == "B"] == [(3, *left)]


def test_an_order_in_a_symbol_without_a_bar_ends_at_that_symbols_next_one() -> None:
    gap = make_bars("100", "100", "100", "100", minutes=[0, 1, 6, 7])
    assert tell(rest_and_buy(Limits(), later=".....L", bars=gap)) == [("leg", "B", 6, 8, 80, "end")]
    assert tell(rest_and_buy(Limits(), later="....L", bars=gap)) == [("leg", "B", 5, 8, 50, "end")]


def test_what_an_order_kept_is_free_once_the_bars_of_its_symbol_end() -> None:
    short = make_bars("100", "100", "100")
    assert tell(rest_and_buy(Limits(), later="..L", bars=short)) == [("leg", "B", 3, 8, 80, "end")]


def test_two_legs_on_one_symbol_share_the_luck_of_a_decision() -> None:
    touching = make_bars(*["100 101 99 100"] * 400)
    legs = [make_leg(touching, "L." * 200, name=name, limit_offset=1.0, max_hold=1) for name in "ab"]
    result = trade_together({"A": touching}, *legs, costs=replace(FREE, fill_probability=0.5))
    entries = [[entry for name, _, entry, *_ in tell(result) if name == leg] for leg in "ab"]
    assert entries[0] == entries[1]
    assert 60 < len(entries[0]) < 140


def test_risk_of_an_order_that_rests_counts_its_own_price_and_fee() -> None:
    bars = make_bars("100", "100", "100 100 90 95", "95")
    costs = Costs(maker=0.002, taker=0.001, slippage=0.01, latency_ms=0, fill_probability=1.0)
    leg = make_leg(bars, "L", stop=5.0, limit_offset=4.0, limit_wait=9)
    result = trade_together({"A": bars}, leg, sizing=RiskPerTrade(risk=0.02), costs=costs)
    assert (tell(result)[0][2], tell(result)[0][-1]) == (2, "stop")
    assert result.trades["pnl"].item() == pytest.approx(-200)


def test_kelly_learns_from_orders_with_the_luck_of_their_symbol() -> None:
    touching = make_bars(*["100 101 99 100"] * 400)
    leg = make_leg(touching, "L." * 200, limit_offset=1.0, max_hold=1)
    costs = replace(FREE, fill_probability=0.5)
    alone = trade_together({"A": touching}, leg, sizing=WHOLE, costs=costs)
    kelly = FractionalKelly(trades=5, fewest=5, fraction=0.1)
    learned = trade_together({"A": touching}, leg, sizing=kelly, costs=costs)
    # From the sixth trade on it is as if it had seen the first five.
    assert learned.entry_ts.tolist() == alone.entry_ts[5:].tolist()


# Parts


def test_a_part_frees_its_margin_at_the_next_open() -> None:
    up = make_bars("100", "100", "100 110 100 110", *["110"] * 5)
    parting = make_leg(up, "L", symbol="A", take=10.0, take_share=0.4, sizing=WHOLE)
    buying = make_leg(FLAT, ".LL", symbol="B", sizing=WHOLE)
    result = trade_together({"A": up, "B": FLAT}, parting, buying)
    # 40 of 100 units bring 4,400, of which 400 were earned; at minute 2 there was nothing.
    assert [(symbol, entry, size) for _, symbol, entry, _, size, _ in tell(result)] == [("A", 1, 100), ("B", 3, 44)]
    assert count_skipped(result) == {"margin": 1}


def test_after_a_part_only_the_rest_counts_in_limits() -> None:
    up = make_bars("100", "100", "100 110 100 110", *["110"] * 5)
    parting = make_leg(up, "L", symbol="A", take=10.0, take_share=0.4)
    result = trade_together(
        {"A": up, "B": FLAT}, parting, make_leg(FLAT, "..L", symbol="B"), limits=Limits(max_gross=0.5)
    )
    # 30 units of A at 110 are left, of 10,500 the half is allowed.
    assert [size for *_, size, _ in tell(result)] == [50, 19.5]


def test_what_a_part_brought_is_cash_and_counts_in_a_days_loss() -> None:
    fall = make_bars("100", "100", "100 110 100 110", "80", "80", "80")

    def run(take_share: float, share: float) -> list[str]:
        leg = make_leg(fall, "L", take=10.0, take_share=take_share, sizing=WHOLE)
        stop = Limits(daily_loss=DailyLossStop(share=share, flatten=True))
        return [why for *_, why in tell(trade_together({"A": fall}, leg, limits=stop))]

    # Half has earned 500, the other half loses 1,000 by the close of minute 3: 5 % of the day's first equity.
    assert run(0.5, 0.05) == ["daily_loss"]
    assert run(0.5, 0.051) == ["end"]


def test_the_fee_of_a_part_takes_from_the_margin_of_the_rest_where_nothing_else_is_left() -> None:
    bars = make_bars("100", "100 101 99 100", "100 100 97 97", "97")
    costs, rules = Costs(taker=0.06, slippage=0, latency_ms=0), InstrumentRules(maintenance_margin=0.0)
    terms: dict[str, Any] = {"leverage": 10.0, "take": 0.5, "take_share": 0.5}
    result = trade_together(
        {"A": bars}, make_leg(bars, "L", **terms), sizing=Signalled(), costs=costs, rules={"A": rules}
    )
    # 6,000 of fee leave a margin of 4,000; a part earns 250 and pays 3,015, so 1,235 are left for the other 500 units.
    assert result.trades.select("pnl", "exit_reason").row(0) == (pytest.approx(-10_000), "liquidation")
    np.testing.assert_array_equal(result.records, trade(bars, "L", costs=costs, rules=rules, **terms).records)


def test_partial_exits_are_listed_with_their_leg() -> None:
    up = make_bars("100", "100", "100 110 100 110", *["110"] * 5)
    legs = [make_leg(up, "L", symbol=symbol, take=10.0, take_share=0.4) for symbol in ("B", "A")]
    result = trade_together({"A": up, "B": up}, *legs)
    told = result.partial_exits.select("leg", "symbol", "price", "size").rows()
    assert told == [("leg", "A", 110, 20), ("leg", "B", 110, 20)]
    assert {(ts.timestamp() * 1_000 - START_MS) / MINUTE_MS for ts in result.partial_exits["ts"]} == {2}


# Trades inside bars


def test_trades_inside_bars_are_those_of_each_symbol() -> None:
    both = make_bars("100", "100", "100 110 90 100", *["100"] * 5)
    legs = [make_leg(both, "L", symbol=symbol, take=5.0, stop=5.0) for symbol in "AB"]
    up_first, down_first = [(2.2, 106.0), (2.4, 94.0)], [(2.2, 94.0), (2.4, 106.0)]
    for prints in ({"A": down_first, "B": up_first}, {"B": up_first}):
        result = trade_together({"A": both, "B": both}, *legs, prints=prints)
        assert [(symbol, why) for _, symbol, *_, why in tell(result)] == [("A", "stop"), ("B", "take")]


# What a leg did


def test_a_legs_return_of_a_day_is_what_it_earned_over_the_accounts_equity_at_the_days_begin() -> None:
    hours = make_bars(*["100"] * 24, *["110"] * 24, *["99"] * 24, timeframe="1h")
    legs = (
        make_leg(hours, "L", symbol="A"),
        make_leg(hours, "." * 30 + "L", symbol="B", sizing=FixedLeverage(leverage=0.4)),
    )
    result = trade_together({"A": hours, "B": hours}, *legs)
    a, b = (leg.daily_returns.tolist() for leg in result.legs)
    # A's 50 units gain 500 in the second day and lose 550 in the third; B's are 40 % of 10,500 at 110.
    assert a == pytest.approx([0, 500 / 10_000, -550 / 10_500])
    assert b == pytest.approx([0, 0, -4_200 / 110 * 11 / 10_500])
    np.testing.assert_allclose(np.add(a, b), result.daily_returns, atol=1e-12)


def test_a_leg_has_no_sharpe_before_its_thirtieth_trade() -> None:
    ups = np.cumprod(np.where(np.arange(130) % 3 == 0, 1.01, 0.998)) * 100
    hours = make_bars(*(str(price) for price in ups), timeframe="1h")
    few, many = (trade_together({"A": hours}, make_leg(hours, "Lx" * count)).legs[0].sharpe for count in (29, 30))
    assert few is None
    assert many is not None
    assert many.low < many.estimate < many.high
