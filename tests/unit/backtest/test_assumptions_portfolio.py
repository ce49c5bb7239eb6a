"""Every rule of docs/assumptions.md about portfolios, each with the smallest market that shows it."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from edgeproof.backtest import prepare_tape
from edgeproof.backtest.portfolio import (
    CorrelationCap,
    DailyLossStop,
    FixedLeverage,
    FractionalKelly,
    Limits,
    RiskPerTrade,
    Signalled,
    TargetVolatility,
    replay_legs,
)
from edgeproof.domain.instruments import InstrumentRules
from edgeproof.execution import Costs, HourlySlippage
from fakes.tiny_market import make_bars, trade
from fakes.tiny_portfolio import WHOLE, count_skipped, make_leg, tell, trade_together

FLAT = make_bars(*["100"] * 8)
DAY = 1_440


def make_hours(count: int, *, factor: float, seed: int = 1) -> list[str]:
    """One bar an hour, whose price moves up and down with the others', or against them."""
    steps = np.random.default_rng(seed).normal(0.0, 0.01, count)
    return [f"{price:.6f}" for price in 100.0 * np.exp(factor * np.cumsum(steps))]


# One account


def test_one_leg_without_limits_trades_as_a_backtest_does() -> None:
    bars, letters = make_bars("100", "101 103 97 102", "102", "99 104 98 103", "100"), "L.SL."
    costs = Costs(latency_ms=0)
    alone = trade(bars, letters, costs=costs, stop=3.0)
    together = trade_together({"A": bars}, make_leg(bars, letters, stop=3.0), sizing=Signalled(), costs=costs)
    np.testing.assert_array_equal(together.records, alone.records)
    assert together.metrics == alone.metrics


def test_every_leg_pays_the_slippage_of_hour_side_and_bar() -> None:
    hours = make_bars("100", "100", "100", "100", timeframe="1h")
    buy, sell = (tuple(base + hour / 1_000 for hour in range(24)) for base in (0.0, 0.1))
    costs = Costs(taker=0.0, latency_ms=0, hourly=HourlySlippage(buy=buy, sell=sell))
    tapes = {"A": prepare_tape(hours), "B": prepare_tape(hours, slippage_factor=pl.Series([1.0, 1.0, 2.0, 3.0]))}
    legs = make_leg(hours, "Lx"), make_leg(hours, ".Sy", symbol="B")
    result = replay_legs(tapes, legs, costs=costs)
    # A is bought at 1:00 and sold at 2:00; B is sold at 2:00, with its slippage doubled, and bought at 3:00, tripled.
    prices = [(record["entry_price"], record["exit_price"]) for record in result.records]
    assert prices == [pytest.approx((100.1, 89.8)), pytest.approx((79.6, 100.9))]


def test_risk_counts_the_slippage_of_the_bar_of_the_entry_on_both_sides() -> None:
    bars = make_bars("100", "100", "100")
    tape = prepare_tape(bars, slippage_factor=pl.Series([1.0, 5.0, 1.0]))
    leg = make_leg(bars, "L", stop=10.0, sizing=RiskPerTrade(risk=0.01))
    result = replay_legs({"A": tape}, [leg], costs=Costs(taker=0.0, slippage=0.01, latency_ms=0))
    # Bought at 105; the stop at 95 would be sold at 95 less 5 %.
    assert result.records["size"].tolist() == pytest.approx([100.0 / (105.0 - 90.25)])


def test_every_leg_gets_an_equal_part_unless_told_otherwise() -> None:
    legs = (make_leg(FLAT, "L", symbol=symbol, leverage=2.0) for symbol in "AB")
    result = trade_together({"A": FLAT, "B": FLAT}, *legs, sizing=Signalled())
    # Half of 10,000 each, twice levered, at 100.
    assert [size for *_, size, _ in tell(result)] == [100, 100]


def test_sizes_count_open_positions_at_their_newest_price() -> None:
    rising = make_bars("100", "100", "100", "120", "120")
    legs = make_leg(rising, "L", symbol="A"), make_leg(FLAT, "..L", symbol="B", sizing=FixedLeverage(leverage=0.4))
    result = trade_together({"A": rising, "B": FLAT}, *legs)
    # 50 units of A have gained 1,000 at the open of minute 3: 0.4 times 11,000.
    assert tell(result) == [("leg", "A", 1, 5, 50, "end"), ("leg", "B", 3, 8, 44, "end")]


