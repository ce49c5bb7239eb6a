"""What a backfill would ask for, before it asks: the parts of the past that neither the lake nor the venue has.

1. Markets are looked up; unknown symbols are refused with the nearest name.
2. The length of a page is measured, since a venue may give less than its documents say.
3. Of every series, the lake's rows and the spans that the venue answered empty are taken away from what is wanted.
4. What is left is covered with as few requests as possible.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from edgeproof.domain.errors import RequestError, UnknownName
from edgeproof.domain.frames import BARS, FUNDING
from edgeproof.domain.instruments import Instrument, parse_symbol
from edgeproof.domain.time import MS_PER_DAY, MS_PER_HOUR, ONE_MINUTE, Timeframe, Window, format_ms
from edgeproof.ops.backfill._spans import cover, find_missing, subtract

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgeproof.domain.arrays import IntArray
    from edgeproof.domain.stores import Lake
    from edgeproof.domain.venues import Market, Pace, Venue

# Most venues pay every eight hours; where they pay more often, the rates that are there tell.
_FUNDING_INTERVAL_MS: Final = 8 * MS_PER_HOUR


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Series:
    """One instrument's bars of one timeframe, or its funding rates (timeframe None)."""

    instrument: Instrument
    timeframe: Timeframe | None

    @property
    def table(self) -> str:
        """The table its rows go to."""
        return FUNDING.name if self.timeframe is None else BARS.name

    def __str__(self) -> str:
        return f"{self.instrument.symbol} {self.timeframe or 'funding'}"


class EmptySpans(Protocol):
    """Remembers where a venue, asked, had nothing. Safe for many processes at once."""

    def find(self, series: Series) -> Sequence[Window]:
        """Spans of the series that need not be asked for again."""
        ...

    def remember(self, series: Series, spans: Sequence[Window], *, now_ms: int) -> None:
        """Add spans.

        Raises:
            WorkError: They could not be kept.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillRequest:
    """What of the past is wanted.

    Attributes:
        window: From when to when; the end may lie ahead, which means up to now.
        symbols: In any spelling.
        timeframe: Of the bars.
        funding: Whether funding rates are wanted too.
        ask_again: Ask also where the venue has answered that it has nothing.
    """

    window: Window
    symbols: tuple[str, ...]
    timeframe: Timeframe = ONE_MINUTE
    funding: bool = True
    ask_again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesPlan:
    """What is missing of one series.

    Attributes:
        series: Which.
        missing: Spans without rows, ascending.
        step_ms: How much of the time one row covers.
        questions: Spans to ask for, the newest first.
        listed_ms: When the market began, where that shortens what was wanted; None otherwise.
    """

    series: Series
    missing: tuple[Window, ...]
    step_ms: int
    questions: tuple[Window, ...]
    listed_ms: int | None = None

    @property
    def rows(self) -> int:
        """Rows that would fill what is missing."""
        return sum(-(-(span.end_ms - span.start_ms) // self.step_ms) for span in self.missing)


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillPlan:
    """What would be asked for, and how long that takes."""

    venue: str
    window: Window
    pace: Pace
    series: tuple[SeriesPlan, ...]

    @property
    def requests(self) -> int:
        """Requests, as far as pages are as long as was measured."""
        return sum(len(one.questions) for one in self.series)

    @property
    def rows(self) -> int:
        """Bars and funding rates that are missing."""
        return sum(one.rows for one in self.series)

    @property
    def seconds(self) -> float:
        """How long the requests take at the venue's budget, if nobody else uses it."""
        return self.requests / self.pace.requests_per_s


