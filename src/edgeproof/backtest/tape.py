"""Bars and funding made ready for many replays: checked once, with the places that every replay asks for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from edgeproof.domain.errors import InvalidValue, SchemaMismatch
from edgeproof.domain.time import MS_PER_DAY, MS_PER_HOUR, format_ms, from_ms
from edgeproof.kernels.replay_equity import find_bad_bar
from edgeproof.kernels.replay_walk import range_spans

if TYPE_CHECKING:
    from datetime import date

    from edgeproof.domain.arrays import FloatArray, IntArray
    from edgeproof.domain.series import BarSeries
    from edgeproof.execution import Regime

LEAST_PRICE: Final = 1e-12
MOST_PRICE: Final = 1e12
_MOST_FACTOR: Final = 1_000.0
_END_OF_TIME_MS: Final = 7_258_118_400_000  # 2200-01-01


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tape:
    """Execution bars with their funding; made by :func:`prepare_tape`.

    Attributes:
        bars: The execution bars, the finest there are, shape (n,), n at least 1.
        high, low: Their range with open and close in it: some venues publish opens outside it.
        span_high, span_low: Range of every ``SPAN`` bars, so that a replay passes a quiet hour in two looks; bars left
            over at the end are in none, shape (n // SPAN,).
        funding_bar, funding_rate: Bar at whose open each rate is due, not descending.
        print_ts, print_price: Trades of the market in order of time, to settle what a bar leaves open; empty for none.
        slippage_factor: What slippage is multiplied with in each bar, shape (n,); empty where it is not.
        regimes: Those whose factors are in it (``regimes.charge_regimes``): costs that have others are refused.
        samples: Last bar of every UTC hour that has bars: where equity is sampled, shape (s,).
        sample_close: The closes there, shape (s,).
        sample_ts: The first bar's open, then the close of each sample, UTC milliseconds, shape (s + 1,).
        first_day: UTC day in which the first bar opens.
        day_ends: For each UTC day from there to the last close, the newest of ``sample_ts`` at its end, shape (days,).
    """

    bars: BarSeries
    high: FloatArray
    low: FloatArray
    span_high: FloatArray
    span_low: FloatArray
    funding_bar: IntArray
    funding_rate: FloatArray
    samples: IntArray
    sample_close: FloatArray
    sample_ts: IntArray
    first_day: date
    day_ends: IntArray
    print_ts: IntArray = field(default_factory=lambda: np.empty(0, np.int64))
    print_price: FloatArray = field(default_factory=lambda: np.empty(0))
    slippage_factor: FloatArray = field(default_factory=lambda: np.empty(0))
    regimes: tuple[Regime, ...] = ()


def prepare_tape(
    bars: BarSeries,
    funding: pl.DataFrame | None = None,
    *,
    trades: pl.DataFrame | None = None,
    slippage_factor: pl.Series | None = None,
) -> Tape:
    """Check bars and funding, and find the places every replay needs.

    Args:
        bars: The finest bars of one instrument.
        funding: Its funding: ``ts`` and ``rate``; rates before the first or after the last bar are left out.
        trades: Trades of the market, ``ts`` and ``price``, of any part of the time; those at one time in their order.
        slippage_factor: What slippage is multiplied with in each bar, such as 2 where the market is restless.

    Raises:
        InvalidValue: No bars; a price that is not a positive number, a high under its low, bars closer than their
            length; a time outside 1970 to 2200; funding rates that are not numbers or share one time; trades at no
            price; factors that are not numbers from 0 on, one a bar.
        SchemaMismatch: Funding without ``ts`` and ``rate``, trades without ``ts`` and ``price``.
    """
    _check_times(bars)
    high, low = _check_prices(bars)
    span_high, span_low = range_spans(high, low)
    funding_bar, funding_rate = _place_funding(bars, funding)
    print_ts, print_price = _order_trades(trades)
    samples = _find_last_bars(bars.ts, MS_PER_HOUR)
    sample_ts = np.concatenate([bars.ts[:1], bars.ts[samples] + bars.timeframe.ms])
    first_day, day_ends = find_day_ends(sample_ts)
    return Tape(
        bars=bars,
        high=high,
        low=low,
        span_high=span_high,
        span_low=span_low,
        funding_bar=funding_bar,
        funding_rate=funding_rate,
        samples=samples,
        sample_close=bars.close[samples],
        sample_ts=sample_ts,
        first_day=first_day,
        day_ends=day_ends,
        print_ts=print_ts,
        print_price=print_price,
        slippage_factor=read_factors(slippage_factor, len(bars)),
    )


def find_day_ends(sample_ts: IntArray) -> tuple[date, IntArray]:
    """The first UTC day of some samples, and the newest sample at the end of each day up to the last sample's.

    A sample at midnight belongs to the day that ends there. A day without samples has the sample of the day before.

    Args:
        sample_ts: UTC milliseconds, ascending, the first the start of an account, shape (s,), s at least 1.
    """
    first, last = int(sample_ts[0]) // MS_PER_DAY, (int(sample_ts[-1]) - 1) // MS_PER_DAY
    midnights = np.arange(first + 1, last + 2) * MS_PER_DAY
    return from_ms(first * MS_PER_DAY).date(), np.searchsorted(sample_ts, midnights, side="right") - 1


def _check_times(bars: BarSeries) -> None:
    if not len(bars):
        raise InvalidValue("bars", "an empty series", "at least one bar")
    if not 0 <= int(bars.ts[0]) <= int(bars.ts[-1]) < _END_OF_TIME_MS:
        outer = int(bars.ts[0]) if int(bars.ts[0]) < 0 else int(bars.ts[-1])
        raise InvalidValue("ts", outer, "UTC milliseconds from 1970 to 2200; convert seconds, micro- or nanoseconds")


def _check_prices(bars: BarSeries) -> tuple[FloatArray, FloatArray]:
    columns = bars.open, bars.high, bars.low, bars.close
    bad, outside = find_bad_bar(bars.ts, *columns, bars.timeframe.ms, LEAST_PRICE, MOST_PRICE)
    if bad >= 0:
        open_, high, low, close = (float(column[bad]) for column in columns)
        when = format_ms(int(bars.ts[bad]))
        if bad and int(bars.ts[bad] - bars.ts[bad - 1]) < bars.timeframe.ms:
            raise InvalidValue("ts", f"bar {bad} at {when}", f"bars at least one timeframe ({bars.timeframe}) apart")
        told = f"open {open_:g}, high {high:g}, low {low:g}, close {close:g} (bar {bad}, {when})"
        raise InvalidValue("prices", told, f"numbers from {LEAST_PRICE:g} to {MOST_PRICE:g}, no high under its low")
    if not outside:
        return bars.high, bars.low
    return np.maximum(bars.high, np.maximum(bars.open, bars.close)), np.minimum(
        bars.low, np.minimum(bars.open, bars.close)
    )


def _place_funding(bars: BarSeries, funding: pl.DataFrame | None) -> tuple[IntArray, FloatArray]:
    """The bar that contains each rate's time, or the first after it where that minute has no bar."""
    if funding is None or funding.is_empty():
        return np.empty(0, np.int64), np.empty(0)
    _require_timed(funding, "funding", "rate")
    rates = funding.select(pl.col("ts").dt.epoch("ms"), pl.col("rate").cast(pl.Float64)).sort("ts")
    if not rates["rate"].is_finite().fill_null(value=False).all() or rates["ts"].null_count():
        raise InvalidValue("funding", "a rate or time that is not a number", "finite rates, each with its time")
    if rates["ts"].is_duplicated().any():
        raise InvalidValue("funding", "two rates at one time", "one rate for each time of one symbol")
    ts, rate = rates["ts"].to_numpy(), rates["rate"].to_numpy()
    containing = np.searchsorted(bars.ts, ts, side="right") - 1
    passed = ts >= bars.ts[np.maximum(containing, 0)] + bars.timeframe.ms
    due = containing + passed
    during = (containing >= 0) & (due < len(bars))
    return due[during].astype(np.int64), np.ascontiguousarray(rate[during])


def _order_trades(trades: pl.DataFrame | None) -> tuple[IntArray, FloatArray]:
    if trades is None or trades.is_empty():
        return np.empty(0, np.int64), np.empty(0)
    _require_timed(trades, "trades", "price")
    prints = trades.select(pl.col("ts").dt.epoch("ms"), pl.col("price").cast(pl.Float64)).sort(
        "ts", maintain_order=True
    )
    sound = prints["price"].is_between(LEAST_PRICE, MOST_PRICE).fill_null(value=False)
    if not sound.all() or prints["ts"].null_count():
        raise InvalidValue("trades", "a price or time that is none", f"prices from {LEAST_PRICE:g} to {MOST_PRICE:g}")
    return prints["ts"].to_numpy(writable=True), prints["price"].to_numpy(writable=True)


def read_factors(factors: pl.Series | None, count: int) -> FloatArray:
    """What slippage is multiplied with in each bar, shape (count,); empty for none.

    Raises:
        InvalidValue: Not one number from 0 on a bar.
    """
    if factors is None:
        return np.empty(0)
    if not isinstance(factors, pl.Series) or not factors.dtype.is_numeric() or len(factors) != count:
        raise InvalidValue(
            "slippage_factor", f"{type(factors).__name__} of {len(factors)}", f"{count} numbers, one a bar"
        )
    read = factors.cast(pl.Float64)
    if not read.is_between(0.0, _MOST_FACTOR).fill_null(value=False).all():
        raise InvalidValue("slippage_factor", "a value that is none", f"numbers from 0 to {_MOST_FACTOR:g}")
    return read.to_numpy(writable=True)


def _require_timed(frame: pl.DataFrame, what: str, column: str) -> None:
    problems = {c: "missing" for c in ("ts", column) if c not in frame.columns}
    if not problems and not isinstance(frame.schema["ts"], pl.Datetime):
        problems["ts"] = f"is {frame.schema['ts']}, expected Datetime"
    if not problems and not frame.schema[column].is_numeric():
        problems[column] = f"is {frame.schema[column]}, expected a number"
    if problems:
        raise SchemaMismatch(what, problems)


def _find_last_bars(ts: IntArray, period_ms: int) -> IntArray:
    """Last bar of every period that has bars."""
    ends = np.arange(int(ts[0]) // period_ms + 1, int(ts[-1]) // period_ms + 2) * period_ms
    last = np.searchsorted(ts, ends) - 1
    return last[np.diff(last, prepend=-1) > 0].astype(np.int64)
