"""What a replay found, in numbers with their units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from edgeproof.domain.frames import UTC_MS

MIN_TRADES_FOR_SHARPE: Final = 30

# One row a closed trade, in order of entry.
TRADE_LIST: Final = pl.Schema(
    {
        "symbol": pl.String(),
        "side": pl.String(),  # long or short
        "entry_ts": UTC_MS,
        "exit_ts": UTC_MS,
        "entry_price": pl.Float64(),  # as filled, slippage included
        "exit_price": pl.Float64(),  # of a position that left in two parts, their mean by size
        "size": pl.Float64(),  # base units, positive
        "pnl": pl.Float64(),  # quote units, after fees and funding
        "return": pl.Float64(),  # pnl over equity at entry; 0.01 = 1 %
        "fees": pl.Float64(),  # quote units, positive = paid
        "funding": pl.Float64(),  # quote units, positive = paid
        "slippage": pl.Float64(),  # quote units, positive = paid
        "mae": pl.Float64(),  # worst excursion from the entry, share of entry price, >= 0
        "mfe": pl.Float64(),  # best excursion, likewise
        "bars_held": pl.Int64(),  # execution bars
        "exit_reason": pl.String(),  # signal, reverse, stop, take, trail, max_hold, liquidation, end
    }
)

# One row for each part of a position that left at its target before the rest; its trade's row has both in its sums.
PARTIAL_EXITS: Final = pl.Schema(
    {
        "symbol": pl.String(),
        "side": pl.String(),  # long or short
        "entry_ts": UTC_MS,  # of its trade
        "ts": UTC_MS,
        "price": pl.Float64(),  # as filled, slippage included
        "size": pl.Float64(),  # base units, positive
        "fee": pl.Float64(),  # quote units, positive = paid
    }
)

# One row a sample of the account's equity, marked to market.
EQUITY_CURVE: Final = pl.Schema({"ts": UTC_MS, "equity": pl.Float64()})


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """An estimate with its confidence interval at ``level``."""

    estimate: float
    low: float
    high: float
    level: float = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """One result's measures. ``None`` means that the sample cannot support the number.

    Shares are fractions (0.01 = 1 %); money is in quote units; lengths of time are in their named unit.
    """

    days: float
    trades: int
    initial_equity: float
    final_equity: float
    total_return: float
    annual_return: float | None
    annual_volatility: float | None
    sharpe: Interval | None
    sortino: float | None
    calmar: float | None
    max_drawdown: float
    max_drawdown_days: float
    win_rate: float | None
    profit_factor: float | None
    expectancy: float | None
    average_win: float | None
    average_loss: float | None
    best_trade: float | None
    worst_trade: float | None
    exposure: float
    turnover: float
    fees: float
    funding: float
    slippage: float
    gross_profit: float
    gross_loss: float
    average_mae: float | None
    average_mfe: float | None
    average_hold_minutes: float | None
    median_hold_minutes: float | None
    liquidations: int
    rejected_orders: int
