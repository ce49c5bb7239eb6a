"""How much history a strategy needs before its decisions are final."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgeproof.domain.time import Timeframe
from edgeproof.features import FEATURES
from edgeproof.strategies.constants import count_bars
from edgeproof.strategies.content import CONSTANTS
from edgeproof.strategies.entering import LimitEntry
from edgeproof.strategies.expressions import Call, Expression, Name, Text, list_children
from edgeproof.strategies.identity import Keys
from edgeproof.strategies.operators import OPERATORS
from edgeproof.strategies.sizing import VolatilityTarget
from edgeproof.strategies.targeting import count_lookback

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edgeproof.strategies.strategy import Strategy


def count_warm_up(
    strategy: Strategy, *, params: Mapping[str, float] | None = None, timeframe: Timeframe | None = None
) -> int:
    """Decision bars before the first whose decision no longer depends on where the history begins.

    A bar of another timeframe counts as all the decision bars it spans, and one such bar is added because the history
    may begin inside it. Where a feature is recursive the decision is final to rounding (see ``Feature.warm_up``).

    Raises:
        UnknownName, InvalidValue: Params it does not have, or out of range.
    """
    frame = timeframe or strategy.timeframe
    count = _Count(strategy, strategy.resolve_params(params))
    needs = [count.bars(rule, frame) for key, rule in strategy.rules.items() if key not in CONSTANTS]
    if isinstance(strategy.entry, LimitEntry):
        needs.append(count.bars(strategy.entry.offset, frame))
    if isinstance(strategy.size, VolatilityTarget):
        needs.append(count_lookback(frame))
    return max(needs)


class _Count:
    def __init__(self, strategy: Strategy, params: Mapping[str, float]) -> None:
        self._let = strategy.let
        self._keys = Keys(strategy.let, params)
        self._known: dict[tuple[str, Timeframe], int] = {}

    def bars(self, node: Expression, frame: Timeframe) -> int:
        """Earlier bars of this timeframe that an expression needs."""
        match node:
            case Name() if node.name in self._let:
                key = (node.name, frame)
                if key not in self._known:
                    self._known[key] = self.bars(self._let[node.name], frame)
                return self._known[key]
            case Call() if node.name in OPERATORS:
                return self._operator_bars(node, frame)
            case Call():
                arguments = self._arguments(node)
                return FEATURES[node.name].warm_up(arguments, frame)
            case _:
                return max((self.bars(child, frame) for child in list_children(node)), default=0)

    def _operator_bars(self, node: Call, frame: Timeframe) -> int:
        match node.name:
            case "on":
                word = node.arguments[0]
                longer = Timeframe.parse(word.value) if isinstance(word, Text) else frame
                inside, ratio = self.bars(node.arguments[1], longer), max(1, longer.minutes // frame.minutes)
                return inside if ratio == 1 else (inside + 2) * ratio
            case "crosses_above" | "crosses_below":
                return 1 + max(self.bars(side, frame) for side in node.arguments)
            case "lag":
                return self._count(node.arguments[1]) + self.bars(node.arguments[0], frame)
            case "highest" | "lowest" | "mean" | "stdev" | "zscore" | "rank":
                return self._count(node.arguments[1]) - 1 + self.bars(node.arguments[0], frame)
            case _:
                return max(self.bars(argument, frame) for argument in node.arguments)

    def _arguments(self, node: Call) -> list[float]:
        wanted = zip(node.arguments, FEATURES[node.name].parameters, strict=True)
        return [
            self._count(argument) if parameter.integer else self._constant(argument) for argument, parameter in wanted
        ]

    def _count(self, node: Expression) -> int:
        return int(count_bars(self._constant(node)))

    def _constant(self, node: Expression) -> float:
        return self._keys.constant(node) or 0.0
