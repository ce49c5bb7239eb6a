"""What expressions are while they are computed: numbers and truths, bar by bar.

A number is float64 of shape (n,), or () where it is constant; NaN is unknown, and so is whatever is not finite.
A truth is int8 of the same shapes in Kleene's three-valued logic: 1 known true, 0 unknown, -1 known false. So ``and``
is the minimum, ``or`` the maximum and ``not`` the sign turned, and an unknown never becomes true by being denied.
A relation is int8 of the same shapes and says how one number stands to another: below, equal, above, or unknown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from edgeproof.kernels.relations import ABOVE, BELOW, EQUAL, relate

if TYPE_CHECKING:
    from edgeproof.domain.arrays import BoolArray, FloatArray, IntArray

TruthArray: TypeAlias = npt.NDArray[np.int8]
RelationArray: TypeAlias = npt.NDArray[np.int8]


def calculate(operator: str, left: FloatArray, right: FloatArray) -> FloatArray:
    """Arithmetic; dividing by zero, or leaving the range of float64, gives NaN."""
    with np.errstate(all="ignore"):
        match operator:
            case "+":
                return hide_infinite(left + right)
            case "-":
                return hide_infinite(left - right)
            case "*":
                return hide_infinite(left * right)
            case _:
                return hide_infinite(left / right)


def take_logarithm(values: FloatArray) -> FloatArray:
    """Natural logarithm; NaN where the value is not above zero."""
    with np.errstate(all="ignore"):
        return hide_infinite(np.log(values))


def hide_infinite(values: FloatArray | np.float64) -> FloatArray:
    """The values with NaN where they are infinite."""
    array = np.asarray(values, dtype=np.float64)
    infinite = np.isinf(array)
    return np.where(infinite, np.nan, array) if infinite.any() else array


def find_relation(left: FloatArray, right: FloatArray) -> RelationArray:
    """How left stands to right; unknown where a side is."""
    if left.ndim and right.ndim:
        return relate(_freeze(left), _freeze(right))
    below, equal, above = (np.asarray(known).view(np.int8) for known in (left < right, left == right, left > right))
    return np.asarray(BELOW * below + EQUAL * equal + ABOVE * above, dtype=np.int8)


def tell_below(relation: RelationArray) -> TruthArray:
    """Whether left is below right."""
    return _weigh(relation == BELOW, relation > BELOW)


def tell_above(relation: RelationArray) -> TruthArray:
    """Whether left is above right."""
    return _weigh(relation == ABOVE, (relation & (BELOW | EQUAL)) > 0)


def tell_equal(relation: RelationArray) -> TruthArray:
    """Whether both are equal."""
    return _weigh(relation == EQUAL, (relation & (BELOW | ABOVE)) > 0)


def _freeze(values: FloatArray) -> FloatArray:
    """A contiguous read-only view: kernels are compiled for one kind of array."""
    view = np.ascontiguousarray(values).view()
    view.flags.writeable = False
    return view


def _weigh(true: BoolArray | np.bool_, false: BoolArray | np.bool_) -> TruthArray:
    return np.asarray(np.asarray(true).view(np.int8) - np.asarray(false).view(np.int8))


def both(left: TruthArray, right: TruthArray) -> TruthArray:
    """Kleene's and."""
    return np.asarray(np.minimum(left, right))


def either(left: TruthArray, right: TruthArray) -> TruthArray:
    """Kleene's or."""
    return np.asarray(np.maximum(left, right))


def deny(truth: TruthArray) -> TruthArray:
    """Kleene's not."""
    return np.asarray(-truth)


def know_true(truth: TruthArray, bars: int) -> BoolArray:
    """Where a truth is known to be true, for every bar, in fresh memory."""
    known = np.asarray(truth > 0)
    return known if known.ndim else np.full(bars, known)


def spread(values: FloatArray, bars: int) -> FloatArray:
    """A number for every bar, in contiguous memory."""
    return np.ascontiguousarray(np.broadcast_to(values, (bars,)))


def lag_numbers(values: FloatArray, count: int, bars: int) -> FloatArray:
    """The numbers of ``count`` bars ago; NaN before there were any."""
    return np.concatenate([np.full(min(count, bars), np.nan), spread(values, bars)[: max(0, bars - count)]])


def lag_truths(truth: TruthArray, count: int, bars: int) -> TruthArray:
    """The truths of ``count`` bars ago; unknown before there were any."""
    older = np.broadcast_to(truth, (bars,))[: max(0, bars - count)]
    return np.concatenate([np.zeros(min(count, bars), dtype=np.int8), older])


def pick_numbers(values: FloatArray, at: IntArray) -> FloatArray:
    """The numbers at these positions, NaN where a position is negative."""
    if values.ndim == 0 or len(values) == 0:
        return np.where(at >= 0, values if values.ndim == 0 else np.nan, np.nan)
    return np.where(at >= 0, values[np.maximum(at, 0)], np.nan)


def pick_truths(truth: TruthArray, at: IntArray) -> TruthArray:
    """The truths at these positions, unknown where a position is negative."""
    if truth.ndim == 0 or len(truth) == 0:
        return np.where(at >= 0, truth if truth.ndim == 0 else 0, 0).astype(np.int8)
    return np.where(at >= 0, truth[np.maximum(at, 0)], 0).astype(np.int8)
