"""Which symbols moved together, by what was known at each UTC midnight."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from edgeproof.domain.time import MS_PER_DAY, MS_PER_HOUR
from edgeproof.kernels.correlations import correlate_days

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgeproof.backtest.tape import Tape
    from edgeproof.domain.arrays import FloatArray

FEWEST_RETURNS: Final = 20


def correlate_tapes(tapes: Sequence[Tape], *, first_day: int, days: int, window_days: int) -> FloatArray:
    """Correlations of hourly log returns (of each bar's, where bars are longer) over the last days.

    An hour's return needs a bar in it and in the hour before; it is known at the hour's end.

    Args:
        tapes: One for each symbol, their bars of one length.
        first_day: UTC day of the first matrix, days since 1970; no bar opens before it.
        days: How many.
        window_days: Days looked back over.

    Returns:
        Shape (days, symbols, symbols); NaN where fewer than 20 returns are common, 1 on the diagonal.
    """
    period_ms = max(MS_PER_HOUR, tapes[0].bars.timeframe.ms)
    periods = [tape.bars.ts[tape.samples] // period_ms for tape in tapes]
    first = min(int(at[0]) for at in periods)
    last = max(int(at[-1]) for at in periods)
    returns = np.full((last - first + 1, len(tapes)), np.nan)
    for market, (tape, at) in enumerate(zip(tapes, periods, strict=True)):
        prices = np.log(tape.sample_close)
        follows = np.flatnonzero(np.diff(at) == 1) + 1
        returns[at[follows] - first, market] = prices[follows] - prices[follows - 1]
    ends = (np.arange(first, last + 1) + 1) * period_ms
    known_on = -(-ends // MS_PER_DAY) - first_day
    return correlate_days(returns, known_on, days, window_days, FEWEST_RETURNS)
