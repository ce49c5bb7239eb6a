"""Regimes of the costs that the data could not decide: there the dearer of both answers is charged, which is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from joblib import Parallel, delayed

from edgeproof.backtest import count_unknown
from edgeproof.domain.errors import InvalidValue
from edgeproof.research.coverage import name_markets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgeproof.execution import Costs
    from edgeproof.research.coverage import Coverage
    from edgeproof.research.desk import Desk

# More than features need before their first value, in any window worth a backtest.
_NOTABLE: Final = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownRegime:
    """A regime that was unknown in many bars of a market.

    Attributes:
        when: Its condition.
        coverage: The market.
        bars: In how many of its bars nobody could say whether it holds.
    """

    when: str
    coverage: Coverage
    bars: int


def find_unknown_regimes(desk: Desk, costs: Costs, *, workers: int = 1) -> tuple[UnknownRegime, ...]:
    """Regimes that change costs and were unknown in more than a fifth of a market's bars, market by market."""
    if all(regime.factor == 1.0 for regime in costs.regimes):
        return ()
    found = Parallel(n_jobs=workers, backend="threading")(
        delayed(_find_in)(desk, costs, coverage) for coverage in desk.coverages
    )
    return tuple(one for market in found for one in market)


def describe_unknown_regimes(found: Sequence[UnknownRegime], coverages: Sequence[Coverage]) -> list[str]:
    """One sentence for each regime: in which share of which markets' bars it was unknown, and what that cost."""
    told = []
    for when in dict.fromkeys(one.when for one in found):
        here = [one for one in found if one.when == when]
        share = sum(one.bars for one in here) / sum(one.coverage.bars for one in here)
        told.append(
            f"Regime {when} was unknown in {share:.0%} of the bars of"
            f" {name_markets([one.coverage for one in here], coverages)}: the dearer of both answers was charged there."
        )
    return told


def _find_in(desk: Desk, costs: Costs, coverage: Coverage) -> list[UnknownRegime]:
    instrument = coverage.instrument
    asked = [regime for regime in costs.regimes if regime.factor != 1.0]
    timeframe = desk.loaded[instrument].bars.timeframe
    try:
        counts = count_unknown(asked, desk.venues[instrument.venue], instrument.symbol, timeframe)
    except InvalidValue:  # no condition on these bars: nothing was traded on them, and whoever tried says so
        return []
    desk.release(instrument)
    return [
        UnknownRegime(when=regime.when, coverage=coverage, bars=bars)
        for regime, bars in zip(asked, counts, strict=True)
        if bars > _NOTABLE * coverage.bars
    ]
