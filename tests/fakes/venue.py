"""A venue that lives as long as its object: generated candles, funding and trades, and faults on request.

It answers as BloFin does: newest first, so many rows at once, the candle in the making marked by the clock alone.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from edgeproof.domain.errors import InvalidValue, UnknownName
from edgeproof.domain.frames import BARS, FUNDING, TRADES, UTC_MS, conform
from edgeproof.domain.instruments import Instrument, InstrumentRules, MarginTier, parse_symbol
from edgeproof.domain.time import MS_PER_DAY, MS_PER_HOUR, MS_PER_SECOND, Window
from edgeproof.domain.venues import Book, FundingRate, HistoryPage, Market, MarketState, Pace, Ticker, VenueError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgeproof.domain.arrays import FloatArray, IntArray
    from edgeproof.domain.time import Timeframe

FUNDING_MS = 8 * MS_PER_HOUR


@dataclass
class HandClock:
    """A clock that tests move."""

    ms: int

    def now_ms(self) -> int:
        return self.ms


@dataclass
class FakeVenue:
    """Implements ``domain.venues.Venue``.

    Attributes:
        clock: Its clock and ours.
        symbols: What it lists.
        begins_ms: Where its history begins.
        listed_ms: What it says of that; None says nothing.
        page: Candles in one answer.
        told_page: What its documents promise.
        holes: Spans in which it has no candle.
        failures: Raised by the next answers about history, first to last.
        asked: Every question about history.
    """

    clock: HandClock
    symbols: tuple[str, ...] = ("BTC-USDT", "ETH-USDT")
    begins_ms: int = 0
    listed_ms: int | None = None
    page: int = 100
    told_page: int | None = None
    holes: tuple[Window, ...] = ()
    failures: list[VenueError] = field(default_factory=list)
    asked: list[tuple[str, str, Window]] = field(default_factory=list)
    name: str = "fake"

    @property
    def pace(self) -> Pace:
        return Pace(
            requests_per_s=4.5, candles_per_request=self.told_page or self.page, funding_span_ms=100 * FUNDING_MS
        )

    async def markets(self, *, again: bool = False) -> Sequence[Market]:  # noqa: ARG002 - nothing to remember
        return [
            Market(
                instrument=Instrument(venue=self.name, symbol=symbol),
                venue_symbol=symbol,
                rules=InstrumentRules(lot=0.001, tick=0.01, min_size=0.001),
                contract_size=0.01,
                state=MarketState.LIVE,
                listed_ms=self.listed_ms,
            )
            for symbol in sorted(self.symbols)
        ]

    async def candles(self, symbol: str, timeframe: Timeframe, window: Window) -> HistoryPage:
        instrument = self._find(symbol)
        if timeframe.ms > MS_PER_DAY:
            raise InvalidValue("timeframe", timeframe.name, "a day at most")
        await self._answer(symbol, timeframe.name, window)
        ts = self._times(window.end_ms, timeframe.ms, limit=self.page, longest_ms=timeframe.ms)
        return _page(_bars(ts, instrument, timeframe), window)

    async def funding(self, symbol: str, window: Window) -> HistoryPage:
        instrument = self._find(symbol)
        await self._answer(symbol, "funding", window)
        ts = self._times(window.end_ms, FUNDING_MS, limit=100, longest_ms=0)
        return _page(_rates(ts, instrument), window)

    async def trades(self, symbol: str, *, limit: int = 100) -> HistoryPage:
        instrument = self._find(symbol)
        ts = self.clock.ms - MS_PER_SECOND * np.arange(limit, 0, -1, dtype=np.int64)
        frame = pl.DataFrame(
            {
                "ts": pl.Series(ts).cast(UTC_MS),
                "seen_at": pl.Series(np.full(limit, self.clock.ms)).cast(UTC_MS),
                "price": price_at(ts),
                "size": 0.01,
                "side": "buy",
                "trade_id": pl.Series(ts).cast(pl.String),
            }
        ).with_columns(pl.lit(instrument.venue).alias("venue"), pl.lit(instrument.symbol).alias("symbol"))
        spoken_for = Window(start_ms=int(ts[0]) + 1, end_ms=int(ts[-1]) + 1) if limit > 1 else None
        return HistoryPage(rows=conform(frame, TRADES), answered=spoken_for)

    async def funding_rate(self, symbol: str) -> FundingRate:
        due_ms = (self.clock.ms // FUNDING_MS + 1) * FUNDING_MS
        return FundingRate(instrument=self._find(symbol), rate=0.0001, due_ms=due_ms, seen_ms=self.clock.ms)

    async def tickers(self) -> Sequence[Ticker]:
        return [
            Ticker(
                instrument=market.instrument,
                ts_ms=self.clock.ms,
                seen_ms=self.clock.ms,
                last=100.0,
                bid=99.9,
                ask=100.1,
                volume=10.0 + place,
                turnover=1_000.0 + 100.0 * place,
            )
            for place, market in enumerate(await self.markets())
        ]

    async def book(self, symbol: str, *, depth: int = 20) -> Book:
        bids = tuple((100.0 - 0.01 * (1 + level), 1.0) for level in range(depth))
        asks = tuple((100.0 + 0.01 * (1 + level), 1.0) for level in range(depth))
        return Book(instrument=self._find(symbol), ts_ms=self.clock.ms, seen_ms=self.clock.ms, bids=bids, asks=asks)

    async def tiers(self, symbol: str) -> Sequence[MarginTier]:
        self._find(symbol)
        return (
            MarginTier(max_notional=50_000.0, maintenance=0.005, max_leverage=100.0),
            MarginTier(max_notional=float("inf"), maintenance=0.01, max_leverage=50.0),
        )

    async def close(self) -> None:
        """Nothing is open."""

    def _find(self, symbol: str) -> Instrument:
        wanted = parse_symbol(symbol)
        if wanted not in self.symbols:
            raise UnknownName(f"linear perpetual at {self.name}", wanted, self.symbols)
        return Instrument(venue=self.name, symbol=wanted)

    async def _answer(self, symbol: str, what: str, window: Window) -> None:
        self.asked.append((symbol, what, window))
        await asyncio.sleep(0)
        if self.failures:
            raise self.failures.pop(0)

    def _times(self, end_ms: int, step_ms: int, *, limit: int, longest_ms: int) -> IntArray:
        """The newest times before an end that have passed, and that no hole swallows."""
        end_ms = min(end_ms, self.clock.ms - longest_ms + 1)
        reach = 3 * limit + sum((hole.end_ms - hole.start_ms) // step_ms for hole in self.holes)
        last = -(-end_ms // step_ms) - 1
        times = step_ms * np.arange(max(last - reach, 0), last + 1, dtype=np.int64)
        keep = times >= self.begins_ms
        for hole in self.holes:
            keep &= (times < hole.start_ms) | (times >= hole.end_ms)
        return times[keep][-limit:]


def price_at(ts: IntArray) -> FloatArray:
    """A price that follows from the time alone."""
    return np.asarray(100.0 + (ts // 60_000) % 997 * 0.01, dtype=np.float64)


def _page(rows: pl.DataFrame, window: Window) -> HistoryPage:
    times = rows["ts"].dt.epoch("ms")
    inside = rows.filter(pl.col("ts").dt.epoch("ms").is_between(window.start_ms, window.end_ms, closed="left"))
    start_ms = max(int(times[0]), window.start_ms) if len(times) else 0
    answered = Window(start_ms=start_ms, end_ms=window.end_ms) if start_ms < window.end_ms else None
    return HistoryPage(rows=inside, answered=answered)


def _bars(ts: IntArray, instrument: Instrument, timeframe: Timeframe) -> pl.DataFrame:
    price = price_at(ts)
    frame = pl.DataFrame(
        {
            "ts": pl.Series(ts, dtype=pl.Int64).cast(UTC_MS),
            "open": price,
            "high": price + 1.0,
            "low": price - 1.0,
            "close": price,
            "volume": price * 0.1,
            "quote_volume": price * price * 0.1,
        }
    )
    names = {"venue": instrument.venue, "symbol": instrument.symbol, "timeframe": timeframe.name}
    return conform(
        frame.with_columns(
            *(pl.lit(value).alias(column) for column, value in names.items()),
            pl.lit(None, dtype=pl.Int64).alias("trades"),
            pl.lit(None, dtype=pl.Float64).alias("taker_buy_volume"),
        ),
        BARS,
    )


def _rates(ts: IntArray, instrument: Instrument) -> pl.DataFrame:
    frame = pl.DataFrame({"ts": pl.Series(ts, dtype=pl.Int64).cast(UTC_MS), "rate": price_at(ts) * 1e-6})
    names = {"venue": instrument.venue, "symbol": instrument.symbol}
    return conform(frame.with_columns(pl.lit(value).alias(column) for column, value in names.items()), FUNDING)
