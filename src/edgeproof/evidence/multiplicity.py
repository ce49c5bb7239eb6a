"""How many tries there really were, and how many of the findings are expected to be false.

A thousand trials of near copies are fewer than a thousand tries. Trials are clustered by the correlation of their daily
returns, aligned by calendar day, and the number of clusters is the number of independent tries:

1. days that two trials do not share say nothing about them; with fewer than ten in common they count as unrelated;
2. distance is ``sqrt((1 - correlation) / 2)``, clusters are joined by average linkage;
3. the tree is cut where the average correlation inside a cluster falls below one half, or below what chance alone
   reaches once in ten thousand pairs of that length, whichever is more.

Past ``block`` trials the clustering runs block by block and the counts are added: clusters that span two blocks count
twice, so the number can only be too high, which makes the test harder, never easier.

Source of the distance and of clustering trials: M. López de Prado and M. J. Lewis, *Detection of False Investment
Strategies Using Unsupervised Learning Methods*, Quantitative Finance 19(9), 2019.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.special import ndtri

from edgeproof.evidence.sharpe import expect_best_sharpe, measure_moments

if TYPE_CHECKING:
    from edgeproof.domain.arrays import FloatArray, IntArray

_MIN_COMMON_DAYS: Final = 10
_JOINED_CORRELATION: Final = 0.5
_CHANCE: Final = 0.0001
_FLAT: Final = 1e-12
_DIGITS: Final = 9
_HALF_NORMAL_MEDIAN: Final = float(ndtri(0.75))


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialField:
    """Everything tried so far, as the deflated Sharpe ratio sees it.

    Attributes:
        total: Distinct trials ever recorded.
        effective: Independent ones among them, at least 1.
        standard_variance: Variance of a worthless trial's standardised ratio, the daily Sharpe ratio times the square
            root of its days less one. It has no unit and is 1 where nothing but sampling speaks, whatever the lengths.
    """

    total: int
    effective: int
    standard_variance: float

    @property
    def luck(self) -> float:
        """Standardised ratio that the best of the field is expected to show if none of it is worth anything."""
        return expect_best_sharpe(self.effective, self.standard_variance)

    def expect_luck(self, periods: int) -> float:
        """The same as a Sharpe ratio per day, over a record of ``periods`` days: what luck shows at that length."""
        return self.luck / math.sqrt(max(periods - 1, 1))


def describe_field(returns: FloatArray, *, total: int, windows: IntArray | None = None) -> TrialField:
    """Measure the field that a finding has to beat.

    The variance is the larger of two: 1, which sampling alone gives to a zero ratio of any length once it is
    standardised, and what the ratios above zero show, if they are the upper half of a normal centred on zero. Ratios
    below zero are left out: many are strategies that feed their costs, were never going to be the best one, and would
    raise the bar for a reason that is not luck. The upper half is measured by its median, so that a few true edges do
    not raise the bar for themselves.

    Args:
        returns: Daily returns aligned by calendar day, shape (trials, days), NaN where a trial has none.
        total: Distinct trials ever recorded, those without any return included.
        windows: On how many windows each row was tried, shape (trials,); one each when left out.
    """
    rows = [moments for row in returns if (moments := measure_moments(row)) is not None]
    above = np.array([m.sharpe * math.sqrt(m.periods - 1) for m in rows if m.sharpe > 0.0])
    observed = (float(np.median(above)) / _HALF_NORMAL_MEDIAN) ** 2 if above.size else 0.0
    return TrialField(
        total=total,
        effective=count_effective_trials(returns, windows),
        standard_variance=max(1.0, observed),
    )


def count_effective_trials(returns: FloatArray, windows: IntArray | None = None, *, block: int = 3_000) -> int:
    """Number of clusters among trials, at least 1; trials whose returns never move belong to none.

    A cluster counts as often as the one among it that was tried on most windows: who tries ten lengths and keeps the
    best has tried ten times. Windows that overlap are not independent, so this too can only be too many.

    Args:
        returns: Daily returns aligned by calendar day, shape (trials, days), NaN where a trial has none.
        windows: On how many windows each row was tried, shape (trials,); one each when left out.
        block: Most trials that are clustered at once; memory grows with its square.
    """
    spread = np.array([np.ptp(row[np.isfinite(row)]) if np.isfinite(row).any() else 0.0 for row in returns])
    moving = returns[spread > _FLAT]
    tries = np.ones(len(moving), dtype=np.int64) if windows is None else windows[spread > _FLAT]
    blocks = (slice(at, at + block) for at in range(0, len(moving), block))
    return max(1, sum(_count_tries(_label_clusters(moving[part]), tries[part]) for part in blocks))


def _count_tries(labels: IntArray, tries: IntArray) -> int:
    most = np.zeros(int(labels.max()) + 1, dtype=np.int64)
    np.maximum.at(most, labels, tries)
    return int(most.sum())


def _label_clusters(returns: FloatArray) -> IntArray:
    """The cluster of every trial, shape (trials,), for one trial or more."""
    if len(returns) < 2:  # noqa: PLR2004 - a pair is the least there is to join
        return np.zeros(len(returns), dtype=np.int64)
    correlation, common = _correlate(returns)
    bar = max(_JOINED_CORRELATION, _reach_by_chance(float(np.median(common))))
    distance = np.sqrt(np.clip((1.0 - correlation) / 2.0, 0.0, 1.0))
    np.fill_diagonal(distance, 0.0)
    # Loaded when first asked: with scipy.stats below, it is half a second that `research status` need not wait.
    from scipy.cluster.hierarchy import fcluster, linkage  # noqa: PLC0415
    from scipy.spatial.distance import squareform  # noqa: PLC0415

    tree = linkage(squareform(distance, checks=False), method="average")
    return np.asarray(fcluster(tree, np.sqrt((1.0 - bar) / 2.0), criterion="distance"), dtype=np.int64)


def _correlate(returns: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Correlation of every pair over the days both have, and how many days that is; both of shape (trials, trials)."""
    present = np.isfinite(returns).astype(np.float64)
    # Scaling each row leaves correlations alone and keeps the sums of tiny returns away from rounding.
    scale = np.nanmax(np.abs(returns), axis=1, keepdims=True)
    filled = np.nan_to_num(returns / np.where(scale > 0.0, scale, 1.0))
    common = present @ present.T
    days = np.maximum(common, 1.0)
    sums = filled @ present.T
    covariance = filled @ filled.T / days - (sums / days) * (sums.T / days)
    variance = (filled**2) @ present.T / days - (sums / days) ** 2
    scales = np.sqrt(np.maximum(variance, 0.0) * np.maximum(variance.T, 0.0))
    known = (common >= _MIN_COMMON_DAYS) & (scales > _FLAT)
    correlation = np.where(known, covariance / np.where(known, scales, 1.0), 0.0)
    # Rounded, so that the last bit of a sum, which differs between machines, decides no tie.
    return np.round(np.clip(correlation, -1.0, 1.0), _DIGITS), common


def _reach_by_chance(days: float) -> float:
    """Correlation that unrelated samples of this length exceed once in ten thousand pairs (Fisher's transformation)."""
    return float(np.tanh(ndtri(1.0 - _CHANCE) / np.sqrt(max(days - 3.0, 1.0))))


def control_false_discoveries(p_values: FloatArray) -> FloatArray:
    """The smallest false-discovery rate at which each finding would still be kept, shape (n,).

    Source: Y. Benjamini and Y. Hochberg, *Controlling the False Discovery Rate*, J. R. Statist. Soc. B 57(1), 1995.
    """
    if p_values.size == 0:
        return p_values.copy()
    from scipy.stats import false_discovery_control  # noqa: PLC0415 - as above

    return np.asarray(false_discovery_control(p_values, method="bh"), dtype=np.float64)
