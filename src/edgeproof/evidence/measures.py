"""The measures of one account: what it earned, at what risk, at what cost.

A measure that its sample cannot support is ``None``, never NaN or infinity: no Sharpe ratio from fewer than 30 trades,
no yearly figure from less than a week, no ratio over a risk of zero. Ratios are annualised over 365 days, because these
markets never close. Daily returns are simple returns of equity from one UTC midnight to the next.

Source of the Sharpe ratio's error: E. Mertens, *Comments on variance of the IID estimator in Lo (2002)*, 2002, which
extends A. W. Lo, *The Statistics of Sharpe Ratios*, Financial Analysts Journal 58(4), 2002, to returns that are not
normal: for a daily ratio s of n returns with skewness g and kurtosis k, the error is
``sqrt((1 - g * s + (k - 1) / 4 * s ** 2) / (n - 1))``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.special import ndtri

from edgeproof.domain.results import MIN_TRADES_FOR_SHARPE, Interval, Metrics
from edgeproof.domain.time import MS_PER_DAY, MS_PER_MINUTE
from edgeproof.evidence.sharpe import measure_moments
from edgeproof.kernels.trade_sums import find_drawdown, sum_trades

if TYPE_CHECKING:
    from edgeproof.domain.arrays import FloatArray, IntArray
    from edgeproof.kernels.replay import TradeRecords

DAYS_PER_YEAR: Final = 365
MIN_DAYS_TO_ANNUALISE: Final = 7
_LEVEL: Final = 0.95
_MIN_RETURNS: Final = 2
# Spreads and losses this small are rounding.
_NOTHING: Final = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeSums:
    """Closed trades added up; money in quote units.

    Attributes:
        trades: How many.
        wins, losses: How many gained and lost; one that did neither is neither.
        gained, lost: Money made by wins and lost by losses, both positive.
        best, worst: Largest and smallest pnl; 0 where there are no trades.
        fees, funding, slippage: Positive = paid.
        turnover: Notional at entries and exits together.
        mae, mfe: Sums of worst and best excursions, shares of the entry price.
        bars_held: Execution bars.
        liquidations: How many ended in one.
        hold_ms: Sum of times from entry to exit.
        median_hold_ms: Half of the trades were held no longer.
    """

    trades: int
    wins: int
    losses: int
    gained: float
    lost: float
    best: float
    worst: float
    fees: float
    funding: float
    slippage: float
    turnover: float
    mae: float
    mfe: float
    bars_held: int
    liquidations: int
    hold_ms: int
    median_hold_ms: float


def add_up_trades(records: TradeRecords, hold_ms: IntArray) -> TradeSums:
    """Add up closed trades (``TRADE_RECORD``) and the times they were held, both of shape (t,)."""
    sums = sum_trades(records).tolist()
    wins, losses, gained, lost, best, worst, fees, funding, slippage, turnover, mae, mfe, bars, liquidations = sums
    some = len(records) > 0
    return TradeSums(
        trades=len(records),
        wins=int(wins),
        losses=int(losses),
        gained=gained,
        lost=lost,
        best=best if some else 0.0,
        worst=worst if some else 0.0,
        fees=fees,
        funding=funding,
        slippage=slippage,
        turnover=turnover,
        mae=mae,
        mfe=mfe,
        bars_held=int(bars),
        liquidations=int(liquidations),
        hold_ms=int(hold_ms.sum()),
        median_hold_ms=_find_median(hold_ms) if some else 0.0,
    )


def measure_account(  # noqa: PLR0913 - one keyword for each thing measured
    trades: TradeSums,
    *,
    initial_equity: float,
    equity_ts: IntArray,
    equity: FloatArray,
    daily_returns: FloatArray,
    exposure: float,
    rejected_orders: int = 0,
) -> Metrics:
    """Every measure of one account.

    Args:
        trades: Its closed trades.
        initial_equity: What it began with.
        equity_ts: When its equity was sampled, the start included, UTC milliseconds, shape (n,), n at least 1.
        equity: Its equity then, marked to market, shape (n,).
        daily_returns: One for each UTC day, the first and last perhaps in part, shape (days,).
        exposure: Share of the bars in which it held a position.
        rejected_orders: Orders the venue would have refused.
    """
    final = float(equity[-1])
    depth, length_ms = find_drawdown(equity_ts, equity)
    annual = annualise_return(daily_returns)
    average_equity = float(equity.mean())
    count = trades.trades
    return Metrics(
        days=float(equity_ts[-1] - equity_ts[0]) / MS_PER_DAY,
        trades=count,
        initial_equity=initial_equity,
        final_equity=final,
        total_return=final / initial_equity - 1.0,
        annual_return=annual,
        annual_volatility=annualise_volatility(daily_returns),
        sharpe=estimate_sharpe(daily_returns) if count >= MIN_TRADES_FOR_SHARPE else None,
        sortino=divide_by_downside(daily_returns),
        calmar=None if annual is None or depth <= _NOTHING else annual / depth,
        max_drawdown=depth,
        max_drawdown_days=length_ms / MS_PER_DAY,
        win_rate=_divide(trades.wins, count),
        profit_factor=_divide(trades.gained, trades.lost),
        expectancy=_divide(trades.gained - trades.lost, count),
        average_win=_divide(trades.gained, trades.wins),
        average_loss=_divide(-trades.lost, trades.losses),
        best_trade=trades.best if count else None,
        worst_trade=trades.worst if count else None,
        exposure=exposure,
        turnover=trades.turnover / average_equity if average_equity > 0.0 else 0.0,
        fees=trades.fees,
        funding=trades.funding,
        slippage=trades.slippage,
        gross_profit=trades.gained,
        gross_loss=trades.lost,
        average_mae=_divide(trades.mae, count),
        average_mfe=_divide(trades.mfe, count),
        average_hold_minutes=_divide(trades.hold_ms / MS_PER_MINUTE, count),
        median_hold_minutes=trades.median_hold_ms / MS_PER_MINUTE if count else None,
        liquidations=trades.liquidations,
        rejected_orders=rejected_orders,
    )


def estimate_sharpe(daily_returns: FloatArray) -> Interval | None:
    """Annualised Sharpe ratio with its 95 % interval; None for fewer than three days or returns without spread.

    The interval is two-sided and takes daily returns for independent; it is as wide as skew and fat tails make it.
    """
    moments = measure_moments(daily_returns)
    if moments is None:
        return None
    year = math.sqrt(DAYS_PER_YEAR)
    half = float(ndtri(0.5 + _LEVEL / 2.0)) * moments.error
    low, high = (moments.sharpe - half) * year, (moments.sharpe + half) * year
    return Interval(estimate=moments.sharpe * year, low=low, high=high, level=_LEVEL)


def annualise_volatility(daily_returns: FloatArray) -> float | None:
    """Standard deviation of daily returns (``ddof=1``) over a year; None for fewer than two days."""
    if len(daily_returns) < _MIN_RETURNS:
        return None
    return float(np.std(daily_returns, ddof=1)) * math.sqrt(DAYS_PER_YEAR)


def annualise_return(daily_returns: FloatArray) -> float | None:
    """Compound return over a year at the pace of these days; None for less than a week, which is no pace."""
    days = len(daily_returns)
    if days < MIN_DAYS_TO_ANNUALISE:
        return None
    grown = float(np.prod(1.0 + daily_returns))
    if grown <= 0.0:
        return -1.0
    log_pace = math.log(grown) * DAYS_PER_YEAR / days
    return math.expm1(log_pace) if log_pace < math.log(np.finfo(np.float64).max) else None


def divide_by_downside(daily_returns: FloatArray) -> float | None:
    """Annualised Sortino ratio with a target of zero: mean return over the root mean square of the losses.

    None for fewer than two days, or without a losing day: nothing is known about the losses then.
    """
    if len(daily_returns) < _MIN_RETURNS:
        return None
    downside = math.sqrt(float(np.mean(np.minimum(daily_returns, 0.0) ** 2)))
    if downside <= _NOTHING:
        return None
    return float(np.mean(daily_returns)) / downside * math.sqrt(DAYS_PER_YEAR)


def _divide(amount: float, by: float) -> float | None:
    return amount / by if by else None


def _find_median(values: IntArray) -> float:
    # Both middle places at once would be a numpy call eight times slower.
    middle = len(values) // 2
    ordered = np.partition(values, middle)
    upper = float(ordered[middle])
    return upper if len(values) % 2 else (float(ordered[:middle].max()) + upper) / 2.0
