"""Expressions to arrays, on one view of the data after another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from edgeproof.domain.series import VALUE_COLUMNS
from edgeproof.domain.time import Timeframe
from edgeproof.features import FEATURES
from edgeproof.strategies.constants import count_bars
from edgeproof.strategies.errors import NotRunnable
from edgeproof.strategies.expressions import LOGIC, Binary, Call, Expression, Name, Text, Unary
from edgeproof.strategies.identity import Keys
from edgeproof.strategies.operators import OPERATORS
from edgeproof.strategies.values import (
    RelationArray,
    TruthArray,
    both,
    calculate,
    deny,
    either,
    find_relation,
    lag_numbers,
    lag_truths,
    pick_numbers,
    pick_truths,
    spread,
    take_logarithm,
    tell_above,
    tell_below,
    tell_equal,
)
from edgeproof.strategies.windows import compute_window

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeAlias

    from edgeproof.domain.arrays import FloatArray
    from edgeproof.strategies.content import Content
    from edgeproof.strategies.market_data import MarketData, View

    _Question: TypeAlias = Callable[[RelationArray], TruthArray]

# What a comparison asks of a relation, and whether the answer is denied.
_QUESTIONS: Final[Mapping[str, tuple[_Question, bool]]] = {
    "<": (tell_below, False),
    ">": (tell_above, False),
    ">=": (tell_below, True),
    "<=": (tell_above, True),
    "==": (tell_equal, False),
    "!=": (tell_equal, True),
}
_MIRRORED: Final[Mapping[_Question, _Question]] = {
    tell_below: tell_above,
    tell_above: tell_below,
    tell_equal: tell_equal,
}


class Computation:
    """Computes the expressions of one strategy with one set of params.

    What a ``let`` name stands for is computed once for each view; features, windows and comparisons are recalled from
    the data, so that a change of params computes only what depends on them.
    """

    def __init__(self, strategy: Content, data: MarketData, params: Mapping[str, float]) -> None:
        self._strategy = strategy
        self._data = data
        self._keys = Keys(strategy.let, params)
        self._numbers: dict[tuple[View, str], FloatArray] = {}
        self._truths: dict[tuple[View, str], TruthArray] = {}

    def constant(self, node: Expression) -> float:
        """A constant's value; NaN where it has none."""
        value = self._keys.constant(node)
        return float("nan") if value is None else value

    def name(self, node: Expression) -> str:
        """What the expression computes under these params, as a key."""
        return self._keys.name(node)

    def recall_numbers(self, node: Expression, view: View) -> FloatArray:
        """As ``numbers``, kept with the data for the next params that change nothing here."""
        return self._data.recall(view, f"numbers {self.name(node)}", lambda: self.numbers(node, view))

    def numbers(self, node: Expression, view: View) -> FloatArray:
        """A number on a view, shape (n,), or () where it is constant.

        Raises:
            NotRunnable: The data lack a symbol or a timeframe that it names.
            InvalidValue: The params lead to arguments that a feature or operator does not take.
        """
        constant = self._keys.constant(node)
        if constant is not None:
            return np.asarray(constant)
        match node:
            case Name():
                found = self._find_numbers(node.name, view)
            case Unary():
                found = np.asarray(-self.numbers(node.operand, view))
            case Binary():
                found = calculate(node.operator, self.numbers(node.left, view), self.numbers(node.right, view))
            case Call() if node.name in OPERATORS:
                found = self._operate(node, view)
            case Call():
                found = self._compute_feature(node, view)
            case _:
                raise TypeError(f"not a checked number: {node!r}")
        return found

    def truths(self, node: Expression, view: View) -> TruthArray:
        """A condition on a view, in three-valued logic.

        Raises:
            NotRunnable, InvalidValue: As for numbers.
        """
        match node:
            case Name():
                if (view, node.name) not in self._truths:
                    self._truths[view, node.name] = self.truths(self._strategy.let[node.name], view)
                found = self._truths[view, node.name]
            case Unary():
                found = deny(self.truths(node.operand, view))
            case Binary() if node.operator in LOGIC:
                join = both if node.operator == "and" else either
                found = join(self.truths(node.left, view), self.truths(node.right, view))
            case Binary():
                found = self._compare(node.operator, node.left, node.right, view)
            case Call():
                found = self._decide(node, view)
            case _:
                raise TypeError(f"not a checked condition: {node!r}")
        return found

    def _find_numbers(self, name: str, view: View) -> FloatArray:
        if name in VALUE_COLUMNS:
            return np.asarray(getattr(self._data.bars(*view), name))
        if (view, name) not in self._numbers:
            self._numbers[view, name] = self.numbers(self._strategy.let[name], view)
        return self._numbers[view, name]

    def _decide(self, node: Call, view: View) -> TruthArray:
        match node.name:
            case "on" | "of":
                source = self._find_view(node, view)
                truths = self.truths(node.arguments[1], source)
                return truths if source == view else pick_truths(truths, self._data.align(source, view))
            case "lag":
                truths = self.truths(node.arguments[0], view)
                return lag_truths(truths, int(self._count(node.arguments[1])), self._length(view))
            case _:
                return self._cross(node, view)

    def _operate(self, node: Call, view: View) -> FloatArray:
        match node.name:
            case "on" | "of":
                source = self._find_view(node, view)
                values = self.numbers(node.arguments[1], source)
                return values if source == view else pick_numbers(values, self._data.align(source, view))
            case "lag":
                values = self.numbers(node.arguments[0], view)
                return lag_numbers(values, int(self._count(node.arguments[1])), self._length(view))
            case "abs":
                return np.abs(self.numbers(node.arguments[0], view))
            case "log":
                return take_logarithm(self.numbers(node.arguments[0], view))
            case "min" | "max":
                choose = np.minimum if node.name == "min" else np.maximum
                first, *others = (self.numbers(argument, view) for argument in node.arguments)
                for other in others:
                    first = np.asarray(choose(first, other))
                return first
            case _:
                return self._data.recall(view, self._keys.name(node), lambda: self._compute_window(node, view))

    def _compute_window(self, node: Call, view: View) -> FloatArray:
        values = spread(self.numbers(node.arguments[0], view), self._length(view))
        return compute_window(node.name, values, int(self._count(node.arguments[1])))

    def _compute_feature(self, node: Call, view: View) -> FloatArray:
        parameters = FEATURES[node.name].parameters
        arguments = [
            self._count(argument) if parameter.integer else self.constant(argument)
            for argument, parameter in zip(node.arguments, parameters, strict=True)
        ]
        return self._data.feature(*view, node.name, arguments)

    def _compare(self, operator: str, left: Expression, right: Expression, view: View) -> TruthArray:
        """Each comparison asks something of one relation, so that rules which ask both ways compare once."""
        ask, denied = _QUESTIONS[operator]
        first, second = self._keys.name(left), self._keys.name(right)
        if first > second:
            left, right, first, second, ask = right, left, second, first, _MIRRORED[ask]
        relation = self._data.recall(
            view,
            f"relation {first} {second}",
            lambda: find_relation(self.numbers(left, view), self.numbers(right, view)),
        )
        return deny(ask(relation)) if denied else ask(relation)

    def _cross(self, node: Call, view: View) -> TruthArray:
        left, right = node.arguments
        now = self._compare(">" if node.name == "crosses_above" else "<", left, right, view)
        return both(now, lag_truths(deny(now), 1, self._length(view)))

    def _find_view(self, node: Call, view: View) -> View:
        word = node.arguments[0]
        text = word.value if isinstance(word, Text) else ""
        if node.name == "of":
            found = view._replace(symbol=text)
            lacking = f"it looks at {text} on {view.timeframe}, of which there are no bars here"
        else:
            found = view._replace(timeframe=Timeframe.parse(text))
            lacking = f"it looks at {text} bars of {view.symbol}, which cannot be made of the bars there are"
            if found.timeframe.ms % view.timeframe.ms:
                reason = f"it asks on({text}) on {view.timeframe} bars, of which {text} is no whole multiple"
                raise NotRunnable(self._strategy.name, reason)
        if not self._data.has_bars(*found):
            raise NotRunnable(self._strategy.name, lacking)
        return found

    def _count(self, node: Expression) -> float:
        return count_bars(self.constant(node))

    def _length(self, view: View) -> int:
        return len(self._data.bars(*view))