def test_two_legs_on_one_symbol_hold_positions_of_their_own() -> None:
    legs = make_leg(FLAT, "L.x", name="up"), make_leg(FLAT, "S..y", name="down")
    result = trade_together({"A": FLAT}, *legs)
    assert tell(result) == [("down", "A", 1, 4, 50, "signal"), ("up", "A", 1, 3, 50, "signal")]
    assert result.account["positions"].max() == 0  # none was open at the hour's last close


def test_a_leg_that_cools_down_does_so_by_itself() -> None:
    legs = make_leg(FLAT, "LxLLL", name="cools", cool_down=2), make_leg(FLAT, "LxLLL", name="hot")
    result = trade_together({"A": FLAT}, *legs)
    assert [(name, entry) for name, _, entry, *_ in tell(result)] == [
        ("cools", 1),
        ("hot", 1),
        ("hot", 3),
        ("cools", 4),
    ]
    assert count_skipped(result) == {}


def test_a_symbol_that_ends_early_is_closed_at_its_last_close() -> None:
    short = make_bars("100", "100", "100 100 100 90")
    legs = make_leg(short, "L", symbol="A"), make_leg(FLAT, "...L", symbol="B")
    result = trade_together({"A": short, "B": FLAT}, *legs)
    # A loses 500 at minute 3; B is sized by what is left.
    assert tell(result) == [("leg", "A", 1, 3, 50, "end"), ("leg", "B", 4, 8, 47.5, "end")]


# Who is served first


def test_entries_decided_together_are_served_by_priority_symbol_and_identity() -> None:
    bars = {"A": FLAT, "B": FLAT}

    def served(*legs: tuple[str, str, int]) -> list[tuple[str, str]]:
        made = [
            make_leg(FLAT, "L", symbol=symbol, name=name, priority=priority, sizing=WHOLE)
            for symbol, name, priority in legs
        ]
        return [(symbol, name) for name, symbol, *_ in tell(trade_together(bars, *made))]

    assert served(("B", "x", 0), ("A", "y", 0)) == [("A", "y")]
    assert served(("A", "y", 0), ("A", "x", 0)) == [("A", "x")]
    assert served(("A", "y", 1), ("B", "x", 0)) == [("B", "x")]


def test_an_entry_decided_earlier_is_served_earlier() -> None:
    late = make_bars("100", "100", "100", "100", minutes=[0, 2, 3, 4])
    legs = make_leg(FLAT, ".L", symbol="A", sizing=WHOLE), make_leg(late, "L", symbol="B", sizing=WHOLE)
    # B's decision of minute 0 has to wait for a bar until minute 2, where A's of minute 1 acts.
    result = trade_together({"A": FLAT, "B": late}, *legs)
    assert [(symbol, entry) for _, symbol, entry, *_ in tell(result)] == [("B", 2)]


def test_what_an_exit_frees_is_there_for_entries_of_the_same_open() -> None:
    legs = make_leg(FLAT, "..L", symbol="A", sizing=WHOLE), make_leg(FLAT, "L.x", symbol="B", sizing=WHOLE)
    result = trade_together({"A": FLAT, "B": FLAT}, *legs)
    assert tell(result) == [("leg", "B", 1, 3, 100, "signal"), ("leg", "A", 3, 8, 100, "end")]


def test_what_a_stop_inside_a_bar_frees_is_there_at_the_next_open() -> None:
    dip = make_bars("100", "100", "100 100 90 100", *["100"] * 5)
    legs = make_leg(dip, "L", symbol="A", sizing=WHOLE, stop=5.0), make_leg(FLAT, ".LL", symbol="B", sizing=WHOLE)
    result = trade_together({"A": dip, "B": FLAT}, *legs)
    assert tell(result) == [("leg", "A", 1, 2, 100, "stop"), ("leg", "B", 3, 8, 95, "end")]
    assert count_skipped(result) == {"margin": 1}


# Limits


def test_no_more_positions_than_allowed_are_open() -> None:
    legs = (make_leg(FLAT, "L.x.L", symbol=symbol) for symbol in "AB")
    result = trade_together({"A": FLAT, "B": FLAT}, *legs, limits=Limits(max_positions=1))
    assert [symbol for _, symbol, *_ in tell(result)] == ["A", "A"]
    assert count_skipped(result) == {"max_positions": 2}


def test_an_order_is_cut_to_what_a_limit_leaves() -> None:
    legs = (make_leg(FLAT, "L", symbol=symbol) for symbol in "AB")
    result = trade_together({"A": FLAT, "B": FLAT}, *legs, limits=Limits(max_gross=0.8))
    assert [size for *_, size, _ in tell(result)] == [50, 30]
    assert [leg.cut for leg in result.legs] == [0, 1]


