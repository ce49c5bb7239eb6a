"""Measures against `empyrical`, which we did not write, and against numbers worked out by hand."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from edgeproof.domain.time import MS_PER_DAY, MS_PER_HOUR
from edgeproof.evidence.measures import (
    add_up_trades,
    annualise_return,
    annualise_volatility,
    divide_by_downside,
    estimate_sharpe,
    measure_account,
)
from edgeproof.kernels.replay import TRADE_RECORD
from edgeproof.kernels.trade_sums import find_drawdown

if TYPE_CHECKING:
    from edgeproof.domain.arrays import FloatArray
    from edgeproof.domain.results import Metrics
    from edgeproof.kernels.replay import TradeRecords

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # an oracle of another age
    import empyrical

YEAR = 365
SOME = settings(deadline=None, max_examples=150)
RETURNS = arrays(np.float64, st.integers(10, 200), elements=st.floats(-0.3, 0.3, allow_subnormal=False)).filter(
    lambda returns: float(np.std(returns)) > 1e-4 and float(returns.min()) < -1e-3
)


def make_trades(*pnl: float, fees: float = 0.0) -> TradeRecords:
    trades = np.zeros(len(pnl), TRADE_RECORD)
    trades["pnl"], trades["fees"] = pnl, fees
    trades["entry_price"] = trades["exit_price"] = 100.0
    trades["size"] = 1.0
    return trades


def measure(*pnl: float, returns: FloatArray | None = None) -> Metrics:
    daily = np.array([sum(pnl) / 1_000.0]) if returns is None else returns
    equity = 1_000.0 * np.concatenate([[1.0], np.cumprod(1.0 + daily)])
    return measure_account(
        add_up_trades(make_trades(*pnl), np.full(len(pnl), 60_000)),
        initial_equity=1_000.0,
        equity_ts=np.arange(len(equity)) * MS_PER_DAY,
        equity=equity,
        daily_returns=daily,
        exposure=0.5,
    )


@SOME
@given(returns=RETURNS)
def test_ratios_agree_with_empyrical(returns: FloatArray) -> None:
    sharpe = estimate_sharpe(returns)
    assert sharpe is not None
    assert sharpe.estimate == pytest.approx(empyrical.sharpe_ratio(returns, annualization=YEAR), rel=1e-9)
    assert divide_by_downside(returns) == pytest.approx(empyrical.sortino_ratio(returns, annualization=YEAR), rel=1e-9)
    assert annualise_volatility(returns) == pytest.approx(
        empyrical.annual_volatility(returns, annualization=YEAR), rel=1e-9
    )


@SOME
@given(returns=RETURNS)
def test_drawdown_return_and_calmar_agree_with_empyrical(returns: FloatArray) -> None:
    metrics = measure(1.0, returns=returns)
    assert metrics.max_drawdown == pytest.approx(-empyrical.max_drawdown(returns), rel=1e-9)
    yearly = empyrical.annual_return(returns, annualization=YEAR)
    if math.isfinite(yearly):
        assert metrics.annual_return == pytest.approx(yearly, rel=1e-9, abs=1e-12)
        assert metrics.calmar == pytest.approx(empyrical.calmar_ratio(returns, annualization=YEAR), rel=1e-9, abs=1e-9)


def test_the_interval_of_a_sharpe_ratio_is_what_mertens_formula_says() -> None:
    returns = np.array([0.01, -0.005, 0.02, -0.01, 0.004, 0.003, -0.002, 0.015, -0.012, 0.006])
    ratio = returns.mean() / returns.std(ddof=1)
    centred = (returns - returns.mean()) / returns.std()
    skew, kurtosis = np.mean(centred**3), np.mean(centred**4)
    error = math.sqrt((1 - skew * ratio + (kurtosis - 1) / 4 * ratio**2) / 9)
    sharpe = estimate_sharpe(returns)
    assert sharpe is not None
    assert sharpe.low == pytest.approx((ratio - 1.959963985 * error) * math.sqrt(YEAR), rel=1e-8)
    assert sharpe.high == pytest.approx((ratio + 1.959963985 * error) * math.sqrt(YEAR), rel=1e-8)


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    stream = np.random.default_rng(7)
    truth = 0.1 * math.sqrt(YEAR)
    inside = 0
    for _ in range(400):
        # Skewed and fat-tailed, mean a tenth of the deviation.
        draws = stream.gamma(2.0, 1.0, 250)
        sharpe = estimate_sharpe((draws - 2.0) / math.sqrt(2.0) * 0.01 + 0.001)
        assert sharpe is not None
        inside += sharpe.low <= truth <= sharpe.high
    assert 0.92 <= inside / 400 <= 0.98


def test_fewer_than_thirty_trades_give_no_sharpe_ratio() -> None:
    returns = np.array([0.01, -0.005, 0.02, 0.001])
    assert measure(*[1.0] * 29, returns=returns).sharpe is None
    assert measure(*[1.0] * 30, returns=returns).sharpe is not None


@pytest.mark.parametrize("returns", [[], [0.01], [0.01, 0.02], [0.01] * 50, [0.0] * 50])
def test_too_few_or_equal_days_give_no_sharpe_ratio(returns: list[float]) -> None:
    assert estimate_sharpe(np.array(returns)) is None


def test_without_a_losing_day_there_is_no_sortino_ratio() -> None:
    assert divide_by_downside(np.array([0.01, 0.02, 0.0])) is None


def test_less_than_a_week_has_no_yearly_pace() -> None:
    assert annualise_return(np.full(6, 0.01)) is None
    assert annualise_return(np.full(7, 0.01)) == pytest.approx(1.01**365 - 1)


def test_a_pace_no_float_can_hold_is_not_told_and_ruin_is_told_plainly() -> None:
    assert annualise_return(np.full(7, 9.0)) is None
    assert annualise_return(np.array([0.1, -1.0, 0.0, 0.0, 0.0, 0.0, 0.0])) == -1.0


def test_profits_and_losses_worked_out_by_hand() -> None:
    metrics = measure(30.0, -10.0, 0.0, 20.0, -20.0)
    assert (metrics.win_rate, metrics.profit_factor, metrics.expectancy) == (0.4, 50 / 30, 4.0)
    assert (metrics.average_win, metrics.average_loss) == (25.0, -15.0)
    assert (metrics.best_trade, metrics.worst_trade) == (30.0, -20.0)
    assert (metrics.gross_profit, metrics.gross_loss) == (50.0, 30.0)


def test_without_losses_there_is_no_profit_factor() -> None:
    metrics = measure(30.0, 10.0)
    assert (metrics.profit_factor, metrics.average_loss) == (None, None)


def test_without_trades_nothing_is_known_about_trades() -> None:
    metrics = measure()
    ratios = ("sharpe", "calmar", "win_rate", "profit_factor", "expectancy", "average_win", "average_loss")
    trades = ("best_trade", "worst_trade", "average_mae", "average_mfe", "average_hold_minutes", "median_hold_minutes")
    assert [name for name in (*ratios, *trades) if getattr(metrics, name) is not None] == []
    assert (metrics.trades, metrics.fees, metrics.turnover, metrics.total_return) == (0, 0.0, 0.0, 0.0)


def test_turnover_is_notional_of_both_fills_over_the_average_equity() -> None:
    assert measure(0.0, 0.0).turnover == pytest.approx(2 * 200 / 1_000)


@pytest.mark.parametrize(("minutes", "median"), [([5], 5.0), ([9, 1, 5], 5.0), ([1, 2, 10, 20], 6.0), ([3, 3], 3.0)])
def test_the_median_hold_is_in_the_middle(minutes: list[int], median: float) -> None:
    sums = add_up_trades(make_trades(*[1.0] * len(minutes)), np.array(minutes) * 60_000)
    assert sums.median_hold_ms / 60_000 == median
    assert sums.hold_ms == sum(minutes) * 60_000


@pytest.mark.parametrize(
    ("equity", "depth", "hours"),
    [
        ([100], 0.0, 0),
        ([100, 110, 120], 0.0, 0),
        ([100, 50, 100], 0.5, 2),
        ([100, 50, 75, 99], 0.5, 3),
        ([100, 90, 100, 99, 98, 97, 100], 0.1, 4),
        ([100, 100, 90, 100], 0.1, 2),
        ([100, 0, 0], 1.0, 2),
    ],
)
def test_a_drawdown_is_as_deep_as_its_fall_and_as_long_as_until_the_peak_is_reached_again(
    equity: list[float], depth: float, hours: int
) -> None:
    found = find_drawdown(np.arange(len(equity)) * MS_PER_HOUR, np.array(equity, dtype=np.float64))
    assert found == (depth, hours * MS_PER_HOUR)
