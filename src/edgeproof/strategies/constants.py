"""Values known before the first bar: windows, lengths and sizes written as numbers, params and arithmetic on them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from edgeproof.strategies.expressions import LOGIC, Binary, Call, Expression, Name, Number, Unary
from edgeproof.strategies.operators import OPERATORS

if TYPE_CHECKING:
    from collections.abc import Mapping


def compute_constant(node: Expression, names: Mapping[str, float | None]) -> float | None:
    """The value of a constant expression, NaN where it is not finite; None where the expression depends on bars.

    Args:
        node: A checked expression.
        names: Values of params and constant ``let`` names; None for, or without, those that depend on bars.
    """
    match node:
        case Number():
            return node.value
        case Name():
            return names.get(node.name)
        case Unary(operator="-"):
            operand = compute_constant(node.operand, names)
            return None if operand is None else -operand
        case Binary() if node.operator not in LOGIC:
            left, right = (compute_constant(side, names) for side in (node.left, node.right))
            return None if left is None or right is None else _calculate(node.operator, left, right)
        case Call() if node.name in OPERATORS and OPERATORS[node.name].constant:
            given = [compute_constant(argument, names) for argument in node.arguments]
            known = [value for value in given if value is not None]
            return _call(node.name, known) if len(known) == len(given) else None
        case _:
            return None


def count_bars(value: float) -> float:
    """A constant as a count of bars: the nearest whole number, half of one upwards, as in half of a window of 9."""
    return float(math.floor(value + 0.5)) if math.isfinite(value) else value


def bind_names(params: Mapping[str, float], let: Mapping[str, Expression]) -> dict[str, float | None]:
    """Values of params and of ``let`` names, each of which stands after those it uses."""
    names: dict[str, float | None] = dict(params)
    for name, expression in let.items():
        names[name] = compute_constant(expression, names)
    return names


def _calculate(operator: str, left: float, right: float) -> float | None:
    match operator:
        case "+":
            result = left + right
        case "-":
            result = left - right
        case "*":
            result = left * right
        case "/":
            result = left / right if right else math.nan
        case _:
            return None
    return result if math.isfinite(result) else math.nan


def _call(name: str, values: list[float]) -> float:
    if any(math.isnan(value) for value in values):
        return math.nan
    match name:
        case "abs":
            return abs(values[0])
        case "min":
            return min(values)
        case "max":
            return max(values)
        case _:
            return math.log(values[0]) if values[0] > 0 else math.nan
