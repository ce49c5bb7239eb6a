"""An interval for a mean whose sample may depend on its own past.

Source: D. N. Politis and J. P. Romano, *The Stationary Bootstrap*, J. Am. Statist. Assoc. 89(428), 1994. Blocks start
anywhere in the sample, run for a geometric number of values and wrap around its end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgeproof.domain.errors import InvalidValue
from edgeproof.domain.results import Interval

if TYPE_CHECKING:
    from edgeproof.domain.arrays import FloatArray


def bootstrap_mean(
    values: FloatArray,
    *,
    seed: int,
    resamples: int = 1_000,
    mean_block: float | None = None,
    level: float = 0.95,
) -> Interval:
    """Percentile interval of the mean of ``values``, shape (n,), in their own unit.

    Args:
        values: The sample, in time order; a dependence on the past is kept inside the blocks.
        seed: Names the draw; the same seed and sample give the same interval.
        resamples: Number of samples drawn.
        mean_block: Mean length of a block; the cube root of n unless told.
        level: Share of the resampled means inside the interval.

    Raises:
        InvalidValue: Fewer than two values, or a block shorter than one.
    """
    if values.size < 2:  # noqa: PLR2004 - one value has no spread
        raise InvalidValue("sample", f"{values.size} values", "2 or more")
    block = float(np.cbrt(values.size)) if mean_block is None else mean_block
    if not block >= 1.0:
        raise InvalidValue("mean_block", block, "a length of 1 or more")
    means = resample_means(values, rng=np.random.default_rng(seed), resamples=resamples, mean_block=block)
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(means, [tail, 1.0 - tail])
    return Interval(estimate=float(values.mean()), low=float(low), high=float(high), level=level)


def resample_means(values: FloatArray, *, rng: np.random.Generator, resamples: int, mean_block: float) -> FloatArray:
    """Means of stationary-bootstrap resamples of ``values``, shape (resamples,).

    A resample is its blocks, and a block's sum is a difference of running sums, so the work grows with the number of
    blocks rather than with the sample.
    """
    n = values.size
    lengths = _draw_lengths(rng, n, resamples, mean_block)
    starts = rng.integers(0, n, size=lengths.shape)
    running = np.concatenate([[0.0], np.cumsum(np.concatenate([values, values]))])
    sums = running[starts + lengths] - running[starts]
    return np.asarray(sums.sum(axis=1) / n)


def _draw_lengths(
    rng: np.random.Generator, n: int, resamples: int, mean_block: float
) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """Block lengths, shape (resamples, blocks); each row adds up to ``n``, the last block cut short, then zeros."""
    expected = n / mean_block
    batch = int(expected + 4.0 * np.sqrt(expected)) + 4
    ends = np.zeros((resamples, 1), dtype=np.int64)
    while int(ends[:, -1].min()) < n:
        drawn = rng.geometric(1.0 / mean_block, size=(resamples, batch))
        ends = np.concatenate([ends, ends[:, -1:] + np.cumsum(drawn, axis=1)], axis=1)
    return np.diff(np.minimum(ends, n), axis=1)
