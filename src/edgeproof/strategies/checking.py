"""Names, kinds and ranges: what the parser's tree must satisfy before anything runs it.

1. Names are params, ``let`` names or bar columns; calls are operators or registered features.
2. Every node is a number or a condition, and stands where that kind is wanted.
3. Arguments that count bars, and arguments of features, are constants within their range.
4. Feature arguments left out are written out, timeframes and symbols take their canonical spelling.
"""

from __future__ import annotations

import math
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, NoReturn

from edgeproof.domain.errors import InvalidValue, offer_names
from edgeproof.domain.instruments import parse_symbol
from edgeproof.domain.series import VALUE_COLUMNS
from edgeproof.domain.time import Timeframe
from edgeproof.features import FEATURES
from edgeproof.strategies.constants import compute_constant, count_bars
from edgeproof.strategies.errors import StrategyError
from edgeproof.strategies.expressions import (
    COMPARISONS,
    LOGIC,
    Binary,
    Call,
    Expression,
    Kind,
    Name,
    Number,
    Text,
    Unary,
    walk,
)
from edgeproof.strategies.operators import MAX_WINDOW, OPERATORS, Gives, Operator, Role
from edgeproof.strategies.parsing import parse_expression
from edgeproof.strategies.tokens import ExpressionError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from edgeproof.features import Feature
    from edgeproof.strategies.content import Param
    from edgeproof.strategies.document import Scalar

# With every `let` name replaced by what it stands for; what runs a strategy recurses this deep at most.
MAX_DEPTH: Final = 80
_WANTED: Final = {Kind.NUMBER: "a number was wanted", Kind.CONDITION: "a condition was wanted"}


@dataclass(frozen=True, slots=True)
class Checked:
    """A checked expression, in full, with its kind and how deep it is."""

    expression: Expression
    kind: Kind
    depth: int


@contextmanager
def locate(scalar: Scalar) -> Iterator[None]:
    """Turn what is wrong at an offset of a scalar's text into its place in the file."""
    try:
        yield
    except ExpressionError as error:
        raise StrategyError(scalar.place(error.at), error.reason) from None


