from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.domain.results import PARTIAL_EXITS
from edgeproof.sheets.curve import read_curve
from edgeproof.sheets.spreads import average_exposure, count_returns, scatter, tabulate
from edgeproof.sheets.thinning import keep_extremes
from fakes.accounts import START_MS, leave_in_parts, make_curve, make_trades

HOUR_MS = 3_600_000
NO_PARTS = PARTIAL_EXITS.to_frame()
NUMBERS = st.lists(st.floats(-0.5, 0.5), min_size=1, max_size=300).map(np.array)


@settings(deadline=None, max_examples=100)
@given(returns=NUMBERS)
def test_a_histogram_counts_every_trade_once(returns: np.ndarray) -> None:
    histogram = count_returns(returns)
    assert histogram is not None
    assert histogram.counts.sum() == len(returns)
    assert 1 <= len(histogram.counts) <= 70
    assert (np.diff(histogram.edges) > 0.0).all()


def test_no_bar_of_a_histogram_holds_wins_and_losses() -> None:
    histogram = count_returns(np.random.default_rng(1).normal(0.0, 0.01, 1_000))
    assert histogram is not None
    assert np.abs(histogram.edges).min() == 0.0


@pytest.mark.parametrize("returns", [[], [np.nan], [np.nan, np.inf]])
def test_no_number_is_no_histogram(returns: list[float]) -> None:
    assert count_returns(np.array(returns)) is None


@settings(deadline=None, max_examples=50)
@given(values=NUMBERS)
def test_a_cloud_stands_for_every_point_and_keeps_the_outermost(values: np.ndarray) -> None:
    cloud = scatter(values, values[::-1].copy())
    assert cloud.counts.sum() == len(values)
    assert (cloud.x.min(), cloud.x.max()) == pytest.approx((values.min(), values.max()), abs=np.ptp(values) / 100)


@settings(deadline=None, max_examples=50)
@given(values=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=2_000).map(np.array), most=st.integers(4, 100))
def test_a_thinned_curve_keeps_its_ends_its_highest_and_its_lowest(values: np.ndarray, most: int) -> None:
    kept = keep_extremes(values, most=most)
    assert len(kept) <= max(most, 4)
    assert (np.diff(kept) > 0).all()
    assert {0, len(values) - 1} <= set(kept.tolist())
    assert values[kept].min() == values.min()
    assert values[kept].max() == values.max()


def test_exposure_is_notional_over_equity_minute_by_minute() -> None:
    trades = make_trades(200)
    curve = read_curve(make_curve(*np.random.default_rng(2).uniform(900.0, 1_100.0, 8 * 24)))
    exposure = average_exposure(trades, NO_PARTS, curve.ts, curve.equity)
    assert exposure is not None
    assert exposure.step_ms == HOUR_MS
    minutes = START_MS + np.arange(8 * 24 * 60) * 60_000
    long = np.zeros(len(minutes))
    for trade in trades.filter(side="long").iter_rows(named=True):
        entry, leave = (trade[name].timestamp() * 1_000 for name in ("entry_ts", "exit_ts"))
        long[(minutes >= entry) & (minutes < leave)] += trade["size"] * trade["entry_price"]
    steps = len(exposure.ts)
    expected = long.reshape(-1, 60).mean(axis=1)[:steps] / curve.equity[:steps]
    np.testing.assert_allclose(exposure.long, expected, atol=1e-9)


def test_what_has_left_is_no_longer_at_stake() -> None:
    _, result = leave_in_parts(share=0.9)
    curve = read_curve(result.equity)
    exposure = average_exposure(result.trades, result.partial_exits, curve.ts, curve.equity)
    assert exposure is not None
    trade = result.trades.row(0, named=True)
    whole = trade["size"] * trade["entry_price"]
    assert exposure.long[0] * curve.equity[0] == pytest.approx(whole * (0.1 * 58 + 1.0) / 60, rel=1e-9)
    assert exposure.long[1:-1] * curve.equity[1 : len(exposure.long) - 1] == pytest.approx(0.1 * whole, rel=1e-9)
    assert not exposure.short.any()


def test_a_curve_of_one_moment_has_no_exposure() -> None:
    curve = read_curve(make_curve(1_000.0))
    assert average_exposure(make_trades(3), NO_PARTS, curve.ts, curve.equity) is None


def test_an_account_without_equity_has_nothing_at_stake() -> None:
    curve = read_curve(make_curve(*[0.0] * 200))
    exposure = average_exposure(make_trades(30), NO_PARTS, curve.ts, curve.equity)
    assert exposure is not None
    assert exposure.long.max() == exposure.short.max() == 0.0


@pytest.mark.parametrize("by", ["side", "exit_reason", "symbol"])
def test_groups_of_trades_add_up_to_all(by: str) -> None:
    trades = make_trades(300)
    groups = tabulate(trades, by)
    assert groups["trades"].sum() == 300
    assert groups["pnl"].sum() == pytest.approx(trades["pnl"].sum())
    assert (groups["wins"] * groups["trades"]).sum() == pytest.approx((trades["pnl"] > 0.0).sum())


def test_samples_that_are_not_numbers_are_left_out_and_counted() -> None:
    frame = make_curve(1.0, float("nan"), 2.0, float("inf"))
    frame = pl.concat([frame, make_curve(3.0).with_columns(equity=pl.lit(None, pl.Float64))])
    curve = read_curve(frame)
    assert curve.equity.tolist() == [1.0, 2.0]
    assert curve.left_out == 3
