"""What combinations are tried on: plain values that can be sent to other processes, and the desk that is made of them.

A desk computes a feature once for each symbol, timeframe and arguments, and shares it among all combinations that ask
for it; what it may keep in memory is bounded, and what was unused for longest is forgotten first.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgeproof.backtest.regimes import charge_regimes
from edgeproof.backtest.replay import replay_signals
from edgeproof.backtest.sweeps.errors import CombinationRefused
from edgeproof.backtest.tape import prepare_tape
from edgeproof.backtest.trials import describe_metrics, make_trial
from edgeproof.domain.errors import RequestError
from edgeproof.domain.series import VALUE_COLUMNS, BarSeries
from edgeproof.execution import Costs
from edgeproof.strategies import MarketData, NotRunnable, evaluate
from edgeproof.strategies.market_data import DEFAULT_REFERENCE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from edgeproof.backtest.sweeps.combinations import Combination
    from edgeproof.backtest.tape import Tape
    from edgeproof.domain.instruments import Instrument, InstrumentRules
    from edgeproof.domain.records import Trial
    from edgeproof.domain.time import Window

_DEFAULT_CACHE_BYTES: Final = 1024 * 1024 * 1024
_BARS_TO_CHECK: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Markets:
    """Bars and the conditions they are traded under.

    Attributes:
        bars: The finest bars of every symbol that is traded or looked at.
        symbols: Those that are traded, each with an account of its own.
        funding: Funding rates of those that have any.
        slippage_factor: What slippage is multiplied with in each bar, of those traded where it is.
        costs, rules: As `backtest` has them.
        initial_equity: Quote units, of every account.
        reference: The symbol that cross-asset features compare with.
        cache_bytes: What may be kept in memory of what was computed, in each process.
    """

    bars: Mapping[str, BarSeries]
    symbols: tuple[str, ...]
    funding: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    slippage_factor: Mapping[str, pl.Series] = field(default_factory=dict)
    costs: Costs = field(default_factory=Costs)
    rules: InstrumentRules | None = None
    initial_equity: float = 10_000.0
    reference: str = DEFAULT_REFERENCE
    cache_bytes: int = _DEFAULT_CACHE_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What a trial is called besides its params and conditions."""

    instrument: Instrument
    window: Window
    data_hash: str
    origin: str
    created_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A combination, and how to call its trial where one is wanted."""

    combination: Combination
    label: Label | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of a combination: metrics as `describe_metrics` gives them, and the trial where one is wanted."""

    metrics: Mapping[str, Any]
    trial: Trial | None = None


class Desk:
    """Answers questions about some markets; many threads may ask."""

    def __init__(self, markets: Markets) -> None:
        self._markets = markets
        bars = {symbol: _make_writable(series) for symbol, series in markets.bars.items()}
        self._data = MarketData(bars, markets.funding, markets.reference, cache_bytes=markets.cache_bytes)
        self._tapes: dict[str, Tape] = {
            symbol: charge_regimes(
                prepare_tape(
                    bars[symbol], markets.funding.get(symbol), slippage_factor=markets.slippage_factor.get(symbol)
                ),
                markets.costs,
                self._data,
                symbol,
            )
            for symbol in markets.symbols
        }

    def answer(self, question: Question) -> Answer:
        """Decide and trade one combination."""
        one, markets = question.combination, self._markets
        signals = evaluate(one.strategy, self._data, one.symbol, params=one.params, timeframe=one.timeframe)
        replay = replay_signals(
            self._tapes[one.symbol],
            signals,
            costs=markets.costs,
            rules=markets.rules,
            initial_equity=markets.initial_equity,
            symbol=one.symbol,
        )
        if (label := question.label) is None:
            return Answer(metrics=describe_metrics(replay.metrics))
        trial = make_trial(
            replay,
            strategy_hash=one.strategy.hash,
            strategy=one.strategy.name,
            params=one.params,
            instrument=label.instrument,
            timeframe=one.timeframe,
            window=label.window,
            data_hash=label.data_hash,
            costs=markets.costs,
            origin=label.origin,
            created_ms=label.created_ms,
            rules=markets.rules,
        )
        return Answer(metrics=trial.metrics, trial=trial)

    def answer_all(self, questions: Sequence[Question]) -> list[Answer]:
        """Answer in the order asked."""
        return [self.answer(question) for question in questions]


def open_scratch(markets: Markets) -> MarketData:
    """The first two bars of every symbol: what a strategy refuses, it refuses there at once."""
    return MarketData(
        {symbol: series.slice(0, _BARS_TO_CHECK) for symbol, series in markets.bars.items()},
        {symbol: rates.head(1) for symbol, rates in markets.funding.items()},
        markets.reference,
    )


def try_combination(data: MarketData, one: Combination) -> None:
    """Decide a combination and forget the decisions.

    Raises:
        CombinationRefused: The strategy does not take these params together.
        NotRunnable: The bars cannot serve it.
    """
    try:
        evaluate(one.strategy, data, one.symbol, params=one.params, timeframe=one.timeframe)
    except NotRunnable:
        raise
    except RequestError as error:
        raise CombinationRefused(one.strategy.name, one.params, str(error)) from None


def _make_writable(series: BarSeries) -> BarSeries:
    """Arrays from another process may be read-only, for which every kernel would be compiled once more."""
    if series.ts.flags["W"]:
        return series
    return BarSeries(
        timeframe=series.timeframe,
        ts=np.array(series.ts),
        **{name: np.array(getattr(series, name)) for name in VALUE_COLUMNS},
    )
