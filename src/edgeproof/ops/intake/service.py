"""The intake at work: stream to memory, memory to lake, gaps asked for, minutes checked, signs of life given.

1. Watermarks of new symbols are written before anything else, so that no trade is ever without one.
2. The feed fills the collector; every second the writer empties it into the lake.
3. A hint that trades are missing asks the venue for its newest ones, which go the way of all others.
4. The auditor judges closed minutes and records gaps.
5. To stop: the feed ends, what waits is written, the run is closed.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import polars as pl

from edgeproof.domain.errors import UnknownName, WorkError
from edgeproof.domain.frames import FUNDING
from edgeproof.domain.instruments import Instrument
from edgeproof.domain.time import MS_PER_HOUR, MS_PER_MINUTE, MS_PER_SECOND, Window
from edgeproof.domain.venues import VenueError
from edgeproof.ops.intake.auditor import Auditor, AuditParts
from edgeproof.ops.intake.books import Books
from edgeproof.ops.intake.collector import Collector, Hint
from edgeproof.ops.intake.ports import Heartbeat
from edgeproof.ops.intake.writer import Writer
from edgeproof.ops.upkeep import DiskNearlyFull

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from edgeproof.domain.stores import Lake
    from edgeproof.domain.time import Clock
    from edgeproof.domain.venues import Venue
    from edgeproof.ops.intake.ports import Feed, Journal
    from edgeproof.ops.intake.telling import Tell
    from edgeproof.ops.upkeep import Upkeep

# The venue's clock may be this much behind ours when a symbol is first taken in.
_SKEW_MS: Final = 5 * MS_PER_SECOND
_DRAINS_S: Final = 20.0
_FUNDING_BACK_MS: Final = 72 * MS_PER_HOUR
_FUNDING_LATE_MS: Final = 5 * MS_PER_MINUTE
# Between two questions about one symbol: doubled while they go on, and back to the first after a quiet while.
_FIRST_REST_MS: Final = 200
_LONGEST_REST_MS: Final = 10 * MS_PER_SECOND
_QUIET_MS: Final = 15 * MS_PER_SECOND
# The venue's newest hundred trades reach back less than a second in a busy market: to ask is a matter of moments.
_HEED_EVERY_S: Final = 0.05
_ASKING_AT_ONCE: Final = 4
_BREAKS: Final = frozenset({"reconnect", "silence"})
_LONGEST_PAUSE_S: Final = 60.0
# A trade that arrives before it was made, or so long after, tells of a clock that is wrong.
_FASTEST_MS: Final = -1 * MS_PER_SECOND
_SLOWEST_MS: Final = 10 * MS_PER_SECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakePlan:
    """What is taken in, and how often things are done.

    Attributes:
        venue: As rows name it.
        symbols: Inside names, such as ``BTC-USDT``.
        most_waiting: Trades that may wait in memory.
        write_every_s, check_every_s, beat_every_s, funding_every_s: Pauses between rounds.
    """

    venue: str
    symbols: tuple[str, ...]
    most_waiting: int = 1_000_000
    write_every_s: float = 1.0
    check_every_s: float = 1.0
    beat_every_s: float = 5.0
    funding_every_s: float = 3_600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeParts:
    """What an intake works with; ``open_journal`` is called in the journal's own thread."""

    feed: Feed
    venue: Venue
    lake: Lake
    open_journal: Callable[[], Journal]
    clock: Clock
    tell: Tell
    upkeep: Upkeep | None = None


@dataclass(slots=True)
class _Pulse:
    """What the rounds remember of each other."""

    began_ms: int = 0
    ready: bool = False
    trades: int = 0
    at_ms: int = 0
    asked: dict[str, tuple[int, int]] = field(default_factory=dict)  # when last, and how often without a quiet while
    wanted: dict[str, None] = field(default_factory=dict)  # a queue without repeats

    def choose(self, now_ms: int) -> str | None:
        """The next symbol to ask about; none where all that wait were asked about a moment ago."""
        for symbol in self.wanted:
            asked_ms, times = self.asked.get(symbol, (0, 0))
            times = 0 if now_ms > asked_ms + _QUIET_MS else times
            if now_ms >= asked_ms + min(_FIRST_REST_MS * 2**times, _LONGEST_REST_MS):
                del self.wanted[symbol]
                self.asked[symbol] = (now_ms, times + 1)
                return symbol
        return None


