"""The compiled portfolio replay, its specification and, for one leg, the single replay are one function."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgeproof.backtest import replay_signals
from edgeproof.backtest.portfolio import Leg, Signalled, order_legs, replay_legs
from edgeproof.backtest.portfolio.orders import lay_out
from edgeproof.kernels.portfolio import replay_portfolio
from edgeproof.kernels.portfolio_py import replay_portfolio_py
from edgeproof.kernels.replay_records import PART_RECORD, TRADE_RECORD
from fakes.portfolio_cases import PortfolioCase, make_costs, make_rules, make_signals, make_tape, portfolio_cases
from fakes.replay_cases import STEP_MS, ReplayCase, replay_cases

SMALL = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
LARGE = settings(SMALL, max_examples=2_000)


@SMALL
@given(case=st.one_of(portfolio_cases(), portfolio_cases(busy=True)))
def test_the_kernel_and_its_specification_agree_to_the_last_bit(case: PortfolioCase) -> None:
    check_specification(case)


@pytest.mark.slow
@LARGE
@given(case=st.one_of(portfolio_cases(), portfolio_cases(busy=True)))
def test_they_agree_on_many_more_portfolios(case: PortfolioCase) -> None:
    check_specification(case)


@SMALL
@given(case=st.one_of(replay_cases(), replay_cases(busy=True)))
def test_one_leg_without_limits_is_the_single_replay_to_the_last_bit(case: ReplayCase) -> None:
    check_single(case)


@pytest.mark.slow
@LARGE
@given(case=st.one_of(replay_cases(), replay_cases(busy=True)))
def test_one_leg_is_the_single_replay_in_many_more_markets(case: ReplayCase) -> None:
    check_single(case)


def check_specification(case: PortfolioCase) -> None:
    layout = lay_out(case.tapes, order_legs(case.legs), **case.terms)
    # Described at every close, not only at those of hours.
    closes = np.unique(np.concatenate([tape.bars.ts + STEP_MS for tape in case.tapes.values()]))
    others = {id(layout.sample_ts): closes, id(layout.day_ends): np.arange(len(closes))}
    arguments: list[Any] = [others.get(id(given), given) for given in layout.arguments]
    pairs: Any = zip(replay_portfolio(*arguments), replay_portfolio_py(*arguments), strict=True)
    for ours, theirs in pairs:
        assert len(ours) == len(theirs)
        for field in ours.dtype.names or ():
            np.testing.assert_array_equal(ours[field], theirs[field], err_msg=field)
        if ours.dtype.names is None:
            np.testing.assert_array_equal(ours, theirs)


def check_single(case: ReplayCase) -> None:
    tape, signals = make_tape(case), make_signals(case)
    terms: dict[str, Any] = {"costs": make_costs(case), "initial_equity": case.initial_equity}
    single = replay_signals(tape, signals, rules=make_rules(case), symbol="A", **terms)
    leg = Leg(name="only", symbol="A", signals=signals)
    account = replay_legs({"A": tape}, [leg], rules={"A": make_rules(case)}, sizing=Signalled(share=1.0), **terms)
    for field in TRADE_RECORD.names or ():
        np.testing.assert_array_equal(account.records[field], single.records[field], err_msg=field)
    for field in PART_RECORD.names or ():
        np.testing.assert_array_equal(account.parts[field], single.parts[field], err_msg=field)
    np.testing.assert_array_equal(account.account["equity"], single.equity_values)
    np.testing.assert_array_equal(account.daily_returns, single.daily_returns)
    assert account.metrics == single.metrics
    assert account.trades.drop("leg").equals(single.trades)
    assert account.partial_exits.drop("leg").equals(single.partial_exits)
    skipped = account.legs[0].skipped
    names = ("late", "refused", "ambiguous", "missed")
    assert [skipped.get(name, 0) for name in names] == [getattr(single.unfilled, name) for name in names]
