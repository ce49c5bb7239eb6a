"""The score and the ranking.

**Score**, 0 to 100. The band comes first, and a band is never left:

====================  =============  ===================
band                  Sharpe ratio   result after costs
====================  =============  ===================
0                     none           no trades at all
0 to 5                none           lost or broke even
5 to 20               none           earned
20 to 25              yes            lost or broke even
25 to 100             yes            earned
====================  =============  ===================

Under 30 trades or ten days there is no Sharpe ratio, so a lucky handful of either cannot pass a strategy that has one,
and a field in which everything loses ends below 25. Among losers the place inside the band is the net result alone: a
smaller loss is never outweighed by more trades or more markets. Among earners it is a weighted mean of shares, each
from 0 to 1 and monotone in its ingredient (`grade`). Half the weight is the deflated Sharpe ratio's, which knows how
many trials there were: a result that luck explains stays below 62.5, however good the rest of it looks.

**Ranking**. Every strategy is represented by its best candidate that is not quarantined, so a strategy has one row
however many markets and timeframes it ran on. The best ``places`` are kept, everything else is archived with a reason.
Ties go to the first in the order of `Candidate.place`.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from edgeproof.domain.records import RankingDecision
from edgeproof.research.candidates import measure_ingredients

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edgeproof.evidence import TrialField
    from edgeproof.research.candidates import Candidate, Ingredients

POOL_PLACES: Final = 20

WEIGHTS: Final = {
    "deflated": 0.50,
    "probability": 0.10,
    "profit_factor": 0.08,
    "markets": 0.08,
    "steadiness": 0.08,
    "drawdown": 0.06,
    "trades": 0.05,
    "costs": 0.05,
}

# Halfway points: the value of an ingredient at which its share is one half.
_HALF_PROFIT_FACTOR: Final = 2.0
_HALF_DRAWDOWN: Final = 0.05
_HALF_TRADES: Final = 200

_BANDS: Final = {
    (False, False): (0.0, 5.0),
    (False, True): (5.0, 20.0),
    (True, False): (20.0, 25.0),
    (True, True): (25.0, 100.0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A candidate and its score."""

    candidate: Candidate
    ingredients: Ingredients
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """One strategy's row: its best candidate, and what the others did.

    Attributes:
        rank: Place among strategies, from 1.
        best: The candidate that represents it.
        others: Every other candidate of the strategy, best first, quarantined ones included.
    """

    rank: int
    best: Scored
    others: tuple[Scored, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """What became of every candidate.

    Attributes:
        kept: The pool's rows, by rank.
        archived: Strategies below the pool, by rank.
        quarantined: Names of strategies whose every candidate is too good to be believed, in order of name.
        decisions: One for each candidate, with its reason.
    """

    kept: tuple[Ranked, ...]
    archived: tuple[Ranked, ...]
    quarantined: tuple[str, ...]
    decisions: tuple[RankingDecision, ...]


def grade(ingredients: Ingredients) -> Mapping[str, float]:
    """The share of each weight that was earned, 0 to 1; never falls when its ingredient gets better."""
    pf = ingredients.profit_factor
    earned = ingredients.net_return > 0.0
    no_loss = 1.0 if ingredients.trades and earned else 0.0
    return {
        # The luckiest of the field reaches one half by construction: only what is beyond it counts.
        "deflated": max(0.0, 2.0 * (ingredients.deflated or 0.0) - 1.0),
        "probability": ingredients.probability or 0.0,
        "profit_factor": no_loss if pf is None else pf**3 / (pf**3 + _HALF_PROFIT_FACTOR**3),
        # One market more earned and one more lost than were seen: a single market proves little.
        "markets": (ingredients.markets_earned + 1.0) / (ingredients.markets + 2.0) if earned else 0.0,
        "steadiness": ingredients.steadiness,
        "drawdown": 1.0 / (1.0 + ingredients.drawdown / _HALF_DRAWDOWN),
        "trades": ingredients.trades / (ingredients.trades + _HALF_TRADES) if earned else 0.0,
        "costs": 0.0 if ingredients.costs_share is None else min(1.0, max(0.0, 1.0 - ingredients.costs_share)),
    }


def score(ingredients: Ingredients) -> float:
    """The score, 0 to 100."""
    if ingredients.trades == 0:
        return 0.0
    low, high = _BANDS[ingredients.has_sharpe, ingredients.net_return > 0.0]
    if ingredients.net_return <= 0.0:
        return low + (high - low) * (1.0 + max(-1.0, ingredients.net_return)) / 2.0
    shares = grade(ingredients)
    return low + (high - low) * sum(weight * shares[name] for name, weight in WEIGHTS.items())


def rank_candidates(candidates: Sequence[Candidate], field: TrialField, *, places: int = POOL_PLACES) -> Ranking:
    """Score every candidate, choose each strategy's representative, keep the best ``places``.

    The order in which candidates are given changes nothing.
    """
    by_strategy = _group(_score_all(candidates, field))
    believable = {name: rows for name, rows in by_strategy.items() if not rows[0].candidate.suspicions}
    order = sorted(believable.values(), key=lambda rows: _standing(rows[0]))
    ranked = tuple(Ranked(rank=rank, best=rows[0], others=tuple(rows[1:])) for rank, rows in enumerate(order, start=1))
    quarantined = tuple(sorted(set(by_strategy) - set(believable)))
    return Ranking(
        kept=ranked[:places],
        archived=ranked[places:],
        quarantined=quarantined,
        decisions=(
            *(decision for row in ranked for decision in _decide(row, ranked, places)),
            *(_archive(s, _say_quarantine(s)) for name in quarantined for s in by_strategy[name]),
        ),
    )


def _score_all(candidates: Sequence[Candidate], field: TrialField) -> list[Scored]:
    families: dict[tuple[str, str, str], list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        families[candidate.trial.strategy_hash, candidate.timeframe, candidate.instrument.venue].append(candidate)
    scored = []
    for family in families.values():
        for candidate in family:
            ingredients = measure_ingredients(candidate, family, field)
            scored.append(Scored(candidate=candidate, ingredients=ingredients, score=score(ingredients)))
    return scored


def _group(scored: Sequence[Scored]) -> dict[str, list[Scored]]:
    """Every strategy's candidates: the believable ones first, the best first among them."""
    groups: dict[str, list[Scored]] = defaultdict(list)
    for one in sorted(scored, key=lambda s: (bool(s.candidate.suspicions), *_standing(s))):
        groups[one.candidate.strategy].append(one)
    return groups


def _standing(scored: Scored) -> tuple[float, float, int, tuple[str, str, str, str]]:
    metrics = scored.candidate.metrics
    return (-scored.score, -metrics.total_return, -metrics.trades, scored.candidate.place)


def _decide(row: Ranked, ranked: Sequence[Ranked], places: int) -> list[RankingDecision]:
    count = len(row.others) + 1
    if row.rank <= places:
        reason = f"place {row.rank} of {len(ranked)} strategies; the best of its {count} candidates"
        first = _record(row.best, action="kept", reason=reason, rank=row.rank)
    else:
        last = ranked[places - 1].best.score
        reason = f"place {row.rank}: score {row.best.score:.1f}, and the last of the {places} places has {last:.1f}"
        first = _record(row.best, action="archived", reason=reason, rank=row.rank)
    best = row.best.candidate
    represented = f"represented by {best.instrument} {best.timeframe}, score {row.best.score:.1f}"
    return [first, *(_archive(other, _say_why_not(other, represented)) for other in row.others)]


def _say_why_not(scored: Scored, represented: str) -> str:
    if scored.candidate.suspicions:
        return _say_quarantine(scored)
    if scored.candidate.metrics.trades == 0:
        return f"made no trades; {represented}"
    return represented


def _say_quarantine(scored: Scored) -> str:
    return f"quarantined: {'; '.join(scored.candidate.suspicions) or 'its strategy is'}"


def _archive(scored: Scored, reason: str) -> RankingDecision:
    return _record(scored, action="archived", reason=reason, rank=None)


def _record(scored: Scored, *, action: str, reason: str, rank: int | None) -> RankingDecision:
    trial = scored.candidate.trial
    return RankingDecision(
        strategy_hash=trial.strategy_hash,
        strategy=trial.strategy,
        instrument=str(trial.instrument),
        timeframe=trial.timeframe,
        action=action,
        reason=reason,
        score=scored.score,
        rank=rank,
        ingredients=asdict(scored.ingredients),
    )
