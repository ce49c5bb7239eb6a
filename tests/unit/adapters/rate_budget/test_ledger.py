from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgeproof.adapters.rate_budget import BudgetLedger, BudgetRules, Grant, Limit, Outcome, Urgency, Wait
from edgeproof.domain.errors import InvalidValue, WorkError

if TYPE_CHECKING:
    from pathlib import Path

BLOFIN = (Limit(requests=500, window_ms=60_000), Limit(requests=1_500, window_ms=300_000))
SMALL = (Limit(requests=10, window_ms=1_000), Limit(requests=20, window_ms=4_000))


@dataclass
class Hands:
    """A clock that tests move."""

    ms: int = 10_000_000

    def __call__(self) -> int:
        return self.ms


@dataclass
class Bench:
    """Processes that ask one after another, and what each was given."""

    ledgers: list[BudgetLedger]
    clock: Hands
    grants: list[int] = field(default_factory=list)

    def ask(self, process: int = 0, urgency: Urgency = Urgency.LIVE) -> Grant | Wait:
        answer = self.ledgers[process % len(self.ledgers)].ask(urgency)
        if isinstance(answer, Grant):
            self.grants.append(answer.at_ms)
        return answer

    def must_grant(self, urgency: Urgency = Urgency.LIVE) -> Grant:
        answer = self.ask(urgency=urgency)
        assert isinstance(answer, Grant)
        return answer

    def must_wait(self, urgency: Urgency = Urgency.LIVE) -> Wait:
        answer = self.ask(urgency=urgency)
        assert isinstance(answer, Wait)
        return answer


MakeBench = Callable[..., Bench]


@pytest.fixture
def make_bench(tmp_path: Path) -> MakeBench:
    made: list[Path] = []

    def make(rules: BudgetRules, processes: int = 1) -> Bench:
        clock = Hands()
        file = tmp_path / f"budget-{len(made)}.sqlite"
        made.append(file)
        return Bench([BudgetLedger(file, "blofin:live", rules, now_ms=clock) for _ in range(processes)], clock)

    return make


def most_in_any_window(times: list[int], window_ms: int) -> int:
    """The definition: windows begin at each request and hold both their ends."""
    return max((sum(start <= at <= start + window_ms for at in times) for start in times), default=0)


STEPS = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from(Urgency), st.sampled_from([0, 0, 1, 7, 40, 333, 1_000, 2_500])),
    max_size=150,
)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, burst=st.integers(1, 30))
def test_no_window_ever_holds_more_than_the_limit_however_processes_take_turns(
    make_bench: MakeBench, steps: list[tuple[int, Urgency, int]], burst: int
) -> None:
    rules = BudgetRules(limits=SMALL, bulk_share=0.9, live_share=1.0, burst=burst)
    bench = make_bench(rules, processes=4)
    for process, urgency, pause_ms in steps:
        bench.clock.ms += pause_ms
        bench.ask(process, urgency)
    for limit in SMALL:
        assert most_in_any_window(bench.grants, limit.window_ms) <= limit.requests


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_whoever_waits_as_long_as_told_is_let_through_and_a_moment_earlier_is_not(
    make_bench: MakeBench, steps: list[tuple[int, Urgency, int]]
) -> None:
    bench = make_bench(BudgetRules(limits=SMALL, burst=3))
    for _, urgency, pause_ms in steps:
        bench.clock.ms += pause_ms
        answer = bench.ask(0, urgency)
        if isinstance(answer, Wait):
            bench.clock.ms += answer.ms - 1
            bench.must_wait(urgency)
            bench.clock.ms += 1
            bench.must_grant(urgency)


def test_bulk_work_runs_at_nine_tenths_of_the_tightest_limit_for_hours(make_bench: MakeBench) -> None:
    bench = make_bench(BudgetRules(limits=BLOFIN))
    start = bench.clock.ms
    while bench.clock.ms < start + 20 * 60_000:
        answer = bench.ask(urgency=Urgency.BULK)
        bench.clock.ms += answer.ms if isinstance(answer, Wait) else 0
    assert len(bench.grants) == pytest.approx(20 * 60 * 4.5, rel=0.005)
    assert most_in_any_window(bench.grants[-1_600:], 300_000) <= 1_350
    assert most_in_any_window(bench.grants[-1_600:], 60_000) <= 450


