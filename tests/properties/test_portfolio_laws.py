"""Laws that any portfolio obeys, whatever it trades."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.backtest.portfolio import FractionalKelly, PortfolioResult, order_legs
from edgeproof.backtest.portfolio.orders import lay_out
from edgeproof.backtest.portfolio.sizing import Signalled
from edgeproof.domain.frames import UTC_MS
from edgeproof.kernels.portfolio import replay_portfolio
from edgeproof.kernels.portfolio_py import replay_portfolio_py
from edgeproof.kernels.replay import END
from fakes.calm_portfolios import SYMBOLS, TIGHT, CalmPortfolio, make_calm_portfolio
from fakes.portfolio_cases import PortfolioCase, portfolio_cases
from fakes.replay_cases import START_MS, STEP_MS
from fakes.tiny_market import make_bars
from fakes.tiny_portfolio import make_leg, trade_together

if TYPE_CHECKING:
    from random import Random

    from edgeproof.domain.series import BarSeries

SOME = settings(deadline=None, max_examples=25)
SEEDS = st.integers(0, 2**32 - 1)


def same(first: PortfolioResult, second: PortfolioResult) -> bool:
    return (
        first.trades.equals(second.trades)
        and first.partial_exits.equals(second.partial_exits)
        and first.equity.equals(second.equity)
        and first.by_leg.equals(second.by_leg)
        and first.skipped.equals(second.skipped)
        and first.metrics == second.metrics
    )


@SOME
@given(seed=SEEDS, order=st.randoms(use_true_random=False), busy=st.booleans())
def test_the_order_in_which_legs_and_symbols_are_given_changes_nothing(*, seed: int, order: Random, busy: bool) -> None:
    market = make_calm_portfolio(seed, days=2, busy=busy)
    legs, symbols = list(market.legs), list(market.bars)
    order.shuffle(legs)
    order.shuffle(symbols)
    tapes = market.tapes()
    shuffled = market.run(legs=legs, tapes={symbol: tapes[symbol] for symbol in symbols})
    assert same(market.run(), shuffled)


@SOME
@given(seed=SEEDS, minutes=st.integers(1_500, 5_000), busy=st.booleans())
def test_what_comes_later_changes_nothing_before_it(*, seed: int, minutes: int, busy: bool) -> None:
    market = make_calm_portfolio(seed, busy=busy)
    whole, early = market.run(), market.until(minutes).run()
    now = START_MS + minutes * STEP_MS
    past, known = whole.exit_ts < now, early.exit_ts < now
    now_utc = pl.lit(now).cast(UTC_MS)
    for name in whole.records.dtype.names or ():
        np.testing.assert_array_equal(whole.records[name][past], early.records[name][known], err_msg=name)
    np.testing.assert_array_equal(whole.entry_equity[past], early.entry_equity[known])
    gone, left = (result.partial_exits.filter(pl.col("ts") < now_utc) for result in (whole, early))
    assert gone.equals(left)
    # At `now` itself positions of the shorter world close with its data.
    samples = int((whole.equity_ts < now).sum())
    assert samples > 20
    for name in whole.account.dtype.names or ():
        np.testing.assert_array_equal(whole.account[name][:samples], early.account[name][:samples], err_msg=name)


def test_kelly_does_not_know_what_the_bar_brings_at_whose_open_it_acts() -> None:
    bars = make_bars("100", "100", "100", "100", "100 110 100 100", *["100"] * 5)
    # Alone, the first long reaches its target inside minute 4: known at its close, not at its open.
    leg = make_leg(bars, "L..LL.....", take=5.0)
    kelly = FractionalKelly(trades=1, fewest=1)
    result = trade_together({"A": bars}, leg, sizing=kelly)
    assert result.records["entry_bar"].tolist() == [5]


@SOME
@given(seed=SEEDS, busy=st.booleans())
def test_cash_and_open_positions_are_the_start_and_the_pnl_of_all_trades(*, seed: int, busy: bool) -> None:
    market = make_calm_portfolio(seed, days=2, busy=busy)
    result = market.run()
    trades, parts, owners = result.records, result.parts, result.owners
    series = [market.bars[result.legs[owner].symbol] for owner in owners]
    left_ts, part = np.full(len(trades), 2**62), np.zeros((3, len(trades)))
    left_ts[parts["trade"]] = result.part_ts
    part[:, parts["trade"]] = parts["size"], parts["price"], parts["fee"]
    rest = trades["size"] - part[0]
    leaving = (trades["size"] * trades["exit_price"] - part[0] * part[1]) * market.costs.taker
    taken = trades["fees"] - part[2] - leaving
    # What happens within a bar is known at its close, the end of the data is one.
    closed_at = result.exit_ts + np.where(trades["reason"] == END, 0, STEP_MS)
    for at, now in enumerate(result.equity_ts[1:], start=1):
        closed = closed_at <= now
        held = np.flatnonzero(~closed & (result.entry_ts < now))
        cash, unrealised = 10_000.0 + trades["pnl"][closed].sum(), 0.0
        for i in held:
            bars, side, entry = series[i], trades["side"][i], trades["entry_price"][i]
            size, parted = trades["size"][i], left_ts[i] < now
            cash -= taken[i] + side * size * _add_funding(market, bars, result.entry_ts[i], min(now, left_ts[i] + 1))
            if parted:
                cash += side * part[0][i] * (part[1][i] - entry) - part[2][i]
                size = rest[i]
                cash -= side * size * _add_funding(market, bars, left_ts[i], now)
            newest = int(np.searchsorted(bars.ts, now)) - 1
            unrealised += side * size * (bars.close[newest] - entry)
        sample = result.account[at]
        assert sample["cash"] == pytest.approx(cash, abs=0.005)
        assert sample["equity"] == pytest.approx(cash + unrealised, abs=0.005)
        assert sample["positions"] == len(held)
        assert sample["positions"] + sample["orders"] <= 4
        assert (sample["reserved"] > 0) == (sample["orders"] > 0)
        assert sample["cash"] - sample["margin"] - sample["reserved"] >= -0.005
    assert result.account["equity"][-1] == pytest.approx(10_000.0 + trades["pnl"].sum(), abs=0.005)
    assert busy or (result.account["orders"].max() == 0 and len(parts) == 0)


def test_what_laws_are_held_to_asks_for_everything() -> None:
    result = make_calm_portfolio(5, days=2, busy=True).run()
    assert result.account["orders"].max() > 1
    assert len(result.parts) > 3
    assert {"missed", "max_positions", "daily_loss"} <= set(result.skipped["reason"])


@SOME
@given(seed=SEEDS, busy=st.booleans())
def test_the_days_of_all_legs_add_up_to_those_of_the_account(*, seed: int, busy: bool) -> None:
    result = make_calm_portfolio(seed, days=3, busy=busy).run()
    total = np.sum([leg.daily_returns for leg in result.legs], axis=0)
    np.testing.assert_allclose(total, result.daily_returns, atol=1e-12)
    for leg in result.legs:
        if not leg.sums.trades:
            assert not leg.daily_returns.any()


def _add_funding(market: CalmPortfolio, bars: BarSeries, after_ts: int, until: int) -> float:
    """What one unit of a long position paid after a time and before another."""
    due = market.funding["ts"].dt.epoch("ms").to_numpy()
    paid = (due > after_ts) & (due < until)
    return float((bars.open[np.searchsorted(bars.ts, due[paid])] * market.funding["rate"].to_numpy()[paid]).sum())


@SOME
@given(seed=SEEDS, busy=st.booleans())
def test_limits_hold_whenever_an_entry_is_placed(*, seed: int, busy: bool) -> None:
    market = make_calm_portfolio(seed, days=3, busy=busy)
    result = market.run()
    records, legs, owners = result.records, result.legs, result.owners
    symbols = np.array([SYMBOLS.index(legs[owner].symbol) for owner in owners])
    opens = {
        at: dict(zip(bars.ts.tolist(), bars.open.tolist(), strict=True)) for at, bars in enumerate(market.bars.values())
    }
    decided = [leg.signals.bars.known_at for leg in order_legs(market.legs)]
    placed_ts = np.array(
        [decided[owner][decision] for owner, decision in zip(owners, records["decision"], strict=True)]
    )
    placed_ts += market.costs.latency_ms // STEP_MS * STEP_MS
    left_ts, part = np.full(len(records), 2**62), np.zeros(len(records))
    left_ts[result.parts["trade"]], part[result.parts["trade"]] = result.part_ts, result.parts["size"]
    for at, now in enumerate(placed_ts):
        # Entries of one open are placed in the order of legs, exits at that open before them.
        before = (placed_ts < now) | ((placed_ts == now) & (owners <= owners[at]))
        gone = (result.exit_ts < now) | ((result.exit_ts == now) & (result.entry_ts < now))
        held = np.flatnonzero(before & ~gone)
        # What rests counts at its own price, what is left of a position at the open.
        marks = [
            records["entry_price"][i] if result.entry_ts[i] >= now else opens[symbols[i]].get(int(now), np.nan)
            for i in held
        ]
        notional = (records["size"][held] - np.where(left_ts[held] <= now, part[held], 0.0)) * np.array(marks)
        equity = result.entry_equity[at]
        assert len(held) <= 4
        assert np.nansum(notional) <= 2.5 * equity * (1 + 1e-3)
        assert np.nansum(notional[symbols[held] == symbols[at]]) <= 1.2 * equity * (1 + 1e-3)


@SOME
@given(case=st.one_of(portfolio_cases(), portfolio_cases(busy=True)))
def test_an_account_never_falls_below_zero(case: PortfolioCase) -> None:
    layout = lay_out(case.tapes, order_legs(case.legs), **case.terms)
    trades, _, _, _, _, samples, _ = replay_portfolio(*layout.arguments)
    least = -1e-6 * case.initial_equity
    assert samples["equity"].min() >= 0.0
    assert case.initial_equity + np.cumsum(trades["pnl"]).min(initial=0.0) >= least
    assert (samples["cash"] - samples["margin"] - samples["reserved"] >= least).all()


@settings(deadline=None, max_examples=4)
@given(seed=SEEDS, busy=st.booleans())
def test_on_days_of_minutes_too_the_kernel_is_its_specification(*, seed: int, busy: bool) -> None:
    market = make_calm_portfolio(seed, days=3, busy=busy)
    layout = lay_out(
        market.tapes(),
        order_legs(market.legs),
        sizing=Signalled(),
        limits=TIGHT,
        costs=market.costs,
        rules={},
        initial_equity=10_000.0,
    )
    found, specified = replay_portfolio(*layout.arguments), replay_portfolio_py(*layout.arguments)
    assert len(found[0]) > 50
    np.testing.assert_array_equal(found[0], specified[0])
    for ours, theirs in zip(found, specified, strict=True):
        np.testing.assert_array_equal(ours, theirs)
