"""vectorbt: ``Portfolio.from_signals``, compiled by numba, on pandas series that are made before the clock starts.

``from_signals`` gives orders. Trades, the equity curve and statistics, which the other readings contain, are made when
they are asked for, and ``stats()`` asks for them all. A table of trades with dates (``records_readable``), which would
cost it microseconds a bar more, is not asked for.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl
import vectorbt as vbt
from bench.material import CASH, FEE, SLIPPAGE, STOP, TAKE, UNITS, draw_bars, draw_wishes
from bench.measure import Measured, measure_each, take_times, take_turns

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.material import Bars
    from bench.measure import Effort
    from numpy.typing import NDArray

_BARS: Final = 1_000_000
_FAST, _SLOW = 20, 100


def replay_sparse(effort: Effort) -> Measured:
    """Signals on one bar in a thousand."""
    return _replay(effort, 0.001)


def replay_dense(effort: Effort) -> Measured:
    """Signals on one bar in ten."""
    return _replay(effort, 0.1)


def orders_sparse(effort: Effort) -> Measured:
    """Orders of signals on one bar in a thousand, as ``from_signals`` alone gives them."""
    return _find_orders(effort, 0.001)


def orders_dense(effort: Effort) -> Measured:
    """Orders of signals on one bar in ten."""
    return _find_orders(effort, 0.1)


def strategy(effort: Effort) -> Measured:
    """A crossing of two exponential means: indicators, signals, portfolio and its statistics."""
    count = effort.scale(_BARS)
    prices = _index_prices(draw_bars(count))

    def work() -> object:
        fast = prices["close"].ewm(span=_FAST).mean()
        slow = prices["close"].ewm(span=_SLOW).mean()
        over = fast > slow
        rose = over & ~over.shift(1, fill_value=False)
        fell = ~over & over.shift(1, fill_value=True)
        crossings = {"long": rose, "short": fell, "exit_long": fell, "exit_short": rose}
        return _simulate(prices, crossings).stats(silence_warnings=True)

    times = take_times(work, min(effort.repeats, 3), effort.clock)
    return Measured(
        readings=tuple(seconds / count * 1e9 for seconds in times),
        size=f"{count:,} bars",
        note="exponential means by pandas, from_signals, then stats()",
    )


def _replay(effort: Effort, density: float) -> Measured:
    prices, several, size = _prepare(effort, density)
    works = [partial(_tell_all, prices, signals) for signals in several]
    return measure_each(
        take_turns(works),
        effort,
        count=len(prices["close"]),
        size=size,
        note="from_signals, then stats(): trades, equity, statistics",
    )


def _find_orders(effort: Effort, density: float) -> Measured:
    prices, several, size = _prepare(effort, density)
    works = [partial(_simulate, prices, signals) for signals in several]
    return measure_each(take_turns(works), effort, count=len(prices["close"]), size=size, note="from_signals alone")


def _prepare(effort: Effort, density: float) -> tuple[dict[str, Any], list[dict[str, Any]], str]:
    count = effort.scale(_BARS)
    bars = draw_bars(count)
    prices = _index_prices(bars)
    names = ("long", "short", "exit_long", "exit_short")
    several = [_index(bars, {name: getattr(wishes, name) for name in names}) for wishes in draw_wishes(count, density)]
    return prices, several, f"{count:,} bars, {_simulate(prices, several[0]).trades.count():,} trades"


def _tell_all(prices: Mapping[str, Any], signals: Mapping[str, Any]) -> object:
    return _simulate(prices, signals).stats(silence_warnings=True)


def _index_prices(bars: Bars) -> dict[str, Any]:
    columns = {name: getattr(bars, name) for name in ("open", "high", "low", "close")}
    # It fills at the price of the signal's own bar: the next open, one bar earlier, makes it act as we do.
    return _index(bars, columns | {"price": np.append(bars.open[1:], bars.close[-1])})


def _index(bars: Bars, columns: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    ts = pl.Series(bars.ts).cast(pl.Datetime("ms"))
    frame = pl.DataFrame({"ts": ts, **columns}).to_pandas().set_index("ts")
    return {name: frame[name] for name in columns}


def _simulate(prices: Mapping[str, Any], signals: Mapping[str, Any]) -> Any:  # noqa: ANN401 - the library has no types
    return vbt.Portfolio.from_signals(
        prices["close"],
        entries=signals["long"],
        exits=signals["exit_long"],
        short_entries=signals["short"],
        short_exits=signals["exit_short"],
        open=prices["open"],
        high=prices["high"],
        low=prices["low"],
        price=prices["price"],
        sl_stop=STOP,
        tp_stop=TAKE,
        fees=FEE,
        slippage=SLIPPAGE,
        init_cash=CASH,
        size=UNITS,
        upon_opposite_entry="reverse",
        freq="1min",
    )
