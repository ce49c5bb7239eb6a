"""edgeproof itself, by the calls its users make."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl
from bench.material import (
    CASH,
    FEE,
    SHARE,
    SLIPPAGE,
    START_MS,
    STOP,
    TAKE,
    draw_bars,
    draw_prints,
    draw_windows,
    draw_wishes,
)
from bench.measure import Measured, measure_each, measure_rate, measure_sweep, run_for_peak_mib, take_times, take_turns

from edgeproof.adapters.lake import DeltaLake
from edgeproof.backtest import Tape, backtest, prepare_tape, replay_signals
from edgeproof.backtest.portfolio import Member, backtest_portfolio
from edgeproof.backtest.replay import find_trades
from edgeproof.backtest.sweeps import sweep as run_sweep
from edgeproof.domain.frames import BARS, FUNDING, TRADES, UTC_MS
from edgeproof.domain.instruments import InstrumentRules
from edgeproof.domain.series import BarSeries
from edgeproof.domain.signals import Signals
from edgeproof.domain.time import ONE_MINUTE
from edgeproof.execution import Costs
from edgeproof.features import compute_features
from edgeproof.market import bars_from_trades
from edgeproof.simulator.market import KNOWN_SYMBOLS, MarketSpec, demo_spec, generate_market
from edgeproof.strategies import load_strategy

if TYPE_CHECKING:
    from bench.material import Bars
    from bench.measure import Effort

_BARS: Final = 1_000_000
_FEATURE_BARS: Final = 200_000
_COMBINATIONS: Final = 1_000
_TRADES: Final = 10_000_000
_IMPORTED: Final = 6_000_000
_BATCH: Final = 1_000_000
_COSTS: Final = Costs(taker=FEE, slippage=SLIPPAGE)
_SYMBOLS: Final = ("BTC-USDT", "ETH-USDT", "SOL-USDT", "XRP-USDT")
_COMMAND: Final = (sys.executable, "-m", "edgeproof")


def replay_sparse(effort: Effort) -> Measured:
    """Signals on one bar in a thousand."""
    return _replay(effort, 0.001)


def replay_dense(effort: Effort) -> Measured:
    """Signals on one bar in ten."""
    return _replay(effort, 0.1)


def orders_sparse(effort: Effort) -> Measured:
    """The trades of signals on one bar in a thousand, and nothing about them."""
    return _find_orders(effort, 0.001)


def orders_dense(effort: Effort) -> Measured:
    """The trades of signals on one bar in ten."""
    return _find_orders(effort, 0.1)


def strategy(effort: Effort) -> Measured:
    """A crossing of two exponential means: indicators, signals, replay and every metric."""
    count = effort.scale(_BARS)
    bars, crossover = _frame(draw_bars(count)), load_strategy("ema_crossover")
    return measure_each(
        lambda: backtest(bars, crossover, timeframe=ONE_MINUTE, costs=_COSTS),
        effort,
        count=count,
        size=f"{count:,} bars",
        note="backtest(frame, 'ema_crossover'): decisions on every minute",
    )


def sweep(effort: Effort) -> Measured:
    """A grid over the two windows of that crossing, every metric of every combination."""
    count = effort.scale(_BARS)
    bars, (fast, slow) = _frame(draw_bars(count)), draw_windows(effort.scale_combinations(_COMBINATIONS))
    run = partial(
        run_sweep, strategy="ema_crossover", timeframes=ONE_MINUTE, costs=_COSTS, workers=effort.workers,
        compute=effort.compute,
    )  # fmt: skip
    run(bars.head(1_000), grid={"fast": [3, 4], "slow": [99]})  # compiles, and starts who computes
    return measure_sweep(
        lambda: run(bars, grid={"fast": fast, "slow": slow}),
        effort,
        combinations=len(fast) * len(slow),
        bars=count,
        note=f"{effort.workers} {effort.compute or 'threads'}; every metric of every combination",
    )


def portfolio(effort: Effort) -> Measured:
    """Two strategies on four symbols of one account."""
    count = effort.scale(_BARS)
    one = _frame(draw_bars(count // len(_SYMBOLS)))
    bars = pl.concat([one.with_columns(symbol=pl.lit(symbol)) for symbol in _SYMBOLS])
    members = [Member(strategy=name, timeframe=ONE_MINUTE) for name in ("ema_crossover", "zscore_reversion")]
    trades = backtest_portfolio(bars, members, costs=_COSTS).metrics.trades
    return measure_each(
        lambda: backtest_portfolio(bars, members, costs=_COSTS),
        effort,
        count=bars.height,
        size=f"{len(_SYMBOLS)} symbols, {bars.height:,} bars, {trades:,} trades",
        note="decisions on every minute",
    )


def features(effort: Effort) -> Measured:
    """Every registered feature that bars alone can give."""
    bars = _frame(draw_bars(effort.scale(_FEATURE_BARS)))
    computed = compute_features(bars)
    added = computed.width - bars.width
    size = f"{added} features x {bars.height:,} bars"
    return measure_each(lambda: compute_features(bars), effort, count=added * bars.height, size=size)


def trades_to_bars(effort: Effort) -> Measured:
    """Trades of one symbol to minutes."""
    trades = _print_trades(effort.scale(_TRADES))
    size = f"{trades.height:,} trades"
    return measure_rate(lambda: bars_from_trades(trades), effort, count=trades.height, size=size)


def import_trades(effort: Effort) -> Measured:
    """Trades into an empty lake, in batches as an importer hands them over."""
    trades = _print_trades(effort.scale(_IMPORTED))
    batches = list(trades.iter_slices(_BATCH))

    def work() -> None:
        with tempfile.TemporaryDirectory() as folder:
            lake = DeltaLake(folder)
            for batch in batches:
                lake.append(TRADES, batch)

    size = f"{trades.height:,} trades in batches of {_BATCH:,}"
    return measure_rate(work, effort, count=trades.height, size=size, note="unique keys checked, on local disk")


def market(effort: Effort) -> Measured:
    """The demo's market: bars, funding, and the trades they are made of walked once."""
    spec = demo_spec()
    times = take_times(lambda: generate_market(spec), effort.repeats)
    trades = generate_market(spec).bars["trades"].sum()
    size = f"{len(spec.symbols)} symbols x {spec.days} days, {trades:,} trades"
    return Measured(readings=tuple(times), size=size)


