"""From a strategy and bars to decisions.

1. Params get their values; every expression gets a key that names what it computes (`identity.Keys`).
2. An expression is computed on a *view*: a symbol and a timeframe. ``on`` and ``of`` compute on another view and bring
   the result back, each bar taking the newest value whose own bar had closed by then (`computing.Computation`).
3. Features and window operators are recalled from `MarketData`, shared by all strategies.
4. Only what is known to be true signals. An entry is dropped where its size, or a stop, take or trail that the strategy
   asks for, is unknown or not above zero, or the offset of its order unknown or below zero. What to make of rules that
   contradict each other is the replay's business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from edgeproof.domain.errors import InvalidValue
from edgeproof.domain.signals import Signals
from edgeproof.strategies.computing import Computation
from edgeproof.strategies.constants import count_bars
from edgeproof.strategies.content import DISTANCES
from edgeproof.strategies.entering import LimitEntry
from edgeproof.strategies.errors import NotRunnable
from edgeproof.strategies.market_data import View
from edgeproof.strategies.operators import MAX_WINDOW
from edgeproof.strategies.sizing import VolatilityTarget
from edgeproof.strategies.targeting import compute_volatility, target_volatility
from edgeproof.strategies.values import know_true

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edgeproof.domain.arrays import BoolArray, FloatArray
    from edgeproof.domain.time import Timeframe
    from edgeproof.strategies.expressions import Expression
    from edgeproof.strategies.market_data import MarketData
    from edgeproof.strategies.strategy import Strategy

_NOWHERE: Final = np.asarray(np.nan)


def evaluate(
    strategy: Strategy,
    data: MarketData,
    symbol: str,
    *,
    params: Mapping[str, float] | None = None,
    timeframe: Timeframe | None = None,
) -> Signals:
    """Decide at every close of one symbol.

    Args:
        strategy: What to decide by.
        data: Bars and funding; finest bars of at most the decision timeframe.
        symbol: What to decide about.
        params: Values other than the defaults.
        timeframe: Decide on these bars instead of the strategy's own.

    Returns:
        One decision for each complete bar of the timeframe. Its arrays may be shared with other signals, and one value
        that holds for every bar stands in memory once: read them, never write into them.

    Raises:
        UnknownName: No bars of that symbol, or no such param.
        InvalidValue: A param out of range, or params that no feature takes together.
        NotRunnable: The bars cannot serve this strategy: a timeframe or another symbol is lacking.
    """
    values = strategy.resolve_params(params)
    view = View(symbol, timeframe or strategy.timeframe)
    finest = data.finest(symbol).timeframe
    if not data.has_bars(*view):
        reason = f"it decides on {view.timeframe} bars, which cannot be made of {symbol}'s {finest} bars"
        raise NotRunnable(strategy.name, reason)
    return _Decision(strategy, Computation(strategy, data, values), data, view).make()


class _Decision:
    """One evaluation: a strategy with its params on one view."""

    def __init__(self, strategy: Strategy, computation: Computation, data: MarketData, view: View) -> None:
        self._strategy = strategy
        self._computation = computation
        self._data = data
        self._view = view
        self._bars = data.bars(*view)

    def make(self) -> Signals:
        rules = self._strategy
        asked = {key: rule for key in DISTANCES if (rule := getattr(rules, key)) is not None}
        distances = {key: self._computation.recall_numbers(rule, self._view) for key, rule in asked.items()}
        leverage = self._size()
        able = self._data.recall(
            self._view,
            " ".join(["able", self._size_key(), *map(self._computation.name, asked.values())]),
            lambda: _find_able(leverage, *distances.values()),
        )
        offset, wait = self._rest()
        if offset is not None:
            able = np.asarray(able & (offset >= 0))
        long, short, exit_long, exit_short = (
            self._tell(rule) for rule in (rules.long, rules.short, rules.exit_long, rules.exit_short)
        )
        return Signals(
            bars=self._bars,
            long=long & able,
            short=short & able,
            exit_long=exit_long,
            exit_short=exit_short,
            leverage=self._spread(leverage),
            take_share=self._share_taken(),
            max_hold=self._count("max_hold", rules.max_hold),
            cool_down=self._count("cool_down", rules.cool_down),
            limit_offset=None if offset is None else self._spread(offset),
            limit_wait=wait,
            **{key: self._spread(distances.get(key, _NOWHERE)) for key in DISTANCES},
        )

    def _tell(self, rule: Expression | None) -> BoolArray:
        if rule is None:
            return np.zeros(len(self._bars), dtype=np.bool_)
        return know_true(self._computation.truths(rule, self._view), len(self._bars))

    def _spread(self, values: FloatArray) -> FloatArray:
        return np.broadcast_to(values, len(self._bars))

    def _size(self) -> FloatArray:
        size = self._strategy.size
        if not isinstance(size, VolatilityTarget):
            return np.asarray(self._check_size("leverage", size.leverage))
        annual, most = self._check_size("annual", size.annual), self._check_size("max_leverage", size.max_leverage)
        volatility = self._data.recall(self._view, "yearly volatility", lambda: compute_volatility(self._bars))
        return self._data.recall(self._view, self._size_key(), lambda: target_volatility(volatility, annual, most))

    def _size_key(self) -> str:
        """A name for the wished leverage: the kind of size, and what its parts are worth."""
        size = self._strategy.size
        return " ".join([size.kind, *(repr(self._computation.constant(part)) for part in size.parts.values())])

    def _check_size(self, what: str, part: Expression) -> float:
        value = self._computation.constant(part)
        if not 0.0 < value < float("inf"):
            raise InvalidValue(f"{what} of {self._strategy.name}", value, "a number above 0")
        return value

    def _rest(self) -> tuple[FloatArray | None, int]:
        """How far from the close an order to enter rests, and for how many bars."""
        entry = self._strategy.entry
        if not isinstance(entry, LimitEntry):
            return None, 1
        return self._computation.recall_numbers(entry.offset, self._view), self._count("wait", entry.wait)

    def _share_taken(self) -> float:
        rule = self._strategy.take_share
        if rule is None:
            return 1.0
        share = self._computation.constant(rule)
        if not 0.0 < share <= 1.0:
            raise InvalidValue(f"take_share of {self._strategy.name}", share, "a share above 0, at most 1")
        return share

    def _count(self, key: str, rule: Expression | None) -> int:
        if rule is None:
            return 0
        bars = count_bars(self._computation.constant(rule))
        if not 1 <= bars <= MAX_WINDOW:
            raise InvalidValue(f"{key} of {self._strategy.name}", bars, f"1 to {MAX_WINDOW:,} bars")
        return int(bars)


def _find_able(leverage: FloatArray, *distances: FloatArray) -> BoolArray:
    """Where an entry has a size and every distance that is asked for."""
    able = np.asarray(leverage > 0)
    for distance in distances:
        able = np.asarray(able & (distance > 0))
    return able
