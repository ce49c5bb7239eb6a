"""Results too good for their sample: set aside with the reason, never celebrated.

A strategy that saw the answer shows it in the same few ways. Each rule names one; none of them proves a leak, so what
is flagged is quarantined for a person to look at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from edgeproof.domain.results import MIN_TRADES_FOR_SHARPE

if TYPE_CHECKING:
    from edgeproof.domain.arrays import FloatArray
    from edgeproof.domain.results import Metrics

MAX_WIN_RATE: Final = 0.95
MAX_SHARPE_LOW: Final = 10.0
MAX_PROFIT_FACTOR: Final = 10.0
MIN_DAYS_FOR_STREAK: Final = 20


def find_suspicions(metrics: Metrics, daily_returns: FloatArray) -> tuple[str, ...]:
    """Say what about a result is too good to be believed; empty when nothing is.

    Args:
        metrics: The result's measures; under 30 trades anything can happen by luck, and nothing is flagged.
        daily_returns: Its daily returns, shape (days,).
    """
    if metrics.trades < MIN_TRADES_FOR_SHARPE:
        return ()
    return tuple(
        reason
        for reason in (
            _suspect_win_rate(metrics),
            _suspect_sharpe(metrics),
            _suspect_profit_factor(metrics),
            _suspect_streak(daily_returns),
        )
        if reason
    )


def _suspect_win_rate(metrics: Metrics) -> str:
    if metrics.win_rate is None or metrics.win_rate <= MAX_WIN_RATE:
        return ""
    return f"{metrics.win_rate:.0%} of {metrics.trades} trades won, more than {MAX_WIN_RATE:.0%}"


def _suspect_sharpe(metrics: Metrics) -> str:
    if metrics.sharpe is None or metrics.sharpe.low <= MAX_SHARPE_LOW:
        return ""
    return f"even the lower bound of the Sharpe ratio, {metrics.sharpe.low:.1f}, is above {MAX_SHARPE_LOW:.0f}"


def _suspect_profit_factor(metrics: Metrics) -> str:
    if metrics.profit_factor is None or metrics.profit_factor <= MAX_PROFIT_FACTOR:
        return ""
    return f"wins are {metrics.profit_factor:.1f} times the losses, more than {MAX_PROFIT_FACTOR:.0f} times"


def _suspect_streak(daily_returns: FloatArray) -> str:
    active = daily_returns[np.isfinite(daily_returns) & (daily_returns != 0.0)]
    if active.size < MIN_DAYS_FOR_STREAK or bool((active < 0.0).any()):
        return ""
    return f"not one losing day in {active.size}"
