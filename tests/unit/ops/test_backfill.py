from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.adapters.lake import DeltaLake
from edgeproof.domain.errors import RequestError, UnknownName
from edgeproof.domain.frames import BARS
from edgeproof.domain.instruments import Instrument
from edgeproof.domain.time import MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE, ONE_MINUTE, Timeframe, Window, parse_instant
from edgeproof.domain.venues import BadAnswer, HistoryPage, VenueUnreachable
from edgeproof.ops.backfill import (
    BackfillPlan,
    BackfillProgress,
    BackfillReport,
    BackfillRequest,
    Series,
    plan_backfill,
    run_backfill,
)
from edgeproof.ops.backfill._spans import cover, find_missing, merge, subtract
from fakes.memory_lake import MemoryLake
from fakes.venue import FUNDING_MS, FakeVenue, HandClock

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from edgeproof.domain.stores import Lake

NOW_MS = parse_instant("2026-03-01T00:00:30")
MIDNIGHT_MS = parse_instant("2026-03-01")
BTC = Instrument(venue="fake", symbol="BTC-USDT")


@dataclass
class MemoryEmpty:
    """Remembers empty spans as long as the test lasts."""

    spans: dict[Series, list[Window]] = field(default_factory=dict)

    def find(self, series: Series) -> Sequence[Window]:
        return self.spans.get(series, [])

    def remember(self, series: Series, spans: Sequence[Window], *, now_ms: int) -> None:  # noqa: ARG002 - not kept
        self.spans.setdefault(series, []).extend(spans)


