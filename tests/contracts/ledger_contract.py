"""What every ledger does, whatever keeps it: a test class per store adds only the fixture ``ledger``."""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgeproof.domain.errors import InvalidValue
from edgeproof.domain.records import RunStatus
from edgeproof.domain.stores import IrreproducibleTrial
from fakes.ledger_values import (
    MORNING_MS,
    make_decision,
    make_place,
    make_report,
    make_stage,
    make_trial,
    make_version,
)

if TYPE_CHECKING:
    from edgeproof.domain.records import CycleRecord
    from edgeproof.domain.stores import Ledger

# One ledger takes all examples, each under a key of its own; and every store inherits these tests.
_on_one_ledger = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
)


def begin(ledger: Ledger, run_id: str = "run", *, now_ms: int = MORNING_MS, pid: int = 7) -> CycleRecord:
    """Begin a cycle of last month."""
    return ledger.begin_cycle(run_id, {"window": "30d"}, now_ms=now_ms, pid=pid)


def finish(ledger: Ledger, cycle: CycleRecord, status: RunStatus = RunStatus.DONE, *, now_ms: int = MORNING_MS) -> None:
    """Close a cycle."""
    ledger.finish_cycle(cycle.cycle_id, status, now_ms=now_ms)


class CyclesContract:
    """The life of a cycle."""

    def test_a_new_ledger_is_empty(self, ledger: Ledger) -> None:
        assert list(ledger.cycles()) == []
        assert list(ledger.strategy_versions()) == []
        assert list(ledger.trials()) == []
        assert ledger.count_trials() == 0
        assert list(ledger.decisions(1)) == []
        assert list(ledger.pool("strategies")) == []
        assert ledger.latest_report() is None

    def test_a_cycle_that_begins_is_running_under_its_process(self, ledger: Ledger) -> None:
        cycle = ledger.begin_cycle("run", {"window": "30d", "symbols": ["BTC-USDT"]}, now_ms=5_000, pid=123)
        assert (cycle.run_id, cycle.status, cycle.pid) == ("run", RunStatus.RUNNING, 123)
        assert (cycle.started_ms, cycle.heartbeat_ms, cycle.finished_ms) == (5_000, 5_000, None)
        assert cycle.request == {"window": "30d", "symbols": ["BTC-USDT"]}
        assert list(ledger.cycles()) == [cycle]

    def test_a_stage_is_kept_as_it_was_last_told_and_is_a_sign_of_life(self, ledger: Ledger) -> None:
        cycle = begin(ledger)
        ledger.record_stage(cycle.cycle_id, make_stage("backtest", done=1, total=9), now_ms=MORNING_MS + 1)
        finished = make_stage("backtest", RunStatus.DONE, done=9, total=9, finished_ms=MORNING_MS + 2)
        ledger.record_stage(cycle.cycle_id, finished, now_ms=MORNING_MS + 2)
        seen = ledger.cycles()[0]
        assert seen.stages == (finished,)
        assert seen.heartbeat_ms == MORNING_MS + 2

    def test_stages_stand_in_the_order_in_which_they_were_first_told(self, ledger: Ledger) -> None:
        cycle = begin(ledger)
        for name in ("score", "backtest", "rank", "backtest", "score"):
            ledger.record_stage(cycle.cycle_id, make_stage(name), now_ms=MORNING_MS)
        assert [stage.name for stage in ledger.cycles()[0].stages] == ["score", "backtest", "rank"]

    def test_a_killed_cycle_of_the_same_request_is_reopened_with_its_stages(self, ledger: Ledger) -> None:
        killed = begin(ledger, pid=7)
        done = make_stage("score", RunStatus.DONE, finished_ms=MORNING_MS + 1)
        ledger.record_stage(killed.cycle_id, done, now_ms=MORNING_MS + 1)
        ledger.record_stage(killed.cycle_id, make_stage("backtest", done=3, total=9), now_ms=MORNING_MS + 2)
        again = begin(ledger, now_ms=MORNING_MS + 60_000, pid=8)
        assert (again.cycle_id, again.status, again.pid) == (killed.cycle_id, RunStatus.RUNNING, 8)
        assert (again.started_ms, again.heartbeat_ms) == (MORNING_MS, MORNING_MS + 60_000)
        assert again.stages == (done, make_stage("backtest", RunStatus.INTERRUPTED, done=3, total=9))
        assert list(ledger.cycles()) == [again]

    def test_a_cycle_interrupted_by_hand_is_reopened_too(self, ledger: Ledger) -> None:
        stopped = begin(ledger)
        ledger.finish_cycle(stopped.cycle_id, RunStatus.INTERRUPTED, now_ms=MORNING_MS + 5, detail="Ctrl-C")
        again = begin(ledger, now_ms=MORNING_MS + 9)
        assert (again.cycle_id, again.status) == (stopped.cycle_id, RunStatus.RUNNING)
        assert (again.finished_ms, again.detail) == (None, "")

    @pytest.mark.parametrize("end", [RunStatus.DONE, RunStatus.FAILED])
    def test_a_cycle_that_ended_is_never_reopened(self, ledger: Ledger, end: RunStatus) -> None:
        ended = begin(ledger)
        finish(ledger, ended, end)
        again = begin(ledger)
        assert again.cycle_id > ended.cycle_id
        assert [cycle.status for cycle in ledger.cycles()] == [RunStatus.RUNNING, end]

    def test_a_killed_cycle_of_another_request_becomes_interrupted_and_its_stages_too(self, ledger: Ledger) -> None:
        killed = begin(ledger, "yesterday")
        ledger.record_stage(killed.cycle_id, make_stage("score", RunStatus.DONE), now_ms=MORNING_MS)
        ledger.record_stage(killed.cycle_id, make_stage("backtest"), now_ms=MORNING_MS + 1)
        begin(ledger, "today", now_ms=MORNING_MS + 2)
        newer, older = ledger.cycles()
        assert (newer.run_id, newer.status) == ("today", RunStatus.RUNNING)
        assert (older.run_id, older.status, older.heartbeat_ms) == ("yesterday", RunStatus.INTERRUPTED, MORNING_MS + 1)
        assert [stage.status for stage in older.stages] == [RunStatus.DONE, RunStatus.INTERRUPTED]

    def test_an_interrupted_cycle_may_be_resumed_after_others_ran(self, ledger: Ledger) -> None:
        first = begin(ledger, "first")
        between = begin(ledger, "between", now_ms=MORNING_MS + 1)
        finish(ledger, between)
        resumed = begin(ledger, "first", now_ms=MORNING_MS + 2)
        assert resumed.cycle_id == first.cycle_id
        assert [cycle.run_id for cycle in ledger.cycles()] == ["first", "between"]

    def test_of_two_interrupted_cycles_of_one_request_the_newest_is_reopened(self, ledger: Ledger) -> None:
        first = begin(ledger)
        finish(ledger, first, RunStatus.FAILED)
        second = begin(ledger)
        begin(ledger, "other")
        assert begin(ledger).cycle_id == second.cycle_id

    @pytest.mark.parametrize("end", [RunStatus.DONE, RunStatus.FAILED, RunStatus.INTERRUPTED])
    def test_a_cycle_ends_once_with_its_time_and_reason(self, ledger: Ledger, end: RunStatus) -> None:
        cycle = begin(ledger)
        ledger.record_stage(cycle.cycle_id, make_stage("rank"), now_ms=MORNING_MS)
        ledger.finish_cycle(cycle.cycle_id, end, now_ms=MORNING_MS + 3, detail="disk full")
        seen = ledger.cycles()[0]
        assert (seen.status, seen.finished_ms, seen.heartbeat_ms) == (end, MORNING_MS + 3, MORNING_MS + 3)
        assert (seen.detail, seen.stages[0].status) == ("disk full", end)
        with pytest.raises(InvalidValue, match=f"running cycle; this one is {end}"):
            finish(ledger, cycle)

    def test_running_is_no_end(self, ledger: Ledger) -> None:
        cycle = begin(ledger)
        with pytest.raises(InvalidValue, match="done, failed or interrupted"):
            finish(ledger, cycle, RunStatus.RUNNING)

    def test_a_run_whose_cycle_was_taken_over_can_write_no_more(self, ledger: Ledger) -> None:
        lost = begin(ledger, "lost")
        begin(ledger, "winner")
        with pytest.raises(InvalidValue, match="running cycle; this one is interrupted"):
            ledger.record_stage(lost.cycle_id, make_stage("score"), now_ms=MORNING_MS)
        with pytest.raises(InvalidValue, match="running cycle; this one is interrupted"):
            ledger.record_ranking(lost.cycle_id, [make_decision()], [make_place()])

    def test_a_cycle_nobody_began_is_refused(self, ledger: Ledger) -> None:
        with pytest.raises(InvalidValue, match="cycle_id cannot be 99; expected the id of a recorded cycle"):
            ledger.record_stage(99, make_stage("score"), now_ms=MORNING_MS)
        with pytest.raises(InvalidValue, match="recorded cycle"):
            ledger.finish_cycle(99, RunStatus.DONE, now_ms=MORNING_MS)
        with pytest.raises(InvalidValue, match="recorded cycle"):
            ledger.record_ranking(99, [], [])
        with pytest.raises(InvalidValue, match="recorded cycle"):
            ledger.record_report(make_report(99))

    def test_cycles_come_newest_first_and_no_more_than_asked_for(self, ledger: Ledger) -> None:
        for hour in range(5):
            finish(ledger, begin(ledger, f"run {hour}", now_ms=MORNING_MS + hour), now_ms=MORNING_MS + hour)
        assert [cycle.run_id for cycle in ledger.cycles(limit=2)] == ["run 4", "run 3"]
        assert len(ledger.cycles()) == 5

    def test_a_request_that_is_not_json_begins_nothing(self, ledger: Ledger) -> None:
        with pytest.raises(InvalidValue, match="request"):
            ledger.begin_cycle("run", {"window": object()}, now_ms=MORNING_MS, pid=1)
        assert list(ledger.cycles()) == []


