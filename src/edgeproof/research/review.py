"""What a careful reader would remark about one cycle, found by rules and said in sentences."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edgeproof.backtest import break_down_costs
from edgeproof.domain.records import Verdict
from edgeproof.evidence import GateStatus
from edgeproof.research.coverage import describe_coverage, describe_missing_funding, describe_uncounted
from edgeproof.research.regimes import describe_unknown_regimes
from edgeproof.research.request import describe_absent, describe_left_out, describe_shorter_window, say_length

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edgeproof.research.results import CycleResult

_DAYS_A_YEAR: Final = 365
_CONCENTRATED: Final = 0.5
_MIN_ROWS_TO_CONCENTRATE: Final = 4
_MOST_NAMED: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """One remark.

    Attributes:
        topic: Stable name, for machines.
        severity: ``warning`` for what puts a result in doubt, ``note`` for the rest.
        text: The remark.
    """

    topic: str
    severity: str
    text: str


def review_cycle(result: CycleResult) -> tuple[Remark, ...]:
    """Every remark the rules find, in a fixed order."""
    return (
        *_remark_on_findings(result),
        *_remark_on_luck(result),
        *_remark_on_costs(result),
        *_remark_on_concentration(result),
        *_remark_on_coverage(result),
        *_remark_on_regimes(result),
        *_remark_on_refused(result),
        *_remark_on_doubt(result),
        *_remark_on_patience(result),
    )


def _remark_on_findings(result: CycleResult) -> Iterator[Remark]:
    earned = [row for row in result.pool if row.ranked.best.ingredients.net_return > 0.0]
    passed = [row for row in result.judged if row.card.verdict in {Verdict.PROVISIONAL, Verdict.PROVEN}]
    if not earned:
        yield Remark(
            topic="nothing_earned",
            severity="warning",
            text="Not one strategy earned after costs, not even on its best market: there is nothing here to trade.",
        )
    elif not passed:
        gates = Counter(g.name for row in result.pool for g in row.card.gates if g.status is GateStatus.FAILED)
        often = sorted(gates.items(), key=lambda item: (-item[1], item[0]))[:3]
        told = ", ".join(f"{name.replace('_', ' ')} ({count})" for name, count in often)
        yield Remark(
            topic="nothing_passed",
            severity="warning",
            text=f"No strategy passed every gate. Of the {len(result.pool)} in the pool most failed: {told}.",
        )


def _remark_on_luck(result: CycleResult) -> Iterator[Remark]:
    lengths = {
        row.ranked.best.candidate.daily_returns.size: row.ranked.best.candidate.metrics.days for row in result.pool
    }
    told = [
        f"{best:.1f} over {say_length(lengths[periods])}"
        for periods in dict.fromkeys((max(lengths, default=0), min(lengths, default=0)))
        if periods and (best := result.field.expect_luck(periods) * math.sqrt(_DAYS_A_YEAR)) > 0.0
    ]
    if told:
        yield Remark(
            topic="luck",
            severity="note",
            text=(
                f"With {result.field.total:,} {'trial' if result.field.total == 1 else 'trials'}, about"
                f" {result.field.effective:,} of them independent, the best of them would show an annual Sharpe ratio"
                f" near {', '.join(told)} by luck alone. Below that, a high ratio means nothing."
            ),
        )


def _remark_on_costs(result: CycleResult) -> Iterator[Remark]:
    eaten = [
        row.ranked.best.candidate.strategy
        for row in result.judged
        if (costs := break_down_costs(row.ranked.best.candidate.metrics)).gross > 0.0 >= costs.net
    ]
    if eaten:
        yield Remark(
            topic="costs",
            severity="note",
            text=f"Costs ate the whole profit of {len(eaten)} of {len(result.judged)} strategies: {_name(eaten)}.",
        )


def _remark_on_concentration(result: CycleResult) -> Iterator[Remark]:
    if len(result.pool) < _MIN_ROWS_TO_CONCENTRATE:
        return
    counts = Counter(str(row.ranked.best.candidate.instrument) for row in result.pool)
    instrument, count = min(counts.items(), key=lambda item: (-item[1], item[0]))
    if count > _CONCENTRATED * len(result.pool):
        yield Remark(
            topic="concentration",
            severity="warning",
            text=f"{count} of the {len(result.pool)} places are held on {instrument}: one market's history, not many.",
        )


def _remark_on_coverage(result: CycleResult) -> Iterator[Remark]:
    if absent := describe_absent(result.universe):
        yield Remark(topic="no_bars", severity="warning", text=absent)
    if shorter := describe_shorter_window(result.universe):
        yield Remark(topic="window", severity="note", text=shorter)
    if not all(coverage.is_whole for coverage in result.coverages):
        yield Remark(topic="coverage", severity="note", text=describe_coverage(result.coverages))
    if unfunded := describe_missing_funding(result.coverages):
        yield Remark(topic="funding", severity="warning", text=unfunded)
    if uncounted := describe_uncounted(result.coverages):
        yield Remark(topic="trades", severity="note", text=uncounted)
    if left_out := describe_left_out(result.universe.markets):
        yield Remark(topic="left_out", severity="warning", text=left_out)


def _remark_on_regimes(result: CycleResult) -> Iterator[Remark]:
    for told in describe_unknown_regimes(result.unknown_regimes, result.coverages):
        yield Remark(topic="unknown_regime", severity="warning", text=told)


def _remark_on_refused(result: CycleResult) -> Iterator[Remark]:
    refused = [one.reason for one in result.skipped if one.refused]
    if refused:
        files = (
            "1 file is no strategy and was" if len(refused) == 1 else f"{len(refused)} files are no strategies and were"
        )
        yield Remark(
            topic="refused", severity="warning", text=f"{files} not tested: {'; '.join(refused[:_MOST_NAMED])}"
        )


def _remark_on_doubt(result: CycleResult) -> Iterator[Remark]:
    suspects = sorted({d.strategy for d in result.ranking.decisions if d.reason.startswith("quarantined")})
    if suspects:
        yield Remark(
            topic="quarantine",
            severity="warning",
            text=f"Results too good for their sample were set aside, for {_name(suspects)}: look for a leak first.",
        )
    changed = [row.ranked.best.candidate.strategy for row in result.judged if row.reproduced is False]
    if changed:
        yield Remark(
            topic="reproducibility",
            severity="warning",
            text=f"Run again, {_name(changed)} gave another result than the one recorded: do not use it.",
        )
    if result.failures:
        first = result.failures[0]
        yield Remark(
            topic="failures",
            severity="warning",
            text=(
                f"{len(result.failures)} evaluations failed; the first is {first.strategy} on {first.instrument}"
                f" {first.timeframe}: {first.reason}"
            ),
        )


def _remark_on_patience(result: CycleResult) -> Iterator[Remark]:
    waiting = [
        (row.card.more_days, row.ranked.best.candidate.strategy)
        for row in result.pool
        if row.card.more_days and row.card.verdict is Verdict.INSUFFICIENT
    ]
    if waiting:
        days, strategy = min((days, name) for days, name in waiting if days is not None)
        yield Remark(
            topic="more_data",
            severity="note",
            text=f"The closest to a decision is {strategy}: {days:,} more days like these would tell it from luck.",
        )


def _name(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more
