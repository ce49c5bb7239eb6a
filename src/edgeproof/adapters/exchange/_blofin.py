"""BloFin's linear perpetuals, read from its raw answers.

ccxt's unified calls would drop the quote volume of candles, whether a candle is closed, and the size of a page; so ccxt
signs, sends and checks for errors here, and the answers are read as BloFin documents them. Lists come newest first, and
``after`` means older than: an empty page, given twice, says that there is nothing before, of the time before the market
was listed.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from edgeproof.adapters.exchange._blofin_rows import (
    read_market,
    read_ticker,
    read_tier,
    read_trade,
    sort_candles,
)
from edgeproof.adapters.exchange._reach import clip_answer, find_present
from edgeproof.adapters.exchange._rows import read_candles, read_funding, read_levels, read_time, read_trades
from edgeproof.adapters.exchange._tiers import read_tiers
from edgeproof.adapters.exchange._units import read_decimal
from edgeproof.domain.errors import EdgeproofError, InvalidValue, UnknownName
from edgeproof.domain.instruments import parse_symbol
from edgeproof.domain.time import MS_PER_DAY, MS_PER_HOUR, Window
from edgeproof.domain.venues import BadAnswer, Book, FundingRate, HistoryPage, Pace

if TYPE_CHECKING:
    from decimal import Decimal

    from edgeproof.adapters.exchange._profiles import VenueProfile
    from edgeproof.adapters.exchange._rows import RowsRead
    from edgeproof.domain.instruments import MarginTier
    from edgeproof.domain.time import Clock, Timeframe
    from edgeproof.domain.venues import Market, Ticker

# ccxt's names of the calls.
_INSTRUMENTS: Final = "publicGetMarketInstruments"
_CANDLES: Final = "publicGetMarketCandles"
_TRADES: Final = "publicGetMarketTrades"
_FUNDING_RATE: Final = "publicGetMarketFundingRate"
_FUNDING_HISTORY: Final = "publicGetMarketFundingRateHistory"
_TICKERS: Final = "publicGetMarketTickers"
_BOOKS: Final = "publicGetMarketBooks"
_MARK_PRICE: Final = "publicGetMarketMarkPrice"
_TIERS: Final = "publicGetMarketPositionTiers"

_BARS: Final = {
    **{f"{n}m": f"{n}m" for n in (1, 3, 5, 15, 30)},
    **{f"{n}h": f"{n}H" for n in (1, 2, 4, 6, 8, 12)},
    "1d": "1D",
}
_PARAMETER_ERROR: Final = "152002"
# What builds from before the page of 1,440 give.
_SMALLEST_PAGE: Final = 100
_MOST_TRADES: Final = 100
_DEEPEST_BOOK: Final = 100
_FUNDING_INTERVAL_MS: Final = 8 * MS_PER_HOUR
_BEGINNING_MS: Final = 0
# A market may trade some time after the moment it gives for its listing.
_OPENS_WITHIN_MS: Final = MS_PER_DAY


class BlofinVenue:
    """Implements ``domain.venues.Venue``.

    Args:
        client: A ccxt client behind a gate.
        profile: What is known of the venue.
        name: What rows call it.
        clock: Says when an answer was seen.
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
        self._page = profile.candles_per_request
        self._short_pages: dict[tuple[str, str], tuple[int, int]] = {}
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
            candles_per_request=self._page,
            funding_span_ms=self._profile.funding_per_request * _FUNDING_INTERVAL_MS,
        )

    async def markets(self, *, again: bool = False) -> Sequence[Market]:
        """Every linear perpetual, sorted by symbol."""
        async with self._listing:
            if again or not self._listed:
                found = [read_market(item, self._name) for item in await self._ask(_INSTRUMENTS, {})]
                listed = {market.instrument.symbol: (market, size) for market, size in filter(None, found)}
                if not listed:
                    raise BadAnswer(self._name, "its list of instruments names no linear perpetual")
                self._listed = listed
        return [self._listed[symbol][0] for symbol in sorted(self._listed)]

    async def candles(self, symbol: str, timeframe: Timeframe, window: Window) -> HistoryPage:
        """Closed bars, the newest of the window first to be asked for."""
        market, size = await self._find(symbol)
        if timeframe.name not in _BARS:
            raise InvalidValue("timeframe", timeframe.name, f"one that {self._name} has: {', '.join(_BARS)}")
        rows = await self._ask_candles(market, timeframe, window) or await self._ask_candles(market, timeframe, window)
        stale_ms = self._clock.now_ms() - 2 * timeframe.ms
        found = sort_candles(rows, size, before_ms=window.end_ms, stale_ms=stale_ms)
        self._learn_page(symbol, timeframe, window, found.times)
        read = read_candles(found.closed, market.instrument, timeframe)
        read = replace(read, refused=Counter(read.refused) + Counter(found.refused))
        return self._make_page(rows, found.times, read, window, market, timeframe.ms)

    async def funding(self, symbol: str, window: Window) -> HistoryPage:
        """Funding rates, the newest of the window first to be asked for."""
        market, _ = await self._find(symbol)
        asked = {"instId": market.venue_symbol, "after": window.end_ms, "limit": self._profile.funding_per_request}
        rows = await self._ask(_FUNDING_HISTORY, asked) or await self._ask(_FUNDING_HISTORY, asked)
        pairs = [(row.get("fundingTime"), row.get("fundingRate")) for row in rows if isinstance(row, Mapping)]
        times = [at for ts, _ in pairs if (at := read_time(ts)) is not None and at < window.end_ms]
        return self._make_page(rows, times, read_funding(pairs, market.instrument), window, market, step_ms=1)

    async def trades(self, symbol: str, *, limit: int = _MOST_TRADES) -> HistoryPage:
        """The newest trades; there is no way to ask for older ones."""
        market, size = await self._find(symbol)
        asked = {"instId": market.venue_symbol, "limit": min(limit, _MOST_TRADES)}
        rows = await self._ask(_TRADES, asked)
        raw = [read_trade(row) for row in rows if isinstance(row, Mapping)]
        read = read_trades(raw, market.instrument, contract_size=size, seen_ms=self._clock.now_ms())
        times = read.frame["ts"].dt.epoch("ms")
        several = len(times) > 0 and times[0] < times[-1]
        spoken_for = Window(start_ms=times[0] + 1, end_ms=times[-1] + 1) if several else None
        return HistoryPage(rows=read.frame, answered=spoken_for, refused=read.refused)

    async def funding_rate(self, symbol: str) -> FundingRate:
        """The rate that stands for the next payment."""
        market, _ = await self._find(symbol)
        rows = await self._ask(_FUNDING_RATE, {"instId": market.venue_symbol})
        row = next((row for row in rows if isinstance(row, Mapping)), {})
        rate, due_ms = read_decimal(row.get("fundingRate")), read_time(row.get("fundingTime"))
        if rate is None or due_ms is None:
            raise BadAnswer(self._name, f"its funding rate of {symbol} has no rate or no time")
        return FundingRate(instrument=market.instrument, rate=float(rate), due_ms=due_ms, seen_ms=self._clock.now_ms())

    async def tickers(self) -> Sequence[Ticker]:
        """Every linear perpetual's ticker, sorted by symbol."""
        await self.markets()
        rows = await self._ask(_TICKERS, {})
        known = {market.venue_symbol: (market, size) for market, size in self._listed.values()}
        found = [
            read_ticker(row, *known[row["instId"]], seen_ms=self._clock.now_ms())
            for row in rows
            if isinstance(row, Mapping) and isinstance(row.get("instId"), str) and row["instId"] in known
        ]
        return sorted(filter(None, found), key=lambda ticker: ticker.instrument.symbol)

    async def book(self, symbol: str, *, depth: int = 20) -> Book:
        """The book's best levels, at most a hundred of each side."""
        market, size = await self._find(symbol)
        rows = await self._ask(_BOOKS, {"instId": market.venue_symbol, "size": min(depth, _DEEPEST_BOOK)})
        row = next((row for row in rows if isinstance(row, Mapping)), None)
        if row is None or (ts_ms := read_time(row.get("ts"))) is None:
            raise BadAnswer(self._name, f"its book of {symbol} has no time")
        bids, asks = (read_levels(row.get(side), size) for side in ("bids", "asks"))
        return Book(instrument=market.instrument, ts_ms=ts_ms, seen_ms=self._clock.now_ms(), bids=bids, asks=asks)

    async def tiers(self, symbol: str) -> Sequence[MarginTier]:
        """What isolated positions are asked, smallest first; bounds in contracts count at the mark price."""
        market, size = await self._find(symbol)
        asked = {"instId": market.venue_symbol}
        marks = await self._ask(_MARK_PRICE, asked)
        mark = next((read_decimal(row.get("markPrice")) for row in marks if isinstance(row, Mapping)), None)
        if mark is None or mark <= 0:
            raise BadAnswer(self._name, f"{symbol} has no mark price")
        rows = await self._ask(_TIERS, {**asked, "marginMode": "isolated"})
        return read_tiers([read_tier(row) for row in rows], market.instrument, size * mark)

    async def close(self) -> None:
        """Let go of connections."""
        await self._client.close()

    async def _ask(self, call: str, parameters: Mapping[str, object]) -> Sequence[Any]:
        """The list in an answer's envelope."""
        try:
            answer = await getattr(self._client, call)(dict(parameters))
        except EdgeproofError:
            raise
        except Exception as error:  # noqa: BLE001 - ccxt's parsing of what the venue sent
            raise BadAnswer(self._name, f"{type(error).__name__}: {error}") from None
        rows = answer.get("data") if isinstance(answer, Mapping) else None
        if not isinstance(rows, list):
            raise BadAnswer(self._name, f"an answer without a list of data to {call}")
        return rows

    async def _ask_candles(self, market: Market, timeframe: Timeframe, window: Window) -> Sequence[Any]:
        bars = -(-(window.end_ms - window.start_ms) // timeframe.ms)
        asked = {"instId": market.venue_symbol, "bar": _BARS[timeframe.name], "after": window.end_ms}
        limit = min(bars, self._page)
        try:
            return await self._ask(_CANDLES, {**asked, "limit": limit})
        except BadAnswer as error:
            if limit <= _SMALLEST_PAGE or not error.reason.startswith(_PARAMETER_ERROR):
                raise
        self._page = _SMALLEST_PAGE
        return await self._ask(_CANDLES, {**asked, "limit": _SMALLEST_PAGE})

    def _learn_page(self, symbol: str, timeframe: Timeframe, window: Window, times: Sequence[int]) -> None:
        """A page shorter than asked for, with older rows behind it, was cut: so long is a page."""
        series = (symbol, timeframe.name)
        oldest_ms, rows = self._short_pages.pop(series, (None, 0))
        if times and oldest_ms == window.end_ms and min(times) < window.end_ms:
            self._page = min(self._page, rows)
        bars = (window.end_ms - window.start_ms) // timeframe.ms
        if times and len(times) < min(bars, self._page) and min(times) > window.start_ms:
            self._short_pages[series] = (min(times), len(times))

    def _make_page(  # noqa: PLR0913, PLR0917 - an answer, and what it is held against
        self, rows: Sequence[Any], older: Sequence[int], read: RowsRead, window: Window, market: Market, step_ms: int
    ) -> HistoryPage:
        """What a newest-first answer says about a window.

        Args:
            rows: The answer; asked for twice where it is empty.
            older: Times of its rows that are older than was asked for.
            read: The rows, read.
            window: What was asked for.
            market: Whose rows they are.
            step_ms: How much of the time a row covers; 1 where rows are moments.
        """
        if rows and not older:
            raise BadAnswer(self._name, "asked for what is older than a time, it gave no such row")
        times = pl.col("ts").dt.epoch("ms")
        inside = read.frame.filter(times.is_between(window.start_ms, window.end_ms, closed="left"))
        if older:
            suggested = Window(start_ms=max(min(older), window.start_ms), end_ms=window.end_ms)
        else:
            suggested = _find_beginning(market, window)
        present_ms = find_present(self._client, self._clock.now_ms())
        answered = clip_answer(suggested, older, read, present_ms=present_ms, step_ms=step_ms)
        if answered is not None and answered.end_ms <= window.start_ms:
            answered = None
        return HistoryPage(rows=inside, answered=answered, refused=read.refused)

    async def _find(self, symbol: str) -> tuple[Market, Decimal]:
        await self.markets()
        wanted = parse_symbol(symbol)
        if wanted not in self._listed:
            raise UnknownName(f"linear perpetual at {self._name}", wanted, self._listed)
        return self._listed[wanted]


def _find_beginning(market: Market, window: Window) -> Window:
    """What an empty answer speaks for: the time before the market; of later time it is a hole, to be asked again."""
    if market.listed_ms is None:
        return Window(start_ms=_BEGINNING_MS, end_ms=window.end_ms)
    opened_ms = market.listed_ms + _OPENS_WITHIN_MS
    return Window(start_ms=_BEGINNING_MS, end_ms=min(window.end_ms, opened_ms))