class TrialsContract:
    """Strategies and trials: what was tried is never forgotten and never changed."""

    def test_a_strategy_version_is_remembered_once_in_order_of_first_sight(self, ledger: Ledger) -> None:
        first, second = make_version("b", "beta"), make_version("a", "alpha", "name: ä\nthesis: 多\n")
        assert ledger.record_strategies([first, second, first]) == 2
        assert ledger.record_strategies(iter([second, make_version("b", "renamed"), make_version("c")])) == 1
        assert list(ledger.strategy_versions()) == [first, second, make_version("c")]
        assert ledger.record_strategies([]) == 0

    def test_a_trial_comes_back_as_it_was(self, ledger: Ledger) -> None:
        trial = make_trial(metrics={"text": "ä\n\u0000", "nested": {"list": [1, 2.5, None, True]}, "tiny": 5e-324})
        assert ledger.record_trials([trial]) == 1
        assert list(ledger.trials()) == [trial]
        assert ledger.count_trials() == 1

    @_on_one_ledger
    @given(values=st.lists(st.floats(width=64), max_size=40))
    def test_daily_returns_come_back_to_the_bit(self, ledger: Ledger, values: list[float]) -> None:
        packed = struct.pack(f"<{len(values)}d", *values)
        key = packed.hex()
        ledger.record_trials([make_trial(key, daily_returns=tuple(values))])
        (seen,) = ledger.trials(keys=[key])
        assert struct.pack(f"<{len(values)}d", *seen.daily_returns) == packed

    @_on_one_ledger
    @given(value=st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53))
    def test_a_parameter_comes_back_to_the_bit(self, ledger: Ledger, value: float) -> None:
        key = f"{type(value).__name__} {value!r}"
        ledger.record_trials([make_trial(key, params={"fast": value})])
        (seen,) = ledger.trials(keys=[key])
        assert seen.params["fast"] == value
        assert math.copysign(1.0, seen.params["fast"]) == math.copysign(1.0, value)
        assert type(seen.params["fast"]) is type(value)

    def test_the_same_trial_again_changes_nothing(self, ledger: Ledger) -> None:
        first = make_trial("k1")
        assert ledger.record_trials([first, first]) == 1
        assert ledger.record_trials([make_trial("k1", trades=0), make_trial("k2")]) == 1
        assert list(ledger.trials()) == [first, make_trial("k2")]

    def test_another_answer_to_the_same_question_is_refused_and_nothing_of_its_batch_is_kept(
        self, ledger: Ledger
    ) -> None:
        ledger.record_trials([make_trial("k1"), make_trial("k2")])
        changed = [make_trial("k3"), make_trial("k2", result_hash="other"), make_trial("k1", result_hash="third")]
        with pytest.raises(IrreproducibleTrial, match="trial k2 gave result other, but answer when") as refused:
            ledger.record_trials(changed)
        assert (refused.value.key, refused.value.recorded, refused.value.given) == ("k2", "answer", "other")
        assert refused.value.conflicts == 2
        assert [trial.key for trial in ledger.trials()] == ["k1", "k2"]

    def test_a_batch_that_contradicts_itself_is_refused(self, ledger: Ledger) -> None:
        with pytest.raises(IrreproducibleTrial, match="k1"):
            ledger.record_trials([make_trial("k1"), make_trial("k1", result_hash="other")])
        assert ledger.count_trials() == 0

    @pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, np.float64("nan")])
    def test_a_number_json_cannot_carry_is_refused_with_its_place(self, ledger: Ledger, number: float) -> None:
        bad = make_trial("bad", metrics={"sharpe": {"low": number}})
        with pytest.raises(InvalidValue, match="finite number"):
            ledger.record_trials([make_trial("good"), bad])
        assert ledger.count_trials() == 0

    def test_numpy_goes_in_and_plain_numbers_come_out(self, ledger: Ledger) -> None:
        trial = make_trial(
            params={"fast": np.float64(9.5), "slow": np.int64(21)},  # type: ignore[dict-item]
            metrics={"win_rate": np.float32(0.5), "trades": np.int32(3), "any": np.bool_(1), "all": np.arange(2)},
            daily_returns=tuple(np.array([0.25, -0.5])),
            trades=np.int64(42),  # type: ignore[arg-type]
        )
        ledger.record_trials([trial])
        (seen,) = ledger.trials()
        assert [type(value) for value in seen.params.values()] == [float, int]
        assert seen.metrics == {"win_rate": 0.5, "trades": 3, "any": True, "all": [0, 1]}
        assert {name: type(value) for name, value in seen.metrics.items()} == {
            "win_rate": float,
            "trades": int,
            "any": bool,
            "all": list,
        }
        assert {type(value) for value in seen.daily_returns} == {float}
        assert (seen.trades, type(seen.trades)) == (42, int)

    def test_trials_are_found_by_key_in_order_of_creation(self, ledger: Ledger) -> None:
        keys = ["zulu", "alpha", "mike", "bravo"]
        ledger.record_trials([make_trial(key) for key in keys])
        asked = iter(["bravo", "zulu", "nobody", "zulu", "mike"])
        assert [trial.key for trial in ledger.trials(keys=asked)] == ["zulu", "mike", "bravo"]
        assert list(ledger.trials(keys=[])) == []

    def test_many_trials_come_back_in_order(self, ledger: Ledger) -> None:
        keys = [f"trial {number * 7919 % 2503}" for number in range(2_503)]
        assert ledger.record_trials([make_trial(key) for key in keys[:1_300]]) == 1_300
        assert ledger.record_trials([make_trial(key) for key in keys]) == 1_203
        assert [trial.key for trial in ledger.trials()] == keys
        assert [trial.key for trial in ledger.trials(keys=[*keys, "nobody"])] == keys
        assert ledger.count_trials() == 2_503

    def test_trials_may_be_recorded_while_others_are_read(self, ledger: Ledger) -> None:
        ledger.record_trials([make_trial("k1"), make_trial("k2")])
        seen = []
        for trial in ledger.trials():
            seen.append(trial.key)
            ledger.record_trials([make_trial(f"{trial.key} again")])
        assert seen == ["k1", "k2"]
        assert ledger.count_trials() == 4

    def test_no_trials_are_no_work(self, ledger: Ledger) -> None:
        assert ledger.record_trials([]) == 0


