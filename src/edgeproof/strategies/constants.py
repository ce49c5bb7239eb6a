"""Values known before the first bar: windows, lengths and sizes written as numbers, params and arithmetic on them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from edgeproof.strategies.expressions import LOGIC, Binary, Call, Expression, Name, Number, Unary, walk
from edgeproof.strategies.operators import OPERATORS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def compute_constant(node: Expression, params: Mapping[str, float], let: Mapping[str, Expression]) -> float | None:
    """The value of a constant expression, NaN where it is not finite; None where the expression depends on bars."""
    match node:
        case Number():
            return node.value
        case Name():
            return params[node.name] if node.name in params else _compute_named(node, params, let)
        case Unary(operator="-"):
            operand = compute_constant(node.operand, params, let)
            return None if operand is None else -operand
        case Binary() if node.operator not in LOGIC:
            left, right = (compute_constant(side, params, let) for side in (node.left, node.right))
            return None if left is None or right is None else _calculate(node.operator, left, right)
        case Call() if node.name in OPERATORS and OPERATORS[node.name].constant:
            given = [compute_constant(argument, params, let) for argument in node.arguments]
            known = [value for value in given if value is not None]
            return _call(node.name, known) if len(known) == len(given) else None
        case _:
            return None


def count_bars(node: Expression, value: float) -> float:
    """A constant as a count of bars: arithmetic is rounded to the nearest whole number, half of one upwards.

    Numbers and params stay as they are, so that a literal 2.5 can still be refused.
    """
    return value if isinstance(node, Number | Name) or not math.isfinite(value) else float(math.floor(value + 0.5))


def list_params(node: Expression, params: Mapping[str, object], let: Mapping[str, Expression]) -> Iterator[str]:
    """The params an expression uses, those inside ``let`` names included."""
    for found in walk(node):
        if isinstance(found, Name) and found.name in params:
            yield found.name
        elif isinstance(found, Name) and found.name in let:
            yield from list_params(let[found.name], params, let)


def _compute_named(node: Name, params: Mapping[str, float], let: Mapping[str, Expression]) -> float | None:
    return compute_constant(let[node.name], params, let) if node.name in let else None


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
