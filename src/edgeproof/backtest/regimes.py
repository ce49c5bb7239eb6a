"""What slippage is multiplied with in each bar, from the regimes of the costs.

A bar's factor is made of what was known at the close of the bar before it: an order that fills in a bar was sent
before anything of that bar was seen.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from edgeproof.domain.errors import InvalidValue
from edgeproof.strategies import decide_condition, spell_condition

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgeproof.backtest.tape import Tape
    from edgeproof.domain.arrays import FloatArray
    from edgeproof.domain.time import Timeframe
    from edgeproof.execution import Costs, Regime
    from edgeproof.strategies import MarketData


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
    if data.finest(symbol) is not tape.bars and not np.array_equal(data.finest(symbol).ts, tape.bars.ts):
        raise InvalidValue("tape", f"one of other bars than those of {symbol!r}", "one of the symbol's finest bars")
    factors = compute_factors(costs.regimes, data, symbol, tape.bars.timeframe)
    brought = tape.slippage_factor if len(tape.slippage_factor) else 1.0
    return replace(tape, slippage_factor=brought * factors, regimes=costs.regimes)


def compute_factors(regimes: Sequence[Regime], data: MarketData, symbol: str, timeframe: Timeframe) -> FloatArray:
    """The product of the factors of all regimes that hold, by bar, shape (n,).

    What is unknown at a close, and whatever holds in the first bar, counts as the dearer of both answers.

    Raises:
        InvalidValue: A condition that is none on bars of this timeframe.
    """
    factors = np.ones(len(data.bars(symbol, timeframe)))
    for regime in regimes:
        truth = decide_condition(regime.when, data, symbol, timeframe)
        before = np.concatenate([np.zeros(min(1, len(truth)), np.int8), truth[:-1]])
        # A truth is -1 for no, 0 for unknown and 1 for yes.
        factors *= np.array([1.0, regime.unknown_factor, regime.factor])[before + 1]
    return factors


def spell_regimes(costs: Costs) -> Costs:
    """The costs with every condition in its canonical spelling, so that one question has one name.

    Raises:
        InvalidValue: A text that is no condition, or one condition spelled in two ways.
    """
    if not costs.regimes:
        return costs
    return replace(costs, regimes=tuple(one.spell(spell_condition(one.when)) for one in costs.regimes))