class Checker:
    """Checks the expressions of one strategy.

    Args:
        params: The declared params.
        definitions: ``let`` names and the text they stand for, in any order.
        timeframe: What the strategy decides on; ``on`` may only name longer ones.

    Attributes:
        let: Definitions checked so far, each after those it uses.
        used: Params and ``let`` names that occur.
        counting: Params that count bars, so must be whole.
    """

    def __init__(self, params: Mapping[str, Param], definitions: Mapping[str, Scalar], timeframe: Timeframe) -> None:
        self.let: dict[str, Expression] = {}
        self.used: set[str] = set()
        self.counting: set[str] = set()
        self._params = params
        # What names are worth with every param at its default, and the params each is made of.
        self._worth: dict[str, float | None] = {name: param.default for name, param in params.items()}
        self._made_of = {name: frozenset({name}) for name in params}
        self._definitions = definitions
        self._frame = timeframe
        self._checked: dict[tuple[str, Timeframe], Checked] = {}
        self._open: list[str] = []
        self._depth = 0

    def check(self, scalar: Scalar, kind: Kind) -> Expression:
        """Parse and check an expression of the wanted kind.

        Raises:
            StrategyError: With the place and the reason.
        """
        with locate(scalar):
            parsed = parse_expression(scalar.text)
            return self._want(parsed, kind).expression

    def check_constant(self, scalar: Scalar, what: str, low: float, high: float, *, whole: bool) -> Expression:
        """Parse and check a number known before the first bar, within a range.

        Raises:
            StrategyError: With the place and the reason.
        """
        with locate(scalar):
            found = self._want(parse_expression(scalar.text), Kind.NUMBER).expression
            self._check_range(found, what, low, high, whole=whole)
            return found

    def check_definitions(self) -> None:
        """Check every ``let`` definition that nothing has used yet."""
        for name in self._definitions:
            self._define(Name(name))

    def _want(self, node: Expression, kind: Kind) -> Checked:
        checked = self._check(node)
        if checked.kind is not kind:
            hint = "; compare it with something, as in x > 0" if kind is Kind.CONDITION else ""
            _refuse(node, f"this is {checked.kind} where {_WANTED[kind]}{hint}")
        return checked

    def _check(self, node: Expression) -> Checked:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            _refuse(node, f"deeper than {MAX_DEPTH} levels, `let` names counted in full; make it simpler")
        match node:
            case Number():
                checked = Checked(node, Kind.NUMBER, 1)
            case Text():
                _refuse(node, "a quoted word belongs only into on(...), of(...) or model(...)")
            case Name():
                checked = self._check_name(node)
            case Call():
                checked = self._check_call(node)
            case Unary():
                checked = self._check_unary(node)
            case Binary():
                checked = self._check_binary(node)
        self._depth -= 1
        return checked

    def _check_name(self, node: Name) -> Checked:
        if node.name in self._definitions:
            self.used.add(node.name)
            made = self._define(node)
            if self._depth + made.depth > MAX_DEPTH:
                _refuse(node, f"deeper than {MAX_DEPTH} levels, `let` names counted in full; make it simpler")
            return Checked(node, made.kind, made.depth + 1)
        if node.name in self._params:
            self.used.add(node.name)
        elif node.name not in VALUE_COLUMNS:
            _refuse(node, self._explain_name(node.name))
        return Checked(node, Kind.NUMBER, 1)

    def _explain_name(self, name: str) -> str:
        if name in FEATURES:
            return f"'{name}' is a feature; call it as {describe_feature(FEATURES[name])}"
        if name in OPERATORS:
            return f"'{name}' is an operator; call it as {OPERATORS[name].signature}"
        known = [*self._params, *self._definitions, *VALUE_COLUMNS]
        return f"no name '{name}'; {offer_names(name, known)}"

    def _define(self, node: Name) -> Checked:
        if node.name in self._open:
            circle = " -> ".join([*self._open[self._open.index(node.name) :], node.name])
            _refuse(node, f"a definition that needs itself: {circle}")
        # Once for each timeframe it is used on, since `on` inside it must fit them all.
        key = (node.name, self._frame)
        if key not in self._checked:
            self._open.append(node.name)
            scalar = self._definitions[node.name]
            with locate(scalar):
                checked = self._check(parse_expression(scalar.text))
            self._open.pop()
            self._checked[key] = checked
            self.let[node.name] = checked.expression
            self._worth[node.name] = compute_constant(checked.expression, self._worth)
            self._made_of[node.name] = self._list_params(checked.expression)
        return self._checked[key]

    def _list_params(self, node: Expression) -> frozenset[str]:
        nothing: frozenset[str] = frozenset()
        return nothing.union(*(self._made_of.get(n.name, nothing) for n in walk(node) if isinstance(n, Name)))

    def _check_unary(self, node: Unary) -> Checked:
        kind = Kind.CONDITION if node.operator == "not" else Kind.NUMBER
        inside = self._want(node.operand, kind)
        return Checked(replace(node, operand=inside.expression), kind, inside.depth + 1)

    def _check_binary(self, node: Binary) -> Checked:
        takes = Kind.CONDITION if node.operator in LOGIC else Kind.NUMBER
        gives = Kind.CONDITION if node.operator in LOGIC | COMPARISONS else Kind.NUMBER
        left, right = self._want(node.left, takes), self._want(node.right, takes)
        made = replace(node, left=left.expression, right=right.expression)
        return Checked(made, gives, max(left.depth, right.depth) + 1)

    def _check_call(self, node: Call) -> Checked:
        if node.name in OPERATORS:
            return self._check_operator(node, OPERATORS[node.name])
        if node.name in FEATURES:
            return self._check_feature(node, FEATURES[node.name])
        if node.name in VALUE_COLUMNS or node.name in self._params or node.name in self._definitions:
            _refuse(node, f"'{node.name}' is no function; its value n bars ago is lag({node.name}, n)")
        return _refuse(node, f"no feature or operator '{node.name}'; {offer_names(node.name, list_callables())}")

    def _check_operator(self, node: Call, operator: Operator) -> Checked:
        count, wanted = len(node.arguments), len(operator.roles)
        if count < wanted or (count > wanted and not operator.variadic):
            _refuse(node, f"{operator.signature} takes {wanted} arguments, not {count}")
        if operator.name == "model":
            _refuse(node, "no model is trained in this workspace, so model(...) has nothing to say; leave it out")
        outer = self._frame
        if operator.name == "on":
            self._frame = self._read_timeframe(node.arguments[0])
        parts = [self._check_argument(a, operator, operator.role(i)) for i, a in enumerate(node.arguments)]
        self._frame = outer
        made = replace(node, arguments=tuple(part.expression for part in parts))
        return Checked(made, _find_kind(operator, parts), max(part.depth for part in parts) + 1)

    def _check_argument(self, node: Expression, operator: Operator, role: Role) -> Checked:
        match role:
            case Role.NUMBER:
                return self._want(node, Kind.NUMBER)
            case Role.ANY:
                return self._check(node)
            case Role.BARS:
                checked = self._want(node, Kind.NUMBER)
                what = f"n of {operator.signature}"
                self._check_range(checked.expression, what, operator.fewest_bars, MAX_WINDOW, whole=True)
                return checked
            case Role.TIMEFRAME:
                return Checked(Text(self._frame.name, node.at), Kind.NUMBER, 1)
            case Role.SYMBOL | Role.MODEL:
                return Checked(Text(_read_symbol(node), node.at), Kind.NUMBER, 1)

    def _read_timeframe(self, node: Expression) -> Timeframe:
        if not isinstance(node, Text):
            _refuse(node, 'on(...) begins with a quoted timeframe, as in on("1h", x)')
        try:
            asked = Timeframe.parse(node.value)
        except InvalidValue as error:
            _refuse(node, str(error))
        if asked.ms % self._frame.ms:
            _refuse(node, f"on({asked}) is asked on {self._frame} bars; it takes a whole multiple of them")
        return asked

    def _check_feature(self, node: Call, feature: Feature) -> Checked:
        if len(node.arguments) > len(feature.parameters):
            _refuse(node, f"{len(node.arguments)} arguments for {describe_feature(feature)}")
        parts = [self._want(argument, Kind.NUMBER) for argument in node.arguments]
        for part, parameter in zip(parts, feature.parameters, strict=False):
            what = f"{parameter.name} of {describe_feature(feature)}"
            self._check_range(part.expression, what, parameter.low, parameter.high, whole=parameter.integer)
        defaults = [Number(float(p.default), node.at) for p in feature.parameters[len(parts) :]]
        made = replace(node, arguments=(*(part.expression for part in parts), *defaults))
        return Checked(made, Kind.NUMBER, max((part.depth for part in parts), default=0) + 1)

    def _check_range(self, node: Expression, what: str, low: float, high: float, *, whole: bool) -> None:
        """A constant must be within its range for the default params, a bare param for all of its own range."""
        value = compute_constant(node, self._worth)
        if value is None:
            _refuse(node, f"{what} must be known before the first bar: a number, a param, or arithmetic on them")
        expected = f"{'a whole number' if whole else 'a number'} from {low:g} to {high:g}"
        # Half a window is rounded, a literal 2.5 is a mistake.
        settled = count_bars(value) if whole and not isinstance(node, Number) else value
        if not low <= settled <= high or (whole and settled != math.floor(settled)):
            _refuse(node, f"{what} cannot be {settled:g}; expected {expected}")
        if whole:
            self.counting |= self._list_params(node)
        if isinstance(node, Name) and node.name in self._params:
            param = self._params[node.name]
            if param.low < low or param.high > high:
                span = f"{param.low:g} to {param.high:g}"
                _refuse(node, f"{what} is param {node.name}, which ranges from {span}; expected {expected}")


def list_callables() -> list[str]:
    """Every name that can be called: operators and features."""
    return [*OPERATORS.names, *FEATURES.names]


def describe_feature(feature: Feature) -> str:
    """How a feature is called, such as ``macd(fast, slow, signal)``."""
    return f"{feature.name}({', '.join(parameter.name for parameter in feature.parameters)})"


def _find_kind(operator: Operator, parts: list[Checked]) -> Kind:
    if operator.gives is Gives.SAME:
        return parts[operator.roles.index(Role.ANY)].kind
    return Kind.NUMBER if operator.gives is Gives.NUMBER else Kind.CONDITION


def _read_symbol(node: Expression) -> str:
    if not isinstance(node, Text):
        _refuse(node, 'of(...) begins with a quoted symbol, as in of("BTC-USDT", x)')
    try:
        return parse_symbol(node.value)
    except InvalidValue as error:
        return _refuse(node, str(error))


def _refuse(node: Expression, reason: str) -> NoReturn:
    raise ExpressionError(node.at, reason)
