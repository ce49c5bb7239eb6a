"""What every command shares: its common options, how it answers, how it shows progress.

Results go to stdout, everything else to stderr. Heavy imports stay inside the commands, so help answers at once.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from edgeproof.kernels.compiling import tell_at_first_compilation

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console
    from rich.progress import Progress

_PIPED_COLUMNS: Final = 140

WorkspaceOption = Annotated[
    Path | None,
    typer.Option(
        "--workspace",
        "-w",
        envvar="EDGEPROOF_WORKSPACE",
        help="The workspace directory; the current one by default.",
        show_default=False,
    ),
]
VenueOption = Annotated[
    str | None, typer.Option(help="blofin, binance, bybit or okx; by default as set under [exchange].")
]
HostOption = Annotated[
    str | None,
    typer.Option(help="live, demo, or the address of a simulated exchange; by default as set under [exchange]."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Answer with one JSON document on stdout.")]


def answer(document: object, *, as_json: bool, show: Callable[[Console], None]) -> None:
    """Give a command's result: the document as JSON, or whatever ``show`` draws for a person."""
    if as_json:
        sys.stdout.write(json.dumps(document, default=_to_plain, allow_nan=False, indent=2, ensure_ascii=False) + "\n")
    else:
        show(open_stdout())


def open_stdout() -> Console:
    """The console for results; wider than rich's 80 columns where a file or another program reads them."""
    from rich.console import Console

    piped = not sys.stdout.isatty() and "COLUMNS" not in os.environ
    return Console(highlight=False, width=_PIPED_COLUMNS if piped else None)


def open_stderr() -> Console:
    """The console for progress, notes and errors."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=True)


def open_progress() -> Progress:
    """A progress display on stderr that vanishes when it is done; silent where stderr is no terminal."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    console = open_stderr()
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def count_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def announce_compilation() -> None:
    """Let a terminal be told when kernels are compiled, as the first run after an installation does."""
    tell_at_first_compilation(_say_compiling)


def _say_compiling() -> None:
    if sys.stderr is not None and sys.stderr.isatty():
        sys.stderr.write("compiling for this machine: some seconds, this once\n")
        sys.stderr.flush()


def _to_plain(value: object) -> Any:  # noqa: ANN401 - whatever json can take
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"no JSON for {type(value).__name__}")
