"""A plan carried out: several requests under way at once, each answer kept, whatever happens next.

A question is asked again for what its answer left out. An answer that speaks for more than was asked, because the venue
has nothing earlier, also answers the questions that wait. A venue that cannot be reached ends the run; a series whose
answers are bad is left, and the others go on. Either way all rows that came are in the lake, and the next run asks only
for what is not.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from edgeproof.domain.errors import EdgeproofError
from edgeproof.domain.time import MS_PER_HOUR, MS_PER_MINUTE, MS_PER_SECOND, Window
from edgeproof.domain.venues import BadAnswer, VenueRefusing, VenueUnreachable
from edgeproof.ops.backfill._plan import covered_ms
from edgeproof.ops.backfill._saving import Saver
from edgeproof.ops.backfill._spans import find_missing, intersect, merge, subtract

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from edgeproof.domain.stores import Lake, Written
    from edgeproof.domain.time import Clock
    from edgeproof.domain.venues import HistoryPage, Venue
    from edgeproof.ops.backfill._plan import BackfillPlan, EmptySpans, Series, SeriesPlan

# Enough to keep the budget busy while answers take up to a second.
_IN_FLIGHT: Final = 5
# Younger rows that did not come are no failure: the venue may not be that far, and the next run asks for them.
_FRESH_MS: Final = 5 * MS_PER_MINUTE
# What a venue lacks of the last hour may still come.
_SETTLED_MS: Final = MS_PER_HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillProgress:
    """How far a backfill is."""

    requests_made: int
    requests_planned: int
    rows: int
    series: str


class ProgressListener(Protocol):
    """Told after each answer."""

    def __call__(self, progress: BackfillProgress, /) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesReport:
    """What became of one series.

    Attributes:
        series: Which.
        missing: Rows that were missing.
        requests: Requests made for it.
        rows: Rows that came, those between them that were there already included.
        absent: Rows that the venue does not have.
        unfilled: Spans that are missing still, and not because the venue has nothing.
        refused: Rows that cannot be true, counted by reason.
        listed_ms: When the market began, where that shortened what was wanted.
        problem: Why it was left; empty where it was not.
    """

    series: Series
    missing: int
    requests: int = 0
    rows: int = 0
    absent: int = 0
    unfilled: tuple[Window, ...] = ()
    refused: Mapping[str, int] = field(default_factory=dict)
    listed_ms: int | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillReport:
    """What became of a backfill.

    Attributes:
        venue: The venue's name.
        window: What was wanted.
        series: Every series of the plan.
        written: What the lake did with all rows that came.
        seconds: How long it took.
        stopped: Why it ended early; empty where it did not.
    """

    venue: str
    window: Window
    series: tuple[SeriesReport, ...]
    written: Written
    seconds: float
    stopped: str = ""

    @property
    def ok(self) -> bool:
        """Whether nothing is missing that the venue has."""
        return not self.stopped and not any(one.problem or one.unfilled for one in self.series)

    @property
    def requests(self) -> int:
        """Requests made for history."""
        return sum(one.requests for one in self.series)


@dataclass(slots=True)
class _Work:
    """One series under way."""

    plan: SeriesPlan
    answered: list[Window] = field(default_factory=list)
    absent: list[Window] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    rows: int = 0
    problem: str = ""


async def run_backfill(  # noqa: PLR0913 - the ports a backfill stands on
    venue: Venue,
    lake: Lake,
    empty: EmptySpans,
    plan: BackfillPlan,
    *,
    clock: Clock,
    progress: ProgressListener | None = None,
) -> BackfillReport:
    """Ask for everything in a plan and keep what comes.

    Cancelled, it puts to rest what has come and leaves the rest to the next run.

    Raises:
        WorkError: The lake could not be written.
    """
    run = _Run(venue, plan, Saver(lake, empty, clock), clock, progress)
    began_ms = clock.now_ms()
    try:
        async with asyncio.TaskGroup() as tasks:
            for _ in range(_IN_FLIGHT):
                tasks.create_task(run.work())
    except* EdgeproofError as group:
        raise group.exceptions[0] from None
    finally:
        await run.saver.flush()
    return BackfillReport(
        venue=venue.name,
        window=plan.window,
        series=tuple(_report(work, clock.now_ms()) for work in run.works),
        written=run.saver.written,
        seconds=(clock.now_ms() - began_ms) / MS_PER_SECOND,
        stopped=run.stopped,
    )


class _Run:
    """What the tasks of one run share."""

    def __init__(
        self, venue: Venue, plan: BackfillPlan, saver: Saver, clock: Clock, progress: ProgressListener | None
    ) -> None:
        self.works = [_Work(plan=series) for series in plan.series]
        self.saver = saver
        self.stopped = ""
        self._venue = venue
        self._planned = plan.requests
        self._clock = clock
        self._progress = progress
        self._questions = self._line_up()

    async def work(self) -> None:
        """Answer questions until none is left or the venue is gone."""
        for work, question in self._questions:
            try:
                await self._fill(work, question)
            except (VenueUnreachable, VenueRefusing) as error:
                self.stopped = str(error)
            except BadAnswer as error:
                work.problem = str(error)
            if self.stopped:
                return

    def _line_up(self) -> Iterator[tuple[_Work, Window]]:
        """Questions in the order of series, so that a commit holds rows of few."""
        for work in self.works:
            for question in work.plan.questions:
                if not work.problem:
                    yield work, question

    async def _fill(self, work: _Work, question: Window) -> None:
        left = subtract([question], work.answered)
        while left and not self.stopped:
            piece = left.pop()
            page = await self._ask(work.plan.series, piece)
            work.requests += 1
            await self._keep(work, page)
            rest = subtract([piece], work.answered)
            if rest == [piece]:
                continue  # not closed yet, not to be believed, or an answer to something else: told as unfilled
            left = subtract([*left, *rest], work.answered)

    async def _ask(self, series: Series, piece: Window) -> HistoryPage:
        symbol = series.instrument.symbol
        if series.timeframe is None:
            return await self._venue.funding(symbol, piece)
        return await self._venue.candles(symbol, series.timeframe, piece)

    async def _keep(self, work: _Work, page: HistoryPage) -> None:
        plan = work.plan
        work.refused.update(page.refused)
        work.rows += page.rows.height
        step_ms = covered_ms(plan.series, plan.step_ms)
        times = page.rows["ts"].dt.epoch("ms").to_numpy()
        absent: list[Window] = []
        if page.rows.height:
            # A row answers for itself, also where the page does not speak for the time around it.
            spanned = Window(start_ms=int(times[0]), end_ms=int(times[-1]) + step_ms)
            work.answered = merge([*work.answered, *subtract([spanned], find_missing(times, spanned, step_ms))])
        if page.answered is not None:
            work.answered = merge([*work.answered, page.answered])
            if not page.refused:
                absent = [
                    hole
                    for missing in intersect(plan.missing, page.answered)
                    for hole in find_missing(times, missing, step_ms)
                ]
        work.absent += absent
        settled = Window(start_ms=-(2**62), end_ms=self._clock.now_ms() - _SETTLED_MS)
        await self.saver.add(plan.series, page.rows, intersect(absent, settled))
        self._tell(plan.series)

    def _tell(self, series: Series) -> None:
        if self._progress is not None:
            made = sum(work.requests for work in self.works)
            self._progress(
                BackfillProgress(
                    requests_made=made,
                    requests_planned=max(self._planned, made),
                    rows=sum(work.rows for work in self.works),
                    series=str(series),
                )
            )


def _report(work: _Work, now_ms: int) -> SeriesReport:
    plan = work.plan
    due = Window(start_ms=-(2**62), end_ms=now_ms - _FRESH_MS)
    return SeriesReport(
        series=plan.series,
        missing=plan.rows,
        requests=work.requests,
        rows=work.rows,
        absent=sum(-(-(span.end_ms - span.start_ms) // plan.step_ms) for span in work.absent),
        unfilled=tuple(intersect(subtract(plan.missing, work.answered), due)),
        refused=dict(work.refused),
        listed_ms=plan.listed_ms,
        problem=work.problem,
    )