def test_an_order_cut_below_its_least_part_is_skipped_and_counted() -> None:
    def run(least_part: float) -> tuple[int, dict[str, int]]:
        legs = (make_leg(FLAT, "L", symbol=symbol) for symbol in "AB")
        limits = Limits(max_gross=0.8, least_part=least_part)
        result = trade_together({"A": FLAT, "B": FLAT}, *legs, limits=limits)
        return len(result.records), count_skipped(result)

    assert run(0.6) == (2, {})
    assert run(0.61) == (1, {"max_gross": 1})


def test_the_limit_of_a_symbol_adds_its_longs_and_shorts() -> None:
    legs = make_leg(FLAT, "L", name="a"), make_leg(FLAT, "S", name="b"), make_leg(FLAT, "L", symbol="B")
    result = trade_together({"A": FLAT, "B": FLAT}, *legs, limits=Limits(max_symbol=0.7, margin_leverage=5.0))
    assert [(name, symbol, size) for name, symbol, _, _, size, _ in tell(result)] == [
        ("a", "A", 50),
        ("b", "A", 20),
        ("leg", "B", 50),
    ]


def test_a_position_that_outgrows_a_limit_stays() -> None:
    rising = make_bars("100", "100", "200", "300", "300")
    result = trade_together({"A": rising}, make_leg(rising, "L"), limits=Limits(max_gross=0.5))
    assert tell(result) == [("leg", "A", 1, 5, 50, "end")]


# What loses together


def run_correlated(letters: str, *, factor: float, at: int, cap: CorrelationCap) -> list[float]:
    """Sizes of a long A and then of B, whose returns are those of A times a factor."""
    a, b = (make_bars(*make_hours(72, factor=f), timeframe="1h") for f in (1.0, factor))
    legs = (
        make_leg(a, "." * at + "L", symbol="A"),
        make_leg(b, "." * at + letters, symbol="B"),
    )
    result = trade_together({"A": a, "B": b}, *legs, limits=Limits(correlation=cap))
    return [round(notional, 2) for notional in (result.records["size"] * result.records["entry_price"]).tolist()]


def test_positions_that_lose_together_share_a_cap() -> None:
    cap = CorrelationCap(exposure=0.7, threshold=0.9, days=2)
    assert run_correlated("L", factor=2.0, at=50, cap=cap) == [5_000, 2_000]
    assert run_correlated("S", factor=2.0, at=50, cap=cap) == [5_000, 5_000]
    assert run_correlated("S", factor=-1.0, at=50, cap=cap) == [5_000, 2_000]


def test_what_is_not_known_to_move_apart_moves_together() -> None:
    cap = CorrelationCap(exposure=0.7, threshold=0.9, days=2)
    # The first midnight comes at hour 24; before it nothing is known.
    assert run_correlated("S", factor=2.0, at=10, cap=cap) == [5_000, 2_000]
    assert run_correlated("S", factor=2.0, at=23, cap=cap) == [5_000, 5_000]


def test_a_new_position_may_not_crowd_the_group_of_another() -> None:
    steps = np.random.default_rng(3).normal(0.0, 0.01, (2, 72))
    paths = {"A": steps[0], "B": steps[0] + steps[1], "C": steps[1]}  # A and C go with B, but not with each other
    bars = {
        symbol: make_bars(*(f"{price:.6f}" for price in 100 * np.exp(np.cumsum(path))), timeframe="1h")
        for symbol, path in paths.items()
    }
    legs = [make_leg(bars[symbol], "." * (50 + at) + "L", symbol=symbol) for at, symbol in enumerate("ABC")]
    cap = CorrelationCap(exposure=0.7, threshold=0.5, days=2)
    result = trade_together(bars, *legs, limits=Limits(correlation=cap, margin_leverage=10.0, least_part=0.0))
    assert [leg.cut for leg in result.legs[:2]] == [0, 1]
    assert result.legs[2].symbol == "C"
    # A and B together fill B's group, which C would join.
    assert result.legs[2].sums.trades + result.legs[2].skipped.get("correlation", 0) == 1
    marked = sum(result.records["size"] * [bars[result.legs[o].symbol].open[53] for o in result.owners])
    assert marked <= 0.7 * 10_000 * 1.1


# A day's loss


