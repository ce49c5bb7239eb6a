"""`edgeproof demo`: the whole desk on a generated market whose two edges are known."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from edgeproof.cli._door import JsonOption, WorkspaceOption, open_stderr

if TYPE_CHECKING:
    from edgeproof.bootstrap import Workspace
    from edgeproof.simulator.market import MarketSpec

_VENUE: Final = "demo"
# In a month the planted edges lead the field but cannot be told from luck among 900 trials; in three months they can.
_DAYS: Final = 90


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("demo")(demo)


def demo(
    directory: Annotated[
        Path | None, typer.Argument(help="Workspace to make or go on with; ./demo by default.", show_default=False)
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Another market of the same kind.", show_default=False)
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Generate a market, plant an edge in two of its symbols, run a research cycle on it and show what was found."""
    from dataclasses import replace

    from edgeproof.bootstrap import create_workspace
    from edgeproof.cli.research import run_research
    from edgeproof.simulator.market import demo_spec

    spec = demo_spec(days=_DAYS)
    if seed is not None:
        spec = replace(spec, seed=seed)
    desk = create_workspace((directory or workspace or Path("demo")).expanduser().resolve())
    _refuse_other_data(desk)
    _fill(desk, spec)
    run_research(window=f"{spec.days}d", workspace=desk.root, as_json=as_json)


def _refuse_other_data(desk: Workspace) -> None:
    """Generated prices never mix with real ones."""
    from edgeproof.domain.errors import RequestError

    others = sorted({str(h.instrument) for h in desk.lake.holdings() if h.instrument.venue != _VENUE})
    if others:
        raise RequestError(f"{desk.root} holds data of {others[0]}; name an empty directory for the demo")


def _fill(desk: Workspace, spec: MarketSpec) -> None:
    from edgeproof.domain.errors import RequestError
    from edgeproof.domain.frames import BARS, FUNDING
    from edgeproof.simulator.market import generate_market

    notes = open_stderr()
    told = f"{len(spec.symbols)} symbols, {spec.days} days of minutes, seed {spec.seed}"
    with notes.status(f"generating a market: {told}"):
        market = generate_market(spec)
        written = desk.lake.append(BARS, market.bars) + desk.lake.append(FUNDING, market.funding)
    if written.conflicting:
        raise RequestError(f"{desk.root} holds another demo market; name an empty directory for this one")
    notes.print(f"generated market: {told}", markup=False)
    for edge in spec.edges:
        kind = edge.kind.value.replace("_", " ")
        worth = f"{edge.strength_bps:g} bps a trade before costs, over about {edge.horizon_minutes} minutes"
        notes.print(f"planted in {edge.symbol}: {kind} worth {worth}", markup=False)
    notes.print("every other symbol is a fair game: what wins there was lucky", markup=False)
