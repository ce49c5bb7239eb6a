"""Numbers as a report writes them: finite, rounded once, the same on every machine."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeproof.domain.time import format_ms

if TYPE_CHECKING:
    from edgeproof.domain.arrays import FloatArray
    from edgeproof.research.results import Curve

SIGNIFICANT_DIGITS = 8
MAX_POINTS = 400
_CURVE_DIGITS = 6


def round_floats(value: Any, digits: int = SIGNIFICANT_DIGITS) -> Any:  # noqa: ANN401 - JSON in, JSON out
    """The same JSON value with every float at so many significant digits; what is not finite becomes None."""
    if isinstance(value, dict):
        return {key: round_floats(item, digits) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [round_floats(item, digits) for item in value]
    if isinstance(value, (float, np.floating)):
        return round_significant(float(value), digits)
    return value


def round_significant(value: float, digits: int) -> float | None:
    """A float at so many significant digits; None for what is not finite, and no negative zero."""
    if not math.isfinite(value):
        return None
    return float(f"{value:.{digits}g}") + 0.0


def thin_curve(curve: Curve, *, points: int = MAX_POINTS) -> dict[str, list[Any]]:
    """An equity curve at no more than ``points`` times, evenly spread, the last one included.

    Drawdown is the deepest since the point before, so that thinning never hides a fall.
    """
    drawdown = measure_drawdown(curve.equity)
    count = len(curve.ts)
    step = max(1, -(-count // points))
    ends = np.arange(count - 1, -1, -step)[::-1]
    starts = np.concatenate([[0], ends[:-1] + 1])
    return {
        "ts": [format_ms(int(ms)) for ms in curve.ts[ends]],
        "equity": [round_significant(float(v), _CURVE_DIGITS) for v in curve.equity[ends]],
        "drawdown": [
            round_significant(float(drawdown[a : b + 1].max()), _CURVE_DIGITS)
            for a, b in zip(starts.tolist(), ends.tolist(), strict=True)
        ],
    }


def measure_drawdown(equity: FloatArray) -> FloatArray:
    """Fall from the highest equity so far, share from 0, shape (n,)."""
    peak = np.maximum.accumulate(equity)
    return np.asarray(1.0 - equity / np.where(peak > 0.0, peak, 1.0), dtype=np.float64)
