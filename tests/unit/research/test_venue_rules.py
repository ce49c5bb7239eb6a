"""Where a venue told its rules, a cycle's trials go by them, are named by them, and the report says of how many."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from edgeproof.domain.instruments import Instrument, InstrumentRules, MarginTier
from edgeproof.domain.time import MS_PER_DAY, Timeframe
from edgeproof.research import CycleReport, CycleRequest, run_cycle
from edgeproof.research.report.words import NO_RULES
from edgeproof.strategies import load_strategy
from fakes.memory_ledger import MemoryLedger
from fakes.small_markets import fill_lake

if TYPE_CHECKING:
    from fakes.memory_lake import MemoryLake

CROSS = """
name: cross
thesis: A faster mean above a slower one is a trend.
timeframe: 5m
long: crosses_above(mean(close, 5), mean(close, 30))
short: crosses_below(mean(close, 5), mean(close, 30))
"""
BTC = Instrument(venue="demo", symbol="BTC-USDT")
ETH = Instrument(venue="demo", symbol="ETH-USDT")
ELSEWHERE = Instrument(venue="okx", symbol="BTC-USDT")
COARSE = InstrumentRules(lot=8.0, tick=0.5, min_size=8.0, max_leverage=20.0)
REQUEST = CycleRequest(length_ms=2 * MS_PER_DAY, timeframes=(Timeframe(5),))


class StoppedClock:
    def now_ms(self) -> int:
        return 1_750_000_000_000


@pytest.fixture(scope="module")
def lake() -> MemoryLake:
    return fill_lake({"BTC-USDT": 2_880, "ETH-USDT": 2_880})


def run(lake: MemoryLake, ledger: MemoryLedger, rules: dict[Instrument, InstrumentRules]) -> CycleReport:
    request = replace(REQUEST, rules=rules)
    return run_cycle(request, lake=lake, ledger=ledger, clock=StoppedClock(), strategies=[load_strategy(CROSS)])


def test_a_market_whose_rules_are_known_is_traded_by_them_and_another_is_not(lake: MemoryLake) -> None:
    ledger = MemoryLedger()
    free = run(lake, ledger, {})
    bound = run(lake, ledger, {BTC: COARSE})
    assert free.run_id != bound.run_id
    by_market: dict[Instrument, list[tuple[float, str]]] = {}
    for trial in ledger.trials():
        by_market.setdefault(trial.instrument, []).append((trial.costs["lot"], trial.result_hash))
    assert [lot for lot, _ in by_market[BTC]] == [0.0, 8.0]
    assert len({result for _, result in by_market[BTC]}) == 2
    assert [lot for lot, _ in by_market[ETH]] == [0.0]


def test_tiers_that_a_venue_told_name_another_trial(lake: MemoryLake) -> None:
    tiers = (
        MarginTier(max_notional=5_000.0, maintenance=0.004, max_leverage=20.0),
        MarginTier(max_notional=float("inf"), maintenance=0.1, max_leverage=5.0),
    )
    ledger = MemoryLedger()
    plain = run(lake, ledger, {BTC: COARSE})
    tiered = run(lake, ledger, {BTC: replace(COARSE, maintenance_margin=0.004, tiers=tiers)})
    assert plain.run_id != tiered.run_id
    conditions = [trial.costs for trial in ledger.trials() if trial.instrument == BTC]
    assert [told.get("tier1_max_notional") for told in conditions] == [None, 5_000.0]


def test_rules_of_markets_that_are_not_looked_at_change_nothing(lake: MemoryLake) -> None:
    ledger = MemoryLedger()
    assert run(lake, ledger, {}).run_id == run(lake, ledger, {ELSEWHERE: COARSE}).run_id


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ({}, NO_RULES),
        ({ELSEWHERE: COARSE}, NO_RULES),
        ({BTC: COARSE}, "as the venue tells them now in 1 of 2 markets, none in the others"),
        ({BTC: COARSE, ETH: COARSE}, "lots, ticks, least sizes and leverage as the venue tells them now"),
    ],
)
def test_the_report_says_of_how_many_markets_rules_were_known(
    lake: MemoryLake, rules: dict[Instrument, InstrumentRules], told: str
) -> None:
    assert run(lake, MemoryLedger(), rules).document["costs"]["rules"].endswith(told)
