"""Portfolios on days of ordinary minutes: symbols that share a tide, legs that trade often, every kind of sizing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from edgeproof.backtest.portfolio import (
    CorrelationCap,
    DailyLossStop,
    FixedLeverage,
    FractionalKelly,
    Leg,
    Limits,
    PortfolioResult,
    RiskPerTrade,
    Signalled,
    Sizing,
    TargetVolatility,
    replay_legs,
)
from edgeproof.backtest.tape import prepare_tape
from edgeproof.domain.frames import UTC_MS
from edgeproof.domain.series import BarSeries
from edgeproof.domain.signals import Signals
from edgeproof.domain.time import MS_PER_HOUR, Timeframe
from edgeproof.execution import Costs
from edgeproof.market import resample
from fakes.replay_cases import START_MS, STEP_MS

if TYPE_CHECKING:
    from edgeproof.backtest.tape import Tape
    from edgeproof.domain.arrays import FloatArray

SYMBOLS = ("ADA-USDT", "BTC-USDT", "ETH-USDT")
SIZINGS: tuple[Sizing, ...] = (
    Signalled(),
    FixedLeverage(leverage=0.8),
    TargetVolatility(annual=0.3),
    RiskPerTrade(risk=0.01),
    FractionalKelly(trades=20, fewest=5, start=0.3),
    Signalled(share=0.5),
)
TIGHT = Limits(
    max_positions=4,
    max_gross=2.5,
    max_symbol=1.2,
    correlation=CorrelationCap(exposure=1.5, threshold=0.5, days=2),
    daily_loss=DailyLossStop(share=0.03, flatten=True),
    margin_leverage=3.0,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalmPortfolio:
    """Bars, funding, decisions; the last symbol ends some hours before the others. Prints are trades of the markets."""

    bars: dict[str, BarSeries]
    funding: pl.DataFrame
    prints: dict[str, pl.DataFrame]
    legs: list[Leg]
    costs: Costs

    def until(self, minutes: int) -> CalmPortfolio:
        """The same world as it was known so many minutes after its start."""
        end = START_MS + minutes * STEP_MS
        legs = [replace(leg, signals=_cut(leg.signals, end)) for leg in self.legs]
        bars = {
            symbol: one.slice(0, int(np.searchsorted(one.known_at, end, "right"))) for symbol, one in self.bars.items()
        }
        prints = {
            symbol: frame.filter(pl.col("ts") < pl.lit(end).cast(UTC_MS)) for symbol, frame in self.prints.items()
        }
        return replace(self, bars=bars, legs=legs, prints=prints)

    def tapes(self) -> dict[str, Tape]:
        """Its markets."""
        return {
            symbol: prepare_tape(one, self.funding, trades=self.prints.get(symbol)) for symbol, one in self.bars.items()
        }

    def run(self, limits: Limits = TIGHT, **terms: Any) -> PortfolioResult:  # noqa: ANN401 - of replay_legs
        """Trade it."""
        return replay_legs(
            terms.pop("tapes", None) or self.tapes(),
            terms.pop("legs", self.legs),
            costs=self.costs,
            limits=limits,
            **terms,
        )


def make_calm_portfolio(seed: int, *, days: int = 4, legs: int = 6, busy: bool = False) -> CalmPortfolio:
    """Draw one from a seed; in a busy one orders rest, parts leave, and trades of the markets are known."""
    rng = np.random.default_rng(seed)
    minutes = days * 1_440
    tide = rng.normal(0.0, 0.0006, minutes)
    counts = dict.fromkeys(SYMBOLS, minutes) | {SYMBOLS[-1]: minutes - 400}
    bars = {
        symbol: _draw_bars(rng, tide[:count] * side)
        for (symbol, count), side in zip(counts.items(), (1.0, 1.0, -0.5), strict=True)
    }
    times = START_MS + np.arange(0, minutes * STEP_MS, 8 * MS_PER_HOUR)
    return CalmPortfolio(
        bars=bars,
        funding=pl.DataFrame({"ts": pl.Series(times).cast(UTC_MS), "rate": rng.normal(0.0, 3e-4, len(times))}),
        prints={symbol: _draw_prints(rng, one) for symbol, one in bars.items()} if busy else {},
        legs=[
            Leg(
                name=f"leg {at}",
                symbol=SYMBOLS[at % len(SYMBOLS)],
                signals=_draw_signals(rng, bars[SYMBOLS[at % len(SYMBOLS)]], Timeframe((5, 1, 15)[at % 3]), busy=busy),
                sizing=SIZINGS[at % len(SIZINGS)],
                priority=int(rng.integers(0, 2)),
            )
            for at in range(legs)
        ],
        costs=Costs(maker=0.0001, taker=0.0002, slippage=0.0001, latency_ms=int(rng.choice([250, 60_000]))),
    )


def _draw_bars(rng: np.random.Generator, tide: FloatArray) -> BarSeries:
    close = 100.0 * np.exp(np.cumsum(tide + rng.normal(0.0, 0.0005, len(tide))))
    open_ = np.concatenate([[100.0], close[:-1]])
    reach = np.exp(rng.exponential(0.0004, (2, len(tide))))
    nothing = np.full(len(tide), np.nan)
    return BarSeries(
        timeframe=Timeframe(1),
        ts=START_MS + np.arange(len(tide)) * STEP_MS,
        open=open_,
        high=np.maximum(open_, close) * reach[0],
        low=np.minimum(open_, close) / reach[1],
        close=close,
        volume=nothing,
        quote_volume=nothing,
        trades=nothing,
        taker_buy_volume=nothing,
    )


def _draw_prints(rng: np.random.Generator, bars: BarSeries) -> pl.DataFrame:
    """The high and the low of every minute, in any order."""
    first = rng.random(len(bars)) < 0.5
    times = np.repeat(bars.ts, 2) + np.tile([10_000, 40_000], len(bars))
    prices = np.stack([np.where(first, bars.high, bars.low), np.where(first, bars.low, bars.high)], axis=1)
    return pl.DataFrame({"ts": pl.Series(times).cast(UTC_MS), "price": prices.ravel()})


def _draw_signals(rng: np.random.Generator, minutes: BarSeries, timeframe: Timeframe, *, busy: bool) -> Signals:
    bars = minutes if timeframe == minutes.timeframe else resample(minutes, timeframe)
    count = len(bars)
    offsets = np.where(rng.random(count) < 0.7, rng.uniform(0.0, 0.15, count), np.nan) if busy else None
    drawn = rng.random((4, count)) < np.array([0.03, 0.03, 0.02, 0.02])[:, None]
    return Signals(
        bars=bars,
        long=drawn[0],
        short=drawn[1],
        exit_long=drawn[2],
        exit_short=drawn[3],
        stop=rng.uniform(0.2, 1.0, count),
        take=np.where(rng.random(count) < 0.5, rng.uniform(0.2, 1.5, count), np.nan),
        trail=np.where(rng.random(count) < 0.3, 0.6, np.nan),
        leverage=rng.choice([0.5, 1.0, 3.0], count),
        max_hold=int(rng.choice([0, 30])),
        take_share=float(rng.choice([0.3, 0.6])) if busy else 1.0,
        limit_offset=offsets,
        limit_wait=int(rng.choice([1, 5, 20])),
    )


def _cut(signals: Signals, end: int) -> Signals:
    seen = int(np.searchsorted(signals.bars.known_at, end, "right"))
    names = ["long", "short", "exit_long", "exit_short", "stop", "take", "trail", "leverage"]
    if signals.limit_offset is not None:
        names.append("limit_offset")
    return replace(signals, bars=signals.bars.slice(0, seen), **{name: getattr(signals, name)[:seen] for name in names})
