"""The backfill command as a process of its own."""

from __future__ import annotations

import sys

import typer

from edgeproof.cli.backfill import add_to


def run(arguments: list[str]) -> None:
    """Run the command with these arguments."""
    app = typer.Typer()
    add_to(app)
    sys.exit(app(args=arguments, standalone_mode=False))


if __name__ == "__main__":
    run(sys.argv[1:])
