"""A candidate: one trial read back as something to rank, with the measures that a score is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtr

from edgeproof.backtest import break_down_costs
from edgeproof.domain.results import Interval, Metrics
from edgeproof.evidence import compound, find_suspicions, measure_moments, probabilistic_sharpe

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edgeproof.domain.arrays import FloatArray
    from edgeproof.domain.instruments import Instrument
    from edgeproof.domain.records import Trial
    from edgeproof.evidence import ReturnMoments, TrialField

_MIN_DAYS_A_HALF = 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidate:
    """One strategy on one instrument at one timeframe, as its trial left it.

    Attributes:
        trial: The trial.
        metrics: Its measures, typed.
        daily_returns: Shape (days,).
        suspicions: Why it is quarantined; empty when it is not.
    """

    trial: Trial
    metrics: Metrics
    daily_returns: FloatArray
    suspicions: tuple[str, ...]

    @property
    def strategy(self) -> str:
        """Name of the strategy."""
        return self.trial.strategy

    @property
    def instrument(self) -> Instrument:
        """What was traded."""
        return self.trial.instrument

    @property
    def timeframe(self) -> str:
        """Timeframe of its decisions."""
        return self.trial.timeframe

    @property
    def place(self) -> tuple[str, str, str, str]:
        """What orders candidates that are otherwise equal: the same wherever and whenever it is asked."""
        return (self.strategy, self.timeframe, str(self.instrument), self.trial.key)

    def measure_record(self) -> ReturnMoments | None:
        """Moments of the daily returns where a judgement may rest on them; None for too few trades or days."""
        moments = None if self.metrics.sharpe is None else measure_moments(self.daily_returns)
        return moments if moments is not None and moments.can_be_judged else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingredients:
    """What a score is made of, in its own units.

    Attributes:
        has_sharpe: At least 30 trades, and ten or more daily returns with a spread.
        trades: Closed trades.
        net_return: Total return after costs.
        probability: Probability that the true Sharpe ratio is above zero; None without a Sharpe ratio.
        deflated: The same against the best of that many worthless trials of its length; None without a Sharpe ratio.
        profit_factor: Gross profit over gross loss; None when there was no loss, or no trade.
        drawdown: Deepest fall of equity, share.
        markets_earned, markets: On how many instruments the same strategy earned at the same timeframe, of how many.
        steadiness: Probability that the worse half's mean day is above zero.
        costs_share: Costs over the profit before costs; None when there was no profit to take them from.
    """

    has_sharpe: bool
    trades: int
    net_return: float
    probability: float | None
    deflated: float | None
    profit_factor: float | None
    drawdown: float
    markets_earned: int
    markets: int
    steadiness: float
    costs_share: float | None


def read_candidate(trial: Trial) -> Candidate:
    """Take a trial as a candidate."""
    metrics = read_metrics(trial.metrics)
    daily_returns = np.array(trial.daily_returns, dtype=np.float64)
    return Candidate(
        trial=trial,
        metrics=metrics,
        daily_returns=daily_returns,
        suspicions=find_suspicions(metrics, daily_returns),
    )


def read_metrics(values: Mapping[str, Any]) -> Metrics:
    """Typed measures from the JSON that the ledger keeps."""
    sharpe = values["sharpe"]
    return Metrics(**{**values, "sharpe": None if sharpe is None else Interval(**sharpe)})


def measure_ingredients(candidate: Candidate, siblings: Sequence[Candidate], field: TrialField) -> Ingredients:
    """Measure what a candidate's score is made of.

    Args:
        candidate: The candidate.
        siblings: The same strategy and timeframe on every instrument, the candidate included.
        field: Everything tried so far.
    """
    metrics = candidate.metrics
    moments = candidate.measure_record()
    costs = break_down_costs(metrics)
    return Ingredients(
        has_sharpe=moments is not None,
        trades=metrics.trades,
        net_return=metrics.total_return,
        probability=None if moments is None else probabilistic_sharpe(moments),
        deflated=None if moments is None else probabilistic_sharpe(moments, field.expect_luck(moments.periods)),
        profit_factor=metrics.profit_factor,
        drawdown=metrics.max_drawdown,
        markets_earned=sum(s.metrics.total_return > 0.0 for s in siblings),
        markets=len(siblings),
        steadiness=measure_steadiness(candidate.daily_returns),
        costs_share=(costs.gross - costs.net) / costs.gross if costs.gross > 0.0 else None,
    )


def measure_steadiness(daily_returns: FloatArray) -> float:
    """Probability, 0 to 1, that the mean day of the worse half is above zero; 0 where a half is too short or idle."""
    middle = daily_returns.size // 2
    return min(_trust_mean(daily_returns[:middle]), _trust_mean(daily_returns[middle:]))


def _trust_mean(returns: FloatArray) -> float:
    sample = returns[np.isfinite(returns)]
    if sample.size < _MIN_DAYS_A_HALF:
        return 0.0
    spread = float(sample.std(ddof=1))
    if spread <= 0.0:
        return 1.0 if compound(sample) > 0.0 else 0.0
    return float(ndtr(float(sample.mean()) / spread * np.sqrt(sample.size)))
