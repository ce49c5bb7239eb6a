"""TA-Lib alone: its indicators on numpy arrays, by its own Python wrapper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import talib
from bench.material import draw_bars
from bench.measure import Measured, measure_each
from talib import abstract

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from bench.measure import Effort
    from numpy.typing import NDArray

_BARS: Final = 200_000
_GROUPS: Final = (
    "Overlap Studies",
    "Momentum Indicators",
    "Volume Indicators",
    "Volatility Indicators",
    "Price Transform",
    "Cycle Indicators",
    "Pattern Recognition",
    "Statistic Functions",
)
# These want a second series that bars do not have.
_LEFT_OUT: Final = frozenset({"MAVP", "IMI"})


def features(effort: Effort) -> Measured:
    """Every function of the groups above with its default parameters."""
    bars = draw_bars(effort.scale(_BARS))
    inputs = {name: getattr(bars, name) for name in ("open", "high", "low", "close", "volume")}
    groups = talib.get_function_groups()  # type: ignore[no-untyped-call]  # its stubs say nothing of it
    make: Callable[[str], Callable[..., Any]] = vars(abstract)["Function"]
    functions = [make(name) for group in _GROUPS for name in groups[group] if name not in _LEFT_OUT]

    def work() -> int:
        return sum(_count_values(function(inputs)) for function in functions)

    count = work()
    size = f"{count // len(bars)} outputs x {len(bars):,} bars"
    return measure_each(work, effort, count=count, size=size, note=f"{len(functions)} functions, default parameters")


def _count_values(output: NDArray[np.float64] | list[NDArray[np.float64]]) -> int:
    return sum(len(column) for column in output) if isinstance(output, list) else len(output)
