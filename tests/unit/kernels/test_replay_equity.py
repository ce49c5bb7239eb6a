from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.kernels.replay import replay
from edgeproof.kernels.replay_equity import find_bad_bar, find_bad_bar_py, mark_equity, mark_equity_py
from edgeproof.kernels.replay_events import gather_events
from edgeproof.kernels.trade_sums import (
    find_drawdown,
    find_drawdown_py,
    sum_trades,
    sum_trades_py,
    time_trades,
    time_trades_py,
)
from fakes.replay_cases import STEP_MS, ReplayCase, replay_cases

SOME = settings(deadline=None, max_examples=150)
PRICES = np.array([100.0, 101.0, 102.0])
MINUTES = np.arange(3) * STEP_MS


@SOME
@given(case=st.one_of(replay_cases(), replay_cases(busy=True)))
def test_kernels_over_an_account_agree_with_their_plain_twins(case: ReplayCase) -> None:
    index, code, _ = gather_events(case.long, case.short, case.exit_long, case.exit_short)
    trades, parts, rested, _ = replay(*case.compiled_arguments(index, code, room=len(index)))
    samples = np.arange(0, len(case.ts), 3)
    prices = case.close[samples], case.open_
    account = (trades, parts, rested, samples, *prices, case.funding_bar, case.funding_rate)
    equity = mark_equity(*account, case.initial_equity, case.taker, case.maker)
    np.testing.assert_array_equal(equity, mark_equity_py(*account, case.initial_equity, case.taker, case.maker))
    np.testing.assert_array_equal(sum_trades(trades), sum_trades_py(trades))
    for fast, plain in zip(
        time_trades(trades, case.ts, STEP_MS), time_trades_py(trades, case.ts, STEP_MS), strict=True
    ):
        np.testing.assert_array_equal(fast, plain)
    assert find_drawdown(case.ts[samples], equity) == find_drawdown_py(case.ts[samples], equity)


@SOME
@given(case=st.one_of(replay_cases(), replay_cases(busy=True)))
def test_the_last_mark_is_what_the_account_ended_with(case: ReplayCase) -> None:
    index, code, _ = gather_events(case.long, case.short, case.exit_long, case.exit_short)
    trades, parts, rested, _ = replay(*case.compiled_arguments(index, code, room=len(index)))
    last = np.array([len(case.ts) - 1])
    prices = case.close[last], case.open_, case.funding_bar, case.funding_rate
    marked = mark_equity(trades, parts, rested, last, *prices, case.initial_equity, case.taker, case.maker)
    assert marked[0] == pytest.approx(case.initial_equity + trades["pnl"].sum(), abs=1e-6)


@pytest.mark.parametrize("kernel", [find_bad_bar, find_bad_bar_py])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 0.0, -1.0, 1e13])
@pytest.mark.parametrize("column", range(4))
def test_a_price_that_is_no_price_is_found(kernel: object, bad: float, column: int) -> None:
    columns = [PRICES, PRICES + 1, PRICES - 1, PRICES]
    columns[column] = np.where(np.arange(3) == 1, bad, columns[column])
    assert callable(kernel)
    assert kernel(MINUTES, *columns, STEP_MS, 1e-12, 1e12)[0] == 1


@pytest.mark.parametrize("kernel", [find_bad_bar, find_bad_bar_py])
def test_bars_too_close_or_upside_down_are_found_and_odd_opens_only_noted(kernel: object) -> None:
    assert callable(kernel)
    close_by = np.array([0, STEP_MS, 2 * STEP_MS - 1])
    sound = (PRICES, PRICES + 1, PRICES - 1, PRICES)
    assert kernel(close_by, *sound, STEP_MS, 1e-12, 1e12)[0] == 2
    assert kernel(MINUTES, PRICES, PRICES - 2, PRICES - 1, PRICES, STEP_MS, 1e-12, 1e12)[0] == 0
    assert tuple(kernel(MINUTES, *sound, STEP_MS, 1e-12, 1e12)) == (-1, False)
    assert tuple(kernel(MINUTES, PRICES + 5, PRICES + 1, PRICES - 1, PRICES, STEP_MS, 1e-12, 1e12)) == (-1, True)
