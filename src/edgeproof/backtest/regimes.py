"""What slippage is multiplied with in each bar, from the regimes of the costs.

A bar's factor is made of what was known at the close of the bar before it: an order that fills in a bar was sent
before anything of that bar was seen.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from edgeproof.domain.errors import InvalidValue
from edgeproof.strategies import decide_condition, spell_condition

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from edgeproof.backtest.tape import Tape
    from edgeproof.domain.arrays import FloatArray
    from edgeproof.domain.series import BarSeries
    from edgeproof.domain.time import Timeframe
    from edgeproof.execution import Costs, Regime
    from edgeproof.strategies import MarketData

_TOLD_APART_BY: Final = ("ts", "open", "high", "low", "close")


def charge_regimes(tape: Tape, costs: Costs, data: MarketData, symbol: str) -> Tape:
    """The tape on which fills pay what these costs ask in each regime, besides factors that the bars brought.

    Args:
        tape: Made of the symbol's finest bars in ``data``.
        costs: With the regimes; a tape for costs without any is the one given.
        data: Bars and funding that the conditions look at.
        symbol: Whose bars.

    Raises:
        InvalidValue: A condition that is none on these bars, or a tape of other bars or charged before.
    """
    if tape.regimes:
        raise InvalidValue("tape", "one that was charged before", "one that no regimes were charged on")
    if not costs.regimes:
        return tape
    if not _are_same(data.finest(symbol), tape.bars):
        raise InvalidValue("tape", f"one of other bars than those of {symbol!r}", "one of the symbol's finest bars")
    factors = compute_factors(costs.regimes, data, symbol, tape.bars.timeframe)
    brought = tape.slippage_factor if len(tape.slippage_factor) else 1.0
    return replace(tape, slippage_factor=brought * factors, regimes=costs.regimes)


def check_charged(tape: Tape, costs: Costs) -> None:
    """Refuse a tape on which other regimes were charged than these costs have, whatever their spelling.

    Raises:
        InvalidValue: Says which one is missing or too much.
    """
    if tape.regimes == costs.regimes:
        return
    charged, asked = (set(_spell(regimes)) for regimes in (tape.regimes, costs.regimes))
    told = [
        f"{how} {', '.join(sorted(f'a factor of {one.factor:g} where {one.when}' for one in odd))}"
        for how, odd in (("without", asked - charged), ("with", charged - asked))
        if odd
    ]
    if told:
        raise InvalidValue(
            "tape", f"one {' but '.join(told)}", "charge_regimes(tape, costs, data, symbol) of its costs"
        )


def compute_factors(regimes: Sequence[Regime], data: MarketData, symbol: str, timeframe: Timeframe) -> FloatArray:
    """The product of the factors of all regimes that hold, by bar, shape (n,).

    What is unknown at a close, and whatever holds in the first bar, counts as the dearer of both answers.

    Raises:
        InvalidValue: A condition that is none on bars of this timeframe.
    """
    factors = np.ones(len(data.bars(symbol, timeframe)))
    for regime in regimes:
        # A truth is -1 for no, 0 for unknown and 1 for yes.
        before = _ask_before(regime, data, symbol, timeframe)
        factors *= np.array([1.0, regime.unknown_factor, regime.factor])[before + 1]
    return factors


def count_unknown(regimes: Sequence[Regime], data: MarketData, symbol: str, timeframe: Timeframe) -> tuple[int, ...]:
    """In how many bars each regime was unknown, so that the dearer of both answers was charged.

    Raises:
        InvalidValue: A condition that is none on bars of this timeframe.
    """
    return tuple(int((_ask_before(regime, data, symbol, timeframe) == 0).sum()) for regime in regimes)


def spell_regimes(costs: Costs) -> Costs:
    """The costs with every condition in its canonical spelling, so that one question has one name.

    Raises:
        InvalidValue: A text that is no condition, or one condition spelled in two ways.
    """
    if not costs.regimes:
        return costs
    return replace(costs, regimes=_spell(costs.regimes))


def _spell(regimes: Sequence[Regime]) -> tuple[Regime, ...]:
    with_words = []
    for regime in regimes:
        with _naming(regime):
            with_words.append(regime.spell(spell_condition(regime.when)))
    return tuple(with_words)


def _ask_before(regime: Regime, data: MarketData, symbol: str, timeframe: Timeframe) -> npt.NDArray[np.int8]:
    """What was known of a regime at the close of the bar before each, shape (n,)."""
    with _naming(regime):
        truth = decide_condition(regime.when, data, symbol, timeframe)
    return np.concatenate([np.zeros(min(1, len(truth)), np.int8), truth[:-1]])


@contextmanager
def _naming(regime: Regime) -> Iterator[None]:
    """Say of what is wrong that it stands in the costs, lest it be looked for in a strategy."""
    try:
        yield
    except InvalidValue as error:
        expected = error.expected if error.what == "condition" else f"a condition that can be computed ({error})"
        raise InvalidValue("a condition of costs.regimes", regime.when, expected) from None


def _are_same(one: BarSeries, other: BarSeries) -> bool:
    return one is other or all(np.array_equal(getattr(one, name), getattr(other, name)) for name in _TOLD_APART_BY)
