"""The markets that a loaded desk trades, and what their data lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgeproof.domain.errors import InvalidValue
from edgeproof.domain.time import format_ms
from edgeproof.research import NothingToTest
from edgeproof.research.coverage import describe_missing_funding, describe_sparse, describe_uncounted
from edgeproof.research.regimes import describe_unknown_regimes, find_unknown_regimes
from edgeproof.research.request import describe_absent, describe_left_out, describe_shorter_window

if TYPE_CHECKING:
    from edgeproof.domain.instruments import Instrument
    from edgeproof.execution import Costs
    from edgeproof.research.desk import Desk
    from edgeproof.research.request import Universe


def list_traded(desk: Desk) -> list[Instrument]:
    """The markets with bars in the window.

    Raises:
        NothingToTest: There are none.
    """
    traded = [coverage.instrument for coverage in desk.coverages]
    if not traded:
        told = f"{format_ms(desk.window.start_ms)} to {format_ms(desk.window.end_ms)}"
        raise NothingToTest(f"no bars from {told}; `edgeproof data status` shows what there is")
    return traded


def list_traded_together(desk: Desk) -> list[Instrument]:
    """The markets with bars in the window, of one venue.

    Raises:
        NothingToTest: There are none.
        InvalidValue: They are those of several venues.
    """
    traded = list_traded(desk)
    venues = sorted({instrument.venue for instrument in traded})
    if len(venues) > 1:
        expected = f"those of one venue: --venue {venues[0]}, or --symbols {traded[0]}"
        raise InvalidValue("symbols", f"markets of {', '.join(venues)}", expected)
    return traded


def list_remarks(universe: Universe, desk: Desk, costs: Costs) -> list[str]:
    """What the data lacks, a sentence or two each; also of what the regimes of the costs look at."""
    told = (
        describe_absent(universe),
        describe_shorter_window(universe),
        describe_sparse(desk.coverages),
        describe_missing_funding(desk.coverages),
        describe_uncounted(desk.coverages),
        describe_left_out(universe.markets),
    )
    unknown = describe_unknown_regimes(find_unknown_regimes(desk, costs), desk.coverages)
    return [remark for remark in (*told, *unknown) if remark]
