"""How much a Sharpe ratio is worth, given its sample and the number of tries.

Every ratio here is per period (a day, as the cycle uses it), never annualised: the formulas count periods.

Sources:
    D. H. Bailey and M. López de Prado, *The Sharpe Ratio Efficient Frontier*, Journal of Risk 15(2), 2012: the
    probabilistic Sharpe ratio and the minimum track record length.
    D. H. Bailey and M. López de Prado, *The Deflated Sharpe Ratio*, Journal of Portfolio Management 40(5), 2014: the
    Sharpe ratio that the best of many worthless trials is expected to show, and the probability of beating it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.special import ndtr, ndtri, stdtr

from edgeproof.domain.errors import InvalidValue

if TYPE_CHECKING:
    from edgeproof.domain.arrays import FloatArray

MIN_PERIODS_TO_JUDGE: Final = 10
_MIN_PERIODS: Final = 3
# Returns whose spread is this small beside their size are one repeated number, not a sample.
_FLAT: Final = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnMoments:
    """What the formulas need of a sample of returns.

    Attributes:
        periods: Number of returns.
        sharpe: Mean over standard deviation (``ddof=1``), per period.
        skewness: Third standardised moment; 0 for a normal sample.
        kurtosis: Fourth standardised moment, not the excess; 3 for a normal sample.
    """

    periods: int
    sharpe: float
    skewness: float = 0.0
    kurtosis: float = 3.0

    def __post_init__(self) -> None:
        if self.periods < 2:  # noqa: PLR2004 - one return has no spread
            raise InvalidValue("periods", self.periods, "2 or more")

    @property
    def can_be_judged(self) -> bool:
        """Whether the sample is long enough for its error, which takes skew and tails from it, to mean anything."""
        return self.periods >= MIN_PERIODS_TO_JUDGE

    @property
    def error(self) -> float:
        """Standard error of the Sharpe ratio, for returns that need not be normal (2012, equation 9)."""
        spread = 1.0 - self.skewness * self.sharpe + (self.kurtosis - 1.0) / 4.0 * self.sharpe**2
        return math.sqrt(max(spread, _FLAT) / (self.periods - 1))


def measure_moments(returns: FloatArray) -> ReturnMoments | None:
    """Moments of returns, shape (n,), NaN left out; None for fewer than three or for returns without spread."""
    sample = returns[np.isfinite(returns)]
    if sample.size < _MIN_PERIODS:
        return None
    mean = float(sample.mean())
    centred = sample - mean
    squares = centred * centred
    variance = float(np.mean(squares))
    if variance <= (_FLAT * max(1.0, float(np.abs(sample).max()))) ** 2:
        return None
    unbiased = math.sqrt(variance * sample.size / (sample.size - 1))
    return ReturnMoments(
        periods=int(sample.size),
        sharpe=mean / unbiased,
        # Products: a power by the library costs thirty of them.
        skewness=float(np.mean(squares * centred)) / variance**1.5,
        kurtosis=float(np.mean(squares * squares)) / variance**2,
    )


def probabilistic_sharpe(moments: ReturnMoments, benchmark: float = 0.0) -> float:
    """Probability, 0 to 1, that the true Sharpe ratio is above ``benchmark``, both per period."""
    return float(ndtr((moments.sharpe - benchmark) / moments.error))


def doubt_sharpe(moments: ReturnMoments) -> float:
    """Chance, 0 to 1, that returns with a mean of zero show a ratio this high: one-sided, by Student's t.

    Unlike one less the probabilistic ratio, whose tail is far too thin for short samples, it is what a p-value must be:
    near enough uniform where there is nothing to find, and for heavy tails rather too large than too small.
    """
    return float(stdtr(moments.periods - 1, -moments.sharpe * math.sqrt(moments.periods)))


def bound_sharpe(moments: ReturnMoments, confidence: float = 0.95) -> float:
    """The ratio that the true one exceeds with this confidence: one-sided lower bound, per period."""
    return moments.sharpe - float(ndtri(confidence)) * moments.error


def minimum_track_record(moments: ReturnMoments, benchmark: float = 0.0, confidence: float = 0.95) -> float | None:
    """Periods needed before this Sharpe ratio, if it held, would be above ``benchmark`` with this confidence.

    None when the ratio is not above the benchmark: no length of such a record would show that it is.
    """
    lead = moments.sharpe - benchmark
    if lead <= 0.0:
        return None
    one_period = moments.error**2 * (moments.periods - 1)
    return 1.0 + one_period * (float(ndtri(confidence)) / lead) ** 2


def outlast_luck(moments: ReturnMoments, luck: float, confidence: float = 0.95) -> float | None:
    """Periods needed before this Sharpe ratio, if it held, would be above luck with this confidence.

    Luck shrinks as the record grows: what worthless trials show by chance is some multiple of one over the square root
    of the periods less one. So the length is where ``sharpe * root >= luck + quantile * spread``, with that root.

    Args:
        moments: The record so far.
        luck: Standardised ratio to beat, in units of that one over the root; 0 for a benchmark of zero.
        confidence: Probability of being above it, 0 to 1.

    Returns:
        The periods, those there are included; None for a ratio that is not above zero: no length would do.
    """
    if moments.sharpe <= 0.0:
        return None
    spread = moments.error * math.sqrt(moments.periods - 1)
    return 1.0 + ((luck + float(ndtri(confidence)) * spread) / moments.sharpe) ** 2


def expect_best_sharpe(trials: float, variance: float) -> float:
    """Sharpe ratio that the best of ``trials`` independent worthless trials is expected to show (2014, equation 1).

    Args:
        trials: Number of independent trials, 1 or more.
        variance: Variance of the trials' Sharpe ratios, per period.

    Raises:
        InvalidValue: Fewer than one trial, or a negative variance.
    """
    if trials < 1.0:
        raise InvalidValue("trials", trials, "1 or more")
    if not variance >= 0.0:
        raise InvalidValue("variance", variance, "0 or more")
    if trials == 1.0:
        return 0.0
    one_in = float(ndtri(1.0 - 1.0 / trials))
    one_in_e = float(ndtri(1.0 - 1.0 / (trials * math.e)))
    # The approximation of the largest of n normals dips below zero close to n = 1, where the truth is zero.
    return math.sqrt(variance) * max(0.0, (1.0 - np.euler_gamma) * one_in + np.euler_gamma * one_in_e)


def deflated_sharpe(moments: ReturnMoments, *, trials: float, variance: float) -> float:
    """Probability, 0 to 1, that the true Sharpe ratio is above what the best of so many worthless trials would show."""
    return probabilistic_sharpe(moments, expect_best_sharpe(trials, variance))
