"""`edgeproof data`: bring market data in, and see what is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from edgeproof.cli import backfill, ingest, markets
from edgeproof.cli._door import JsonOption, WorkspaceOption, answer, open_progress

if TYPE_CHECKING:
    from rich.console import Console

    from edgeproof.domain.stores import Lake
    from edgeproof.ops import ImportOptions, ImportProgress, ImportReport

_DONE, _FAILED = 0, 1


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    data = typer.Typer(
        name="data", help="Bring market data in, and see what is there.", no_args_is_help=True, rich_markup_mode=None
    )
    data.command("import")(import_data)
    data.command("status")(show_status)
    backfill.add_to(data)
    ingest.add_to(data)
    markets.add_to(data)
    app.add_typer(data)


def import_data(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Files, folders with all below them, globs.")],
    venue: Annotated[str | None, typer.Option(help="Where the data is from, whatever path and name say.")] = None,
    symbol: Annotated[str | None, typer.Option(help="The symbol of files that name none.")] = None,
    timeframe: Annotated[str | None, typer.Option(help="The timeframe of bars that tell none.")] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="ROLE=COLUMN", help="Which column means what: close=last,ts=when."),
    ] = None,
    kind: Annotated[str | None, typer.Option(help="bars, trades or funding, where columns do not tell.")] = None,
    stamped: Annotated[str | None, typer.Option(help="open or close: which end of a bar its time names.")] = None,
    contract_size: Annotated[
        float | None, typer.Option(help="Base units per contract, of files that count in contracts.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and check everything, write nothing.")] = False,
    each: Annotated[bool, typer.Option("--each", help="List every file.")] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Import candles, trades and funding rates; what is there already is not written twice.

    Read are freqtrade's files (feather, parquet, json, json.gz), Binance Vision zips, recorded Binance streams (.gz),
    and plain CSV and Parquet tables. A file that cannot be read is refused with its reason; the exit status is then 1.
    """
    from edgeproof.bootstrap import open_workspace
    from edgeproof.cli._import_view import document_import, show_import
    from edgeproof.domain.time import Timeframe
    from edgeproof.market import Hints
    from edgeproof.ops import ImportOptions

    desk = open_workspace(workspace)
    hints = Hints(
        venue=venue,
        symbol=symbol,
        timeframe=Timeframe.parse(timeframe) if timeframe else None,
        kind=kind,
        columns=_read_mapping(columns or []),
        stamped=stamped,
        contract_size=contract_size,
        default_venue=desk.settings.data.venue,
    )
    report = _import_with_progress(paths, desk.lake, ImportOptions(hints=hints, dry_run=dry_run))
    answer(document_import(report), as_json=as_json, show=lambda console: show_import(console, report, each=each))
    return _DONE if report.ok else _FAILED


def show_status(
    venue: Annotated[str | None, typer.Option(help="Only this venue.")] = None,
    symbol: Annotated[list[str] | None, typer.Option(help="Only this symbol; may be repeated.")] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what the lake covers, with a map of days for each symbol, and whether a live intake runs."""
    from edgeproof.bootstrap import open_workspace
    from edgeproof.cli._coverage_view import document_coverage, show_coverage
    from edgeproof.cli._gaps_view import document_gap, tell_gaps
    from edgeproof.cli._intake_view import tell_intake
    from edgeproof.domain.errors import UnknownName
    from edgeproof.domain.instruments import parse_symbol
    from edgeproof.ops import measure_coverage
    from edgeproof.ops.intake import describe_intake

    desk = open_workspace(workspace)
    lake = desk.lake
    symbols = [parse_symbol(text) for text in symbol] if symbol else None
    known = [holding.instrument for holding in lake.holdings()]
    if venue is not None and venue not in {one.venue for one in known}:
        raise UnknownName("venue in the lake", venue, {one.venue for one in known})
    for wanted in symbols or []:
        if wanted not in {one.symbol for one in known}:
            raise UnknownName("symbol in the lake", wanted, {one.symbol for one in known})
    coverage = measure_coverage(lake, venue=venue, symbols=symbols)
    journal = desk.open_journal()
    marked = [
        gap
        for gap in journal.gaps()
        if venue in {None, gap.instrument.venue} and (symbols is None or gap.instrument.symbol in symbols)
    ]
    newest = next(iter(journal.runs(limit=1)), None)
    intake = describe_intake(newest, running_pid=desk.find_intake(), now_ms=desk.clock.now_ms())
    document = {
        **document_coverage(coverage),
        "marked_gaps": [document_gap(gap) for gap in marked],
        "intake": intake,
    }

    def show(console: Console) -> None:
        show_coverage(console, coverage)
        tell_gaps(console, marked)
        tell_intake(console, intake)

    answer(document, as_json=as_json, show=show)


def _read_mapping(texts: list[str]) -> dict[str, str]:
    from edgeproof.domain.errors import InvalidValue

    columns: dict[str, str] = {}
    for pair in (pair for text in texts for pair in text.split(",")):
        role, equals, column = pair.partition("=")
        if not (role.strip() and equals and column.strip()):
            raise InvalidValue("--map", pair, "ROLE=COLUMN, such as close=last, several parted by commas")
        columns[role.strip()] = column.strip()
    return columns


def _import_with_progress(paths: list[str], lake: Lake, options: ImportOptions) -> ImportReport:
    from edgeproof.ops import import_files

    with open_progress() as display:
        task = display.add_task("importing", total=None)

        def follow(progress: ImportProgress) -> None:
            told = f"{progress.path.name} · {progress.rows_read:,} rows"
            display.update(task, total=progress.files, completed=progress.files_done, description=told)

        return import_files(paths, lake, options=options, progress=follow)
