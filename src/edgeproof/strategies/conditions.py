"""Conditions on bars that stand by themselves, outside a strategy: a market's regime is one.

The words are those of a strategy without params and ``let``: bar columns, features, operators, ``on``. A condition
looks at the bars of one symbol alone, so ``of`` is refused; features that compare with the reference symbol are not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from edgeproof.domain.errors import InvalidValue
from edgeproof.domain.time import ONE_MINUTE
from edgeproof.strategies.checking import Checker
from edgeproof.strategies.computing import Computation
from edgeproof.strategies.content import Content
from edgeproof.strategies.document import Scalar, Source
from edgeproof.strategies.errors import StrategyError
from edgeproof.strategies.expressions import Call, Expression, Kind, format_expression, walk
from edgeproof.strategies.market_data import View
from edgeproof.strategies.tokens import SPLIT_ADVICE

if TYPE_CHECKING:
    from edgeproof.domain.time import Timeframe
    from edgeproof.strategies.market_data import MarketData
    from edgeproof.strategies.values import TruthArray

_EXAMPLE: Final = "a condition on bars, such as atr(14) / close > 0.01"
_ONE_SYMBOL: Final = "it looks at the bars of the symbol that is traded, so of(...) has no place in it"


def spell_condition(text: str, timeframe: Timeframe = ONE_MINUTE) -> str:
    """A condition in its canonical spelling: arguments that were left out written out, single spaces.

    Args:
        text: Such as ``regime_volatile() > 0``; white space says nothing.
        timeframe: The bars it is asked of; ``on`` may only name whole multiples of them.

    Raises:
        InvalidValue: The text is no condition on the bars of one symbol; says where and why.
    """
    return format_expression(_read(text, timeframe))


def decide_condition(text: str, data: MarketData, symbol: str, timeframe: Timeframe) -> TruthArray:
    """Whether a condition holds at the close of each bar, as far as was known then.

    Args:
        text: As for `spell_condition`.
        data: Bars and funding.
        symbol: Whose bars.
        timeframe: Which of them.

    Returns:
        Shape (n,): 1 it holds, -1 it does not, 0 unknown, as before a feature has seen enough bars. Read it, never
        write into it.

    Raises:
        InvalidValue: As for `spell_condition`, or a feature does not take these arguments together.
        UnknownName: No bars of that symbol.
    """
    node = _read(text, timeframe)
    alone = Content(name="condition", thesis="", timeframe=timeframe, long=node)
    truths = Computation(alone, data, {}).truths(node, View(symbol, timeframe))
    return np.broadcast_to(truths, (len(data.bars(symbol, timeframe)),))


def _read(text: str, timeframe: Timeframe) -> Expression:
    text = " ".join(text.split())
    scalar = Scalar(source=Source(name="condition", text=text), text=text, start=0, end=len(text))
    try:
        node = Checker({}, {}, timeframe).check(scalar, Kind.CONDITION)
    except StrategyError as error:
        reason = error.reason.removesuffix(SPLIT_ADVICE)  # there is nothing to split it into
        raise InvalidValue("condition", text, f"{_EXAMPLE} (at character {error.place.column}: {reason})") from None
    if any(isinstance(inner, Call) and inner.name == "of" for inner in walk(node)):
        raise InvalidValue("condition", text, f"{_EXAMPLE} ({_ONE_SYMBOL})")
    return node
