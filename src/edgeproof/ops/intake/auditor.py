"""Checks closed minutes against the venue's candles, and moves each symbol's watermark.

What lies before a watermark has been checked: trades that are missing there are in a recorded gap. What lies after it
has not been, so a process killed at any moment leaves nothing both missing and unmarked: the next one goes on from the
watermark.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict, deque
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Final

import polars as pl

from edgeproof.domain.errors import UnknownName
from edgeproof.domain.frames import BARS
from edgeproof.domain.instruments import Instrument
from edgeproof.domain.time import MS_PER_DAY, MS_PER_MINUTE, MS_PER_SECOND, ONE_MINUTE, Window
from edgeproof.domain.venues import VenueError
from edgeproof.ops.gaps import Gap, MinuteCheck, check_minutes, find_absent_minutes, join_gaps

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edgeproof.domain.stores import Lake
    from edgeproof.domain.time import Clock
    from edgeproof.domain.venues import Venue
    from edgeproof.ops.intake.books import Books
    from edgeproof.ops.intake.collector import Collector, Hint
    from edgeproof.ops.intake.telling import Tell
    from edgeproof.ops.intake.writer import Writer

# A closed minute is looked at after so long: late pushes, a write under way and the candle need a moment.
_SETTLES_MS: Final = 4 * MS_PER_SECOND
# A minute that differs is looked at again so long after its end; then it is a gap, if the venue was asked meanwhile.
_RETRIES_MS: Final = (4 * MS_PER_SECOND, 12 * MS_PER_SECOND, 30 * MS_PER_SECOND)
# A venue that does not give its newest trades is not waited for longer than this.
_PATIENCE_MS: Final = 10 * MS_PER_MINUTE
_LOOKS_AGAIN_MS: Final = 2 * MS_PER_SECOND
_LONGEST_REST_MS: Final = MS_PER_MINUTE
# So many lost minutes without a streamed trade: the symbol's stream brings nothing any more.
_STARVED_MINUTES: Final = 2
# Streams tell of a candle within seconds; then the venue is asked.
_CANDLE_LATE_MS: Final = 10 * MS_PER_SECOND
_HINTS_KEPT: Final = 64
_CAUSES: Final = ("overflow", "start", "reconnect", "silence", "sequence")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditParts:
    """What an auditor works with."""

    lake: Lake
    venue: Venue
    collector: Collector
    writer: Writer
    books: Books
    clock: Clock
    tell: Tell


@dataclass(frozen=True, slots=True, kw_only=True)
class _Doubt:
    """A minute that differs: since when that is known, how often it was looked at, and when to look again."""

    since_ms: int
    times: int
    due_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rest:
    """Until when a symbol's candles are not asked for, and how often in a row they were not to be had."""

    until_ms: int = 0
    times: int = 0


