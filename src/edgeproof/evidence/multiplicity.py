"""How many tries there really were, and how many of the findings are expected to be false.

A thousand trials of near copies are fewer than a thousand tries. Trials are grouped by the correlation of their daily
returns, aligned by calendar day, and the number of groups is the number of independent tries:

1. trials are taken in the order they were recorded; one that is like an earlier leader joins it, any other becomes a
   leader itself and stays one;
2. alike are two trials that correlate above one half, and above what chance alone reaches once in ten thousand pairs
   of the days these two have in common;
3. days that two trials do not share say nothing about them; with fewer than ten in common they count as unrelated.

Nothing that is recorded later changes what an earlier trial was, so trying more never lowers the number.

Source of counting groups of correlated trials: M. López de Prado and M. J. Lewis, *Detection of False Investment
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
    from edgeproof.domain.arrays import BoolArray, FloatArray, IntArray

_MIN_COMMON_DAYS: Final = 10
_JOINED_CORRELATION: Final = 0.5
_CHANCE: Final = 0.0001
_FLAT: Final = 1e-12
_DIGITS: Final = 9
_BLOCK: Final = 500
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


def describe_field(returns: FloatArray, *, total: int, effective: int | None = None) -> TrialField:
    """Measure the field that a finding has to beat.

    The variance is the larger of two: 1, which sampling alone gives to a zero ratio of any length once it is
    standardised, and what the ratios above zero show, if they are the upper half of a normal centred on zero. Ratios
    below zero are left out: many are strategies that feed their costs, were never going to be the best one, and would
    raise the bar for a reason that is not luck. The upper half is measured by its median, so that a few true edges do
    not raise the bar for themselves.

    Args:
        returns: Daily returns aligned by calendar day, shape (trials, days), NaN where a trial has none.
        total: Distinct trials ever recorded, those without any return included.
        effective: Independent trials among them; counted from the returns when left out.
    """
    rows = [moments for row in returns if (moments := measure_moments(row)) is not None]
    above = np.array([m.sharpe * math.sqrt(m.periods - 1) for m in rows if m.sharpe > 0.0])
    observed = (float(np.median(above)) / _HALF_NORMAL_MEDIAN) ** 2 if above.size else 0.0
    return TrialField(
        total=total,
        effective=count_effective_trials(returns) if effective is None else effective,
        standard_variance=max(1.0, observed),
    )


def count_effective_trials(returns: FloatArray, windows: IntArray | None = None) -> int:
    """Number of groups among trials, at least 1; trials whose returns never move belong to none.

    A group counts as often as the one in it that was tried on most windows: who tries ten lengths and keeps the best
    has tried ten times. Windows that overlap are not independent, so this can only be too many.

    Rows appended to a field, and windows added to its rows, never lower the number.

    Args:
        returns: Daily returns aligned by calendar day, shape (trials, days), NaN where a trial has none; in the order
            in which they were recorded.
        windows: On how many windows each row was tried, shape (trials,); one each when left out.
    """
    spread = np.array([np.ptp(row[np.isfinite(row)]) if np.isfinite(row).any() else 0.0 for row in returns])
    moving = spread > _FLAT
    if not moving.any():
        return 1
    tries = np.ones(int(moving.sum()), dtype=np.int64) if windows is None else windows[moving]
    most = np.zeros(len(tries), dtype=np.int64)
    np.maximum.at(most, _find_leaders(returns[moving]), tries)
    return max(1, int(most.sum()))


def _find_leaders(returns: FloatArray) -> IntArray:
    """The row that leads each trial, itself or an earlier one, shape (trials,)."""
    days = _Days.read(returns)
    leader_of = np.arange(len(returns), dtype=np.int64)
    for start in range(0, len(returns), _BLOCK):
        stop = min(start + _BLOCK, len(returns))
        # Every row of the block against the leaders before it, then against those that the block itself brings.
        known = np.flatnonzero(leader_of[:start] == np.arange(start))
        rows = np.concatenate([known, np.arange(start, stop)])
        alike = _find_alike(days.take(np.arange(start, stop)), days.take(rows))
        leads = np.zeros(len(rows), dtype=bool)
        leads[: len(known)] = True
        for at, row in enumerate(alike):
            candidates = row & leads
            first = int(candidates.argmax())
            if candidates[first]:
                leader_of[start + at] = rows[first]
            else:
                leads[len(known) + at] = True
    return leader_of


@dataclass(frozen=True, slots=True)
class _Days:
    """Daily returns without gaps, and where the gaps were; both of shape (trials, days)."""

    filled: FloatArray
    present: FloatArray

    @classmethod
    def read(cls, returns: FloatArray) -> _Days:
        # Scaling each row leaves correlations alone and keeps the sums of tiny returns away from rounding.
        scale = np.nanmax(np.abs(returns), axis=1, keepdims=True)
        filled = np.nan_to_num(returns / np.where(scale > 0.0, scale, 1.0))
        return cls(filled, np.isfinite(returns).astype(np.float64))

    def take(self, rows: IntArray) -> _Days:
        return _Days(self.filled[rows], self.present[rows])


def _find_alike(rows: _Days, others: _Days) -> BoolArray:
    """Whether each pair correlates above its own bar over the days both have, shape (rows, others)."""
    common = rows.present @ others.present.T
    days = np.maximum(common, 1.0)
    means, other_means = rows.filled @ others.present.T / days, rows.present @ others.filled.T / days
    covariance = rows.filled @ others.filled.T / days - means * other_means
    variance = (rows.filled**2) @ others.present.T / days - means**2
    other_variance = rows.present @ (others.filled**2).T / days - other_means**2
    scales = np.sqrt(np.maximum(variance, 0.0) * np.maximum(other_variance, 0.0))
    known = (common >= _MIN_COMMON_DAYS) & (scales > _FLAT)
    # Rounded, so that the last bit of a sum, which differs between machines, decides nothing.
    correlation = np.round(covariance / np.where(known, scales, 1.0), _DIGITS)
    bars = np.array([_set_bar(length) for length in range(rows.filled.shape[1] + 1)])
    return np.asarray(known & (correlation > bars[common.astype(np.int64)]), dtype=np.bool_)


def _set_bar(days: int) -> float:
    """One half, or what unrelated samples of this length exceed once in ten thousand pairs (by Fisher)."""
    return max(_JOINED_CORRELATION, math.tanh(float(ndtri(1.0 - _CHANCE)) / math.sqrt(max(days - 3, 1))))


def control_false_discoveries(p_values: FloatArray) -> FloatArray:
    """The smallest false-discovery rate at which each finding would still be kept, shape (n,).

    Source: Y. Benjamini and Y. Hochberg, *Controlling the False Discovery Rate*, J. R. Statist. Soc. B 57(1), 1995.
    """
    if p_values.size == 0:
        return p_values.copy()
    from scipy.stats import false_discovery_control  # noqa: PLC0415 - half a second `research status` need not wait

    return np.asarray(false_discovery_control(p_values, method="bh"), dtype=np.float64)