def test_after_a_rest_a_few_bulk_requests_go_at_once_and_the_rest_evenly(make_bench: MakeBench) -> None:
    bench = make_bench(BudgetRules(limits=BLOFIN, burst=5))
    for _ in range(5):
        bench.must_grant(Urgency.BULK)
    assert bench.must_wait(Urgency.BULK).ms == pytest.approx(1_000 / 4.5, abs=2)


def test_live_requests_find_room_that_bulk_work_may_not_use(make_bench: MakeBench) -> None:
    bench = make_bench(BudgetRules(limits=(Limit(requests=100, window_ms=60_000),), burst=100))
    for _ in range(90):
        bench.must_grant(Urgency.BULK)
    bench.must_wait(Urgency.BULK)
    for _ in range(6):
        bench.must_grant(Urgency.LIVE)
    bench.must_wait(Urgency.LIVE)


def test_a_failure_seen_by_one_process_stops_all(make_bench: MakeBench) -> None:
    bench = make_bench(BudgetRules(limits=BLOFIN), processes=3)
    grant = bench.must_grant()
    pause_ms = bench.ledgers[0].settle(grant, Outcome.FORBIDDEN, jitter=0.0)
    assert pause_ms == 300_000
    for process in range(3):
        assert bench.ask(process) == Wait(ms=300_000, reason="kept out")


def test_after_a_pause_one_request_goes_ahead_and_the_others_follow_its_answer(make_bench: MakeBench) -> None:
    bench = make_bench(BudgetRules(limits=BLOFIN), processes=2)
    bench.clock.ms += bench.ledgers[0].settle(bench.must_grant(), Outcome.LIMITED, jitter=0.0)
    probe = bench.must_grant()
    assert isinstance(bench.ask(1), Wait)
    bench.clock.ms += 120
    assert bench.ledgers[0].settle(probe, Outcome.ANSWERED, jitter=0.0) == 0
    assert isinstance(bench.ask(1), Grant)
    assert isinstance(bench.ask(1), Grant)


def test_a_probe_whose_process_died_does_not_hold_up_the_others_for_ever(make_bench: MakeBench) -> None:
    rules = BudgetRules(limits=BLOFIN)
    bench = make_bench(rules, processes=2)
    bench.clock.ms += bench.ledgers[0].settle(bench.must_grant(), Outcome.FAILED, jitter=0.0)
    bench.must_grant()
    bench.clock.ms += rules.probe_ms
    assert isinstance(bench.ask(1), Grant)


def test_pauses_double_up_to_the_longest_and_an_answer_ends_the_row(make_bench: MakeBench) -> None:
    bench = make_bench(BudgetRules(limits=BLOFIN))
    pauses = []
    for _ in range(8):
        pauses.append(bench.ledgers[0].settle(bench.must_grant(), Outcome.FAILED, jitter=0.0))
        bench.clock.ms += pauses[-1]
    assert pauses == [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]
    bench.ledgers[0].settle(bench.must_grant(), Outcome.ANSWERED, jitter=0.0)
    assert bench.ledgers[0].settle(bench.must_grant(), Outcome.FAILED, jitter=0.0) == 1_000


def test_requests_that_were_under_way_together_lengthen_the_pause_once(make_bench: MakeBench) -> None:
    bench = make_bench(BudgetRules(limits=BLOFIN))
    together = [bench.must_grant() for _ in range(6)]
    bench.clock.ms += 50
    pauses = {bench.ledgers[0].settle(grant, Outcome.FAILED, jitter=0.0) for grant in together}
    assert pauses == {1_000}


