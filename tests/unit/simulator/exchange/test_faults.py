from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.domain.errors import InvalidValue, UnknownName
from edgeproof.simulator.exchange import ExchangeSpec, Fault, FaultKind, PlannedFault, plan_faults
from edgeproof.simulator.exchange.protocol.frames import Push
from edgeproof.simulator.exchange.protocol.stream_faults import StreamFaults
from fakes.small_venues import START_MS, open_desk


def make_pushes(count: int) -> list[Push]:
    return [Push(channel="trades", symbol="BTC-USDT", frame=b"x", number=i) for i in range(count)]


def send(fault: Fault, count: int, *, at_ms: int = START_MS) -> list[int | None]:
    faults = StreamFaults()
    faults.begin(fault, START_MS)
    return [push.number for push in faults.alter(make_pushes(count), at_ms)]


def test_a_gap_leaves_out_as_many_as_it_says() -> None:
    assert send(Fault(kind=FaultKind.GAP, count=3), 5) == [3, 4]


def test_a_duplicate_comes_twice() -> None:
    assert send(Fault(kind=FaultKind.DUPLICATE, count=2), 3) == [0, 0, 1, 1, 2]


def test_reordered_pushes_come_last_first_and_none_is_lost() -> None:
    assert send(Fault(kind=FaultKind.REORDER, count=3), 5) == [2, 1, 0, 3, 4]


@given(
    faults=st.lists(
        st.tuples(
            st.sampled_from([FaultKind.GAP, FaultKind.DUPLICATE, FaultKind.REORDER, FaultKind.STALL]),
            st.integers(0, 5),
            st.integers(0, 30),
        ),
        max_size=5,
    )
)
@settings(deadline=None)
def test_what_a_stream_loses_and_doubles_is_what_its_faults_say(faults: list[tuple[FaultKind, int, int]]) -> None:
    stream = StreamFaults()
    sent: list[Push] = []
    pushes = make_pushes(120)
    for i, push in enumerate(pushes):
        for kind, count, at in faults:
            if at == i:
                stream.begin(Fault(kind=kind, count=count, seconds=0.02), START_MS + i)
        sent += stream.alter([push], START_MS + i)
    sent += stream.alter([], START_MS + 1_000)
    gaps = sum(count for kind, count, _ in faults if kind is FaultKind.GAP)
    doubled = sum(count for kind, count, _ in faults if kind is FaultKind.DUPLICATE)
    assert len({push.number for push in sent}) == 120 - gaps
    assert len(sent) == 120 - gaps + doubled
    assert not stream.active


def test_a_stalled_stream_is_silent_and_then_late() -> None:
    stream = StreamFaults()
    stream.begin(Fault(kind=FaultKind.STALL, seconds=1.0), START_MS)
    assert stream.alter(make_pushes(2), START_MS + 999) == []
    assert len(stream.alter(make_pushes(1), START_MS + 1_000)) == 3


@pytest.mark.parametrize(("kind", "statuses"), [("429", {429}), ("403", {403}), ("5xx", {500, 502, 503})])
def test_failing_requests_fail_as_often_as_asked(kind: str, statuses: set[int]) -> None:
    desk = open_desk()
    desk.venue.inject(Fault(kind=FaultKind(kind), count=3))
    assert {desk.status("tickers") for _ in range(3)} == statuses
    assert desk.status("tickers") == 200


def test_failing_requests_fail_as_long_as_asked() -> None:
    desk = open_desk()
    desk.venue.inject(Fault(kind=FaultKind.SERVER_ERROR, count=0, seconds=2.0))
    desk.clock.step(1_999)
    assert desk.status("tickers") == 500
    desk.clock.step(1)
    assert desk.status("tickers") == 200


def test_a_skewed_clock_shows_in_times_and_comes_right_again() -> None:
    desk = open_desk()
    desk.venue.inject(Fault(kind=FaultKind.SKEW, skew_ms=5_000, seconds=1.0))
    assert int(desk.get("tickers", instId="BTC-USDT")["data"][0]["ts"]) == START_MS + 5_000
    desk.clock.step(1_000)
    assert desk.venue.now_ms() == START_MS + 1_000


def test_planned_faults_begin_on_time() -> None:
    plan = (PlannedFault(after_ms=500, fault=Fault(kind=FaultKind.FORBIDDEN)),)
    desk = open_desk(ExchangeSpec(plan=plan))
    desk.venue.advance()
    assert desk.status("tickers") == 200
    desk.clock.step(500)
    desk.venue.advance()
    assert desk.status("tickers") == 403


def test_a_seeded_plan_is_the_same_plan_again() -> None:
    plan = plan_faults(seed=5, every_s=3.0, total_s=600.0)
    assert plan == plan_faults(seed=5, every_s=3.0, total_s=600.0)
    assert plan != plan_faults(seed=6, every_s=3.0, total_s=600.0)
    assert {planned.fault.kind for planned in plan} == set(FaultKind)
    assert 150 <= len(plan) <= 250


def test_a_fault_nobody_knows_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="did you mean 'stall'"):
        Fault(kind="stal")  # type: ignore[arg-type]
    with pytest.raises(InvalidValue, match="seconds"):
        Fault(kind=FaultKind.STALL, seconds=float("nan"))
