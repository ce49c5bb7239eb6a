"""How strong the proof is: measures, resampling, multiplicity, suspicion, verdict."""

from edgeproof.evidence.card import EvidenceCard, weigh_evidence
from edgeproof.evidence.gates import Findings, Gate, GateStatus, compound, run_gates
from edgeproof.evidence.measures import TradeSums, add_up_trades, estimate_sharpe, measure_account
from edgeproof.evidence.multiplicity import (
    TrialField,
    control_false_discoveries,
    count_effective_trials,
    describe_field,
)
from edgeproof.evidence.resampling import bootstrap_mean, resample_means
from edgeproof.evidence.sentinel import find_suspicions
from edgeproof.evidence.sharpe import (
    ReturnMoments,
    bound_sharpe,
    deflated_sharpe,
    doubt_sharpe,
    expect_best_sharpe,
    measure_moments,
    minimum_track_record,
    outlast_luck,
    probabilistic_sharpe,
)

__all__ = [
    "EvidenceCard",
    "Findings",
    "Gate",
    "GateStatus",
    "ReturnMoments",
    "TradeSums",
    "TrialField",
    "add_up_trades",
    "bootstrap_mean",
    "bound_sharpe",
    "compound",
    "control_false_discoveries",
    "count_effective_trials",
    "deflated_sharpe",
    "describe_field",
    "doubt_sharpe",
    "estimate_sharpe",
    "expect_best_sharpe",
    "find_suspicions",
    "measure_account",
    "measure_moments",
    "minimum_track_record",
    "outlast_luck",
    "probabilistic_sharpe",
    "resample_means",
    "run_gates",
    "weigh_evidence",
]
