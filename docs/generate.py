"""Writes the generated pages; `make docs` runs it, and a test checks that the pages say what the code does.

docs/reference/cli.md      every command with its options, from the application itself
docs/reference/settings.md every setting with its default, from the settings' classes
docs/concepts/features.md  its table of features, from the registry
"""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer.main

from edgeproof.cli.app import app
from edgeproof.features import update_page
from edgeproof.settings import render_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCS = Path(__file__).parent
REFERENCE = DOCS / "reference"
FEATURES_PAGE = DOCS / "concepts" / "features.md"


def walk_commands(command: Any, path: tuple[str, ...]) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - typer's own class
    """Every command that does something, with its full name."""
    children = getattr(command, "commands", None)
    if not children:
        yield " ".join(path), command
        return
    for name, child in children.items():
        yield from walk_commands(child, (*path, name))


def render_cli() -> str:
    """The page of commands."""
    lines = [
        "# Commands",
        "",
        "Results go to stdout, progress and errors to stderr.",
        "Exit status: 0 done, 1 the work failed, 2 the request was wrong.",
    ]
    for name, command in walk_commands(typer.main.get_command(app), ("edgeproof",)):
        lines += ["", f"## {name}", "", inspect.cleandoc(command.help or ""), "", "| option | meaning |", "|---|---|"]
        for parameter in command.params:
            if parameter.name == "help":
                continue
            spelled = ", ".join(f"`{text}`" for text in parameter.opts) if parameter.opts else f"`{parameter.name}`"
            if parameter.param_type_name == "argument":
                spelled = f"`{parameter.name.upper()}`"
            meaning = " ".join((getattr(parameter, "help", None) or "").split()).replace("|", "\\|")
            lines.append(f"| {spelled} | {meaning} |")
    return "\n".join(lines) + "\n"


def render_settings_page() -> str:
    """The page of settings: the very file that `edgeproof init` writes."""
    return f"# Settings\n\n`edgeproof init` writes this file.\n\n```toml\n{render_settings()}```\n"


PAGES = {"cli.md": render_cli, "settings.md": render_settings_page}


def main() -> None:
    """Write every generated page."""
    REFERENCE.mkdir(exist_ok=True)
    for name, render in PAGES.items():
        (REFERENCE / name).write_text(render(), "utf-8")
    FEATURES_PAGE.write_text(update_page(FEATURES_PAGE.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
