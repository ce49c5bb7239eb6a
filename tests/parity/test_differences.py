"""Where engines part: every example of docs/concepts/parity.md, with our number and theirs. Worked out by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from edgeproof.backtest import backtest_signals
from edgeproof.domain.frames import UTC_MS
from edgeproof.execution import Costs
from parity.engines import import_peer, trade_here, trade_in_backtesting_py, trade_in_vectorbt
from parity.wishes import START_MS, Terms, Wishes, spell, write_bars

if TYPE_CHECKING:
    from collections.abc import Sequence

import_peer("vectorbt")
import_peer("backtesting")

UNITS = Terms(units=10)
SMALL = 10_000.0


def tell(trades: pl.DataFrame) -> list[tuple[float, float]]:
    """Entry and exit prices to the ninth place."""
    return [(round(entry, 9), round(exit_, 9)) for entry, exit_ in trades.select("entry_price", "exit_price").rows()]


def here(wishes: Wishes, terms: Terms = UNITS) -> list[tuple[float, float]]:
    return tell(trade_here(wishes, terms)[0])


def in_vectorbt(wishes: Wishes, terms: Terms = UNITS, **other: object) -> list[tuple[float, float]]:
    return tell(trade_in_vectorbt(wishes, terms, **other))


def in_backtesting_py(wishes: Wishes, terms: Terms = UNITS, **other: object) -> list[tuple[float, float]]:
    return tell(trade_in_backtesting_py(wishes, terms, **other))


def minutes_of_entry(trades: pl.DataFrame) -> Sequence[int]:
    return [(ms - START_MS) // 60_000 for ms in trades["entry_ts"].dt.epoch("ms")]


# When a wish acts


def test_vectorbt_buys_at_the_close_that_made_the_decision() -> None:
    bars = write_bars("100", "110", "120", "130", "140")
    wishes = spell(bars, ".Lx..")
    assert here(wishes) == [(120, 130)]
    assert in_vectorbt(wishes, price=np.full(5, np.inf)) == [(110, 120)]


def test_a_wish_before_a_gap_in_the_bars_is_stale_and_theirs_still_act() -> None:
    bars = write_bars("100", "100", "130", "130", "140", minutes=[0, 1, 600, 601, 602])
    wishes = spell(bars, ".L.x.")
    assert here(wishes) == []
    assert in_vectorbt(wishes) == [(130, 140)]
    assert in_backtesting_py(wishes) == [(130, 140)]
    assert minutes_of_entry(trade_in_backtesting_py(wishes, UNITS)) == [600]


def test_backtesting_py_cannot_decide_at_the_first_close() -> None:
    wishes = spell(write_bars("100", "101", "102", "103"), "L.x.")
    assert here(wishes) == [(101, 103)]
    assert in_backtesting_py(wishes) == []


def test_backtesting_py_closes_at_the_open_of_a_bar_that_is_over() -> None:
    wishes = spell(write_bars("100", "100", "100", "100 120 100 120"), ".L..")
    assert here(wishes) == [(100, 120)]
    assert in_backtesting_py(wishes, finalize_trades=True) == [(100, 100)]


def test_vectorbt_never_pays_for_leaving_at_the_end() -> None:
    wishes = spell(write_bars("100", "100", "110"), "L..")
    terms = Terms(units=10, fee=0.01)
    assert trade_here(wishes, terms)[0]["pnl"].to_list() == pytest.approx([100 - 10 - 11])
    assert in_vectorbt(wishes, terms) == [], "the trade stays open"


# Levels


def test_of_a_target_passed_at_the_open_and_a_stop_reached_later_the_open_came_first() -> None:
    wishes = spell(write_bars("100", "100", "100", "112 112 90 100", "100", "100"), ".L..z.")
    terms = Terms(units=10, stop=0.05, take=0.1)
    assert here(wishes, terms) == [(100, 112)]
    assert in_vectorbt(wishes, terms) == [(100, 95)]
    assert in_backtesting_py(wishes, terms) == [(100, 95)]


def test_vectorbt_does_not_look_for_the_stop_in_the_bar_of_entry() -> None:
    bars = write_bars("100", "100 100 90 100", "104", "104", "104")
    terms = Terms(units=10, stop=0.05)
    assert here(spell(bars, "L.z.."), terms) == [(100, 95)]
    # As its own examples have it: the signal a bar later, at that bar's open.
    assert in_vectorbt(spell(bars, ".L.z."), terms, price=bars["open"].to_numpy()) == [(100, 104)]


def test_vectorbt_measures_a_stop_from_a_close_after_the_fill() -> None:
    bars = write_bars("100", "100 110 100 110", "110 110 103 110", "110", "110")
    terms = Terms(units=10, stop=0.05)
    assert here(spell(bars, "L.z.."), terms) == [(100, 110)]
    late = spell(bars, ".L.z.")
    assert in_vectorbt(late, terms, price=bars["open"].to_numpy(), stop_entry_price="close") == [(100, 104.5)]


def test_vectorbt_fills_a_stop_without_slippage() -> None:
    wishes = spell(write_bars("100", "100", "100 100 90 100", "100", "100"), "L..z.")
    terms = Terms(units=10, slippage=0.01, stop=0.05)
    assert here(wishes, terms) == [(101, 94.9905)]
    assert in_vectorbt(wishes, terms, stop_exit_price="stoplimit") == [(101, 95.95)]


def test_vectorbt_forgets_a_wish_made_in_a_bar_whose_stop_it_filled() -> None:
    wishes = spell(write_bars("100", "100", "100 100 90 92", "92", "99", "99"), "L.Sz..")
    terms = Terms(units=10, stop=0.05)
    assert here(wishes, terms) == [(100, 95), (92, 99)]
    assert in_vectorbt(wishes, terms) == [(100, 95)]


def test_a_wish_is_judged_by_the_position_at_the_open_at_which_it_acts() -> None:
    wishes = spell(write_bars("100", "100", "100", "90", "91", "92", "92"), ".LL.z..")
    terms = Terms(units=10, stop=0.05)
    assert here(wishes, terms) == [(100, 90), (90, 92)]
    assert in_vectorbt(wishes, terms) == [(100, 90)]
    assert in_backtesting_py(wishes, terms) == [(100, 90)]


def test_a_trail_here_is_a_distance_and_in_vectorbt_a_share_of_the_peak() -> None:
    bars = write_bars("100", "100", "100 200 100 200", "200 200 150 150", "150", "150")
    wishes = spell(bars, "L...z.")
    ours = backtest_signals(bars, long=wishes.long, trail=10.0, costs=Costs(taker=0, slippage=0)).trades
    assert tell(ours) == [(100, 190)]
    assert in_vectorbt(wishes, Terms(units=10, stop=0.1), sl_trail=True) == [(100, 180)]


# Contradictions


def test_vectorbt_holds_on_where_a_position_is_wished_for_and_against() -> None:
    wishes = spell(write_bars("100", "100", "100", "105", "110"), "L.lz.")
    assert here(wishes) == [(100, 105)]
    assert in_vectorbt(wishes, upon_long_conflict="ignore") == [(100, 110)]


# Money


def test_a_fee_comes_out_of_the_account_and_theirs_shrinks_the_size() -> None:
    wishes = spell(write_bars("100", "100", "100", "110", "110"), ".L.z.")
    terms = Terms(fee=0.01, cash=SMALL)
    ours, _ = trade_here(wishes, terms, share=1.01)  # a leverage of one
    assert ours["size"].item() == pytest.approx(100)
    assert trade_in_vectorbt(wishes, terms)["size"].item() == pytest.approx(SMALL / 101)
    # 0.9999 of the account, in whole units.
    assert trade_in_backtesting_py(wishes, terms)["size"].item() == 99


def test_backtesting_py_charges_its_spread_on_the_way_in_alone() -> None:
    wishes = spell(write_bars("100", "100", "100", "100", "100"), ".L.z.")
    assert here(wishes, Terms(units=10, slippage=0.01)) == [(101, 99)]
    assert in_backtesting_py(wishes, spread=0.01) == [(101, 100)]


def test_backtesting_py_keeps_a_position_whose_margin_is_gone() -> None:
    wishes = spell(write_bars("100", "100", "100", "100 100 85 100", "105", "105"), ".L..z.")
    terms = Terms(cash=SMALL)
    ours, reasons = trade_here(wishes, terms, share=10)
    assert reasons == ["liquidation"]
    assert ours["pnl"].to_list() == pytest.approx([-SMALL])
    theirs = trade_in_backtesting_py(wishes, terms, margin=0.1)
    assert theirs["pnl"].to_list() == pytest.approx([999 * 5])


def test_vectorbt_loses_more_than_the_account_had() -> None:
    wishes = spell(write_bars("100", "100", "100", "250", "250"), "S.z..")
    terms = Terms(units=100, cash=SMALL)
    ours, reasons = trade_here(wishes, Terms(cash=SMALL))
    assert (ours["size"].item(), reasons) == (pytest.approx(100), ["liquidation"])
    assert ours["pnl"].item() == pytest.approx(-SMALL)
    # All its cash, the proceeds of the sale in it, buys 80 of the 100 back: 20 stay short.
    theirs = trade_in_vectorbt(wishes, terms)
    assert theirs["size"].to_list() == pytest.approx([80])
    assert theirs["pnl"].to_list() == pytest.approx([-12_000])


def test_only_here_does_a_position_pay_funding() -> None:
    bars = write_bars("100", "100", "100", "100", "100")
    wishes = spell(bars, ".L.z.")
    funding = pl.DataFrame({"ts": pl.Series([START_MS + 180_000]).cast(UTC_MS), "rate": [0.001]})
    ours = backtest_signals(
        bars,
        long=wishes.long,
        exit_long=wishes.exit_long,
        costs=Costs(taker=0, slippage=0),
        funding=funding,
    ).trades
    assert ours["pnl"].to_list() == pytest.approx([-10])
    assert trade_in_vectorbt(wishes, Terms())["pnl"].to_list() == [0]
    assert trade_in_backtesting_py(wishes, UNITS)["pnl"].to_list() == [0]
