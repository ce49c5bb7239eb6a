"""`edgeproof report`: the newest cycle's report, for people and for machines."""

from __future__ import annotations

import json
import sys
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgeproof.cli._door import JsonOption, WorkspaceOption, answer

if TYPE_CHECKING:
    from edgeproof.bootstrap import Workspace


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("report")(show_report)


def show_report(
    markdown: Annotated[bool, typer.Option("--markdown", help="As Markdown, on stdout.")] = False,
    html: Annotated[bool, typer.Option("--html", help="As one self-contained page; says where it is.")] = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write the chosen format to this file and say so.", show_default=False),
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the report of the newest finished cycle: what was tested, what failed, what is left."""
    from edgeproof.bootstrap import open_workspace
    from edgeproof.cli._research_view import show_report as show_summary
    from edgeproof.domain.errors import InvalidValue
    from edgeproof.research.report import render_html, render_json, render_markdown

    if markdown and html:
        raise InvalidValue("format", "--markdown and --html", "one of the two")
    desk = open_workspace(workspace)
    report = _read_newest(desk)
    if html:
        _deliver(report, render_html(report), output or _default_path(desk, report, "html"), as_json=as_json)
    elif markdown and (output or as_json):
        _deliver(report, render_markdown(report), output or _default_path(desk, report, "md"), as_json=as_json)
    elif output:
        _deliver(report, render_json(report), output, as_json=as_json)
    elif markdown:
        sys.stdout.write(render_markdown(report))
    else:
        answer(report, as_json=as_json, show=lambda console: show_summary(console, report))


def _read_newest(desk: Workspace) -> dict[str, Any]:
    from edgeproof.domain.errors import RequestError

    record = desk.report()
    if record is None:
        raise RequestError("no cycle has finished here yet; run one with `edgeproof research run`")
    report: dict[str, Any] = json.loads(record.json_text)
    return report


def _default_path(desk: Workspace, report: dict[str, Any], suffix: str) -> Path:
    return desk.reports / f"report-{report['run_id']}.{suffix}"


def _deliver(report: dict[str, Any], text: str, path: Path, *, as_json: bool) -> None:
    from edgeproof.pages import write_atomically

    target = path.expanduser().resolve()
    write_atomically(target, text)
    answer(
        {"run_id": report["run_id"], "path": str(target)},
        as_json=as_json,
        show=lambda console: console.print(str(target), markup=False, soft_wrap=True),
    )
