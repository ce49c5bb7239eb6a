"""The two ways in: a strategy over bars, and one's own signals over bars."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from edgeproof.backtest.arguments import read_costs, read_equity, read_rules, read_timeframe
from edgeproof.backtest.frames import split_bars, split_factors, split_funding, split_trades
from edgeproof.backtest.regimes import charge_regimes
from edgeproof.backtest.replay import replay_signals
from edgeproof.backtest.result import combine_replays
from edgeproof.backtest.tape import prepare_tape
from edgeproof.domain.errors import InvalidValue
from edgeproof.domain.scalars import read_number, read_whole
from edgeproof.domain.signals import Signals
from edgeproof.strategies import MarketData, Strategy, evaluate, load_strategy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from edgeproof.backtest.result import BacktestResult
    from edgeproof.domain.arrays import BoolArray, FloatArray
    from edgeproof.domain.instruments import InstrumentRules
    from edgeproof.domain.time import Timeframe
    from edgeproof.execution import Costs

Flags: TypeAlias = "npt.ArrayLike | pl.Series | Sequence[bool]"
Distances: TypeAlias = "npt.ArrayLike | pl.Series | Sequence[float]"

_MOST_BARS = 10_000_000


def backtest(  # noqa: PLR0913 - one keyword for each thing a result depends on
    bars: pl.DataFrame,
    strategy: Strategy | str | Path,
    *,
    params: Mapping[str, float] | None = None,
    timeframe: Timeframe | str | None = None,
    costs: Costs | None = None,
    funding: pl.DataFrame | None = None,
    trades: pl.DataFrame | None = None,
    rules: InstrumentRules | None = None,
    initial_equity: float = 10_000.0,
) -> BacktestResult:
    """Trade a strategy over bars, by the rules of `docs/assumptions.md`.

    Args:
        bars: ``ts, open, high, low, close, volume`` [, ``symbol``, ``timeframe``, ...], the finest there are: stops and
            targets are checked on them whatever the decision timeframe. Several symbols are independent accounts.
            A column ``slippage_factor`` is what slippage is multiplied with in each bar.
        strategy: A strategy, the name of one in the library, a path, or YAML text.
        params: Values other than the defaults.
        timeframe: Decide on these bars instead of the strategy's own.
        costs: Fees, slippage, latency, and what they are in which regime; by default ``Costs()``.
        funding: ``ts, rate`` [, ``symbol``].
        trades: Trades of the market, ``ts, price`` [, ``symbol``]: they settle what came first in a bar.
        rules: The venue's rules; by default none but its highest leverage and maintenance margin.
        initial_equity: Quote units, shared equally by the symbols.

    Raises:
        RequestError: Bars, strategy or parameters that cannot be used; says what was expected.
    """
    chosen = strategy if isinstance(strategy, Strategy) else load_strategy(strategy)
    decide_on, paid, limits = read_timeframe(timeframe), read_costs(costs), read_rules(rules)
    equity = read_equity(initial_equity)
    series = split_bars(bars)
    rates = split_funding(funding, tuple(series))
    prints, factors = split_trades(trades, tuple(series)), split_factors(bars)
    data = MarketData(series, rates)
    tapes = {
        symbol: charge_regimes(
            prepare_tape(one, rates.get(symbol), trades=prints.get(symbol), slippage_factor=factors.get(symbol)),
            paid,
            data,
            symbol,
        )
        for symbol, one in series.items()
    }
    return combine_replays(
        {
            symbol: replay_signals(
                tape,
                evaluate(chosen, data, symbol, params=params, timeframe=decide_on),
                costs=paid,
                rules=limits,
                initial_equity=equity / len(tapes),
                symbol=symbol,
            )
            for symbol, tape in tapes.items()
        }
    )


def backtest_signals(  # noqa: PLR0913 - one keyword for each array a user may bring
    bars: pl.DataFrame,
    *,
    long: Flags | None = None,
    short: Flags | None = None,
    exit_long: Flags | None = None,
    exit_short: Flags | None = None,
    stop: Distances | None = None,
    take: Distances | None = None,
    trail: Distances | None = None,
    leverage: Distances = 1.0,
    take_share: float = 1.0,
    max_hold: int = 0,
    cool_down: int = 0,
    limit_offset: Distances | None = None,
    limit_wait: int = 1,
    timeframe: Timeframe | str | None = None,
    costs: Costs | None = None,
    funding: pl.DataFrame | None = None,
    trades: pl.DataFrame | None = None,
    rules: InstrumentRules | None = None,
    initial_equity: float = 10_000.0,
) -> BacktestResult:
    """Trade your own signals over the bars of one symbol; each bar is a decision, made at its close.

    Args:
        bars: ``ts, open, high, low, close`` [, ``volume``, ``slippage_factor``, ...].
        long: Wish to be long, one truth a bar; at least one of ``long`` and ``short`` is given.
        short: Wish to be short.
        exit_long: Wish to leave a long position.
        exit_short: Wish to leave a short one.
        stop: Distance in price from the fill, one number or one a bar; NaN or null for none.
        take: Likewise, the target.
        trail: Likewise, behind the best price since the fill.
        leverage: Notional over equity at entry, one number or one a bar; NaN or null for no entry.
        take_share: Share of a position that leaves at ``take``; the rest goes on without a target.
        max_hold: Bars after which a position is closed, 0 for never.
        cool_down: Bars after an exit in which nothing is entered, 0 for none.
        limit_offset: Distance from the close at which the order to enter rests, one number or one a bar; NaN or null
            for an order at the market, as all are without it.
        limit_wait: Bars for which it rests.
        timeframe: Length of a bar; by default as the frame tells.
        costs: Fees, slippage, latency, and what they are in which regime; by default ``Costs()``.
        funding: ``ts, rate``.
        trades: Trades of the market, ``ts, price``: they settle what came first in a bar.
        rules: The venue's rules.
        initial_equity: Quote units.

    Raises:
        RequestError: Bars or arrays that cannot be used; says what was expected.
    """
    paid, limits, equity = read_costs(costs), read_rules(rules), read_equity(initial_equity)
    series = split_bars(bars, timeframe=read_timeframe(timeframe), needs_volume=False)
    if len(series) > 1:
        raise InvalidValue("bars", f"bars of {len(series)} symbols", "one symbol; filter the frame")
    if long is None and short is None:
        raise InvalidValue("long and short", None, "at least one array of signals")
    ((symbol, one),) = series.items()
    count = len(one)
    signals = Signals(
        bars=one,
        long=_read_flags("long", long, count),
        short=_read_flags("short", short, count),
        exit_long=_read_flags("exit_long", exit_long, count),
        exit_short=_read_flags("exit_short", exit_short, count),
        stop=_read_distances("stop", stop, count),
        take=_read_distances("take", take, count),
        trail=_read_distances("trail", trail, count),
        leverage=_read_distances("leverage", leverage, count),
        take_share=_read_share(take_share),
        max_hold=_read_bars("max_hold", max_hold),
        cool_down=_read_bars("cool_down", cool_down),
        limit_offset=None if limit_offset is None else _read_distances("limit_offset", limit_offset, count),
        limit_wait=_read_bars("limit_wait", limit_wait, fewest=1),
    )
    rates = split_funding(funding, (symbol,))
    tape = prepare_tape(
        one,
        rates.get(symbol),
        trades=split_trades(trades, (symbol,)).get(symbol),
        slippage_factor=split_factors(bars).get(symbol),
    )
    tape = charge_regimes(tape, paid, MarketData(series, rates), symbol)
    replay = replay_signals(tape, signals, costs=paid, rules=limits, initial_equity=equity, symbol=symbol)
    return combine_replays({symbol: replay})


def _read_flags(name: str, values: Flags | None, count: int) -> BoolArray:
    if values is None:
        return np.zeros(count, np.bool_)
    read = _to_array(name, values)
    if read.dtype != np.bool_:
        raise InvalidValue(name, f"an array of {read.dtype}", "truths without nulls; compare, fill_null(False) or cast")
    if read.shape != (count,):
        raise InvalidValue(name, f"an array of shape {read.shape}", f"shape ({count},), one for each bar")
    return np.ascontiguousarray(read)


def _read_distances(name: str, values: Distances | None, count: int) -> FloatArray:
    if values is None:
        return np.broadcast_to(np.float64("nan"), (count,))
    read = _to_array(name, values)
    if not (np.issubdtype(read.dtype, np.floating) or np.issubdtype(read.dtype, np.integer)):
        raise InvalidValue(name, f"an array of {read.dtype}", "numbers")
    if read.shape not in {(), (count,)}:
        raise InvalidValue(name, f"an array of shape {read.shape}", f"one number, or shape ({count},)")
    numbers = read.astype(np.float64)
    wrong = np.atleast_1d((numbers < 0.0) | np.isinf(numbers))
    if wrong.any():
        at = int(np.argmax(wrong))
        raise InvalidValue(
            name, f"{np.atleast_1d(numbers)[at]:g} at {at}", "finite numbers, 0 or more, or NaN for none"
        )
    return np.broadcast_to(numbers, (count,))


def _to_array(name: str, values: object) -> npt.NDArray[np.generic]:
    try:
        if isinstance(values, pl.Series):
            # Decimals and the widest integers are objects to numpy; all that is null has no type.
            plain = values.dtype.is_numeric() or values.dtype == pl.Null
            return (values.cast(pl.Float64) if plain else values).to_numpy()
        # A list of unequal lists is refused here, not turned into an array of objects.
        return np.asarray(values)
    except ValueError:
        raise InvalidValue(name, "a ragged sequence", "one value for each bar") from None


def _read_bars(name: str, bars: object, *, fewest: int = 0) -> int:
    read = read_whole(bars)
    if read is None or not fewest <= read <= _MOST_BARS:
        raise InvalidValue(name, bars, f"whole bars from {fewest} to {_MOST_BARS:,}")
    return read


def _read_share(share: object) -> float:
    read = read_number(share)
    if read is None or not 0.0 < read <= 1.0:
        raise InvalidValue("take_share", share, "a share above 0, at most 1")
    return float(read)
