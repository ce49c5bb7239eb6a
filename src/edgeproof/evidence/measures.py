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

if TYPE_CHECKING:
    from edgeproof.domain.arrays import FloatArray, IntArray

DAYS_PER_YEAR: Final = 365
MIN_DAYS_TO_ANNUALISE: Final = 7
_LEVEL: Final = 0.95
_MIN_RETURNS: Final = 2
# Spreads and losses this small are rounding.
_NOTHING: Final = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TradeFigures:
    """What measures need to know of closed trades; arrays of shape (trades,), money in quote units.

    Attributes:
        pnl: After fees and funding.
        fees, funding, slippage: Positive = paid.
        turnover: Notional at entry and exit together.
        mae, mfe: Worst and best excursion, shares of the entry price, 0 or more.
        hold_ms: From entry to exit.
        liquidations: How many ended in one.
    """

    pnl: FloatArray
    fees: FloatArray
    funding: FloatArray
    slippage: FloatArray
    turnover: FloatArray
    mae: FloatArray
    mfe: FloatArray
    hold_ms: IntArray
    liquidations: int = 0


def measure_account(  # noqa: PLR0913 - one keyword for each thing measured
    trades: TradeFigures,
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
    depth, length_days = measure_drawdown(equity_ts, equity)
    annual = annualise_return(daily_returns)
    gained, lost = float(trades.pnl[trades.pnl > 0.0].sum()), float(-trades.pnl[trades.pnl < 0.0].sum())
    enough = len(trades.pnl) >= MIN_TRADES_FOR_SHARPE
    return Metrics(
        days=float(equity_ts[-1] - equity_ts[0]) / MS_PER_DAY,
        trades=len(trades.pnl),
        initial_equity=initial_equity,
        final_equity=final,
        total_return=final / initial_equity - 1.0,
        annual_return=annual,
        annual_volatility=annualise_volatility(daily_returns),
        sharpe=estimate_sharpe(daily_returns) if enough else None,
        sortino=divide_by_downside(daily_returns),
        calmar=None if annual is None or depth <= _NOTHING else annual / depth,
        max_drawdown=depth,
        max_drawdown_days=length_days,
        exposure=exposure,
        turnover=float(trades.turnover.sum()) / float(np.mean(equity)) if equity.any() else 0.0,
        fees=float(trades.fees.sum()),
        funding=float(trades.funding.sum()),
        slippage=float(trades.slippage.sum()),
        liquidations=trades.liquidations,
        rejected_orders=rejected_orders,
        gross_profit=gained,
        gross_loss=lost,
        profit_factor=gained / lost if lost > 0.0 else None,
        **_describe_profits(trades.pnl),
        **_describe_holding(trades),
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


def measure_drawdown(ts: IntArray, equity: FloatArray) -> tuple[float, float]:
    """Deepest fall from a peak as a share of it, and the longest time below a peak in days, whether it ended or not."""
    peaks = np.maximum.accumulate(equity)
    below = equity < peaks
    if not below.any():
        return 0.0, 0.0
    depth = float(np.max((peaks[below] - equity[below]) / peaks[below]))
    # The peak a sample is measured against is the latest sample that stood at its peak.
    since = np.maximum.accumulate(np.where(below, 0, np.arange(len(equity))))
    # A fall ends where equity stands at a peak again; until then it lasts.
    ends = np.minimum(np.arange(len(equity)) + 1, len(equity) - 1)
    until = np.where(below & ~below[ends], ends, np.arange(len(equity)))
    return depth, float(np.max((ts[until] - ts[since])[below])) / MS_PER_DAY


def _describe_profits(pnl: FloatArray) -> dict[str, float | None]:
    wins = pnl[pnl > 0.0]
    return {
        "win_rate": len(wins) / len(pnl) if len(pnl) else None,
        "expectancy": _average(pnl),
        "average_win": _average(wins),
        "average_loss": _average(pnl[pnl < 0.0]),
        "best_trade": float(pnl.max()) if len(pnl) else None,
        "worst_trade": float(pnl.min()) if len(pnl) else None,
    }


def _describe_holding(trades: TradeFigures) -> dict[str, float | None]:
    minutes = trades.hold_ms / MS_PER_MINUTE
    return {
        "average_mae": _average(trades.mae),
        "average_mfe": _average(trades.mfe),
        "average_hold_minutes": _average(minutes),
        "median_hold_minutes": float(np.median(minutes)) if len(minutes) else None,
    }


def _average(values: FloatArray) -> float | None:
    return float(values.mean()) if len(values) else None
