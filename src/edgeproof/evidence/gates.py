"""The questions a result must answer, each with its number, its bar and what came of it.

A gate that could not be run says so with the reason; it is never counted as passed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import numpy as np

from edgeproof.domain.results import MIN_TRADES_FOR_SHARPE
from edgeproof.evidence.resampling import bootstrap_mean
from edgeproof.evidence.sharpe import MIN_PERIODS_TO_JUDGE, measure_moments, probabilistic_sharpe

if TYPE_CHECKING:
    from edgeproof.domain.arrays import FloatArray
    from edgeproof.evidence.multiplicity import TrialField

MIN_PROBABILITY: Final = 0.95
MAX_FALSE_DISCOVERY: Final = 0.10
BEST_TRADES_REMOVED: Final = 5
_MIN_SAMPLE: Final = 2


class GateStatus(StrEnum):
    """What came of a gate."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_RUN = "not_run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """One question and its answer.

    Attributes:
        name: Stable name, for machines.
        question: The same in words, answered by yes when the gate is passed.
        status: What came of it.
        value: The number found; None where there is none.
        relation: How the value must stand to the threshold: ``>=``, ``>`` or ``<=``.
        threshold: The bar.
        reason: Why it failed without a number, or why it was not run.
    """

    name: str
    question: str
    status: GateStatus
    value: float | None = None
    relation: str = ">="
    threshold: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Findings:
    """What is known of one result when its evidence is weighed.

    Attributes:
        trades: Number of closed trades.
        daily_returns: Shape (days,).
        trade_returns: Profit over equity at entry, in order of entry, shape (trades,); None when only the daily
            returns were kept.
        suspicions: What the sentinel says, empty when nothing.
        false_discovery: Smallest false-discovery rate at which it is kept; None when it has no Sharpe ratio, or one
            over fewer than ten days.
        costs_doubled_return: Net return of the same decisions at twice the costs; None when not run.
        delayed_return: Net return of the same decisions one decision bar later; None when not run.
    """

    trades: int
    daily_returns: FloatArray
    trade_returns: FloatArray | None = None
    suspicions: tuple[str, ...] = ()
    false_discovery: float | None = None
    costs_doubled_return: float | None = None
    delayed_return: float | None = None


# Questions that more of the same data can answer differently; the others speak against a result whatever its length.
GATES_OF_LUCK: Final = frozenset({"sharpe", "deflated_sharpe", "false_discovery", "mean_day", "mean_trade"})

# Questions that only running a result again answers.
GATES_OF_RERUN: Final = frozenset({"mean_trade", "best_trades_removed", "costs_doubled", "delayed"})

NOT_BUILT: Final = tuple(
    Gate(name=name, question=question, status=GateStatus.NOT_RUN, reason=f"this version has no {what} yet")
    for name, question, what in (
        ("overfitting", "Is its family unlikely to be overfitted (CSCV)?", "family of parameter sets to compare"),
        ("superior_ability", "Does it beat the pool beyond luck (SPA, StepM)?", "test of superior ability"),
        ("neighbours", "Do neighbouring parameters earn too?", "tuner"),
        ("regimes", "Does it earn in every regime?", "split by regime"),
        ("truncated_history", "Are its signals the same on truncated history?", "leakage check inside the cycle"),
        ("placebo", "Does the loop find nothing where nothing is?", "placebo run"),
        ("vault", "Does it earn on data nobody has looked at?", "sealed window"),
    )
)


def run_gates(findings: Findings, field: TrialField, *, seed: int) -> tuple[Gate, ...]:
    """Ask every question this version can ask, then list those it cannot; ``seed`` names the bootstrap's draw."""
    return (
        _ask(
            "trades",
            f"Are there at least {MIN_TRADES_FOR_SHARPE} trades?",
            float(findings.trades),
            ">=",
            float(MIN_TRADES_FOR_SHARPE),
        ),
        _ask_sentinel(findings),
        *_ask_sharpe(findings, field),
        _ask(
            "false_discovery",
            "Is it unlikely to be one of the field's false discoveries?",
            findings.false_discovery,
            "<=",
            MAX_FALSE_DISCOVERY,
            missing=f"it has no Sharpe ratio over {MIN_PERIODS_TO_JUDGE} days or more to compare",
        ),
        *_ask_bootstrap(findings, seed),
        _ask_best_trades(findings),
        _ask_halves(findings),
        _ask_rerun("costs_doubled", "Does it still earn at twice the costs?", findings.costs_doubled_return),
        _ask_rerun("delayed", "Does it still earn when every decision is one bar late?", findings.delayed_return),
        *NOT_BUILT,
    )


