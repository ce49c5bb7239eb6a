from __future__ import annotations

import pickle
import sys
from dataclasses import replace

import numpy as np
import pytest

from edgeproof.backtest import prepare_tape, replay_signals
from edgeproof.backtest.replay import EXIT_REASONS
from edgeproof.domain.errors import InvalidValue
from edgeproof.domain.results import EQUITY_CURVE, TRADE_LIST
from edgeproof.kernels.replay import TRADE_RECORD
from fakes.tiny_market import FREE, make_bars, make_funding, make_signals, trade

ROWS = [f"{100 + minute % 7} 110 95 {100 + (minute + 1) % 7}" for minute in range(50)]


def test_a_tape_gives_what_its_bars_and_funding_give() -> None:
    bars = make_bars(*ROWS)
    funding = make_funding({8: 0.001, 16: -0.002})
    signals = make_signals(bars, "L...xS....y" * 4, stop=4.0)
    once = replay_signals(bars, signals, costs=FREE, funding=funding)
    again = replay_signals(prepare_tape(bars, funding), signals, costs=FREE)
    np.testing.assert_array_equal(once.records, again.records)
    assert once.metrics == again.metrics


def test_one_value_for_all_decisions_gives_what_as_many_values_give() -> None:
    bars = make_bars(*ROWS)
    full = make_signals(bars, "L...xS....y" * 4, stop=4.0, take=6.0, leverage=2.0)
    stop, take, trail, leverage = (
        np.broadcast_to(values[:1], (50,)) for values in (full.stop, full.take, full.trail, full.leverage)
    )
    spread = replace(full, stop=stop, take=take, trail=trail, leverage=leverage)
    first, second = (replay_signals(bars, signals, costs=FREE) for signals in (full, spread))
    assert len(first.records) > 3
    np.testing.assert_array_equal(first.records, second.records)


def test_more_trades_than_there_was_room_for_are_all_kept() -> None:
    bars = make_bars(*["100 101 99 100"] * 70_000)
    replay = trade(bars, "L" * 70_000, max_hold=1)
    assert len(replay.records) == 69_999
    assert replay.trades["exit_reason"].value_counts().height == 2


def test_frames_have_the_declared_columns() -> None:
    replay = trade(make_bars(*ROWS), "L...xS....y" * 4, stop=4.0)
    assert replay.trades.schema == TRADE_LIST
    assert replay.equity.schema == EQUITY_CURVE
    assert set(replay.trades["exit_reason"]) <= set(EXIT_REASONS)
    assert set(replay.trades["side"]) == {"long", "short"}
    assert set(replay.trades["symbol"]) == {"TINY"}


def test_decisions_shorter_than_the_bars_are_refused() -> None:
    fives = make_bars("100", "100", timeframe="5m")
    with pytest.raises(InvalidValue, match="5m or longer"):
        replay_signals(fives, make_signals(make_bars("100", "100"), "L"), costs=FREE)


@pytest.mark.parametrize("equity", [0.0, -5.0, float("nan"), float("inf"), 1e16])
def test_an_account_needs_money_to_begin_with(equity: float) -> None:
    with pytest.raises(InvalidValue, match="initial_equity"):
        trade(make_bars("100", "100"), "L", equity=equity)


def test_a_hold_longer_than_time_is_never() -> None:
    replay = trade(make_bars("100", "100", "100", "101"), "L", max_hold=sys.maxsize)
    assert replay.trades["exit_reason"].to_list() == ["end"]


def test_a_replay_crosses_processes_without_its_bars() -> None:
    replay = trade(make_bars(*ROWS * 100), "L...xS....y" * 4)
    sent = pickle.dumps(replay)
    back = pickle.loads(sent)  # noqa: S301 - what was just made
    np.testing.assert_array_equal(back.records, replay.records)
    assert back.metrics == replay.metrics
    assert len(sent) < 50 * 100 * 8


def test_a_record_is_as_small_as_it_looks() -> None:
    assert TRADE_RECORD.itemsize == 96