def test_a_daily_loss_ends_entries_until_the_next_utc_day() -> None:
    # The account is halved in the first day's bar; the day ends with minute 1439.
    minutes = [0, 1, 2, 3, DAY, DAY + 1, DAY + 2]
    bars = make_bars("100", "100", "50", "50", "50", "50", "50", minutes=minutes)
    legs = make_leg(bars, "L", name="a"), make_leg(bars, "..L.L", name="b")
    result = trade_together({"A": bars}, *legs, limits=Limits(daily_loss=DailyLossStop(share=0.2)))
    assert [(name, entry) for name, _, entry, *_ in tell(result)] == [("a", 1), ("b", DAY + 1)]
    assert count_skipped(result) == {"daily_loss": 1}


def test_a_daily_loss_is_seen_at_a_close_and_flattens_at_the_next_open() -> None:
    bars = make_bars("100", "100", "100 100 70 75", "80", "90")
    stop = Limits(daily_loss=DailyLossStop(share=0.1, flatten=True))
    result = trade_together({"A": bars, "B": FLAT}, make_leg(bars, "L"), make_leg(FLAT, "L", symbol="B"), limits=stop)
    assert tell(result) == [("leg", "A", 1, 3, 50, "daily_loss"), ("leg", "B", 1, 3, 50, "daily_loss")]
    assert result.trades["exit_price"].to_list() == [80, 100]


def test_the_way_out_of_a_daily_loss_takes_as_long_as_any_order() -> None:
    bars = make_bars("100", "100", "100", "75", "75", "75", "75")
    stop = Limits(daily_loss=DailyLossStop(share=0.1, flatten=True))
    result = trade_together(
        {"A": bars}, make_leg(bars, "L"), limits=stop, costs=Costs(taker=0, slippage=0, latency_ms=60_000)
    )
    # Seen at the close of minute 3, sent then, filled two opens later.
    assert tell(result) == [("leg", "A", 2, 5, 50, "daily_loss")]


def test_a_reversal_after_a_daily_loss_leaves_but_does_not_enter() -> None:
    bars = make_bars("100", "100", "75", "75", "75")
    stop = Limits(daily_loss=DailyLossStop(share=0.1))
    result = trade_together({"A": bars}, make_leg(bars, "L.S"), limits=stop)
    assert tell(result) == [("leg", "A", 1, 3, 50, "reverse")]
    assert count_skipped(result) == {"daily_loss": 1}


# Sizes


def test_risk_per_trade_loses_its_share_at_the_stop_costs_included() -> None:
    bars = make_bars("100", "100", "100 100 90 95")
    costs = Costs(taker=0.001, slippage=0.01, latency_ms=0)
    for letters, rows in (("L", bars), ("S", make_bars("100", "100", "100 110 100 105"))):
        result = trade_together(
            {"A": rows}, make_leg(rows, letters, stop=5.0), sizing=RiskPerTrade(risk=0.02), costs=costs
        )
        assert tell(result)[0][-1] == "stop"
        assert result.trades["pnl"].item() == pytest.approx(-200)


def test_risk_is_measured_to_the_nearer_of_stop_and_trail() -> None:
    leg = make_leg(FLAT, "L", stop=5.0, trail=2.0)
    result = trade_together({"A": FLAT}, leg, sizing=RiskPerTrade(risk=0.01))
    assert result.records["size"].tolist() == [50]  # 100 at risk, 2 a unit


def test_an_entry_at_risk_without_a_stop_is_skipped_and_counted() -> None:
    result = trade_together({"A": FLAT}, make_leg(FLAT, "L"), sizing=RiskPerTrade())
    assert (tell(result), count_skipped(result)) == ([], {"no_stop": 1})


def test_a_stop_too_near_is_sized_by_the_highest_leverage() -> None:
    result = trade_together({"A": FLAT}, make_leg(FLAT, "L", stop=0.001), sizing=RiskPerTrade(max_leverage=2.0))
    assert result.records["size"].tolist() == [200]


def test_volatility_is_that_of_the_decision_bars_of_the_last_day() -> None:
    rows = make_hours(60, factor=1.0)
    bars = make_bars(*rows, timeframe="1h")
    result = trade_together(
        {"A": bars}, make_leg(bars, "L" + "." * 49 + "L"), sizing=TargetVolatility(annual=0.2, max_leverage=50.0)
    )
    # Before there are 48 returns the volatility is unknown, and there is no entry.
    assert count_skipped(result) == {"unsized": 1}
    returns = np.diff(np.log(bars.close[2:51]))
    yearly = returns.std() * np.sqrt(365 * 24)
    record = result.records[0]
    assert record["size"] * record["entry_price"] == pytest.approx(10_000 * 0.2 / yearly)


