"""A market of a few bars and a strategy of a few letters, so that a test fits on a screen.

Bars are rows of ``"open high low close"``, or one number for a bar that stood still. Signals are one letter a decision
bar: ``L`` long, ``S`` short, ``x`` leave long, ``y`` leave short, ``B`` both directions at once, ``l`` long and leave
long at once, ``R`` leave long and go short, anything else nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from edgeproof.backtest import charge_regimes, prepare_tape, replay_signals
from edgeproof.domain.series import BarSeries
from edgeproof.domain.signals import Signals
from edgeproof.domain.time import MS_PER_MINUTE, Timeframe
from edgeproof.execution import Costs
from edgeproof.strategies import MarketData

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edgeproof.backtest import Replay
    from edgeproof.domain.arrays import FloatArray
    from edgeproof.domain.instruments import InstrumentRules

FREE = Costs(maker=0.0, taker=0.0, slippage=0.0, latency_ms=0)
START_MS = 1_748_736_000_000  # 2025-06-01T00:00Z


def make_bars(*rows: str, minutes: Sequence[int] | None = None, timeframe: str = "1m") -> BarSeries:
    """Bars at these minutes after the start, by default one after the other."""
    length = Timeframe.parse(timeframe)
    prices = np.array([[float(part) for part in (row.split() * 4)[:4]] for row in rows])
    at = np.arange(len(rows)) * length.minutes if minutes is None else np.array(minutes)
    nothing = np.full(len(rows), np.nan)
    return BarSeries(
        timeframe=length,
        ts=START_MS + at * MS_PER_MINUTE,
        open=prices[:, 0].copy(),
        high=prices[:, 1].copy(),
        low=prices[:, 2].copy(),
        close=prices[:, 3].copy(),
        volume=nothing,
        quote_volume=nothing,
        trades=nothing,
        taker_buy_volume=nothing,
    )


def make_signals(  # noqa: PLR0913 - one keyword for each thing a test may vary
    bars: BarSeries,
    letters: str,
    *,
    max_hold: int = 0,
    cool_down: int = 0,
    take_share: float = 1.0,
    limit_wait: int = 1,
    **levels: float | Sequence[float],
) -> Signals:
    """Decisions at the closes of these bars; levels (``stop``, ``leverage``, ...) are one number or one a bar."""
    said = letters.ljust(len(bars), ".")

    def spread(name: str, default: float) -> FloatArray:
        return np.array(np.broadcast_to(np.asarray(levels.get(name, default), np.float64), (len(bars),)))

    return Signals(
        bars=bars,
        long=np.array([letter in "LBl" for letter in said]),
        short=np.array([letter in "SBR" for letter in said]),
        exit_long=np.array([letter in "xlR" for letter in said]),
        exit_short=np.array([letter == "y" for letter in said]),
        stop=spread("stop", np.nan),
        take=spread("take", np.nan),
        trail=spread("trail", np.nan),
        leverage=spread("leverage", 1.0),
        max_hold=max_hold,
        cool_down=cool_down,
        take_share=take_share,
        limit_offset=spread("limit_offset", np.nan) if "limit_offset" in levels else None,
        limit_wait=limit_wait,
    )


def make_funding(rates: Mapping[float, float]) -> pl.DataFrame:
    """Rates at these minutes after the start."""
    ts = pl.Series([START_MS + round(minute * MS_PER_MINUTE) for minute in rates], dtype=pl.Int64)
    return pl.DataFrame(
        {"ts": ts.cast(pl.Datetime("ms", "UTC")), "rate": pl.Series(list(rates.values()), dtype=pl.Float64)}
    )


def make_prints(prints: Sequence[tuple[float, float]]) -> pl.DataFrame:
    """Trades of the market at these minutes after the start."""
    ts = pl.Series([START_MS + round(minute * MS_PER_MINUTE) for minute, _ in prints], dtype=pl.Int64)
    prices = pl.Series([price for _, price in prints], dtype=pl.Float64)
    return pl.DataFrame({"ts": ts.cast(pl.Datetime("ms", "UTC")), "price": prices})


def trade(  # noqa: PLR0913 - one keyword for each thing a test may vary
    bars: BarSeries,
    letters: str,
    *,
    decide_on: BarSeries | None = None,
    costs: Costs = FREE,
    rules: InstrumentRules | None = None,
    funding: Mapping[float, float] | None = None,
    equity: float = 10_000.0,
    max_hold: int = 0,
    cool_down: int = 0,
    take_share: float = 1.0,
    limit_wait: int = 1,
    prints: Sequence[tuple[float, float]] = (),
    slippage_factor: Sequence[float] | None = None,
    **levels: float | Sequence[float],
) -> Replay:
    """Replay letters over bars; prints are trades of the market, each a minute after the start and a price."""
    tape = prepare_tape(
        bars,
        None if funding is None else make_funding(funding),
        trades=make_prints(prints),
        slippage_factor=None if slippage_factor is None else pl.Series(slippage_factor),
    )
    return replay_signals(
        charge_regimes(tape, costs, MarketData({"TINY": bars}), "TINY"),
        make_signals(
            bars if decide_on is None else decide_on,
            letters,
            max_hold=max_hold,
            cool_down=cool_down,
            take_share=take_share,
            limit_wait=limit_wait,
            **levels,
        ),
        costs=costs,
        rules=rules,
        initial_equity=equity,
        symbol="TINY",
    )


def tell(replay: Replay) -> list[tuple[str, float, float, str]]:
    """The trades in short: side, entry and exit price to the ninth place, reason."""
    return [
        (row["side"], round(row["entry_price"], 9), round(row["exit_price"], 9), row["exit_reason"])
        for row in replay.trades.iter_rows(named=True)
    ]


def minute_of(replay: Replay, column: str = "entry_ts") -> list[int]:
    """Minutes after the start at which trades began or ended."""
    return [(ms - START_MS) // MS_PER_MINUTE for ms in replay.trades[column].dt.epoch("ms").to_list()]
