"""Accounts to be shown: a result of the real replay over a generated walk, and one put together by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from edgeproof.backtest import backtest_signals
from edgeproof.backtest.replay import CostBreakdown
from edgeproof.domain.frames import UTC_MS
from edgeproof.domain.results import EQUITY_CURVE, TRADE_LIST, Metrics
from edgeproof.execution import Costs

if TYPE_CHECKING:
    from edgeproof.backtest import BacktestResult
    from edgeproof.domain.arrays import FloatArray

START_MS = 1_735_689_600_000  # 2025-01-01T00:00Z, a Wednesday
MINUTE_MS = 60_000
NOTHING_DONE = Metrics(
    days=0.0, trades=0, initial_equity=1_000.0, final_equity=1_000.0, total_return=0.0, annual_return=None,
    annual_volatility=None, sharpe=None, sortino=None, calmar=None, max_drawdown=0.0, max_drawdown_days=0.0,
    win_rate=None, profit_factor=None, expectancy=None, average_win=None, average_loss=None, best_trade=None,
    worst_trade=None, exposure=0.0, turnover=0.0, fees=0.0, funding=0.0, slippage=0.0, gross_profit=0.0, gross_loss=0.0,
    average_mae=None, average_mfe=None, average_hold_minutes=None, median_hold_minutes=None, liquidations=0,
    rejected_orders=0,
)  # fmt: skip
NOTHING_PAID = CostBreakdown(gross=0.0, slippage=0.0, fees=0.0, funding=0.0, net=0.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HandmadeAccount:
    """An account as somebody else's engine might give it."""

    metrics: Metrics = NOTHING_DONE
    equity: pl.DataFrame = field(default_factory=EQUITY_CURVE.to_frame)
    trades: pl.DataFrame = field(default_factory=TRADE_LIST.to_frame)
    costs: CostBreakdown = NOTHING_PAID
    daily_returns: FloatArray = field(default_factory=lambda: np.empty(0))
    first_day: date = date(2025, 1, 1)


def make_walk(count: int, *, minutes: int = 60, seed: int = 1) -> pl.DataFrame:
    """Bars of a fair walk around 100, one after the other from `START_MS` on."""
    random = np.random.default_rng(seed)
    close = 100.0 * np.exp(np.cumsum(random.normal(0.0, 0.004, count)))
    open_ = np.concatenate([[100.0], close[:-1]])
    reach = 1.0 + np.abs(random.normal(0.0, 0.003, (2, count)))
    ts = START_MS + np.arange(count) * minutes * MINUTE_MS
    return pl.DataFrame(
        {
            "ts": pl.Series(ts).cast(UTC_MS),
            "open": open_,
            "high": np.maximum(open_, close) * reach[0],
            "low": np.minimum(open_, close) / reach[1],
            "close": close,
            "volume": np.ones(count),
        }
    )


def trade_walk(
    count: int = 2_400, *, every: int = 10, minutes: int = 60, seed: int = 1
) -> tuple[pl.DataFrame, BacktestResult]:
    """Bars, and what becomes of an account that goes long and short in turn on them."""
    bars = make_walk(count, minutes=minutes, seed=seed)
    at = np.arange(count)
    long, short = at % (2 * every) == every // 2, at % (2 * every) == every + every // 2
    leave = at % every == every - 1
    return bars, backtest_signals(
        bars, long=long, short=short, exit_long=leave, exit_short=leave, stop=1.0, timeframe=f"{minutes}m"
    )


def leave_in_parts(*, share: float, hours: int = 10) -> tuple[pl.DataFrame, BacktestResult]:
    """Minutes at 100 of which one touches 111, and a long held through them whose share leaves at 110, free of costs.

    It enters with the second minute and leaves in part with the third, and is closed at 100 when the bars end.
    """
    price = np.full(hours * 60, 100.0)
    high = price.copy()
    high[2] = 111.0
    ts = pl.Series(START_MS + np.arange(len(price)) * MINUTE_MS).cast(UTC_MS)
    bars = pl.DataFrame({"ts": ts, "open": price, "high": high, "low": price, "close": price})
    costs = Costs(taker=0.0, slippage=0.0)
    entries = np.arange(len(price)) == 0
    return bars, backtest_signals(bars, long=entries, take=10.0, take_share=share, costs=costs, timeframe="1m")


def make_trades(rows: int, *, seed: int = 1) -> pl.DataFrame:
    """Trades of a week, each an hour or so long, of which some overlap."""
    random = np.random.default_rng(seed)
    entry = START_MS + np.sort(random.integers(0, 7 * 24 * 60, rows)) * MINUTE_MS
    pnl = random.normal(0.0, 10.0, rows)
    columns = {
        "symbol": ["BTC-USDT"] * rows,
        "side": np.where(random.random(rows) < 0.5, "long", "short"),
        "entry_ts": pl.Series(entry).cast(UTC_MS),
        "exit_ts": pl.Series(entry + random.integers(1, 120, rows) * MINUTE_MS).cast(UTC_MS),
        "entry_price": random.uniform(90.0, 110.0, rows),
        "exit_price": random.uniform(90.0, 110.0, rows),
        "size": random.uniform(0.1, 2.0, rows),
        "pnl": pnl,
        "return": pnl / 1_000.0,
        "fees": random.uniform(0.0, 1.0, rows),
        "funding": random.normal(0.0, 0.1, rows),
        "slippage": random.uniform(0.0, 1.0, rows),
        "mae": random.uniform(0.0, 0.05, rows),
        "mfe": random.uniform(0.0, 0.05, rows),
        "bars_held": random.integers(1, 120, rows),
        "exit_reason": random.choice(["signal", "stop", "take"], rows),
    }
    return pl.DataFrame(columns).select(pl.col(name).cast(dtype) for name, dtype in TRADE_LIST.items())


def make_curve(*values: float) -> pl.DataFrame:
    """Equity by the hour from `START_MS` on."""
    moments = [datetime.fromtimestamp(START_MS / 1_000 + 3_600 * hour, UTC) for hour in range(len(values))]
    return pl.DataFrame({"ts": moments, "equity": [float(value) for value in values]}, EQUITY_CURVE)
