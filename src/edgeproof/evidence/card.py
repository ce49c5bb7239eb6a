"""The verdict on a result, and the card that explains it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeproof.domain.records import Verdict
from edgeproof.domain.results import MIN_TRADES_FOR_SHARPE
from edgeproof.evidence.gates import GATES_OF_LUCK, GATES_OF_RERUN, GateStatus, run_gates
from edgeproof.evidence.sharpe import MIN_PERIODS_TO_JUDGE, measure_moments, outlast_luck

if TYPE_CHECKING:
    from edgeproof.evidence.gates import Findings, Gate
    from edgeproof.evidence.multiplicity import TrialField
    from edgeproof.evidence.sharpe import ReturnMoments


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceCard:
    """What was asked of a result, what it answered, and what follows.

    Attributes:
        verdict: Insufficient below 30 trades, where nothing but luck speaks against it and more data would decide, and
            where nothing does but it was not run again; rejected when any other gate failed; else provisional.
            Proof needs the sealed window and the placebo, so nothing is proven while those gates are not run.
        gates: Every gate, those that were not run included.
        field: The trials it was compared with.
        sharpe_per_day, best_of_worthless_per_day: The daily Sharpe ratio, and what the best of the field would show by
            luck alone over as many days; None without a Sharpe ratio.
        more_days: Days of the same returns still needed to tell the Sharpe ratio from luck among this many trials, as
            luck over the longer record shows; 0 when enough, None when no length would do: the ratio is not above zero.
        summary: The verdict in one sentence.
    """

    verdict: Verdict
    gates: tuple[Gate, ...]
    field: TrialField
    sharpe_per_day: float | None
    best_of_worthless_per_day: float | None
    more_days: int | None
    summary: str


def weigh_evidence(findings: Findings, field: TrialField, *, seed: int) -> EvidenceCard:
    """Ask every gate and give the verdict; the same findings, field and seed give the same card."""
    gates = run_gates(findings, field, seed=seed)
    moments = measure_moments(findings.daily_returns)
    more_days = _count_more_days(moments, field)
    verdict = _judge(findings.trades, gates, more_days)
    return EvidenceCard(
        verdict=verdict,
        gates=gates,
        field=field,
        sharpe_per_day=None if moments is None else moments.sharpe,
        best_of_worthless_per_day=None if moments is None else field.expect_luck(moments.periods),
        more_days=more_days,
        summary=_summarise(verdict, findings, gates),
    )


def _judge(trades: int, gates: tuple[Gate, ...], more_days: int | None) -> Verdict:
    failed = {gate.name for gate in gates if gate.status is GateStatus.FAILED}
    undecided = failed and failed <= GATES_OF_LUCK and more_days is not None
    if trades < MIN_TRADES_FOR_SHARPE or undecided:
        return Verdict.INSUFFICIENT
    if failed:
        return Verdict.REJECTED
    if all(gate.status is GateStatus.PASSED for gate in gates):
        return Verdict.PROVEN
    return Verdict.INSUFFICIENT if _list_unasked(gates) else Verdict.PROVISIONAL


def _list_unasked(gates: tuple[Gate, ...]) -> list[str]:
    """Gates that running it again would have answered, and that were not run."""
    return [_say(gate) for gate in gates if gate.name in GATES_OF_RERUN and gate.status is GateStatus.NOT_RUN]


def _count_more_days(moments: ReturnMoments | None, field: TrialField) -> int | None:
    if moments is None:
        return None
    needed = outlast_luck(moments, field.luck)
    return None if needed is None else max(0, max(math.ceil(needed), MIN_PERIODS_TO_JUDGE) - moments.periods)


def _summarise(verdict: Verdict, findings: Findings, gates: tuple[Gate, ...]) -> str:
    failed = [_say(gate) for gate in gates if gate.status is GateStatus.FAILED]
    run = sum(gate.status is not GateStatus.NOT_RUN for gate in gates)
    skipped = len(gates) - run
    if verdict is Verdict.INSUFFICIENT and findings.trades < MIN_TRADES_FOR_SHARPE:
        return f"Insufficient: {findings.trades} trades, and {MIN_TRADES_FOR_SHARPE} are the least that say anything."
    if verdict is Verdict.INSUFFICIENT:
        return _say_insufficient(failed, _list_unasked(gates))
    if verdict is Verdict.REJECTED:
        return f"Rejected: {len(failed)} of {run} gates failed ({', '.join(failed)})."
    if verdict is Verdict.PROVISIONAL:
        return f"Provisional: all {run} gates that were run are passed; {skipped} could not be run."
    return f"Proven: all {run} gates are passed."


def _say_insufficient(failed: list[str], unasked: list[str]) -> str:
    not_again = f"it was not run again, so that some gates are open ({', '.join(unasked)})"
    if not failed:
        return f"Insufficient: {not_again}; nothing speaks against it so far."
    luck = f"Insufficient: luck is not ruled out ({', '.join(failed)})"
    return f"{luck}, and {not_again}." if unasked else f"{luck}; nothing else speaks against it."


def _say(gate: Gate) -> str:
    return gate.name.replace("_", " ")