def cycle(effort: Effort) -> Measured:
    """``edgeproof research run`` on a generated market, each time in a fresh workspace."""
    days = 5 if effort.quick else 30
    spec = MarketSpec(symbols=KNOWN_SYMBOLS[:18], start_ms=START_MS, days=days, seed=1)
    with tempfile.TemporaryDirectory() as folder:
        ready, used = Path(folder) / "ready", Path(folder) / "used"
        subprocess.run((*_COMMAND, "init", str(ready)), check=True, capture_output=True)  # noqa: S603 - our own command
        generated = generate_market(spec)
        lake = DeltaLake(ready / "lake")
        lake.append(BARS, generated.bars)
        lake.append(FUNDING, generated.funding)

        command = (*_COMMAND, "research", "run", "--window", f"{days}d", "--workspace", str(used), "--json")

        def renew() -> None:
            shutil.rmtree(used, ignore_errors=True)
            shutil.copytree(ready, used)

        def work() -> float:
            renew()
            started = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own command
            return time.perf_counter() - started

        renew()
        peak_mib = run_for_peak_mib(command)  # compiles, too
        readings = tuple(work() for _ in range(1 if effort.quick else 3))
    size = f"{len(spec.symbols)} symbols x {days} days"
    return Measured(readings=readings, size=size, note="a new process each time", peak_mib=peak_mib)


def help(effort: Effort) -> Measured:  # noqa: A001 - the case is named after the option
    """The time until a shell has the help text."""
    command = (*_COMMAND, "--help")
    peak_mib = run_for_peak_mib(command)
    times = take_times(lambda: subprocess.run(command, check=True, capture_output=True), 2 * effort.repeats)  # noqa: S603
    return Measured(readings=tuple(times), size=f"{2 * effort.repeats} processes", peak_mib=peak_mib)


def _replay(effort: Effort, density: float) -> Measured:
    tape, several = _prepare(effort, density)
    works = [partial(replay_signals, tape, signals, costs=_COSTS, initial_equity=CASH) for signals in several]
    return measure_each(
        take_turns(works),
        effort,
        count=len(tape.bars),
        size=f"{len(tape.bars):,} bars, {works[0]().metrics.trades:,} trades",
        note="trades, hourly equity and all metrics included",
    )


def _find_orders(effort: Effort, density: float) -> Measured:
    tape, several = _prepare(effort, density)
    works = [partial(find_trades, tape, signals, _COSTS, InstrumentRules(), CASH, "BTC-USDT") for signals in several]
    return measure_each(
        take_turns(works),
        effort,
        count=len(tape.bars),
        size=f"{len(tape.bars):,} bars, {len(works[0]().records):,} trades",
        note="trades with prices, costs and excursions",
    )


def _prepare(effort: Effort, density: float) -> tuple[Tape, list[Signals]]:
    count = effort.scale(_BARS)
    series = _series(draw_bars(count))
    none, full = np.broadcast_to(np.nan, count), np.broadcast_to(SHARE, count)
    stop, take = STOP * series.close, TAKE * series.close
    several = [
        Signals(
            bars=series,
            long=wishes.long,
            short=wishes.short,
            exit_long=wishes.exit_long,
            exit_short=wishes.exit_short,
            stop=stop,
            take=take,
            trail=none,
            leverage=full,
        )
        for wishes in draw_wishes(count, density)
    ]
    return prepare_tape(series), several


def _series(bars: Bars) -> BarSeries:
    absent = np.full(len(bars), np.nan)
    columns: dict[str, Any] = {name: getattr(bars, name) for name in ("ts", "open", "high", "low", "close", "volume")}
    return BarSeries(timeframe=ONE_MINUTE, **columns, quote_volume=absent, trades=absent, taker_buy_volume=absent)


def _frame(bars: Bars) -> pl.DataFrame:
    columns = {name: getattr(bars, name) for name in ("open", "high", "low", "close", "volume")}
    return pl.DataFrame({"ts": pl.Series(bars.ts).cast(UTC_MS), **columns})


def _print_trades(count: int) -> pl.DataFrame:
    prints = draw_prints(count)
    ts = pl.Series(prints.ts).cast(UTC_MS)
    return pl.DataFrame(
        {
            "venue": pl.repeat("bench", count, eager=True),
            "symbol": pl.repeat("BTC-USDT", count, eager=True),
            "ts": ts,
            "seen_at": ts,
            "price": prints.price,
            "size": prints.size,
            "side": pl.Series(prints.buys).replace_strict({True: "buy", False: "sell"}, return_dtype=pl.String),
            "trade_id": pl.Series(np.arange(count)).cast(pl.String),
        },
        schema=TRADES.schema,
    )