class RankingsContract:
    """Decisions, pools and reports."""

    def test_kept_candidates_come_first_by_rank_and_the_rest_as_given(self, ledger: Ledger) -> None:
        cycle = begin(ledger)
        archived = [make_decision(name, action="archived", rank=None, score=0.0) for name in ("zeta", "eta")]
        kept = [make_decision("second", rank=2), make_decision("first", rank=1)]
        ledger.record_ranking(cycle.cycle_id, [archived[0], *kept, archived[1]], [])
        assert list(ledger.decisions(cycle.cycle_id)) == [kept[1], kept[0], *archived]

    def test_an_interrupted_attempt_is_replaced_within_its_cycle_alone(self, ledger: Ledger) -> None:
        before = begin(ledger, "before")
        ledger.record_ranking(before.cycle_id, [make_decision("old")], [make_place(1, "old")])
        finish(ledger, before)
        killed = begin(ledger)
        ledger.record_ranking(killed.cycle_id, [make_decision("half")], [make_place(1, "half"), make_place(2, "way")])
        again = begin(ledger)
        ledger.record_ranking(again.cycle_id, [make_decision("whole")], [make_place(1, "whole")])
        finish(ledger, again, now_ms=MORNING_MS + 1)
        assert again.cycle_id == killed.cycle_id
        assert list(ledger.decisions(again.cycle_id)) == [make_decision("whole")]
        assert list(ledger.decisions(before.cycle_id)) == [make_decision("old")]
        assert list(ledger.pool("strategies")) == [make_place(1, "whole")]

    def test_the_decisions_of_a_finished_cycle_stay(self, ledger: Ledger) -> None:
        cycle = begin(ledger)
        ledger.record_ranking(cycle.cycle_id, [make_decision()], [make_place()])
        finish(ledger, cycle)
        with pytest.raises(InvalidValue, match="running cycle; this one is done"):
            ledger.record_ranking(cycle.cycle_id, [], [])
        assert list(ledger.decisions(cycle.cycle_id)) == [make_decision()]

    def test_a_pool_is_that_of_the_newest_done_cycle_by_rank(self, ledger: Ledger) -> None:
        done = begin(ledger, "done")
        places = [make_place(2, "second"), make_place(1, "first"), make_place(1, "forest", pool="models")]
        ledger.record_ranking(done.cycle_id, [], places)
        assert list(ledger.pool("strategies")) == []
        finish(ledger, done)
        failed = begin(ledger, "failed", now_ms=MORNING_MS + 1)
        ledger.record_ranking(failed.cycle_id, [], [make_place(1, "never")])
        finish(ledger, failed, RunStatus.FAILED, now_ms=MORNING_MS + 2)
        running = begin(ledger, "running", now_ms=MORNING_MS + 3)
        ledger.record_ranking(running.cycle_id, [], [make_place(1, "not yet")])
        assert list(ledger.pool("strategies")) == [places[1], places[0]]
        assert list(ledger.pool("models")) == [places[2]]
        assert list(ledger.pool("ensembles")) == []

    def test_a_resumed_cycle_that_is_done_last_gives_the_pool(self, ledger: Ledger) -> None:
        early = begin(ledger, "early")
        ledger.record_ranking(early.cycle_id, [], [make_place(1, "early")])
        ledger.record_report(make_report(early.cycle_id, '"early"'))
        late = begin(ledger, "late")
        ledger.record_ranking(late.cycle_id, [], [make_place(1, "late")])
        ledger.record_report(make_report(late.cycle_id, '"late"'))
        finish(ledger, late, now_ms=MORNING_MS + 1)
        finish(ledger, begin(ledger, "early", now_ms=MORNING_MS + 2), now_ms=MORNING_MS + 3)
        assert [entry.strategy for entry in ledger.pool("strategies")] == ["early"]
        assert ledger.latest_report() == make_report(early.cycle_id, '"early"')

    def test_a_done_cycle_without_survivors_leaves_an_empty_pool(self, ledger: Ledger) -> None:
        first = begin(ledger, "first")
        ledger.record_ranking(first.cycle_id, [], [make_place()])
        finish(ledger, first)
        second = begin(ledger, "second")
        ledger.record_ranking(second.cycle_id, [make_decision(action="archived", rank=None)], [])
        finish(ledger, second, now_ms=MORNING_MS + 1)
        assert list(ledger.pool("strategies")) == []

    @pytest.mark.parametrize("score", [math.nan, math.inf])
    def test_a_score_that_is_no_number_is_refused_and_the_earlier_ranking_stays(
        self, ledger: Ledger, score: float
    ) -> None:
        cycle = begin(ledger)
        ledger.record_ranking(cycle.cycle_id, [make_decision("good")], [])
        with pytest.raises(InvalidValue, match="score cannot be"):
            ledger.record_ranking(cycle.cycle_id, [make_decision("bad", score=score)], [])
        with pytest.raises(InvalidValue, match="score cannot be"):
            ledger.record_ranking(cycle.cycle_id, [], [make_place(score=score)])
        assert list(ledger.decisions(cycle.cycle_id)) == [make_decision("good")]

    def test_one_rank_twice_in_a_pool_is_refused(self, ledger: Ledger) -> None:
        cycle = begin(ledger)
        with pytest.raises(InvalidValue, match="each rank once"):
            ledger.record_ranking(cycle.cycle_id, [], [make_place(1, "a"), make_place(1, "b")])

    def test_scores_come_back_to_the_bit_and_plain(self, ledger: Ledger) -> None:
        cycle = begin(ledger)
        score = np.float64(0.1) + np.float64(0.2)
        decision = make_decision(score=score, rank=np.int64(3), ingredients={"sharpe": np.float64(1) / 3})  # type: ignore[arg-type]
        ledger.record_ranking(cycle.cycle_id, [decision], [make_place(score=score)])
        finish(ledger, cycle)
        (seen,) = ledger.decisions(cycle.cycle_id)
        (place,) = ledger.pool("strategies")
        assert (seen.score, place.score, seen.ingredients["sharpe"]) == (0.30000000000000004, seen.score, 1 / 3)
        assert {type(seen.score), type(place.score), type(seen.ingredients["sharpe"])} == {float}
        assert (seen.rank, type(seen.rank)) == (3, int)

    def test_the_latest_report_is_the_newest_of_a_done_cycle(self, ledger: Ledger) -> None:
        done = begin(ledger, "done")
        ledger.record_report(make_report(done.cycle_id, '{"attempt": 1}'))
        assert ledger.latest_report() is None
        ledger.record_report(make_report(done.cycle_id, '{"attempt": "zweiter ✓"}'))
        finish(ledger, done)
        running = begin(ledger, "running")
        ledger.record_report(make_report(running.cycle_id, '{"attempt": 3}'))
        assert ledger.latest_report() == make_report(done.cycle_id, '{"attempt": "zweiter ✓"}')


class LedgerContract(CyclesContract, TrialsContract, RankingsContract):
    """The whole contract."""
