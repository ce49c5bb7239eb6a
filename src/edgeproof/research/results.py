"""What one cycle found, before anybody writes it down."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeproof.domain.records import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edgeproof.domain.arrays import FloatArray, IntArray
    from edgeproof.domain.records import StageRecord
    from edgeproof.evidence import EvidenceCard, TrialField
    from edgeproof.research.coverage import Coverage
    from edgeproof.research.health import Health
    from edgeproof.research.ranking import Ranked, Ranking
    from edgeproof.research.regimes import UnknownRegime
    from edgeproof.research.request import CycleRequest, Universe


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An evaluation that could not be done, and why; the others went on."""

    strategy: str
    instrument: str
    timeframe: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A combination that makes no sense, or a file that is no strategy, and why: no failure, and no trial.

    Attributes:
        strategy: The strategy; empty for a file that is none.
        timeframe: The decision timeframe; empty for a file.
        reason: Why.
        instrument: The market; empty for a file.
        refused: Whether it is a file that is no strategy.
    """

    strategy: str
    timeframe: str
    reason: str
    instrument: str = ""
    refused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curve:
    """An account's equity over time: ``ts`` in UTC milliseconds, both of shape (n,)."""

    ts: IntArray
    equity: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Thesis:
    """What a strategy claims, as its file says it."""

    strategy_hash: str
    thesis: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judged:
    """One strategy's row with its evidence.

    Attributes:
        ranked: Its place and candidates.
        card: The evidence, and the verdict.
        thesis: What it claims.
        params: The values it ran with.
        curve: Its equity; None for strategies below the pool, which are not run again.
        reproduced: Whether running it again gave the recorded result; None when it was not run again.
    """

    ranked: Ranked
    card: EvidenceCard
    thesis: Thesis
    params: Mapping[str, float]
    curve: Curve | None = None
    reproduced: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CycleResult:
    """Everything a report says.

    Attributes:
        run_id: Names the inputs; the same request on the same data with the same strategies has the same one.
        version: The package that made it.
        data_hash: Names exactly the rows that were used.
        strategies: How many strategies were tried.
        unknown_regimes: Regimes of the costs that were unknown in many bars of a market.
        evaluations: How many trials this cycle rests on, failures left out.
        judged: One entry for each strategy that was ranked, by rank.
        stages: The stages before the report itself, in order.
    """

    run_id: str
    version: str
    started_ms: int
    finished_ms: int
    request: CycleRequest
    universe: Universe
    coverages: tuple[Coverage, ...]
    data_hash: str
    strategies: int
    evaluations: int
    field: TrialField
    ranking: Ranking
    judged: tuple[Judged, ...]
    failures: tuple[Failure, ...]
    skipped: tuple[Skipped, ...]
    health: Health
    stages: tuple[StageRecord, ...]
    unknown_regimes: tuple[UnknownRegime, ...] = ()

    @property
    def pool(self) -> tuple[Judged, ...]:
        """The rows that were kept."""
        return self.judged[: len(self.ranking.kept)]

    @property
    def verdicts(self) -> dict[str, int]:
        """How many strategies got each verdict; those wholly quarantined count as rejected."""
        counts = Counter(row.card.verdict for row in self.judged)
        counts[Verdict.REJECTED] += len(self.ranking.quarantined)
        return {
            str(v): counts[v] for v in (Verdict.PROVEN, Verdict.PROVISIONAL, Verdict.REJECTED, Verdict.INSUFFICIENT)
        }
