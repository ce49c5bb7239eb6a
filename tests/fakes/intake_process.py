"""`edgeproof data ingest` as a process of its own, whatever commands the application has."""

from __future__ import annotations

import sys

import typer

from edgeproof.cli import ingest


def main() -> None:
    app = typer.Typer(no_args_is_help=True)
    app.callback()(lambda: None)
    ingest.add_to(app)
    sys.exit(app(standalone_mode=False) or 0)


if __name__ == "__main__":
    main()
