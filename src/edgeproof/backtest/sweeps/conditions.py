"""Conditions on params, as people write them: ``fast < slow``.

The words are those of the strategy language: numbers, params, arithmetic, comparisons, ``and or not``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgeproof.domain.errors import InvalidValue, UnknownName
from edgeproof.strategies.constants import compute_constant
from edgeproof.strategies.expressions import COMPARISONS, LOGIC, Binary, Expression, Name, Unary, walk
from edgeproof.strategies.parsing import parse_expression
from edgeproof.strategies.tokens import ExpressionError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from edgeproof.backtest.sweeps.combinations import Where


def read_where(text: str, params: Iterable[str]) -> Where:
    """Read a condition as a predicate; one that names a param which a strategy lacks lets that strategy's in.

    Args:
        text: Such as ``fast < slow and slow <= 4 * fast``.
        params: Every param that may be named.

    Raises:
        InvalidValue: The text is no condition on params.
        UnknownName: It names no param.
    """
    try:
        node = parse_expression(text)
    except ExpressionError as error:
        raise InvalidValue("where", text, f"a condition such as fast < slow ({error.reason})") from None
    known = set(params)
    named = {inner.name for inner in walk(node) if isinstance(inner, Name)}
    for name in sorted(named - known):
        raise UnknownName("param", name, known)
    if not named or not _is_condition(node):
        raise InvalidValue("where", text, "a condition on params, such as fast < slow")
    return lambda values: named - values.keys() != set() or _holds(node, values)


def _is_condition(node: Expression) -> bool:
    match node:
        case Binary() if node.operator in LOGIC:
            return _is_condition(node.left) and _is_condition(node.right)
        case Unary(operator="not"):
            return _is_condition(node.operand)
        case Binary() if node.operator in COMPARISONS:
            return _is_number(node.left) and _is_number(node.right)
        case _:
            return False


def _is_number(node: Expression) -> bool:
    """Whether the node has a value once its names have."""
    anything = {inner.name: 1.0 for inner in walk(node) if isinstance(inner, Name)}
    return compute_constant(node, anything) is not None


def _holds(node: Expression, values: Mapping[str, float]) -> bool:
    match node:
        case Binary(operator="and"):
            return _holds(node.left, values) and _holds(node.right, values)
        case Binary(operator="or"):
            return _holds(node.left, values) or _holds(node.right, values)
        case Binary():
            return _compare(node, values)
        case Unary():
            return not _holds(node.operand, values)
        case _:
            raise TypeError(f"not a checked condition: {node!r}")


def _compare(node: Binary, values: Mapping[str, float]) -> bool:
    left, right = (compute_constant(side, values) for side in (node.left, node.right))
    if left is None or right is None:
        raise TypeError(f"not a checked comparison: {node!r}")
    match node.operator:
        case "<":
            return left < right
        case "<=":
            return left <= right
        case ">":
            return left > right
        case ">=":
            return left >= right
        case "==":
            return left == right
        case _:
            return left != right
