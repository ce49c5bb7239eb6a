"""When money was made, against empyrical and against counting by hand."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.evidence import estimate_sharpe
from edgeproof.kernels.trade_sums import find_drawdown
from edgeproof.sheets.periods import add_up_week_hours, find_drawdowns, list_months, measure_underwater, roll_sharpe
from fakes.accounts import START_MS, make_trades, trade_walk

HOUR_MS = 3_600_000
CURVES = st.lists(st.floats(1.0, 1_000.0), min_size=1, max_size=80).map(np.array)


@settings(deadline=None, max_examples=80)
@given(equity=CURVES)
def test_drawdowns_are_what_a_walk_from_peak_to_peak_finds(equity: np.ndarray) -> None:
    ts = START_MS + np.arange(len(equity)) * HOUR_MS
    found = find_drawdowns(ts, equity, most=100)
    expected: list[tuple[int, int, int | None]] = []
    peak_at = bottom = 0
    for at in range(1, len(equity)):
        if equity[at] >= equity[peak_at]:
            if bottom > peak_at:
                expected.append((peak_at, bottom, at))
            peak_at = bottom = at
        elif equity[at] < equity[bottom] or bottom == peak_at:
            bottom = at
    if bottom > peak_at:
        expected.append((peak_at, bottom, None))
    told = {(int(ts[p]), int(ts[b]), None if e is None else int(ts[e])) for p, b, e in expected}
    assert {(fall.peak_ms, fall.bottom_ms, fall.back_ms) for fall in found} == told
    assert [fall.depth for fall in found] == sorted((fall.depth for fall in found), reverse=True)


@settings(deadline=None, max_examples=50)
@given(equity=CURVES)
def test_the_deepest_and_the_longest_are_those_that_were_measured(equity: np.ndarray) -> None:
    ts = START_MS + np.arange(len(equity)) * HOUR_MS
    depth, length_ms = find_drawdown(ts, equity)
    found = find_drawdowns(ts, equity, most=100)
    assert max((fall.depth for fall in found), default=0.0) == pytest.approx(depth)
    assert max((fall.days for fall in found), default=0.0) * 24 * HOUR_MS == pytest.approx(length_ms)


@settings(deadline=None, max_examples=50)
@given(equity=CURVES)
def test_the_water_agrees_with_empyrical(equity: np.ndarray) -> None:
    empyrical = pytest.importorskip("empyrical")
    returns = np.diff(equity) / equity[:-1]
    deepest = empyrical.max_drawdown(returns) if len(returns) else 0.0
    assert measure_underwater(equity).min() == pytest.approx(deepest, abs=1e-9)


def test_months_agree_with_empyrical() -> None:
    empyrical, pandas = pytest.importorskip("empyrical"), pytest.importorskip("pandas")
    returns = np.random.default_rng(3).normal(0.0, 0.02, 500)
    first = date(2023, 11, 17)
    expected = empyrical.aggregate_returns(pandas.Series(returns, pandas.date_range(first, periods=500)), "monthly")
    months = list_months(first, returns)
    assert [(month.year, month.month) for month in months] == list(expected.index)
    np.testing.assert_allclose([month.gained for month in months], expected.to_numpy())
    assert [month.whole for month in months[:3]] == [False, True, True]


def test_months_compound_to_what_the_account_returned() -> None:
    _, result = trade_walk()
    gained = np.prod([1.0 + month.gained for month in list_months(result.first_day, result.daily_returns)]) - 1.0
    assert gained == pytest.approx(result.metrics.total_return)


def test_hours_of_the_week_add_up_to_all_trades() -> None:
    trades = make_trades(500)
    hours = add_up_week_hours(trades)
    assert hours.pnl.sum() == pytest.approx(trades["pnl"].sum())
    assert hours.trades.sum() == 500
    first = trades.row(0, named=True)["entry_ts"]
    there = trades.filter(
        (pl.col("entry_ts").dt.hour() == first.hour) & (pl.col("entry_ts").dt.weekday() == first.isoweekday())
    )
    assert hours.pnl[first.hour, first.weekday()] == pytest.approx(there["pnl"].sum())


def test_the_rolling_ratio_is_that_of_its_days() -> None:
    returns = np.random.default_rng(3).normal(0.001, 0.02, 100)
    rolling = roll_sharpe(date(2025, 1, 1), returns)
    assert rolling is not None
    assert rolling.window == 30
    assert rolling.days[0] == date(2025, 1, 30)
    assert rolling.days[-1] == date(2025, 4, 10)
    assert rolling.values[5] == estimate_sharpe(returns[5:35])


@pytest.mark.parametrize(("days", "window"), [(19, None), (20, 10), (60, 20), (900, 30)])
def test_the_rolling_window_fits_the_record(days: int, window: int | None) -> None:
    rolling = roll_sharpe(date(2025, 1, 1), np.random.default_rng(3).normal(0.001, 0.02, days))
    assert (rolling and rolling.window) == window