class Intake:
    """One venue's live intake.

    Args:
        plan: What is taken in.
        parts: The world it works with.
    """

    def __init__(self, plan: IntakePlan, parts: IntakeParts) -> None:
        self.collector = Collector(plan.venue, plan.symbols, parts.clock, most_waiting=plan.most_waiting)
        self._plan = plan
        self._parts = parts
        self._books = Books(parts.open_journal)
        self._writer = Writer(self.collector, parts.lake, parts.clock, parts.tell)
        self._pulse = _Pulse()

    async def run(self, stop: asyncio.Event) -> None:
        """Take in until told to stop; then write what waits.

        Raises:
            WorkError: The venue, the lake's disk or the ledger makes going on pointless.
        """
        run_id = await self._books.do(self._begin)
        detail = "stopped"
        try:
            auditor = await self._start_auditor()
            await self._work(run_id, auditor, stop)
        except BaseException as error:  # noqa: BLE001 - whatever it was, the run's record says so
            cause = _find_cause(error)
            detail = str(cause) or type(cause).__name__
            raise cause from None
        finally:
            await self._drain(run_id, detail)

    def _begin(self, journal: Journal) -> int:
        self._pulse.began_ms = now_ms = self._parts.clock.now_ms()
        return journal.begin_run(self._plan.venue, self._plan.symbols, pid=os.getpid(), now_ms=now_ms)

    async def _start_auditor(self) -> Auditor:
        known = await self._books.do(lambda journal: journal.watermarks(self._plan.venue))
        now_ms = self._parts.clock.now_ms()
        opens_ms = (now_ms - _SKEW_MS) // MS_PER_MINUTE * MS_PER_MINUTE
        marks = {symbol: known.get(symbol, opens_ms) for symbol in self._plan.symbols}
        for symbol in marks.keys() - known.keys():
            instrument = self._name(symbol)
            await self._books.do(lambda journal, it=instrument: journal.advance(it, opens_ms))  # type: ignore[misc] # the default argument is the loop's
        auditor = Auditor(
            AuditParts(
                lake=self._parts.lake,
                venue=self._parts.venue,
                collector=self.collector,
                writer=self._writer,
                books=self._books,
                clock=self._parts.clock,
                tell=self._parts.tell,
            ),
            marks,
        )
        since = {symbol: marks[symbol] for symbol in self._plan.symbols}
        auditor.take_hints([Hint(symbol=s, cause="start", from_ms=ms, noted_ms=now_ms) for s, ms in since.items()])
        return auditor

    async def _work(self, run_id: int, auditor: Auditor, stop: asyncio.Event) -> None:
        plan = self._plan
        rounds: list[Awaitable[None]] = [
            self._parts.feed.run(self.collector),
            _repeat(plan.write_every_s, self._write),
            _repeat(plan.check_every_s, self._bear("check", lambda: self._check(auditor))),
            _repeat(plan.beat_every_s, self._bear("heartbeat", lambda: self._beat(run_id))),
            _repeat(plan.funding_every_s, self._take_funding),
            _repeat(_HEED_EVERY_S, lambda: self._heed(auditor)),
            *(self._refill_for_ever(auditor) for _ in range(_ASKING_AT_ONCE)),
        ]
        if self._parts.upkeep is not None:
            rounds.append(_repeat(plan.check_every_s, self._bear("upkeep", self._keep_up)))
        tasks = [asyncio.ensure_future(work) for work in rounds]
        stopping = asyncio.ensure_future(stop.wait())
        try:
            done, _ = await asyncio.wait([*tasks, stopping], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (*tasks, stopping):
                task.cancel()
            await asyncio.gather(*tasks, stopping, return_exceptions=True)
        for task in done:
            task.result()

    async def _write(self) -> None:
        await self._writer.write()

    async def _check(self, auditor: Auditor) -> None:
        await auditor.check_all()

    async def _heed(self, auditor: Auditor) -> None:
        """Pass hints on: to the auditor, who names causes, and to those who ask for trades again."""
        hints = self.collector.take_hints()
        self._tell_of_streams(hints)
        auditor.take_hints(hints)
        self._pulse.wanted |= dict.fromkeys([*(hint.symbol for hint in hints if hint.ask), *auditor.doubted])
        auditor.doubted.clear()
        if auditor.starved:
            self._parts.tell("streams_renewed", symbols=sorted(auditor.starved))
            self.collector.note("streams renewed")
            self._parts.feed.renew(auditor.starved)
            auditor.starved.clear()

    def _tell_of_streams(self, hints: Sequence[Hint]) -> None:
        """Say which streams ended and began, and with the first of them that the intake is ready."""
        lost = [hint for hint in hints if hint.cause in _BREAKS and not hint.ask]
        joined = [hint for hint in hints if hint.cause in _BREAKS and hint.ask]
        if lost:
            self._parts.tell("streams_lost", symbols=len(lost), cause=lost[0].cause)
        if joined:
            event = "streams_joined" if self._pulse.ready else "ready"
            self._pulse.ready = True
            self._parts.tell(event, venue=self._plan.venue, symbols=len(joined))

    def _bear(self, what: str, work: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        """The same work; while the lake, the ledger or the venue fails it is told, counted and tried again later."""
        failures = 0

        async def borne() -> None:
            nonlocal failures
            try:
                await work()
            except DiskNearlyFull:
                raise
            except WorkError as error:
                pause_s = min(_LONGEST_PAUSE_S, 2.0**failures)
                failures += 1
                self.collector.note(f"failed: {what}")
                self._parts.tell("failed", what=what, reason=str(error), next_try_s=pause_s)
                await asyncio.sleep(pause_s)
            else:
                failures = 0

        return borne

    async def _refill_for_ever(self, auditor: Auditor) -> None:
        """Ask the venue for the newest trades of symbols that may have lost some."""
        pulse = self._pulse
        while True:
            symbol = pulse.choose(self._parts.clock.now_ms())
            if symbol is None:
                await asyncio.sleep(_HEED_EVERY_S)
                continue
            try:
                newest = await self._parts.venue.trades(symbol)
            except (VenueError, UnknownName) as error:
                self.collector.note("trades not to be had")
                self._parts.tell("refill_failed", symbol=symbol, reason=str(error))
                continue
            self.collector.note("refills")
            rows = newest.rows.select(pl.col("ts").dt.epoch("ms"), "price", "size", "trade_id", "side")
            for ts, price, size, trade_id, side in rows.iter_rows():
                self.collector.add_trade(symbol, ts, price, size, trade_id, buy=side == "buy", streamed=False)
            auditor.note_refill(symbol)

    async def _take_funding(self) -> None:
        now_ms = self._parts.clock.now_ms()
        window = Window(start_ms=now_ms - _FUNDING_BACK_MS, end_ms=now_ms + _FUNDING_LATE_MS)
        for symbol in self._plan.symbols:
            try:
                page = await self._parts.venue.funding(symbol, window)
                await asyncio.to_thread(self._parts.lake.append, FUNDING, page.rows)
            except WorkError as error:
                self.collector.note("funding not to be had")
                self._parts.tell("funding_missing", symbol=symbol, reason=str(error))

    async def _keep_up(self) -> None:
        if self._parts.upkeep is None:
            return
        doing = asyncio.ensure_future(asyncio.to_thread(self._parts.upkeep.run_due, self._parts.clock.now_ms()))
        # What is under way when the intake stops ends by itself; if it fails, nobody waits to hear of it.
        doing.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
        done = await asyncio.shield(doing)
        for event, values in done:
            self._parts.tell(event, **values)

    async def _beat(self, run_id: int) -> None:
        now_ms, trades = self._parts.clock.now_ms(), self.collector.counts["trades"]
        seconds = max(now_ms - self._pulse.at_ms, 1) / MS_PER_SECOND
        newest_ms = max(self.collector.last_streamed_ms.values(), default=self._pulse.began_ms)
        counts = {**self.collector.counts, **{f"refused: {k}": n for k, n in self.collector.refused.items()}}
        beat = Heartbeat(
            at_ms=now_ms,
            trades_per_s=round((trades - self._pulse.trades) / seconds, 1) if self._pulse.at_ms else 0.0,
            waiting=self._writer.waiting,
            lag_ms=now_ms - newest_ms,
            counts=counts,
            delay_ms=self.collector.take_delay(),
        )
        if beat.delay_ms is not None and not _FASTEST_MS <= beat.delay_ms <= _SLOWEST_MS:
            self.collector.note("clocks differ")
            self._parts.tell("clocks_differ", ours_ahead_s=beat.delay_ms / MS_PER_SECOND)
        self._pulse.trades, self._pulse.at_ms = trades, now_ms
        await self._books.do(lambda journal: journal.beat(run_id, beat))
        self._parts.tell(
            "alive", trades_per_s=beat.trades_per_s, waiting=beat.waiting, lag_ms=beat.lag_ms, trades=trades
        )

    async def _drain(self, run_id: int, detail: str) -> None:
        self._parts.tell("stopping", waiting=self._writer.waiting)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_DRAINS_S):
                while self._writer.waiting and await self._writer.write():
                    pass
        now_ms = self._parts.clock.now_ms()
        try:
            await self._books.do(lambda journal: journal.finish_run(run_id, now_ms=now_ms, detail=detail))
        except WorkError as error:
            self._parts.tell("failed", what="closing the run", reason=str(error))
        self._books.close()
        self._parts.tell("stopped", unwritten=self._writer.waiting, trades=self.collector.counts["trades"])

    def _name(self, symbol: str) -> Instrument:
        return Instrument(venue=self._plan.venue, symbol=symbol)


def _find_cause(error: BaseException) -> BaseException:
    """The one thing that ended a group of tasks, or the error itself."""
    while isinstance(error, BaseExceptionGroup):
        leaves = error.exceptions
        error = next((leaf for leaf in leaves if isinstance(leaf, WorkError)), leaves[0])
    return error


async def _repeat(every_s: float, work: Callable[[], Awaitable[None]]) -> None:
    """Do something again and again, each round beginning ``every_s`` after the one before, or when that one ends."""
    loop = asyncio.get_running_loop()
    while True:
        began = loop.time()
        await work()
        await asyncio.sleep(max(0.01, began + every_s - loop.time()))
