"""Rules of docs/assumptions.md about trades inside bars, margin tiers and calibrated slippage; worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edgeproof.domain.instruments import InstrumentRules, MarginTier
from edgeproof.execution import Costs, HourlySlippage, Regime
from fakes.tiny_market import FREE, make_bars, tell, trade

INF = float("inf")
BOTH = make_bars("100", "100", "100 112 94 100", "100")
UP_FIRST, DOWN_FIRST = [(2.2, 111.0), (2.7, 94.0)], [(2.2, 94.0), (2.7, 111.0)]
TIERS = InstrumentRules(
    tiers=(
        MarginTier(max_notional=20_000.0, maintenance=0.0, max_leverage=10.0),
        MarginTier(max_notional=INF, maintenance=0.05, max_leverage=5.0),
    )
)


def test_trades_inside_a_bar_settle_whether_stop_or_target_came_first() -> None:
    assert tell(trade(BOTH, "L", stop=5.0, take=10.0, prints=UP_FIRST)) == [("long", 100, 110, "take")]
    assert tell(trade(BOTH, "L", stop=5.0, take=10.0, prints=DOWN_FIRST)) == [("long", 100, 95, "stop")]
    assert tell(trade(BOTH, "S", stop=11.0, take=5.0, prints=DOWN_FIRST)) == [("short", 100, 95, "take")]


def test_trades_settle_target_against_trail_and_liquidation_too() -> None:
    trailed = trade(BOTH, "L", trail=5.0, take=10.0, prints=UP_FIRST)
    geared = trade(BOTH, "L", leverage=20.0, take=10.0, prints=UP_FIRST, rules=InstrumentRules(maintenance_margin=0.0))
    assert [tell(found)[0][3] for found in (trailed, geared)] == ["take", "take"]


def test_trades_that_reach_neither_level_or_lie_in_other_bars_settle_nothing() -> None:
    for prints in ([(2.5, 100.0)], [(1.9, 111.0), (3.1, 111.0)]):
        assert tell(trade(BOTH, "L", stop=5.0, take=10.0, prints=prints)) == [("long", 100, 95, "stop")]


def test_levels_fill_at_their_own_price_whatever_trades_were_printed() -> None:
    jumped = trade(BOTH, "L", stop=5.0, take=10.0, prints=[(2.2, 112.0), (2.7, 94.0)])
    assert tell(jumped) == [("long", 100, 110, "take")]


def test_after_a_part_left_first_the_rest_meets_the_other_level_in_the_same_bar() -> None:
    replay = trade(BOTH, "L", stop=5.0, take=10.0, take_share=0.5, prints=UP_FIRST)
    assert tell(replay) == [("long", 100, (110 + 95) / 2, "stop")]
    assert replay.partial_exits["price"].to_list() == [110]
    assert replay.trades["mfe"].item() == pytest.approx(0.1)


def test_trades_before_an_order_that_rested_was_filled_settle_nothing() -> None:
    bars = make_bars("100", "100 112 94 112", "100")
    sure = replace(FREE, fill_probability=1.0)
    before = [(1.1, 111.0), (1.4, 98.0), (1.6, 94.0), (1.9, 112.0)]
    after = [(1.1, 111.0), (1.4, 98.0), (1.6, 112.0), (1.7, 94.0), (1.9, 112.0)]
    stopped, taken = (
        trade(bars, "L", limit_offset=2.0, stop=3.0, take=5.0, prints=prints, costs=sure) for prints in (before, after)
    )
    assert tell(stopped) == [("long", 98, 95, "stop")]
    assert tell(taken) == [("long", 98, 103, "take")]


def test_a_larger_position_is_liquidated_by_the_rate_of_its_tier() -> None:
    bars = make_bars("100", "100", "100 100 1 1", "1")
    small, large = (trade(bars, "L", leverage=leverage, rules=TIERS) for leverage in (2.0, 4.0))
    assert small.trades["exit_price"].item() == pytest.approx(50)
    # Four units of 100 with a margin of 100: three quarters of 100 are owed, and 5 % of what is left must stay.
    assert large.trades["exit_price"].item() == pytest.approx(75 / 0.95)


def test_leverage_is_cut_to_the_largest_position_that_any_tier_allows() -> None:
    bars = make_bars("100", "100", "101")
    sizes = [trade(bars, "L", leverage=9.0, rules=TIERS, equity=equity).trades["size"].item() for equity in (2e3, 1e4)]
    # Nine times 2,000 is within the first tier; five times 10,000, in the second, is more than the first one's bound.
    assert sizes == pytest.approx([180, 500])
    edge = trade(bars, "L", leverage=9.0, rules=TIERS, equity=3e3).trades["size"].item()
    assert edge == pytest.approx(200)  # 27,000 is too much for the first tier, and its bound more than 15,000


def test_a_tier_is_that_of_the_notional_wished_for_at_entry_and_stays() -> None:
    bars = make_bars("100", "100", "300", "300", "160 160 1 1")
    replay = trade(bars, "L", leverage=2.0, rules=TIERS)
    assert tell(replay) == [("long", 100, 50, "liquidation")]


def test_hourly_slippage_is_that_of_the_utc_hour_of_the_fill_and_of_its_side() -> None:
    buy, sell = [0.0] * 24, [0.0] * 24
    buy[0], sell[1] = 0.01, 0.02
    costs = replace(FREE, hourly=HourlySlippage(buy=tuple(buy), sell=tuple(sell)))
    bars = make_bars("100", "100", "100", "100", minutes=[58, 59, 60, 61])
    assert tell(trade(bars, "L", costs=costs)) == [("long", 101, 98, "end")]
    assert tell(trade(bars, "S", costs=costs)) == [("short", 100, 100, "end")]


def test_a_slippage_factor_multiplies_the_slippage_of_its_bar() -> None:
    costs = Costs(taker=0, slippage=0.01, latency_ms=0)
    replay = trade(make_bars("100", "100", "100", "100"), "Lx", costs=costs, slippage_factor=[1.0, 3.0, 0.0, 1.0])
    assert tell(replay) == [("long", 103, 100, "signal")]


def test_a_regime_is_what_was_known_at_the_close_before_the_bar_of_the_fill() -> None:
    costs = Costs(taker=0, slippage=0.01, latency_ms=0, regimes=(Regime(when="close > 105", factor=3.0),))
    # The bar of the entry rises above 105 and falls back in the next: the fill before is cheap, the one after is dear.
    bars = make_bars("100", "100", "100 110 100 110", "100", "100")
    assert tell(trade(bars, ".Lx", costs=costs)) == [("long", 101, 97, "signal")]
    assert tell(trade(bars, ".L.x", costs=costs)) == [("long", 101, 99, "signal")]


def test_a_regime_that_is_unknown_costs_the_dearer_of_both_answers() -> None:
    bars = make_bars("100", "100", "100", "100", "100")
    for factor, sold in ((3.0, 97), (0.5, 99)):
        regime = Regime(when="mean(close, 3) > 105", factor=factor)
        costs = Costs(taker=0, slippage=0.01, latency_ms=0, regimes=(regime,))
        # Two bars know no mean of three; the third closes with one, which says no.
        assert tell(trade(bars, "Lx", costs=costs)) == [("long", 200 - sold, sold, "signal")]
        assert tell(trade(bars, "..Lx", costs=costs)) == [("long", 101, 99, "signal")]


def test_factors_of_regimes_that_hold_at_once_multiply_with_that_of_the_bar() -> None:
    regimes = tuple(Regime(when=f"close > {price}", factor=factor) for price, factor in ((50, 3.0), (60, 0.5)))
    costs = Costs(taker=0, slippage=0.01, latency_ms=0, regimes=regimes)
    factors = [1.0, 1.0, 4.0, 1.0]
    bought = trade(make_bars("100", "100", "100", "100"), "Lx", costs=costs, slippage_factor=factors)
    assert tell(bought) == [("long", 101.5, 94, "signal")]