class Auditor:
    """Judges minutes of the symbols of one venue.

    Args:
        parts: The intake's parts.
        watermarks: Up to when each symbol was checked.
    """

    def __init__(self, parts: AuditParts, watermarks: Mapping[str, int]) -> None:
        self.watermarks = dict(watermarks)
        self.doubted: set[str] = set()
        self.starved: set[str] = set()
        self._parts = parts
        self._doubts: dict[tuple[str, int], _Doubt] = {}
        self._rests: dict[str, _Rest] = {}
        self._refilled_ms: dict[str, int] = {}
        self._unanswered_ms: dict[tuple[str, int], int] = {}
        self._empty_minutes: Counter[str] = Counter()
        self._hints: defaultdict[str, deque[Hint]] = defaultdict(lambda: deque(maxlen=_HINTS_KEPT))

    def take_hints(self, hints: Sequence[Hint]) -> None:
        """Remember why trades may be missing."""
        for hint in hints:
            self._hints[hint.symbol].append(hint)

    def note_refill(self, symbol: str) -> None:
        """The venue's newest trades of a symbol were taken in."""
        self._refilled_ms[symbol] = self._parts.clock.now_ms()

    async def check_all(self) -> None:
        """Check every symbol that has closed minutes to check; one whose candles are not to be had is let rest."""
        for symbol in self.watermarks:
            now_ms, rest = self._parts.clock.now_ms(), self._rests.get(symbol, _Rest())
            if now_ms < rest.until_ms:
                continue
            try:
                await self.check(symbol)
            except (VenueError, UnknownName) as error:
                pause_ms = min(_LONGEST_REST_MS, MS_PER_SECOND * 2**rest.times)
                self._rests[symbol] = _Rest(until_ms=now_ms + pause_ms, times=rest.times + 1)
                self._parts.collector.note("candles not to be had")
                self._parts.tell("candles_missing", symbol=symbol, reason=str(error), next_try_s=pause_ms / 1_000)
            else:
                self._rests.pop(symbol, None)

    async def check(self, symbol: str) -> None:
        """Check the closed minutes of one symbol.

        Raises:
            VenueError: Its candles were not to be had.
            WorkError: The lake or the ledger failed.
        """
        window = self._find_window(symbol)
        if window is None:
            return
        instrument, open_ms = Instrument(venue=self._parts.collector.venue, symbol=symbol), window.start_ms
        candles, window = await self._find_candles(instrument, window)
        if window is None:
            await self._pass_over(instrument, open_ms)
            return
        self._unanswered_ms.pop((symbol, open_ms), None)
        judged = await asyncio.to_thread(self._judge, instrument, candles, window)
        settled_ms, lost = self._settle(symbol, judged, window)
        if settled_ms > window.start_ms:
            await self._record(instrument, judged, lost, settled_ms)

    def _find_window(self, symbol: str) -> Window | None:
        start_ms, now_ms = self.watermarks[symbol], self._find_now_ms()
        ready_ms = min(now_ms - _SETTLES_MS, self._parts.writer.written_until_ms)
        end_ms = min(ready_ms // MS_PER_MINUTE * MS_PER_MINUTE, start_ms + MS_PER_DAY)
        if end_ms <= start_ms:
            return None
        due = [doubt.due_ms for (name, _), doubt in self._doubts.items() if name == symbol]
        return None if due and now_ms < max(due) else Window(start_ms=start_ms, end_ms=end_ms)

    def _find_now_ms(self) -> int:
        """The present as far as the venue is known to have reached it: our clock may be ahead of its own."""
        return min(self._parts.clock.now_ms(), self._parts.collector.venue_ms)

    async def _find_candles(self, instrument: Instrument, window: Window) -> tuple[pl.DataFrame, Window | None]:
        """Candles of the window, as far as they are known; the streams' first, then the venue's answers."""
        told = self._parts.collector.candles(instrument)
        absent = find_absent_minutes(told, window)
        if not absent:
            return told, window
        if self._find_now_ms() < absent[0] + MS_PER_MINUTE + _CANDLE_LATE_MS:
            end_ms = absent[0]
            return told, Window(start_ms=window.start_ms, end_ms=end_ms) if end_ms > window.start_ms else None
        page = await self._parts.venue.candles(instrument.symbol, ONE_MINUTE, window)
        if page.answered is None or not _touches(page.answered, window):
            return told, None
        known = pl.concat([page.rows, told]).unique(BARS.key, keep="first").sort("ts")
        if page.answered.start_ms > window.start_ms:
            return await self._read_back(instrument, window, known, page.answered)
        return known, Window(start_ms=window.start_ms, end_ms=min(window.end_ms, page.answered.end_ms))

    async def _read_back(
        self, instrument: Instrument, window: Window, known: pl.DataFrame, answered: Window
    ) -> tuple[pl.DataFrame, Window | None]:
        """Ask for the older part of a window, page by page; of a stretch that no page speaks for nothing is judged."""
        from_ms, end_ms = answered.start_ms, min(window.end_ms, answered.end_ms)
        while from_ms > window.start_ms:
            page = await self._parts.venue.candles(
                instrument.symbol, ONE_MINUTE, Window(start_ms=window.start_ms, end_ms=from_ms)
            )
            if page.answered is None or page.answered.start_ms >= from_ms:
                return known, None
            known = pl.concat([known, page.rows]).unique(BARS.key, keep="first").sort("ts")
            if page.answered.end_ms < from_ms:
                end_ms = page.answered.end_ms
            from_ms = page.answered.start_ms
        return known, Window(start_ms=window.start_ms, end_ms=end_ms) if end_ms > window.start_ms else None

    async def _pass_over(self, instrument: Instrument, open_ms: int) -> None:
        """Mark a minute whose candle the venue does not give, once it was asked for long enough."""
        symbol, now_ms = instrument.symbol, self._parts.clock.now_ms()
        since_ms = self._unanswered_ms.setdefault((symbol, open_ms), now_ms)
        if now_ms < since_ms + _PATIENCE_MS:
            return
        end_ms = open_ms + MS_PER_MINUTE
        trades = await asyncio.to_thread(self._parts.lake.trades, instrument, Window(start_ms=open_ms, end_ms=end_ms))
        gap = Gap(
            instrument=instrument,
            start_ms=open_ms,
            end_ms=end_ms,
            cause="candle",
            held_volume=float(trades["size"].sum()),
            published_volume=None,
            found_ms=now_ms,
        )
        await self._advance(instrument, end_ms, [gap])

    def _judge(self, instrument: Instrument, candles: pl.DataFrame, window: Window) -> MinuteCheck:
        return check_minutes(self._parts.lake.trades(instrument, window), candles, window)

    def _settle(self, symbol: str, judged: MinuteCheck, window: Window) -> tuple[int, list[tuple[int, float, float]]]:
        """Up to when minutes are decided, and which of them are gaps."""
        lost = list[tuple[int, float, float]]()
        differing = {open_ms for open_ms, *_ in judged.differing}
        for name, open_ms in [key for key in self._doubts if key[0] == symbol and key[1] not in differing]:
            del self._doubts[name, open_ms]
            self._parts.collector.note("minutes mended")
        for open_ms, held, published in judged.differing:
            if not self._is_hopeless(symbol, open_ms):
                self.doubted.add(symbol)
                return open_ms, lost
            del self._doubts[symbol, open_ms]
            lost.append((open_ms, held, published))
        return window.end_ms, lost

    def _is_hopeless(self, symbol: str, open_ms: int) -> bool:
        """Whether a minute that differs is given up; if not, when to look again.

        It is when its time is over, and the venue's newest trades were asked for since the first doubt, and written.
        """
        now_ms, end_ms = self._find_now_ms(), open_ms + MS_PER_MINUTE
        doubt = self._doubts.get((symbol, open_ms)) or _Doubt(since_ms=self._parts.clock.now_ms(), times=0, due_ms=0)
        asked_ms = self._refilled_ms.get(symbol, -1)
        answered = doubt.since_ms <= asked_ms < self._parts.writer.written_until_ms
        patient = self._parts.clock.now_ms() < doubt.since_ms + _PATIENCE_MS
        late = now_ms >= end_ms + _RETRIES_MS[-1]
        times = doubt.times + 1
        due_ms = max(end_ms + _RETRIES_MS[min(times, len(_RETRIES_MS) - 1)], now_ms + min(times, 15) * _LOOKS_AGAIN_MS)
        self._doubts[symbol, open_ms] = _Doubt(since_ms=doubt.since_ms, times=times, due_ms=due_ms)
        return late and (answered or not patient)

    async def _record(
        self, instrument: Instrument, judged: MinuteCheck, lost: list[tuple[int, float, float]], settled_ms: int
    ) -> None:
        parts, symbol = self._parts, instrument.symbol
        settled = judged.bars.filter(pl.col("ts").dt.epoch("ms") < settled_ms)
        await asyncio.to_thread(_append_missing, parts.lake, instrument, settled)
        # Bars first: a kill in between finds the same minutes to check, and bars that are there already.
        await self._advance(instrument, settled_ms, self._name_gaps(instrument, lost))
        self._look_for_hunger(symbol, lost)
        parts.collector.counts["minutes checked"] += settled.height

    async def _advance(self, instrument: Instrument, settled_ms: int, gaps: Sequence[Gap]) -> None:
        """Move a symbol's watermark, and write down and tell the gaps before it."""
        parts, symbol = self._parts, instrument.symbol
        await parts.books.do(lambda journal: journal.advance(instrument, settled_ms, gaps))
        self.watermarks[symbol] = settled_ms
        parts.collector.forget_candles(symbol, settled_ms)
        self._unanswered_ms.pop((symbol, settled_ms - MS_PER_MINUTE), None)
        for gap in gaps:
            parts.collector.counts["minutes lost"] += gap.minutes
            parts.tell("gap_found", symbol=symbol, cause=gap.cause, minutes=gap.minutes, from_ms=gap.start_ms)

    def _look_for_hunger(self, symbol: str, lost: list[tuple[int, float, float]]) -> None:
        """Notice a symbol of which no stream brings anything, though it is traded."""
        streamed_ms = self._parts.collector.last_streamed_ms.get(symbol, 0)
        hungry = sum(streamed_ms < open_ms for open_ms, *_ in lost)
        self._empty_minutes[symbol] = self._empty_minutes[symbol] + hungry if hungry else 0
        if self._empty_minutes[symbol] >= _STARVED_MINUTES:
            self._empty_minutes[symbol] = 0
            self.starved.add(symbol)

    def _name_gaps(self, instrument: Instrument, lost: list[tuple[int, float, float]]) -> list[Gap]:
        now_ms = self._parts.clock.now_ms()
        caused = [(self._find_cause(instrument.symbol, minute[0]), minute) for minute in lost]
        gaps = list[Gap]()
        for cause, group in groupby(caused, key=lambda pair: pair[0]):
            gaps += join_gaps(instrument, [minute for _, minute in group], cause=cause, found_ms=now_ms)
        return gaps

    def _find_cause(self, symbol: str, open_ms: int) -> str:
        seen = {
            hint.cause
            for hint in self._hints[symbol]
            if hint.from_ms < open_ms + MS_PER_MINUTE and hint.noted_ms >= open_ms
        }
        return next((cause for cause in _CAUSES if cause in seen), "candle")


def _touches(answered: Window, window: Window) -> bool:
    return answered.start_ms < window.end_ms and window.start_ms < answered.end_ms


def _append_missing(lake: Lake, instrument: Instrument, bars: pl.DataFrame) -> None:
    """Append bars of minutes the lake has none of: what was backfilled meanwhile stays."""
    if bars.is_empty():
        return
    times = bars["ts"].dt.epoch("ms")
    window = Window(start_ms=int(times[0]), end_ms=int(times[-1]) + 1)
    fresh = bars.join(lake.bars(instrument, ONE_MINUTE, window).select("ts"), on="ts", how="anti")
    if not fresh.is_empty():
        lake.append(BARS, fresh)
