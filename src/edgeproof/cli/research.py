"""`edgeproof research`: run a cycle, and see what runs and ran."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgeproof.cli._door import JsonOption, WorkspaceOption, answer, count_cores, open_progress, open_stderr
from edgeproof.cli._replay_options import SymbolsOption, WindowOption, split_list

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgeproof.bootstrap import Workspace
    from edgeproof.research import CycleReport, CycleRequest
    from edgeproof.strategies import Strategy


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    research = typer.Typer(
        name="research",
        help="Run a research cycle, and see what runs and ran.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    research.command("run")(run_research)
    research.command("status")(show_research_status)
    app.add_typer(research)


def run_research(
    window: WindowOption = None,
    symbols: SymbolsOption = None,
    timeframes: Annotated[
        list[str] | None, typer.Option(help="Decision timeframes, such as 1m,5m,1h.", show_default=False)
    ] = None,
    strategies: Annotated[
        list[str] | None, typer.Option(help="Only these strategies, by name.", show_default=False)
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, max=1024, help="Threads; one for each core by default.", show_default=False)
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Test every strategy on every symbol at every decision timeframe, rank what is left, write the report.

    An interrupted cycle goes on where it stopped when the same command is run again.
    """
    from edgeproof.bootstrap import open_workspace
    from edgeproof.cli._research_view import show_report
    from edgeproof.domain.errors import WorkError
    from edgeproof.research.report import write_reports

    desk = open_workspace(workspace)
    request = _read_request(desk, window=window, symbols=symbols, timeframes=timeframes, workers=workers)
    chosen, refused = _choose_strategies(desk, split_list(strategies))
    try:
        with desk.lock("research run"):
            report, noticed = _run_with_progress(desk, request, chosen, refused)
            files = write_reports(report.document, desk.reports)
    except KeyboardInterrupt:
        raise WorkError("interrupted; finished markets are kept, run the same command again to go on") from None
    document: dict[str, Any] = {
        "cycle_id": report.cycle_id,
        "run_id": report.run_id,
        "notes": noticed,
        "files": {kind: str(path) for kind, path in files.items()},
        "report": report.document,
    }
    answer(document, as_json=as_json, show=lambda console: show_report(console, report.document, files))


def show_research_status(
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="How many cycles to list.")] = 10,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what runs at this moment and which cycles ran, with their stages."""
    from edgeproof.adapters.workspace_lock import WorkspaceLock
    from edgeproof.bootstrap import open_workspace
    from edgeproof.cli._research_view import show_status
    from edgeproof.domain.time import format_ms
    from edgeproof.research import describe_cycles

    desk = open_workspace(workspace)
    holder = WorkspaceLock(desk.root, desk.clock).holder()
    pid = None if holder is None else holder.pid
    document = {
        "running": None
        if holder is None
        else {
            "pid": holder.pid,
            "purpose": holder.purpose,
            "since": None if holder.since_ms is None else format_ms(holder.since_ms),
        },
        "cycles": describe_cycles(desk.ledger.cycles(limit=limit), running_pid=pid, now_ms=desk.clock.now_ms()),
    }
    answer(document, as_json=as_json, show=lambda console: show_status(console, document))


def _read_request(
    desk: Workspace,
    *,
    window: str | None,
    symbols: list[str] | None,
    timeframes: list[str] | None,
    workers: int | None,
) -> CycleRequest:
    from edgeproof.domain.time import Timeframe, parse_span
    from edgeproof.research import CycleRequest

    chosen = desk.settings.research
    return CycleRequest(
        length_ms=parse_span(window or chosen.window),
        symbols=None if symbols is None else tuple(split_list(symbols)),
        timeframes=tuple(Timeframe.parse(text) for text in split_list(timeframes) or chosen.timeframes),
        costs=desk.costs,
        initial_equity=chosen.initial_equity,
        workers=workers or chosen.workers or count_cores(),
        seed=chosen.seed,
        rules=desk.rules(),
    )


def _choose_strategies(desk: Workspace, wanted: Sequence[str]) -> tuple[list[Strategy], list[str]]:
    """The strategies to test, and what is wrong with each file that is not one."""
    found, errors = desk.strategies()
    chosen = {strategy.name: strategy for strategy in (map(desk.find_strategy, wanted) if wanted else found)}
    return [chosen[name] for name in sorted(chosen)], [str(error) for error in errors]


def _run_with_progress(
    desk: Workspace, request: CycleRequest, strategies: Sequence[Strategy], refused: Sequence[str]
) -> tuple[CycleReport, list[str]]:
    import os

    from edgeproof.cli._research_view import StageDisplay
    from edgeproof.research import run_cycle

    with open_progress() as progress:
        display = StageDisplay(progress, progress.console if not progress.disable else open_stderr())
        for reason in refused:
            display.noticed(f"left out, not a strategy: {reason}")
        report = run_cycle(
            request,
            lake=desk.lake,
            ledger=desk.ledger,
            clock=desk.clock,
            strategies=strategies,
            refused=refused,
            progress=display,
            pid=os.getpid(),
        )
    return report, display.messages
