"""The kernel against a separate program written from the page of assumptions, and laws that any replay obeys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.backtest.replay import EXIT_REASONS
from edgeproof.kernels.replay import replay
from edgeproof.kernels.replay_events import gather_events
from edgeproof.kernels.replay_records import END, LIQUIDATION, PartRecords, TradeRecords
from fakes.replay_cases import STEP_MS, ReplayCase, replay_cases
from fakes.slow_exchange import SlowExchange

if TYPE_CHECKING:
    from edgeproof.domain.arrays import BoolArray

SOME = settings(deadline=None, max_examples=200)
MANY = settings(deadline=None, max_examples=500)


def run(
    case: ReplayCase, *, bars: int | None = None
) -> tuple[TradeRecords, PartRecords, BoolArray, tuple[int, int, int]]:
    index, code, _ = gather_events(case.long, case.short, case.exit_long, case.exit_short)
    return replay(*case.compiled_arguments(index, code, room=len(index), bars=bars))


@MANY
@given(case=st.one_of(replay_cases(), replay_cases(busy=True)))
def test_a_separate_program_written_from_the_page_finds_the_same_trades(case: ReplayCase) -> None:
    trades, _, _, counts = run(case)
    book = SlowExchange(case).run()
    assert counts == (book.late, book.refused, book.missed)
    found = [(t["side"], t["entry_bar"], t["exit_bar"], EXIT_REASONS[t["reason"]]) for t in trades]
    assert found == [(row[0], row[1], row[2], row[9]) for row in book.trades]
    for at, name in enumerate(("entry_price", "exit_price", "size", "pnl", "fees", "funding"), start=3):
        expected = np.array([row[at] for row in book.trades], dtype=np.float64)
        np.testing.assert_allclose(trades[name], expected, rtol=1e-9, atol=1e-9 * case.initial_equity, err_msg=name)


@SOME
@given(case=replay_cases())
def test_the_pnl_of_the_trades_is_what_the_account_gained(case: ReplayCase) -> None:
    trades, parts, *_ = run(case)
    gross = trades["side"] * trades["size"] * (trades["exit_price"] - trades["entry_price"])
    np.testing.assert_allclose(trades["pnl"], gross - trades["fees"] - trades["funding"], atol=1e-6)
    whole = trades[parts["trade"]]
    assert (parts["size"] < whole["size"]).all()
    assert ((parts["bar"] >= whole["entry_bar"]) & (parts["bar"] <= whole["exit_bar"])).all()
    assert case.initial_equity + trades["pnl"].sum() >= -1e-6


@SOME
@given(case=replay_cases())
def test_positions_never_overlap_and_costs_are_never_negative(case: ReplayCase) -> None:
    trades, *_ = run(case)
    assert (trades["exit_bar"] >= trades["entry_bar"]).all()
    assert (trades["entry_bar"][1:] >= trades["exit_bar"][:-1]).all()
    assert trades["bars_held"].sum() <= len(case.ts)
    for name in ("fees", "slippage", "mae", "mfe", "bars_held"):
        assert (trades[name] >= 0).all(), name


@SOME
@given(case=replay_cases())
def test_no_entry_is_earlier_than_its_decision_was_known(case: ReplayCase) -> None:
    trades, *_ = run(case)
    known = case.decision_ts[trades["decision"]] + case.decision_ms
    assert (case.ts[trades["entry_bar"]] >= known).all()
    assert (case.ts[trades["entry_bar"]] >= known + case.latency_ms - STEP_MS).all()


@SOME
@given(case=replay_cases())
def test_no_fill_is_better_than_any_price_of_its_bar(case: ReplayCase) -> None:
    trades, parts, rested, _ = run(case)
    entries, exits, long = trades["entry_bar"], trades["exit_bar"], trades["side"] > 0
    bought, sold = np.where(long, entries, exits), np.where(long, exits, entries)
    paid = np.where(long, trades["entry_price"], trades["exit_price"])
    got = np.where(long, trades["exit_price"], trades["entry_price"])
    # A venue takes a position over at a price of its own; a price of two exits is their mean.
    plain = (trades["reason"] != LIQUIDATION) & ~np.isin(np.arange(len(trades)), parts["trade"])
    assert (paid >= case.low[bought] * (1 - 1e-12))[plain].all()
    assert (got <= case.high[sold] * (1 + 1e-12))[plain].all()
    at_market = ~rested if len(rested) else np.ones(len(trades), np.bool_)
    assert (trades["side"] * (trades["entry_price"] - case.open_[entries]) >= -1e-9)[at_market].all()


@SOME
@given(case=replay_cases())
def test_later_bars_change_no_trade_that_ended_before_them(case: ReplayCase) -> None:
    whole, *_ = run(case)
    seen = max(1, len(case.ts) // 2)
    early, *_ = run(case, bars=seen)
    done = early[early["reason"] != END]
    np.testing.assert_array_equal(done, whole[: len(done)])
