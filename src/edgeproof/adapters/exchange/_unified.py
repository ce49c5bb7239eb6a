"""Any venue of ``PROFILES``, through the calls that ccxt makes alike for all.

ccxt's candles have neither quote volume nor a word on whether they are closed: the clock decides, with a margin. Its
trades, tickers and books count contracts. An answer about a span may be cut short at one of its ends; one that lacks
rows at both ends, or at neither, is whole.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from edgeproof.adapters.exchange._reach import clip_answer, find_present
from edgeproof.adapters.exchange._rows import (
    RawCandle,
    RawTrade,
    read_candles,
    read_funding,
    read_levels,
    read_time,
    read_trades,
)
from edgeproof.adapters.exchange._tiers import RawTier, read_tiers
from edgeproof.adapters.exchange._units import read_decimal, to_base
from edgeproof.domain.errors import EdgeproofError, InvalidValue, UnknownName
from edgeproof.domain.instruments import Instrument, InstrumentRules, parse_symbol
from edgeproof.domain.time import MS_PER_DAY, MS_PER_HOUR, MS_PER_SECOND, Window
from edgeproof.domain.venues import BadAnswer, Book, FundingRate, HistoryPage, Market, MarketState, Pace, Ticker

if TYPE_CHECKING:
    from decimal import Decimal

    from edgeproof.adapters.exchange._profiles import VenueProfile
    from edgeproof.domain.instruments import MarginTier
    from edgeproof.domain.time import Clock, Timeframe

# A candle counts as closed this long after its end: clocks differ, and venues need a moment.
_CLOSING_MARGIN_MS: Final = 5 * MS_PER_SECOND
# No venue pays funding more often.
_SHORTEST_FUNDING_MS: Final = MS_PER_HOUR
_CANDLE_FIELDS: Final = 6


class UnifiedVenue:
    """Implements ``domain.venues.Venue``.

    Args:
        client: A ccxt client behind a gate.
        profile: What is known of the venue.
        name: What rows call it.
        clock: Says when an answer was seen, and what has closed.
        requests_per_s: What its gate lets through.
    """

    def __init__(
        self,
        client: Any,  # noqa: ANN401 - ccxt has no types
        *,
        profile: VenueProfile,
        name: str,
        clock: Clock,
        requests_per_s: float,
    ) -> None:
        self._client = client
        self._profile = profile
        self._name = name
        self._clock = clock
        self._requests_per_s = requests_per_s
        self._listed: dict[str, tuple[Market, Decimal]] = {}
        self._listing = asyncio.Lock()

    @property
    def name(self) -> str:
        """The venue's name, as rows carry it."""
        return self._name

    @property
    def pace(self) -> Pace:
        """How fast history can be read."""
        return Pace(
            requests_per_s=self._requests_per_s,
            candles_per_request=self._profile.candles_per_request,
            funding_span_ms=self._profile.funding_per_request * _SHORTEST_FUNDING_MS,
        )

    async def markets(self, *, again: bool = False) -> Sequence[Market]:
        """Every linear perpetual, sorted by symbol."""
        async with self._listing:
            if again or not self._listed:
                found = await self._ask("load_markets", again)
                rows = found.values() if isinstance(found, Mapping) else ()
                listed = filter(None, (_read_market(row, self._name) for row in rows))
                self._listed = {market.instrument.symbol: (market, size) for market, size in listed}
                if not self._listed:
                    raise BadAnswer(self._name, "its list of markets names no linear perpetual")
        return [self._listed[symbol][0] for symbol in sorted(self._listed)]

    async def candles(self, symbol: str, timeframe: Timeframe, window: Window) -> HistoryPage:
        """Closed bars, the oldest of the window first to be asked for."""
        market, unified = await self._find(symbol)
        if timeframe.name not in (self._client.timeframes or {}) or timeframe.ms > MS_PER_DAY:
            raise InvalidValue("timeframe", timeframe.name, f"one that {self._name} has, such as 1m, 1h or 1d")
        present_ms = find_present(self._client, self._clock.now_ms())
        closed_ms = (present_ms - _CLOSING_MARGIN_MS) // timeframe.ms * timeframe.ms
        span_ms = self._profile.candles_per_request * timeframe.ms
        end_ms = min(window.start_ms + span_ms, window.end_ms, closed_ms)
        if end_ms <= window.start_ms:
            return HistoryPage(rows=read_candles([], market.instrument, timeframe).frame, answered=None)
        asked = Window(start_ms=window.start_ms, end_ms=end_ms)
        bars = -(-(asked.end_ms - asked.start_ms) // timeframe.ms)
        until = {"until": asked.end_ms - 1}
        rows = self._rows_of(
            await self._ask("fetch_ohlcv", unified, timeframe.name, asked.start_ms, bars, until), "candles"
        )
        whole = [row for row in rows if isinstance(row, Sequence) and len(row) == _CANDLE_FIELDS]
        raw = [RawCandle(ts=row[0], prices=(row[1], row[2], row[3], row[4]), volume=row[5]) for row in whole]
        read = read_candles(raw, market.instrument, timeframe)
        inside = read.frame.filter(_within(asked))
        times = [ts for ts in (read_time(candle.ts) for candle in raw) if ts is not None and ts < asked.end_ms]
        answered = clip_answer(
            _find_answered(inside, asked, timeframe.ms), times, read, present_ms=present_ms, step_ms=timeframe.ms
        )
        return HistoryPage(rows=inside, answered=answered, refused=read.refused)

    async def funding(self, symbol: str, window: Window) -> HistoryPage:
        """Funding rates, the oldest of the window first to be asked for."""
        market, unified = await self._find(symbol)
        limit = self._profile.funding_per_request
        asked = replace(window, end_ms=min(window.end_ms, window.start_ms + limit * _SHORTEST_FUNDING_MS))
        until = {"until": asked.end_ms - 1}
        rows = self._rows_of(
            await self._ask("fetch_funding_rate_history", unified, asked.start_ms, limit, until), "funding rates"
        )
        pairs = [(row.get("timestamp"), row.get("fundingRate")) for row in rows if isinstance(row, Mapping)]
        read = read_funding(pairs, market.instrument)
        inside = read.frame.filter(_within(asked))
        times = [ts for ts in (read_time(at) for at, _ in pairs) if ts is not None and ts < asked.end_ms]
        present_ms = find_present(self._client, self._clock.now_ms())
        answered = clip_answer(asked, times, read, present_ms=present_ms, step_ms=1)
        return HistoryPage(rows=inside, answered=answered, refused=read.refused)

    async def trades(self, symbol: str, *, limit: int = 100) -> HistoryPage:
        """The newest trades."""
        market, unified = await self._find(symbol)
        rows = self._rows_of(await self._ask("fetch_trades", unified, None, limit), "trades")
        raw = [
            RawTrade(
                ts=r.get("timestamp"),
                price=r.get("price"),
                size=r.get("amount"),
                side=r.get("side"),
                trade_id=r.get("id"),
            )
            for r in rows
            if isinstance(r, Mapping)
        ]
        size = self._listed[market.instrument.symbol][1]
        read = read_trades(raw, market.instrument, contract_size=size, seen_ms=self._clock.now_ms())
        times = read.frame["ts"].dt.epoch("ms")
        several = len(times) > 0 and times[0] < times[-1]
        spoken_for = Window(start_ms=times[0] + 1, end_ms=times[-1] + 1) if several else None
        return HistoryPage(rows=read.frame, answered=spoken_for, refused=read.refused)

    async def funding_rate(self, symbol: str) -> FundingRate:
        """The rate that stands for the next payment."""
        market, unified = await self._find(symbol)
        found = await self._ask("fetch_funding_rate", unified)
        row = found if isinstance(found, Mapping) else {}
        rate, due_ms = read_decimal(row.get("fundingRate")), read_time(row.get("fundingTimestamp"))
        if rate is None or due_ms is None:
            raise BadAnswer(self._name, f"its funding rate of {symbol} has no rate or no time")
        return FundingRate(instrument=market.instrument, rate=float(rate), due_ms=due_ms, seen_ms=self._clock.now_ms())

    async def tickers(self) -> Sequence[Ticker]:
        """Every linear perpetual's ticker, sorted by symbol."""
        await self.markets()
        found = await self._ask("fetch_tickers")
        rows = found if isinstance(found, Mapping) else {}
        known = {unify_symbol(market): (market, size) for market, size in self._listed.values()}
        tickers = [self._read_ticker(row, *known[name]) for name, row in rows.items() if name in known]
        return sorted(filter(None, tickers), key=lambda ticker: ticker.instrument.symbol)

    async def book(self, symbol: str, *, depth: int = 20) -> Book:
        """The book's best levels."""
        market, unified = await self._find(symbol)
        size = self._listed[market.instrument.symbol][1]
        found = await self._ask("fetch_order_book", unified, depth)
        row = found if isinstance(found, Mapping) else {}
        seen_ms = self._clock.now_ms()
        bids, asks = (read_levels(row.get(side), size)[:depth] for side in ("bids", "asks"))
        ts_ms = read_time(row.get("timestamp"))
        return Book(
            instrument=market.instrument,
            ts_ms=seen_ms if ts_ms is None else ts_ms,
            seen_ms=seen_ms,
            bids=bids,
            asks=asks,
        )

    async def tiers(self, symbol: str) -> Sequence[MarginTier]:
        """What isolated positions are asked, smallest first; bounds in contracts count at the last price."""
        market, unified = await self._find(symbol)
        if not self._profile.tells_tiers:
            return ()
        ticker = await self._ask("fetch_ticker", unified)
        last = read_decimal(ticker.get("last")) if isinstance(ticker, Mapping) else None
        if last is None or last <= 0:
            raise BadAnswer(self._name, f"{symbol} has no last price")
        rows = self._rows_of(
            await self._ask("fetch_market_leverage_tiers", unified, {"marginMode": "isolated"}), "margin tiers"
        )
        return read_tiers(
            [_read_tier(row) for row in rows], market.instrument, self._listed[market.instrument.symbol][1] * last
        )

    async def close(self) -> None:
        """Let go of connections."""
        await self._client.close()

    async def _ask(self, call: str, *arguments: object) -> object:
        try:
            return await getattr(self._client, call)(*arguments)
        except EdgeproofError:
            raise
        except Exception as error:  # noqa: BLE001 - ccxt's parsing of what the venue sent
            raise BadAnswer(self._name, f"{type(error).__name__}: {error}") from None

    def _rows_of(self, answer: object, what: str) -> Sequence[Any]:
        if not isinstance(answer, list):
            raise BadAnswer(self._name, f"an answer about {what} that is no list")
        return answer

    async def _find(self, symbol: str) -> tuple[Market, str]:
        await self.markets()
        wanted = parse_symbol(symbol)
        if wanted not in self._listed:
            raise UnknownName(f"linear perpetual at {self._name}", wanted, self._listed)
        market = self._listed[wanted][0]
        return market, unify_symbol(market)

    def _read_ticker(self, row: Any, market: Market, size: Decimal) -> Ticker | None:  # noqa: ANN401 - ccxt's
        last = read_decimal(row.get("last")) if isinstance(row, Mapping) else None
        if last is None:
            return None
        seen_ms, ts_ms = self._clock.now_ms(), read_time(row.get("timestamp"))
        contracts = read_decimal(row.get("baseVolume"))
        volume = float("nan") if contracts is None else to_base(contracts, size)
        bid, ask = (read_decimal(row.get(side)) for side in ("bid", "ask"))
        return Ticker(
            instrument=market.instrument,
            ts_ms=seen_ms if ts_ms is None else ts_ms,
            seen_ms=seen_ms,
            last=float(last),
            bid=float("nan") if bid is None else float(bid),
            ask=float("nan") if ask is None else float(ask),
            volume=volume,
            turnover=volume * float(last),
        )


def unify_symbol(market: Market) -> str:
    """Ccxt's name of a linear perpetual."""
    base, _, quote = market.instrument.symbol.partition("-")
    return f"{base}/{quote}:{quote}"


def _read_market(row: Any, venue: str) -> tuple[Market, Decimal] | None:  # noqa: ANN401 - ccxt's
    """A linear perpetual and its contract's size in base units, or None for any other market."""
    if not (isinstance(row, Mapping) and row.get("swap") is True and row.get("linear") is True):
        return None
    limits, precision = _read_fields(row.get("limits")), _read_fields(row.get("precision"))
    size, lot, tick = (
        read_decimal(row.get("contractSize")),
        read_decimal(precision.get("amount")),
        read_decimal(precision.get("price")),
    )
    if size is None or size <= 0 or lot is None or tick is None:
        return None
    least = read_decimal(_read_fields(limits.get("amount")).get("min"))
    leverage = read_decimal(_read_fields(limits.get("leverage")).get("max"))
    try:
        rules = InstrumentRules(
            lot=to_base(lot, size),
            tick=float(tick),
            min_size=to_base(lot if least is None else least, size),
            max_leverage=1.0 if leverage is None else max(1.0, float(leverage)),
        )
        symbol = parse_symbol(str(row.get("symbol")))
    except InvalidValue:
        return None
    market = Market(
        instrument=Instrument(venue=venue, symbol=symbol),
        venue_symbol=str(row.get("id")),
        rules=rules,
        contract_size=float(size),
        state=MarketState.LIVE if row.get("active") else MarketState.SUSPENDED,
        listed_ms=read_time(row.get("created")),
    )
    return market, size


def _read_fields(value: object) -> Mapping[str, Any]:
    """An object's fields; none where there is no object."""
    return value if isinstance(value, Mapping) else {}


def _read_tier(row: object) -> RawTier:
    told = _read_fields(row)
    return RawTier(
        most=told.get("maxNotional"), maintenance=told.get("maintenanceMarginRate"), leverage=told.get("maxLeverage")
    )


def _within(window: Window) -> pl.Expr:
    return pl.col("ts").dt.epoch("ms").is_between(window.start_ms, window.end_ms, closed="left")


def _find_answered(rows: pl.DataFrame, asked: Window, step_ms: int) -> Window:
    """The span that rows speak for: an answer cut short lacks rows at one end of what was asked, never at both."""
    if rows.is_empty():
        return asked
    times = rows["ts"].dt.epoch("ms")
    first, last = int(times[0]), int(times[-1])
    lacks_head, lacks_tail = first - asked.start_ms >= step_ms, asked.end_ms - last > step_ms
    if lacks_head == lacks_tail:
        return asked
    return replace(asked, start_ms=first) if lacks_head else replace(asked, end_ms=last + step_ms)
