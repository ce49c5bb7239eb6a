"""The health of the desk after a cycle, from what the cycle counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edgeproof.research.health import Component, Health, sum_health

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgeproof.research.desk import Desk
    from edgeproof.research.results import Judged

_STRONGEST: Final = 5
_FULL_SCORE: Final = 100.0


def diagnose(desk: Desk, pool: Sequence[Judged], *, evaluations: int, failures: int) -> Health:
    """Coverage 25, quality 15, evaluations 20, reproducibility 15, evidence 25 points.

    Args:
        desk: What was loaded.
        pool: The rows that were kept and run again.
        evaluations: Trials the cycle rests on.
        failures: Evaluations that could not be done.
    """
    return sum_health(
        (
            _rate_coverage(desk),
            _rate_quality(desk),
            _rate_evaluations(evaluations, failures),
            _rate_reproducibility(pool),
            _rate_evidence(pool),
        )
    )


def _rate_coverage(desk: Desk) -> Component:
    bars, expected = sum(c.bars for c in desk.coverages), sum(c.expected for c in desk.coverages)
    share = min(1.0, bars / max(1, expected))
    return Component(name="coverage", share=share, weight=25.0, detail=f"{bars:,} of {expected:,} bars are there")


def _rate_quality(desk: Desk) -> Component:
    bars = sum(len(one.bars) for one in desk.loaded.values())
    doubtful = sum(one.doubtful for one in desk.loaded.values())
    share = max(0.0, 1.0 - doubtful / max(1, bars))
    return Component(name="quality", share=share, weight=15.0, detail=f"{doubtful:,} of {bars:,} bars have odd prices")


def _rate_evaluations(evaluations: int, failures: int) -> Component:
    total = evaluations + failures
    share = evaluations / total if total else 0.0
    return Component(name="evaluations", share=share, weight=20.0, detail=f"{failures:,} of {total:,} failed")


def _rate_reproducibility(pool: Sequence[Judged]) -> Component:
    same = sum(row.reproduced is True for row in pool)
    share = same / len(pool) if pool else 0.0
    detail = f"{same} of {len(pool)} rows gave the same result when run again"
    return Component(name="reproducibility", share=share, weight=15.0, detail=detail)


def _rate_evidence(pool: Sequence[Judged]) -> Component:
    scores = [row.ranked.best.score for row in pool[:_STRONGEST]]
    mean = sum(scores) / len(scores) if scores else 0.0
    detail = f"the best {len(scores)} strategies score {mean:.1f} of 100 on average"
    return Component(name="evidence", share=mean / _FULL_SCORE, weight=25.0, detail=detail)