async def plan_backfill(
    venue: Venue, lake: Lake, empty: EmptySpans, request: BackfillRequest, *, now_ms: int
) -> BackfillPlan:
    """Find out what is missing and what it costs to ask for it.

    Asks the venue for its markets and at most two pages.

    Raises:
        UnknownName: The venue lists no such symbol.
        RequestError: The window lies ahead, or no symbol is named.
        VenueError: The venue gave no answer.
        WorkError: The lake cannot be read.
    """
    markets = await _find_markets(venue, request.symbols)
    end_ms = min(request.window.end_ms, now_ms)
    bars_end_ms = end_ms // request.timeframe.ms * request.timeframe.ms
    start_ms = -(-request.window.start_ms // request.timeframe.ms) * request.timeframe.ms
    if bars_end_ms <= start_ms:
        raise RequestError(
            f"nothing has closed between {format_ms(request.window.start_ms)} and {format_ms(end_ms)};"
            f" name an earlier --since, at least one bar of {request.timeframe} before now"
        )
    window = Window(start_ms=start_ms, end_ms=bars_end_ms)
    await _measure_page(venue, markets, request.timeframe, window, now_ms)
    plans = [_plan_bars(venue, lake, empty, market, request, window) for market in markets]
    if request.funding:
        paid = Window(start_ms=start_ms, end_ms=end_ms)
        plans += [_plan_funding(venue, lake, empty, market, request, paid) for market in markets]
    return BackfillPlan(venue=venue.name, window=window, pace=venue.pace, series=tuple(plans))


async def _find_markets(venue: Venue, symbols: Sequence[str]) -> list[Market]:
    if not symbols:
        raise RequestError("no symbol is named; name some, such as BTC-USDT")
    known = {market.instrument.symbol: market for market in await venue.markets()}
    wanted = dict.fromkeys(parse_symbol(symbol) for symbol in symbols)
    for symbol in wanted:
        if symbol not in known:
            raise UnknownName(f"linear perpetual at {venue.name}", symbol, known)
    return [known[symbol] for symbol in wanted]


async def _measure_page(
    venue: Venue, markets: Sequence[Market], timeframe: Timeframe, window: Window, now_ms: int
) -> None:
    """Ask for a page and the one before it: only the second shows whether the first was cut short."""
    page_ms = venue.pace.candles_per_request * timeframe.ms
    if window.end_ms - window.start_ms <= page_ms:
        return
    oldest = min(markets, key=lambda market: now_ms if market.listed_ms is None else market.listed_ms)
    left = Window(start_ms=window.end_ms - page_ms, end_ms=window.end_ms)
    for _ in range(2):
        page = await venue.candles(oldest.instrument.symbol, timeframe, left)
        after = subtract([left], [page.answered]) if page.answered is not None else []
        if not after:
            return
        left = after[0]


def _plan_bars(  # noqa: PLR0913, PLR0917 - what a plan is made of
    venue: Venue, lake: Lake, empty: EmptySpans, market: Market, request: BackfillRequest, window: Window
) -> SeriesPlan:
    series = Series(instrument=market.instrument, timeframe=request.timeframe)
    listed, clipped = _clip_to_listing(market, window, request.timeframe.ms)
    held = lake.bars(series.instrument, request.timeframe, window)["ts"].dt.epoch("ms").to_numpy()
    reach_ms = venue.pace.candles_per_request * request.timeframe.ms
    return _plan_series(series, held, clipped, request.timeframe.ms, reach_ms, listed, _known(empty, series, request))


def _plan_funding(  # noqa: PLR0913, PLR0917
    venue: Venue, lake: Lake, empty: EmptySpans, market: Market, request: BackfillRequest, window: Window
) -> SeriesPlan:
    series = Series(instrument=market.instrument, timeframe=None)
    listed, clipped = _clip_to_listing(market, window, MS_PER_HOUR)
    held = lake.funding(series.instrument, window)["ts"].dt.epoch("ms").to_numpy()
    step_ms = measure_interval(held)
    return _plan_series(
        series, held, clipped, step_ms, venue.pace.funding_span_ms, listed, _known(empty, series, request)
    )


def measure_interval(times: IntArray) -> int:
    """How often funding is paid, by the closest two of the rates; a whole number of hours, eight where none tell."""
    gaps = np.diff(times)
    hours = int(np.rint(gaps.min() / MS_PER_HOUR)) if len(gaps) else 0
    return min(max(hours, 1) * MS_PER_HOUR, _FUNDING_INTERVAL_MS) if hours else _FUNDING_INTERVAL_MS


def _plan_series(  # noqa: PLR0913, PLR0917
    series: Series,
    held: IntArray,
    window: Window | None,
    step_ms: int,
    reach_ms: int,
    listed_ms: int | None,
    known: Sequence[Window],
) -> SeriesPlan:
    missing = subtract(find_missing(held, window, covered_ms(series, step_ms)), known) if window is not None else []
    return SeriesPlan(
        series=series,
        missing=tuple(missing),
        step_ms=step_ms,
        questions=tuple(cover(missing, reach_ms)),
        listed_ms=listed_ms,
    )


def covered_ms(series: Series, step_ms: int) -> int:
    """How much of the time a row covers; funding comes a little late at times, so a rate covers half as much again."""
    return step_ms if series.timeframe is not None else step_ms * 3 // 2


def _known(empty: EmptySpans, series: Series, request: BackfillRequest) -> Sequence[Window]:
    return () if request.ask_again else empty.find(series)


def _clip_to_listing(market: Market, window: Window, grid_ms: int) -> tuple[int | None, Window | None]:
    """What of the window lies after the market began; a day is left for venues that open before they say."""
    if market.listed_ms is None or market.listed_ms - MS_PER_DAY <= window.start_ms:
        return None, window
    start_ms = (market.listed_ms - MS_PER_DAY) // grid_ms * grid_ms
    after = Window(start_ms=start_ms, end_ms=window.end_ms) if start_ms < window.end_ms else None
    return market.listed_ms, after
