"""One cycle: the same inputs give the same report, whoever interrupts it, and nothing it does is forgotten."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from edgeproof.domain.errors import InvalidValue, RequestError, WorkError
from edgeproof.domain.frames import BARS
from edgeproof.domain.records import RunStatus, StageRecord
from edgeproof.domain.time import MS_PER_DAY, Timeframe
from edgeproof.execution import Costs, HourlySlippage, Regime
from edgeproof.research import CycleReport, CycleRequest, NothingToTest, run_cycle
from edgeproof.research.report import TIME_KEYS
from edgeproof.strategies import evaluate, load_strategy
from fakes.memory_ledger import MemoryLedger
from fakes.small_markets import fill_lake, make_bars

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgeproof.domain.records import Trial
    from edgeproof.strategies import Strategy
    from fakes.memory_lake import MemoryLake

REVERSION = """
name: reversion
thesis: What has gone too far comes back.
timeframe: 5m
params: {window: {default: 60, low: 10, high: 200}}
let: {z: zscore(close, window)}
long: z < -1.5
short: z > 1.5
exit_long: z > 0
exit_short: z < 0
"""
CROSS = """
name: cross
thesis: A faster mean above a slower one is a trend.
timeframe: 5m
long: crosses_above(mean(close, 5), mean(close, 30))
short: crosses_below(mean(close, 5), mean(close, 30))
"""
LEADER = """
name: leader
thesis: What the leader did, the others do later.
timeframe: 5m
long: of("BTC-USDT", close > lag(close, 1))
max_hold: 3
"""
STRATEGIES = tuple(load_strategy(text) for text in (REVERSION, CROSS, LEADER))
MARKETS = {"BTC-USDT": 4_320, "ETH-USDT": 4_320, "SOL-USDT": 1_500}
REQUEST = CycleRequest(length_ms=3 * MS_PER_DAY)
CALIBRATED = Costs(
    hourly=HourlySlippage(buy=(0.0006,) * 24, sell=(0.0007,) * 24),
    regimes=(Regime(when="regime_volatile() > 0", factor=1.5),),
)


class Ticking:
    """A clock that moves a second whenever it is asked."""

    def __init__(self) -> None:
        self._now = 1_750_000_000_000

    def now_ms(self) -> int:
        self._now += 1_000
        return self._now


class Notes:
    """Remembers what it hears."""

    def __init__(self) -> None:
        self.stages: list[StageRecord] = []
        self.messages: list[str] = []

    def stage_changed(self, stage: StageRecord) -> None:
        self.stages.append(stage)

    def noticed(self, message: str) -> None:
        self.messages.append(message)


class StoppingLedger(MemoryLedger):
    """Is interrupted before it records the trials of its n-th market."""

    def __init__(self, markets: int, *, killed: bool = False) -> None:
        super().__init__()
        self._left = markets
        self._killed = killed

    def record_trials(self, trials: Sequence[Trial]) -> int:
        self._left -= 1
        if self._left == -1:
            raise KeyboardInterrupt
        return super().record_trials(trials)

    def finish_cycle(self, cycle_id: int, status: RunStatus, *, now_ms: int, detail: str = "") -> None:
        if self._killed and status is not RunStatus.DONE:
            raise WorkError("the process is gone")
        super().finish_cycle(cycle_id, status, now_ms=now_ms, detail=detail)


def run(
    lake: MemoryLake,
    ledger: MemoryLedger,
    *,
    request: CycleRequest = REQUEST,
    strategies: Sequence[Strategy] = STRATEGIES,
    notes: Notes | None = None,
) -> CycleReport:
    return run_cycle(
        request, lake=lake, ledger=ledger, clock=Ticking(), strategies=strategies, progress=notes, pid=4_711
    )


def without_times(report: CycleReport) -> str:
    return json.dumps({key: value for key, value in report.document.items() if key not in TIME_KEYS})


@pytest.fixture(scope="module")
def lake() -> MemoryLake:
    return fill_lake(MARKETS)


@pytest.fixture(scope="module")
def expected(lake: MemoryLake) -> str:
    return without_times(run(lake, MemoryLedger()))


def test_the_same_request_twice_gives_the_same_report(lake: MemoryLake, expected: str) -> None:
    ledger, notes = MemoryLedger(), Notes()
    assert without_times(run(lake, ledger)) == expected
    trials = ledger.count_trials()
    assert without_times(run(lake, ledger, notes=notes)) == expected
    assert ledger.count_trials() == trials == 27
    assert notes.messages == ["27 of 27 trials are already recorded and are not run again"]


def test_regimes_are_charged_and_name_the_trials_and_the_run(lake: MemoryLake, expected: str) -> None:
    ledger = MemoryLedger()
    run(lake, ledger)
    flat = {(trial.strategy, trial.instrument, trial.timeframe): trial for trial in ledger.trials()}
    wild = CALIBRATED.regimes[0]
    for number, costs in enumerate((CALIBRATED, replace(CALIBRATED, regimes=(replace(wild, factor=2.0),))), start=2):
        report = run(lake, ledger, request=replace(REQUEST, costs=costs))
        assert ledger.count_trials() == 27 * number
        assert report.run_id != json.loads(expected)["run_id"]
        assert report.document["costs"]["assumed"]["slippage where regime_volatile() > 0"] == costs.regimes[0].factor
        assert all(row["reproduced"] for row in report.document["pools"]["strategies"])
    dearer = [trial for trial in ledger.trials() if trial.costs.get("slippage where regime_volatile() > 0") == 1.5]
    assert len(dearer) == 27
    assert sum(trial.trades > 0 for trial in dearer) > 20
    for trial in [trial for trial in dearer if trial.trades]:
        usual = flat[trial.strategy, trial.instrument, trial.timeframe]
        assert trial.metrics["slippage"] > usual.metrics["slippage"]
        assert trial.metrics["total_return"] < usual.metrics["total_return"]


def test_a_calibrated_cycle_is_the_same_with_any_number_of_workers(lake: MemoryLake) -> None:
    one, three = (
        run(lake, MemoryLedger(), request=replace(REQUEST, costs=CALIBRATED, workers=workers)) for workers in (1, 3)
    )
    assert without_times(one) == without_times(three)


def test_a_regime_that_bars_cannot_tell_is_told_for_every_task(lake: MemoryLake) -> None:
    costs = Costs(regimes=(Regime(when="atrr(14) > 1", factor=2.0),))
    with pytest.raises(NothingToTest, match="did you mean 'atr'"):
        run(lake, MemoryLedger(), request=replace(REQUEST, costs=costs))


def test_workers_change_nothing_but_time(lake: MemoryLake, expected: str) -> None:
    assert without_times(run(lake, MemoryLedger(), request=replace(REQUEST, workers=3))) == expected


def test_the_order_of_strategies_changes_nothing(lake: MemoryLake, expected: str) -> None:
    assert without_times(run(lake, MemoryLedger(), strategies=STRATEGIES[::-1])) == expected


@pytest.mark.parametrize("killed", [False, True])
@pytest.mark.parametrize("markets", [0, 1, 2])
def test_an_interrupted_cycle_goes_on_where_it_stopped(
    lake: MemoryLake, expected: str, markets: int, *, killed: bool
) -> None:
    ledger, notes = StoppingLedger(markets, killed=killed), Notes()
    with pytest.raises(KeyboardInterrupt):
        run(lake, ledger)
    assert ledger.cycles()[0].status is (RunStatus.RUNNING if killed else RunStatus.INTERRUPTED)
    assert ledger.latest_report() is None
    assert without_times(run(lake, ledger, notes=notes)) == expected
    assert notes.messages == [f"resumed cycle 1: {markets} of 3 markets were done"]
    (cycle,) = ledger.cycles()
    assert cycle.status is RunStatus.DONE
    assert [stage.name for stage in cycle.stages] == ["score", "backtest", "rank", "evidence", "report"]
    assert {stage.status for stage in cycle.stages} == {RunStatus.DONE}


def test_a_resumed_cycle_runs_only_what_is_left(lake: MemoryLake) -> None:
    ledger, notes = StoppingLedger(2), Notes()
    with pytest.raises(KeyboardInterrupt):
        run(lake, ledger)
    assert ledger.count_trials() == 18
    run(lake, ledger, notes=notes)
    backtest = [stage for stage in notes.stages if stage.name == "backtest"]
    assert [(stage.done, stage.total) for stage in backtest] == [(0, 27), (18, 27), (27, 27), (27, 27)]


def test_everything_is_kept(lake: MemoryLake) -> None:
    ledger = MemoryLedger()
    report = run(lake, ledger)
    assert {version.name for version in ledger.strategy_versions()} == {"reversion", "cross", "leader"}
    assert len(ledger.decisions(report.cycle_id)) == 27
    assert [entry.rank for entry in ledger.pool("strategies")] == [1, 2, 3]
    kept = ledger.latest_report()
    assert kept is not None
    assert json.loads(kept.json_text) == report.document
    assert ledger.cycles()[0].pid == 4_711
    assert ledger.cycles()[0].request["window_days"] == 3.0


def test_the_report_says_what_was_done(lake: MemoryLake) -> None:
    document = run(lake, MemoryLedger()).document
    assert document["activity"]["evaluations"] == document["activity"]["trials_total"] == 27
    assert 1 <= document["activity"]["trials_effective"] <= 27
    assert [stage["name"] for stage in document["stages"]] == ["score", "backtest", "rank", "evidence", "report"]
    assert document["data"]["summary"].startswith("2 of 3 markets cover the whole window. 1 ends early")
    assert all(row["reproduced"] for row in document["pools"]["strategies"])
    assert sum(document["verdicts"].values()) == 3
    assert {row["curve"]["ts"][-1] for row in document["pools"]["strategies"]} <= {
        "2025-06-04T00:00:00Z",
        "2025-06-02T01:00:00Z",
    }


def test_a_row_that_cannot_be_reproduced_is_said_to_be_so(lake: MemoryLake) -> None:
    honest, tampered = MemoryLedger(), MemoryLedger()
    run(lake, honest)
    tampered.record_trials([replace(trial, result_hash="changed") for trial in honest.trials()])
    document = run(lake, tampered).document
    assert not any(row["reproduced"] for row in document["pools"]["strategies"])
    assert "reproducibility" in {remark["topic"] for remark in document["review"]}


def test_a_strategy_under_a_new_name_is_the_same_trial(lake: MemoryLake) -> None:
    ledger = MemoryLedger()
    run(lake, ledger)
    renamed = [load_strategy(REVERSION.replace("name: reversion", "name: snap_back")), *STRATEGIES[1:]]
    document = run(lake, ledger, strategies=renamed).document
    assert ledger.count_trials() == 27
    assert {row["strategy"] for row in document["pools"]["strategies"]} == {"snap_back", "cross", "leader"}


def test_other_costs_data_or_strategies_are_another_run(lake: MemoryLake) -> None:
    longer = fill_lake({**MARKETS, "SOL-USDT": 1_501})
    runs = {
        run(lake, MemoryLedger()).run_id,
        run(lake, MemoryLedger(), request=replace(REQUEST, costs=Costs(taker=0.001))).run_id,
        run(lake, MemoryLedger(), strategies=STRATEGIES[:2]).run_id,
        run(longer, MemoryLedger()).run_id,
    }
    assert len(runs) == 4
    assert run(lake, MemoryLedger(), request=replace(REQUEST, workers=2)).run_id in runs


def test_the_window_ends_with_the_newest_bar(lake: MemoryLake) -> None:
    document = run(lake, MemoryLedger(), request=replace(REQUEST, length_ms=MS_PER_DAY)).document
    assert document["window"] == {"start": "2025-06-03T00:00:00Z", "end": "2025-06-04T00:00:00Z", "days": 1.0}
    assert [market["symbol"] for market in document["universe"]] == ["BTC-USDT", "ETH-USDT"]


def test_symbols_are_understood_in_any_spelling(lake: MemoryLake) -> None:
    request = replace(REQUEST, symbols=("ethusdt", "demo:BTC-USDT"), timeframes=(Timeframe(60), Timeframe(5)))
    document = run(lake, MemoryLedger(), request=request).document
    assert [market["symbol"] for market in document["universe"]] == ["BTC-USDT", "ETH-USDT"]
    assert document["activity"]["evaluations"] == 12


def test_a_market_outside_the_universe_may_still_lead(lake: MemoryLake) -> None:
    request = replace(REQUEST, symbols=("ETH-USDT",), timeframes=(Timeframe(5),))
    document = run(lake, MemoryLedger(), request=request, strategies=STRATEGIES[2:]).document
    assert document["pools"]["strategies"][0]["trades"] > 0
    alone = fill_lake({"ETH-USDT": 4_320})
    missing = run_cycle(request, lake=alone, ledger=MemoryLedger(), clock=Ticking(), strategies=STRATEGIES)
    assert [skipped["strategy"] for skipped in missing.document["skipped"]] == ["leader"]


def test_a_symbol_at_two_venues_is_two_markets() -> None:
    both = fill_lake({"BTC-USDT": 1_440})
    both.append(BARS, make_bars("BTC-USDT", minutes=1_440, seed=9, venue="other"))
    document = run(both, MemoryLedger(), strategies=STRATEGIES[:1]).document
    assert [market["instrument"] for market in document["universe"]] == ["demo:BTC-USDT", "other:BTC-USDT"]
    assert len(document["pools"]["strategies"][0]["by_symbol"]) == 2


def test_a_strategy_that_breaks_stops_no_other(lake: MemoryLake, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_on_cross(strategy: Strategy, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - passes through
        if strategy.name == "cross":
            raise ZeroDivisionError("division by zero")
        return evaluate(strategy, *arguments, **options)

    monkeypatch.setattr("edgeproof.research.evaluation.evaluate", break_on_cross)
    document = run(lake, MemoryLedger()).document
    assert {row["strategy"] for row in document["pools"]["strategies"]} == {"reversion", "leader"}
    assert document["activity"]["evaluations_failed"] == 9
    assert document["failures"][0]["reason"] == "ZeroDivisionError: division by zero"
    parts = {part["name"]: part["share"] for part in document["health"]["components"]}
    assert parts["evaluations"] == pytest.approx(18 / 27)


def test_funding_is_counted_and_its_absence_is_a_warning(lake: MemoryLake) -> None:
    document = run(lake, MemoryLedger(), strategies=STRATEGIES[:1]).document
    assert [one["funding_settlements"] for one in document["data"]["symbols"]] == [9, 9, 4]
    assert {one["longest_unfunded_hours"] for one in document["data"]["symbols"]} == {8.0}
    assert "funding" not in {remark["topic"] for remark in document["review"]}
    bare = fill_lake({"BTC-USDT": 4_320})
    bare.append(BARS, make_bars("ETH-USDT", minutes=4_320, seed=9))
    document = run(bare, MemoryLedger(), strategies=STRATEGIES[:1]).document
    assert [one["funding_settlements"] for one in document["data"]["symbols"]] == [9, 0]
    (remark,) = (remark for remark in document["review"] if remark["topic"] == "funding")
    assert remark["severity"] == "warning"
    assert remark["text"].startswith("1 of 2 markets have no funding rates (ETH-USDT)")


def test_an_empty_lake_has_nothing_to_test() -> None:
    with pytest.raises(NothingToTest, match="edgeproof data import"):
        run(fill_lake({}), MemoryLedger())


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        (replace(REQUEST, symbols=("DOGE-USDT",)), "no bars of DOGE-USDT"),
        (replace(REQUEST, symbols=("BTC-USDT", "SOL-USDT"), length_ms=MS_PER_DAY), "leave it out"),
        (replace(REQUEST, symbols=("?",)), "symbol"),
    ],
)
def test_a_wrong_request_is_said_before_anything_is_recorded(
    lake: MemoryLake, request_: CycleRequest, told: str
) -> None:
    ledger = MemoryLedger()
    with pytest.raises(RequestError, match=told):
        run(lake, ledger, request=request_)
    assert ledger.cycles() == ()


def test_no_strategy_and_two_of_one_name_are_refused(lake: MemoryLake) -> None:
    with pytest.raises(NothingToTest):
        run(lake, MemoryLedger(), strategies=())
    with pytest.raises(InvalidValue):
        run(lake, MemoryLedger(), strategies=(STRATEGIES[0], STRATEGIES[0]))


@pytest.mark.parametrize(
    "change",
    [
        {"length_ms": 0},
        {"timeframes": ()},
        {"symbols": ()},
        {"initial_equity": 0.0},
        {"workers": 0},
    ],
)
def test_impossible_requests_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue):
        CycleRequest(**change)


def test_timeframes_finer_than_the_bars_are_left_out() -> None:
    lake = fill_lake({})
    bars = make_bars("BTC-USDT", minutes=600, seed=1)
    hours = bars.gather_every(60).with_columns(timeframe=pl.lit("1h"))
    lake.append(BARS, hours)
    document = run(lake, MemoryLedger(), strategies=STRATEGIES[:1]).document
    assert {skipped["timeframe"] for skipped in document["skipped"]} == {"1m", "5m"}
    assert document["activity"]["evaluations"] == 1
