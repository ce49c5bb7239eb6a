from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from edgeproof.backtest import backtest_signals
from edgeproof.backtest.replay import EXIT_REASONS
from edgeproof.execution import Costs
from fakes.replay_cases import STEP_MS, ReplayCase
from fakes.slow_exchange import SlowExchange

if TYPE_CHECKING:
    from pathlib import Path

FILE = "freqtrade_a/BTC_USDT_USDT-1m-futures.feather"


@pytest.mark.real_data
def test_a_day_of_real_minutes_gives_the_trades_of_the_separate_program(market_data: Path) -> None:
    path = market_data / FILE
    if not path.is_file():
        pytest.skip(f"{FILE} is absent")
    bars = pl.read_ipc(path).rename({"date": "ts"}).head(1_440)
    close = bars["close"].to_numpy()
    stream = np.random.default_rng(3)
    draws = stream.random((2, len(close))) < 0.02
    stop, take = 0.002 * close, 0.003 * close
    costs = Costs(latency_ms=0)
    result = backtest_signals(
        bars, long=draws[0], short=draws[1], stop=stop, take=take, leverage=3.0, costs=costs, max_hold=200
    )
    nothing = np.zeros(len(close), np.bool_)
    book = SlowExchange(
        ReplayCase(
            ts=bars["ts"].dt.epoch("ms").to_numpy(),
            open_=bars["open"].to_numpy(),
            high=bars["high"].to_numpy(),
            low=bars["low"].to_numpy(),
            close=close,
            decision_ts=bars["ts"].dt.epoch("ms").to_numpy(),
            decision_close=close,
            decision_ms=STEP_MS,
            long=draws[0],
            short=draws[1],
            exit_long=nothing,
            exit_short=nothing,
            stop=stop,
            take=take,
            trail=np.array([np.nan]),
            leverage=np.array([3.0]),
            max_hold=200,
            funding_bar=np.empty(0, np.int64),
            funding_rate=np.empty(0),
            initial_equity=10_000.0,
            taker=costs.taker,
            slippage=costs.slippage,
            latency_ms=0,
            lot=0.0,
            tick=0.0,
            min_size=0.0,
            max_leverage=150.0,
            maintenance=0.005,
        )
    ).run()
    (replay,) = result.by_symbol.values()
    assert len(book.trades) > 15
    assert [(t["entry_bar"], t["exit_bar"], EXIT_REASONS[t["reason"]]) for t in replay.records] == [
        (row[1], row[2], row[9]) for row in book.trades
    ]
    np.testing.assert_allclose(replay.records["pnl"], [row[6] for row in book.trades], rtol=1e-9, atol=1e-7)