def test_kelly_bets_the_fraction_of_mean_over_mean_square() -> None:
    # Alone, a long of each second bar would gain 10 %, which is too long ago, then 2 %, lose 1 %, gain 2 %, ...
    opens = np.cumprod([100.0, 1.0, 1.1, 1.0, 1.02, 1.0, 0.99, 1.0, 1.02, 1.0, 0.99, 1.0, 1.0, 1.0])
    bars = make_bars(*(str(price) for price in opens))
    leg = make_leg(bars, "LxLxLxLxLxLx")
    kelly = FractionalKelly(fraction=0.1, max_leverage=9.0, trades=4, fewest=4)
    result = trade_together({"A": bars}, leg, sizing=kelly)
    record = result.records[-1]
    returns = np.array([0.02, -0.01, 0.02, -0.01])
    assert record["size"] * record["entry_price"] == pytest.approx(
        result.entry_equity[-1] * 0.1 * returns.mean() / (returns**2).mean()
    )
    assert count_skipped(result) == {"unsized": 4}


def test_kelly_learns_from_trades_the_leg_would_have_made_alone() -> None:
    opens = np.cumprod([100.0, 1.0, 1.02, 1.0, 0.99, 1.0, 1.02, 1.0, 1.0, 1.0])
    bars = make_bars(*(str(price) for price in opens))
    kelly = FractionalKelly(fraction=0.1, max_leverage=9.0, trades=3, fewest=3)
    leg = make_leg(bars, "LxLxLxL...", name="shut out", priority=1, sizing=kelly)
    first = make_leg(bars, "L....x", name="first", sizing=WHOLE)
    result = trade_together({"A": bars}, leg, first)
    # It was shut out of all three, and has learned from them.
    assert [(name, entry) for name, _, entry, *_ in tell(result)] == [("first", 1), ("shut out", 7)]


@pytest.mark.parametrize(
    ("kept", "rules"),
    [(1e-7, InstrumentRules()), (0.7, InstrumentRules(min_size=80.0)), (0.7, InstrumentRules(lot=80.0))],
)
def test_kelly_learns_on_whatever_its_trades_would_have_lost(kept: float, rules: InstrumentRules) -> None:
    # Alone, the first long would leave an account that is spent, or one too small for the next order.
    opens = np.cumprod([100.0, 1.0, kept, 1.0 / kept, 1.02, 1.0, 0.99, 1.0, 1.02, 1.0, 1.0, 1.0])
    bars = make_bars(*(str(price) for price in opens))
    kelly = FractionalKelly(fraction=0.1, max_leverage=9.0, trades=3, fewest=3)
    result = trade_together({"A": bars}, make_leg(bars, "LxLxLxLxL..."), sizing=kelly, rules={"A": rules})
    assert [entry for _, _, entry, *_ in tell(result)] == [9]
    assert count_skipped(result) == {"unsized": 4}


def test_kelly_without_an_edge_stakes_nothing() -> None:
    opens = np.cumprod([100.0, 1.0, 0.98, 1.0, 0.99, 1.0, 1.0, 1.0])
    bars = make_bars(*(str(price) for price in opens))
    kelly = FractionalKelly(fraction=1.0, trades=2, fewest=2, start=0.2)
    result = trade_together({"A": bars}, make_leg(bars, "LxLxL.."), sizing=kelly)
    assert [entry for _, _, entry, *_ in tell(result)] == [1, 3]
    assert count_skipped(result) == {"unsized": 1}


def test_the_account_is_described_at_the_start_and_at_every_last_close_of_an_hour() -> None:
    hours = make_bars("100", "100", "110", timeframe="1h")
    result = trade_together({"A": hours}, make_leg(hours, "L"), costs=Costs(taker=0.001, slippage=0, latency_ms=0))
    told = result.equity.select("cash", "unrealised", "margin", "long", "positions").rows()
    # 50 units at 100: 5 of fee at entry; at the last close they leave.
    assert told[:3] == [(10_000, 0, 0, 0, 0), (10_000, 0, 0, 0, 0), (9_995, 0, 5_000, 5_000, 1)]
    assert result.equity["equity"].to_list()[3] == pytest.approx(10_000 - 5 + 500 - 5.5)


def test_a_symbol_that_begins_later_adds_no_sample_of_its_own() -> None:
    bars = make_bars(*["100"] * 90)
    late = bars.slice(40, 90)
    result = trade_together({"A": bars, "B": late}, make_leg(bars, "L"), make_leg(late, "L", symbol="B"))
    assert [(int(ts) - int(bars.ts[0])) // 60_000 for ts in result.equity_ts] == [0, 60, 90]