def compound(returns: FloatArray) -> float:
    """Total return of a sequence of returns; 0.0 for none."""
    return float(np.prod(1.0 + returns)) - 1.0


def _ask(  # noqa: PLR0913, PLR0917 - a gate is these six things
    name: str, question: str, value: float | None, relation: str, threshold: float, missing: str = ""
) -> Gate:
    if value is None:
        status = GateStatus.FAILED
    else:
        met = {">=": value >= threshold, ">": value > threshold, "<=": value <= threshold}[relation]
        status = GateStatus.PASSED if met else GateStatus.FAILED
    return Gate(
        name=name,
        question=question,
        status=status,
        value=value,
        relation=relation,
        threshold=threshold,
        reason=missing if value is None else "",
    )


def _ask_sentinel(findings: Findings) -> Gate:
    return Gate(
        name="sentinel",
        question="Is it believable for its sample?",
        status=GateStatus.FAILED if findings.suspicions else GateStatus.PASSED,
        value=float(len(findings.suspicions)),
        relation="<=",
        threshold=0.0,
        reason="; ".join(findings.suspicions),
    )


def _ask_sharpe(findings: Findings, field: TrialField) -> tuple[Gate, Gate]:
    moments = measure_moments(findings.daily_returns)
    missing = "its daily returns have no spread"
    if moments is not None and not moments.can_be_judged:
        moments, missing = None, f"fewer than {MIN_PERIODS_TO_JUDGE} days"
    plain = None if moments is None else probabilistic_sharpe(moments)
    deflated = None if moments is None else probabilistic_sharpe(moments, field.expect_luck(moments.periods))
    return (
        _ask("sharpe", "Is its true Sharpe ratio above zero?", plain, ">=", MIN_PROBABILITY, missing),
        _ask(
            "deflated_sharpe",
            "Does it beat the best of that many worthless trials?",
            deflated,
            ">=",
            MIN_PROBABILITY,
            missing,
        ),
    )


def _ask_bootstrap(findings: Findings, seed: int) -> tuple[Gate, Gate]:
    return (
        _ask_mean("mean_day", "Is the mean day above zero, resampled?", findings.daily_returns, seed),
        _ask_mean("mean_trade", "Is the mean trade above zero, resampled?", findings.trade_returns, seed),
    )


def _ask_mean(name: str, question: str, sample: FloatArray | None, seed: int) -> Gate:
    if sample is None:
        return _skip(name, question, "its trades were not kept")
    finite = sample[np.isfinite(sample)]
    low = bootstrap_mean(finite, seed=seed).low if finite.size >= _MIN_SAMPLE else None
    return _ask(name, question, low, ">", 0.0, "the sample is too small to resample")


def _ask_best_trades(findings: Findings) -> Gate:
    question = f"Does it still earn without its {BEST_TRADES_REMOVED} best trades?"
    if findings.trade_returns is None:
        return _skip("best_trades_removed", question, "its trades were not kept")
    rest = np.sort(findings.trade_returns)[:-BEST_TRADES_REMOVED]
    return _ask("best_trades_removed", question, compound(rest), ">", 0.0)


def _ask_halves(findings: Findings) -> Gate:
    returns = np.nan_to_num(findings.daily_returns)
    middle = returns.size // 2
    worse = min(compound(returns[:middle]), compound(returns[middle:]))
    return _ask("both_halves", "Did both halves of the window earn?", worse, ">", 0.0)


def _ask_rerun(name: str, question: str, net_return: float | None) -> Gate:
    if net_return is None:
        return _skip(name, question, "only the pool's strategies are run again")
    return _ask(name, question, net_return, ">", 0.0)


def _skip(name: str, question: str, reason: str) -> Gate:
    return Gate(name=name, question=question, status=GateStatus.NOT_RUN, relation=">", threshold=0.0, reason=reason)
