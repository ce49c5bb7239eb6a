"""`edgeproof init`: make a workspace."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeproof.cli._door import JsonOption, WorkspaceOption, answer

if TYPE_CHECKING:
    from rich.console import Console


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("init")(init)


def init(
    directory: Annotated[
        Path | None, typer.Argument(help="Where; made if absent. The current directory by default.")
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a workspace: one directory with settings, lake, ledger and reports."""
    from edgeproof.bootstrap import create_workspace
    from edgeproof.settings import SETTINGS_FILE

    made = create_workspace((directory or workspace or Path()).expanduser().resolve())

    def show(console: Console) -> None:
        console.print(f"workspace ready: {made.root}", soft_wrap=True)
        console.print(f"settings are in {SETTINGS_FILE}, every key commented. Next:")
        console.print("  edgeproof data import PATH...      candles, trades or funding in the usual formats")
        console.print("  edgeproof research run             test every strategy on them")

    answer({"workspace": str(made.root), "settings": str(made.root / SETTINGS_FILE)}, as_json=as_json, show=show)