@dataclass
class Desk:
    """A venue, a lake, and what is remembered between runs."""

    venue: FakeVenue
    lake: Lake = field(default_factory=MemoryLake)
    empty: MemoryEmpty = field(default_factory=MemoryEmpty)
    told: list[BackfillProgress] = field(default_factory=list)

    def plan(self, request: BackfillRequest) -> BackfillPlan:
        return asyncio.run(plan_backfill(self.venue, self.lake, self.empty, request, now_ms=self.venue.clock.ms))

    def run(self, request: BackfillRequest) -> BackfillReport:
        plan = self.plan(request)
        self.venue.asked.clear()
        return asyncio.run(
            run_backfill(self.venue, self.lake, self.empty, plan, clock=self.venue.clock, progress=self.told.append)
        )

    def minutes(self, symbol: str = "BTC-USDT") -> list[int]:
        bars = self.lake.bars(Instrument(venue="fake", symbol=symbol), ONE_MINUTE)
        return [int(ts) // MS_PER_MINUTE for ts in bars["ts"].dt.epoch("ms").to_list()]


def ask(
    days: float, *, symbols: tuple[str, ...] = ("BTC-USDT",), funding: bool = False, **more: object
) -> BackfillRequest:
    start_ms = int(NOW_MS - days * MS_PER_DAY) // MS_PER_MINUTE * MS_PER_MINUTE
    return BackfillRequest(
        window=Window(start_ms=start_ms, end_ms=NOW_MS + MS_PER_DAY),
        symbols=symbols,
        funding=funding,
        **more,  # type: ignore[arg-type] # whatever a test wants changed
    )


def open_desk(**venue: object) -> Desk:
    return Desk(FakeVenue(clock=HandClock(NOW_MS), **venue))  # type: ignore[arg-type] # whatever a test wants changed


def test_a_backfill_brings_every_closed_minute_and_not_the_one_in_the_making() -> None:
    desk = open_desk()
    report = desk.run(ask(1))
    assert report.ok
    assert desk.minutes() == list(range(NOW_MS // MS_PER_MINUTE - 1_440, NOW_MS // MS_PER_MINUTE))
    assert (report.written.new, report.written.conflicting) == (1_440, 0)


def test_what_is_there_is_not_asked_for_again() -> None:
    desk = open_desk()
    desk.run(ask(1, funding=True))
    report = desk.run(ask(1, funding=True))
    assert report.ok
    assert (report.requests, desk.venue.asked) == (0, [])


def test_the_next_day_only_the_day_is_asked_for() -> None:
    desk = open_desk()
    desk.run(ask(3))
    desk.venue.clock.ms += MS_PER_DAY
    report = desk.run(ask(3))
    assert report.written.new == 1_440
    assert all(window.start_ms >= NOW_MS - MS_PER_MINUTE for _, _, window in desk.venue.asked)


def test_a_hole_in_the_lake_is_found_and_filled() -> None:
    desk = open_desk()
    desk.run(ask(1))
    whole = desk.lake.bars(BTC, ONE_MINUTE)
    torn = Desk(FakeVenue(clock=HandClock(NOW_MS)))
    torn.lake.append(BARS, whole.filter(~np.isin(np.arange(1_440), [3, 700, 701, 1_300])))
    report = torn.run(ask(1))
    assert (report.written.new, report.requests) == (4, 3)
    assert torn.lake.bars(BTC, ONE_MINUTE).equals(whole)


def test_what_the_venue_does_not_have_is_asked_for_once() -> None:
    hole = Window(start_ms=MIDNIGHT_MS - 10 * MS_PER_HOUR, end_ms=MIDNIGHT_MS - 9 * MS_PER_HOUR)
    desk = open_desk(holes=(hole,))
    report = desk.run(ask(1))
    assert report.ok
    assert report.series[0].absent == 60
    assert desk.run(ask(1)).requests == 0


def test_what_the_venue_does_not_have_is_asked_for_again_on_request() -> None:
    hole = Window(start_ms=MIDNIGHT_MS - 10 * MS_PER_HOUR, end_ms=MIDNIGHT_MS - 9 * MS_PER_HOUR)
    desk = open_desk(holes=(hole,))
    desk.run(ask(1))
    desk.venue.holes = ()
    assert desk.run(ask(1)).written.new == 0
    assert desk.run(ask(1, ask_again=True)).written.new == 60


def test_minutes_that_the_venue_is_late_with_are_asked_for_again() -> None:
    late = Window(start_ms=NOW_MS - 10 * MS_PER_MINUTE, end_ms=NOW_MS)
    desk = open_desk(holes=(late,))
    assert desk.run(ask(1)).series[0].absent > 0
    desk.venue.holes = ()
    desk.run(ask(1))
    assert len(desk.minutes()) == 1_440


def test_a_market_younger_than_the_window_costs_one_empty_answer() -> None:
    desk = open_desk(begins_ms=MIDNIGHT_MS - MS_PER_DAY)
    report = desk.run(ask(30))
    assert report.ok
    assert len(desk.minutes()) == 1_440
    assert report.requests <= 15 + 1 + 5  # its pages, the answer that says so, and those under way meanwhile
    assert desk.run(ask(30)).requests == 0


def test_a_market_that_says_when_it_began_is_not_asked_about_the_time_before() -> None:
    began_ms = MIDNIGHT_MS - MS_PER_DAY
    desk = open_desk(begins_ms=began_ms, listed_ms=began_ms)
    plan = desk.plan(ask(30))
    assert plan.series[0].listed_ms == began_ms
    assert plan.series[0].missing[0].start_ms >= began_ms - MS_PER_DAY - MS_PER_MINUTE
    assert plan.requests == pytest.approx(2 * 1_440 / 100, abs=1)


def test_the_plan_of_a_year_of_36_symbols_counts_its_requests_and_hours() -> None:
    symbols = tuple(f"C{number}-USDT" for number in range(36))
    desk = open_desk(symbols=symbols, page=1_440, begins_ms=parse_instant("2020-01-01"))
    desk.venue.clock.ms = parse_instant("2026-01-01")
    window = Window(start_ms=parse_instant("2025-01-01"), end_ms=parse_instant("2026-01-01"))
    plan = desk.plan(BackfillRequest(window=window, symbols=symbols, funding=False))
    assert plan.rows == 36 * 525_600
    assert plan.requests == 36 * 365
    assert plan.seconds == pytest.approx(36 * 365 / 4.5)
    funded = desk.plan(BackfillRequest(window=window, symbols=symbols, funding=True))
    assert funded.requests == 36 * (365 + 11)  # 1,095 rates a year, a hundred in an answer


def test_the_plan_counts_with_the_page_that_the_venue_really_gives() -> None:
    desk = open_desk(page=100, told_page=1_440)
    desk.venue.told_page = 100  # as the adapter has learned by then
    assert desk.plan(ask(10)).requests == 144


def test_pages_shorter_than_planned_only_cost_more_requests() -> None:
    desk = open_desk(page=100, told_page=1_440)
    report = desk.run(ask(2))
    assert report.ok
    assert len(desk.minutes()) == 2_880
    assert desk.told[-1].requests_made == report.requests == 30
    assert all(step.requests_made <= step.requests_planned for step in desk.told)


def test_funding_is_brought_and_its_interval_read_from_what_is_there() -> None:
    desk = open_desk()
    report = desk.run(ask(60, funding=True, timeframe=Timeframe.parse("1d")))
    assert report.ok
    rates = desk.lake.funding(BTC)["ts"].dt.epoch("ms")
    assert rates.diff().drop_nulls().unique().to_list() == [FUNDING_MS]
    assert len(rates) == 181


def test_a_venue_that_cannot_be_reached_ends_the_run_and_the_next_one_completes_it() -> None:
    desk = open_desk(symbols=("BTC-USDT", "ETH-USDT"))
    both = ask(1, symbols=("BTC-USDT", "ETH-USDT"))
    plan = desk.plan(both)
    desk.venue.failures = [VenueUnreachable("fake", "no answer")]
    report = asyncio.run(run_backfill(desk.venue, desk.lake, desk.empty, plan, clock=desk.venue.clock))
    assert not report.ok
    assert "no answer" in report.stopped
    assert desk.run(both).ok
    assert (
        desk.minutes("BTC-USDT")
        == desk.minutes("ETH-USDT")
        == list(range(NOW_MS // MS_PER_MINUTE - 1_440, NOW_MS // MS_PER_MINUTE))
    )


def test_a_series_with_bad_answers_is_left_and_the_others_go_on() -> None:
    desk = open_desk()
    plan = desk.plan(ask(1, symbols=("BTC-USDT", "ETH-USDT")))
    desk.venue.failures = [BadAnswer("fake", "nonsense")]
    report = asyncio.run(run_backfill(desk.venue, desk.lake, desk.empty, plan, clock=desk.venue.clock))
    bitcoin, ether = report.series
    assert (bitcoin.problem, ether.problem) == ("fake: nonsense", "")
    assert bitcoin.unfilled
    assert not report.ok
    assert len(desk.minutes("ETH-USDT")) == 1_440


@dataclass
class DoubtfulVenue(FakeVenue):
    """A venue one of whose minutes cannot be believed: its answers speak for no more than the time before it."""

    doubtful_ms: int = 0

    async def candles(self, symbol: str, timeframe: Timeframe, window: Window) -> HistoryPage:
        page = await super().candles(symbol, timeframe, window)
        sound = page.rows.filter(pl.col("ts").dt.epoch("ms") != self.doubtful_ms)
        if page.answered is None or sound.height == page.rows.height:
            return page
        end_ms = min(page.answered.end_ms, self.doubtful_ms)
        answered = replace(page.answered, end_ms=end_ms) if page.answered.start_ms < end_ms else None
        return HistoryPage(rows=sound, answered=answered, refused={"nonsense": 1})


@pytest.mark.parametrize("minutes_ago", [1_440, 777, 700, 601, 100, 10])
def test_a_minute_that_cannot_be_believed_is_told_as_unfilled_and_costs_no_other(minutes_ago: int) -> None:
    doubtful_ms = MIDNIGHT_MS - minutes_ago * MS_PER_MINUTE
    desk = Desk(DoubtfulVenue(clock=HandClock(NOW_MS), doubtful_ms=doubtful_ms))
    (bitcoin,) = desk.run(ask(1)).series
    assert bitcoin.unfilled == (Window(start_ms=doubtful_ms, end_ms=doubtful_ms + MS_PER_MINUTE),)
    assert len(desk.minutes()) == 1_439
    assert bitcoin.absent == 0
    assert not desk.empty.spans
    assert bitcoin.requests <= 15 + 3


def test_two_backfills_at_once_write_every_bar_once(tmp_path: Path) -> None:
    desk = open_desk()
    desk.lake = DeltaLake(tmp_path)
    plan = desk.plan(ask(2))

    async def run_both() -> tuple[BackfillReport, BackfillReport]:
        first, second = (
            run_backfill(desk.venue, desk.lake, desk.empty, plan, clock=desk.venue.clock) for _ in range(2)
        )
        return await asyncio.gather(first, second)

    one, other = asyncio.run(run_both())
    assert one.ok
    assert other.ok
    assert one.written.new + other.written.new == 2_880
    assert one.written.conflicting + other.written.conflicting == 0
    assert len(desk.minutes()) == 2_880


def test_a_cancelled_backfill_keeps_what_came() -> None:
    desk = open_desk()
    plan = desk.plan(ask(30))

    async def cancel_halfway() -> None:
        answers = asyncio.Event()

        def count(progress: BackfillProgress) -> None:
            if progress.requests_made >= 50:
                answers.set()

        run = asyncio.create_task(
            run_backfill(desk.venue, desk.lake, desk.empty, plan, clock=desk.venue.clock, progress=count)
        )
        await answers.wait()
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run

    asyncio.run(cancel_halfway())
    assert len(desk.minutes()) >= 50 * 100
    kept = len(desk.minutes())
    report = desk.run(ask(30))
    assert report.written.new == 30 * 1_440 - kept


def test_an_unknown_symbol_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="did you mean 'BTC-USDT'"):
        open_desk().plan(ask(1, symbols=("BTX-USDT",)))


def test_a_window_in_which_nothing_has_closed_is_refused() -> None:
    with pytest.raises(RequestError, match="nothing has closed"):
        open_desk().plan(BackfillRequest(window=Window(start_ms=NOW_MS, end_ms=NOW_MS + 1), symbols=("BTC-USDT",)))


TIMES = st.lists(st.integers(0, 60), unique=True, max_size=40).map(sorted)


@given(times=TIMES, start=st.integers(0, 30), length=st.integers(1, 40))
def test_missing_spans_and_rows_tile_the_window(times: list[int], start: int, length: int) -> None:
    window = Window(start_ms=start * 10, end_ms=(start + length) * 10)
    missing = find_missing(np.array(times, dtype=np.int64) * 10, window, 10)
    minutes = {at for span in missing for at in range(span.start_ms // 10, span.end_ms // 10)}
    assert minutes == set(range(start, start + length)) - set(times)
    assert missing == merge(missing)


SPANS = st.lists(
    st.tuples(st.integers(0, 200), st.integers(1, 50)).map(lambda p: Window(start_ms=p[0], end_ms=p[0] + p[1])),
    max_size=12,
)


def points(spans: Sequence[Window]) -> set[int]:
    return {at for span in spans for at in range(span.start_ms, span.end_ms)}


@given(spans=SPANS, taken=SPANS)
def test_subtracting_spans_is_subtracting_the_times_in_them(spans: list[Window], taken: list[Window]) -> None:
    assert points(subtract(spans, taken)) == points(spans) - points(taken)


@settings(deadline=None)
@given(spans=SPANS, reach=st.integers(1, 60))
def test_questions_cover_what_is_missing_and_none_reaches_too_far(spans: list[Window], reach: int) -> None:
    missing = merge(spans)
    questions = cover(missing, reach)
    assert points(missing) <= points(questions)
    assert all(question.end_ms - question.start_ms <= reach for question in questions)
    assert [q.end_ms for q in questions] == sorted((q.end_ms for q in questions), reverse=True)
    assert len(points(questions)) == sum(q.end_ms - q.start_ms for q in questions)
    # Each question begins and ends with something that is missing, so none could be left out or shortened.
    assert all({q.start_ms, q.end_ms - 1} <= points(missing) for q in questions)
