"""ta: every indicator it has, on pandas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl
import ta
from bench.material import draw_bars
from bench.measure import Measured, measure_each

if TYPE_CHECKING:
    from bench.measure import Effort

_BARS: Final = 200_000


def features(effort: Effort) -> Measured:
    """``add_all_ta_features`` on a fresh copy of the bars, without those that loop over rows in Python."""
    bars = draw_bars(effort.scale(_BARS))
    names = ("open", "high", "low", "close", "volume")
    frame = pl.DataFrame({name: getattr(bars, name) for name in names}).to_pandas()

    def work() -> Any:  # noqa: ANN401 - the library has no types
        return ta.add_all_ta_features(frame.copy(), *names, vectorized=True)

    added = work().shape[1] - len(names)
    size = f"{added} indicators x {len(bars):,} bars"
    return measure_each(work, effort, count=added * len(bars), size=size, note="vectorized=True, its fast subset")
