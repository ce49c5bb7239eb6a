"""Expressions as values: what the parser builds, the checker types, the compiler evaluates and the formatter spells.

Equality ignores where a node stood in the text, so two spellings of one expression are equal.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

# The loosest first; what binds tighter comes later. Unary minus binds tighter than any of them, `not` sits between
# `and` and the comparisons.
PRECEDENCE: Final = {
    "or": 1,
    "and": 2,
    "<": 4,
    "<=": 4,
    ">": 4,
    ">=": 4,
    "==": 4,
    "!=": 4,
    "+": 5,
    "-": 5,
    "*": 6,
    "/": 6,
}
NOT_PRECEDENCE: Final = 3
NEGATE_PRECEDENCE: Final = 7
ATOM_PRECEDENCE: Final = 8
LOGIC: Final = frozenset({"and", "or"})
COMPARISONS: Final = frozenset({"<", "<=", ">", ">=", "==", "!="})


class Kind(StrEnum):
    """What an expression is, bar by bar."""

    NUMBER = "a number"
    CONDITION = "a condition"


@dataclass(frozen=True, slots=True)
class Number:
    """A literal number, finite and not negative."""

    value: float
    at: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Text:
    """A quoted word: a timeframe, a symbol or a model."""

    value: str
    at: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Name:
    """A param, a ``let`` name or a bar column."""

    name: str
    at: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    """An operator of the language or a registered feature, with its arguments."""

    name: str
    arguments: tuple[Expression, ...]
    at: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Unary:
    """``-x`` or ``not x``."""

    operator: str
    operand: Expression
    at: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Binary:
    """Arithmetic, a comparison, ``and`` or ``or``."""

    operator: str
    left: Expression
    right: Expression
    at: int = field(default=0, compare=False, repr=False)


Expression = Number | Text | Name | Call | Unary | Binary


def list_children(node: Expression) -> tuple[Expression, ...]:
    """The expressions directly inside one."""
    match node:
        case Call():
            return node.arguments
        case Unary():
            return (node.operand,)
        case Binary():
            return (node.left, node.right)
        case _:
            return ()


def walk(node: Expression) -> Iterator[Expression]:
    """The expression and everything inside it, outermost first; without recursion, so any depth is safe."""
    waiting = [node]
    while waiting:
        found = waiting.pop()
        yield found
        waiting.extend(reversed(list_children(found)))


def measure_depth(node: Expression) -> int:
    """How many levels an expression has; without recursion."""
    deepest = 0
    waiting = [(node, 1)]
    while waiting:
        found, depth = waiting.pop()
        deepest = max(deepest, depth)
        waiting.extend((child, depth + 1) for child in list_children(found))
    return deepest


def format_expression(node: Expression) -> str:
    """Spell an expression canonically: single spaces, no needless parentheses; parsing it gives the expression back."""
    match node:
        case Number():
            text = format_number(node.value)
        case Text():
            text = f'"{node.value}"'
        case Name():
            text = node.name
        case Call():
            text = f"{node.name}({', '.join(format_expression(a) for a in node.arguments)})"
        case Unary():
            sign = "not " if node.operator == "not" else node.operator
            text = f"{sign}{_enclose(node.operand, _find_precedence(node))}"
        case Binary():
            binds = PRECEDENCE[node.operator]
            left = _enclose(node.left, binds + (node.operator in COMPARISONS))
            text = f"{left} {node.operator} {_enclose(node.right, binds + 1)}"
    return text


def format_number(value: float) -> str:
    """Spell a number so that 2 and 2.0 look the same and nothing is lost."""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)  # noqa: PLR2004 - past it, repr is shorter


def _enclose(node: Expression, at_least: int) -> str:
    text = format_expression(node)
    return text if _find_precedence(node) >= at_least else f"({text})"


def _find_precedence(node: Expression) -> int:
    match node:
        case Binary():
            return PRECEDENCE[node.operator]
        case Unary(operator="not"):
            return NOT_PRECEDENCE
        case Unary():
            return NEGATE_PRECEDENCE
        case _:
            return ATOM_PRECEDENCE