def test_an_answer_to_an_older_request_does_not_end_a_pause(make_bench: MakeBench) -> None:
    bench = make_bench(BudgetRules(limits=BLOFIN))
    older, failing = bench.must_grant(), bench.must_grant()
    bench.clock.ms += 10
    bench.ledgers[0].settle(failing, Outcome.LIMITED, jitter=0.0)
    bench.ledgers[0].settle(older, Outcome.ANSWERED, jitter=0.0)
    assert bench.must_wait() == Wait(ms=30_000, reason="too many requests")


def test_the_venues_own_word_on_when_to_come_back_is_kept(make_bench: MakeBench) -> None:
    bench = make_bench(BudgetRules(limits=BLOFIN))
    assert bench.ledgers[0].settle(bench.must_grant(), Outcome.LIMITED, jitter=0.0, retry_after_ms=90_000) == 90_000


@given(strikes=st.integers(0, 200), jitter=st.floats(0, 1))
def test_jitter_lengthens_a_pause_by_at_most_a_half_and_never_shortens_it(strikes: int, jitter: float) -> None:
    for back_off in BudgetRules(limits=BLOFIN).back_offs.values():
        plain = back_off.measure(strikes, 0.0)
        assert plain <= back_off.measure(strikes, jitter) <= plain * 1.5 + 1


def test_after_the_machine_was_started_anew_old_requests_count_as_made_now(make_bench: MakeBench) -> None:
    bench = make_bench(BudgetRules(limits=(Limit(requests=10, window_ms=60_000),), live_share=1.0))
    for _ in range(10):
        bench.must_grant()
    bench.clock.ms = 5_000  # the monotonic clock began again
    assert bench.must_wait().ms == 60_001
    bench.clock.ms += 60_001
    bench.must_grant()


def test_after_the_machine_was_started_anew_a_pause_begins_again(make_bench: MakeBench) -> None:
    bench = make_bench(BudgetRules(limits=BLOFIN))
    bench.ledgers[0].settle(bench.must_grant(), Outcome.FORBIDDEN, jitter=0.0)
    bench.clock.ms = 5_000
    assert bench.must_wait() == Wait(ms=300_000, reason="kept out")
    bench.clock.ms += 300_000
    bench.must_grant()


def test_hosts_in_one_file_have_budgets_of_their_own(tmp_path: Path) -> None:
    rules = BudgetRules(limits=(Limit(requests=1, window_ms=60_000),), live_share=1.0)
    live, demo = (BudgetLedger(tmp_path / "b.sqlite", host, rules, now_ms=Hands()) for host in ("live", "demo"))
    assert isinstance(live.ask(Urgency.LIVE), Grant)
    assert isinstance(live.ask(Urgency.LIVE), Wait)
    assert isinstance(demo.ask(Urgency.LIVE), Grant)


def test_usage_says_how_much_of_each_limit_is_used_and_why_nobody_may_ask(make_bench: MakeBench) -> None:
    bench = make_bench(BudgetRules(limits=BLOFIN))
    bench.must_grant()
    bench.clock.ms += 100_000
    grant = bench.must_grant()
    assert [used for _, used in bench.ledgers[0].measure_usage().used] == [1, 2]
    bench.ledgers[0].settle(grant, Outcome.FAILED, jitter=0.0)
    usage = bench.ledgers[0].measure_usage()
    assert (usage.paused_ms, usage.reason) == (1_000, "the server failed")


def test_a_file_that_cannot_be_kept_is_told_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "budget.sqlite"
    file.write_bytes(b"this is no database, and long enough to be seen as none" * 40)
    with pytest.raises(WorkError, match="cannot keep the request budget") as caught:
        BudgetLedger(file, "live", BudgetRules(limits=BLOFIN)).ask(Urgency.LIVE)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "wrong",
    [
        {"limits": ()},
        {"limits": (Limit(requests=0, window_ms=1),)},
        {"limits": BLOFIN, "bulk_share": 0.99, "live_share": 0.9},
        {"limits": BLOFIN, "live_share": 1.1},
        {"limits": BLOFIN, "burst": 0},
    ],
)
def test_rules_that_could_not_be_kept_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue):
        BudgetRules(**wrong)
