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

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.special import ndtri

from edgeproof.evidence.sharpe import measure_moments

if TYPE_CHECKING:
    from edgeproof.domain.arrays import FloatArray

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
        sharpe_variance: Variance of a worthless trial's Sharpe ratio, per day.
    """

    total: int
    effective: int
    sharpe_variance: float


def describe_field(returns: FloatArray, *, total: int) -> TrialField:
    """Measure the field that a finding has to beat.

    The variance is the larger of two: the sampling variance of a zero Sharpe ratio over the mean length, and what the
    ratios above zero show, if they are the upper half of a normal centred on zero. Ratios below zero are left out: many
    are strategies that feed their costs, were never going to be the best one, and would raise the bar for a reason that
    is not luck. The upper half is measured by its median, so that a few true edges do not raise the bar for themselves.

    Args:
        returns: Daily returns aligned by calendar day, shape (trials, days), NaN where a trial has none.
        total: Distinct trials ever recorded, those without any return included.
    """
    rows = [moments for row in returns if (moments := measure_moments(row)) is not None]
    if not rows:
        return TrialField(total=total, effective=1, sharpe_variance=0.0)
    above = np.array([m.sharpe for m in rows if m.sharpe > 0.0])
    sampling = float(np.mean([1.0 / (m.periods - 1) for m in rows]))
    observed = (float(np.median(above)) / _HALF_NORMAL_MEDIAN) ** 2 if above.size else 0.0
    return TrialField(total=total, effective=count_effective_trials(returns), sharpe_variance=max(sampling, observed))


def count_effective_trials(returns: FloatArray, *, block: int = 3_000) -> int:
    """Number of clusters among trials, at least 1; trials whose returns never move belong to none.

    Args:
        returns: Daily returns aligned by calendar day, shape (trials, days), NaN where a trial has none.
        block: Most trials that are clustered at once; memory grows with its square.
    """
    spread = np.array([np.ptp(row[np.isfinite(row)]) if np.isfinite(row).any() else 0.0 for row in returns])
    moving = returns[spread > _FLAT]
    clusters = sum(_count_clusters(moving[at : at + block]) for at in range(0, len(moving), block))
    return max(1, clusters)


def _count_clusters(returns: FloatArray) -> int:
    if len(returns) < 2:  # noqa: PLR2004 - a pair is the least there is to join
        return len(returns)
    correlation, common = _correlate(returns)
    bar = max(_JOINED_CORRELATION, _reach_by_chance(float(np.median(common))))
    distance = np.sqrt(np.clip((1.0 - correlation) / 2.0, 0.0, 1.0))
    np.fill_diagonal(distance, 0.0)
    # Loaded when first asked: with scipy.stats below, it is half a second that `research status` need not wait.
    from scipy.cluster.hierarchy import fcluster, linkage  # noqa: PLC0415
    from scipy.spatial.distance import squareform  # noqa: PLC0415

    tree = linkage(squareform(distance, checks=False), method="average")
    return int(fcluster(tree, np.sqrt((1.0 - bar) / 2.0), criterion="distance").max())


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
