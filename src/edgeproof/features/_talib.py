"""TA-Lib's candle patterns as columns of floats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
from talib import abstract

if TYPE_CHECKING:
    from edgeproof.domain.arrays import FloatArray
    from edgeproof.domain.series import BarSeries

# TA-Lib makes its functions at import, where a type checker cannot see them.
_LIBRARY = cast("Any", abstract)


def count_lookback(pattern: str) -> int:
    """How many bars a pattern needs before the first it can judge."""
    return int(_LIBRARY.Function(pattern).lookback)


def mark_pattern(pattern: str, bars: BarSeries) -> FloatArray:
    """1 where a bullish pattern is complete, -1 a bearish one, 0 none; NaN where TA-Lib could not judge yet."""
    marks = _LIBRARY.Function(pattern)(bars.open, bars.high, bars.low, bars.close)
    signs = np.sign(np.asarray(marks, dtype=np.float64))
    # TA-Lib's marks are integers: what it cannot judge it calls no pattern.
    signs[: count_lookback(pattern)] = np.nan
    return signs
