"""The application: its commands, and what happens when one of them fails.

Exit status 0: done. 1: the work failed. 2: the request was wrong. A failure is one line on stderr (and, with `--json`,
one document on stdout); a traceback is a bug.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Annotated, Final

import typer
from typer.exceptions import Abort, TyperException

from edgeproof import __version__
from edgeproof.cli import backtest, data, demo, features, init, portfolio, report, research, simulate, strategies, sweep
from edgeproof.cli._door import announce_compilation
from edgeproof.domain.errors import EdgeproofError, RequestError

DONE: Final = 0
FAILED: Final = 1
WRONG_REQUEST: Final = 2

# What typer answers with when Ctrl-C reaches it.
_TYPER_INTERRUPTED: Final = 130
_SEE_HELP: Final = " (see --help)"

app = typer.Typer(
    name="edgeproof",
    help="Find trading edges without fooling yourself.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for module in (init, demo, data, features, strategies, backtest, portfolio, sweep, research, report, simulate):
    module.add_to(app)


def _show_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"edgeproof {__version__}\n")
        raise typer.Exit


@app.callback()
def _start(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Find trading edges without fooling yourself."""


def main(arguments: list[str] | None = None) -> None:
    """Run one command and exit with its status."""
    given = sys.argv[1:] if arguments is None else arguments
    if sys.stdout is None:  # closed by whoever started us: nobody reads the result, the work is done all the same
        _discard_stdout()
    announce_compilation()
    try:
        outcome = app(args=given, prog_name="edgeproof", standalone_mode=False)
        sys.stdout.flush()
        if outcome == _TYPER_INTERRUPTED:
            raise KeyboardInterrupt  # noqa: TRY301 - told below, with every other end
    except BrokenPipeError:
        # The reader of our output has gone: nothing is left to say, not even at interpreter exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILED)
    except (EdgeproofError, TyperException, OSError, MemoryError, KeyboardInterrupt, Abort) as error:
        sys.exit(_tell(error, as_json="--json" in given))
    except Exception as error:
        if os.environ.get("EDGEPROOF_DEBUG"):
            raise
        sys.exit(_tell(error, as_json="--json" in given))
    sys.exit(outcome if isinstance(outcome, int) else DONE)


def _tell(error: BaseException, *, as_json: bool) -> int:
    status, message = _explain(error)
    if message.startswith("Usage: "):  # a group without a command: its help, as it is
        sys.stderr.write(f"{message.removesuffix(_SEE_HELP)}\n")
        return status
    line = " ".join(message.split())
    sys.stderr.write(f"error: {line}\n")
    if as_json:
        document = {"error": {"kind": type(error).__name__, "message": line, "exit_status": status}}
        _write_or_leave(json.dumps(document) + "\n")
    return status


def _write_or_leave(text: str) -> None:
    """Write to stdout; where nothing can be written there, the line on stderr has said what was wrong."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except (OSError, ValueError):
        _discard_stdout()


def _discard_stdout() -> None:
    """Let what is still written go nowhere, at the interpreter's end too."""
    sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - stands in until the process ends


def _explain(error: BaseException) -> tuple[int, str]:
    """The exit status and the line that says what was wrong and what to do."""
    match error:
        case RequestError():
            told = WRONG_REQUEST, str(error)
        case EdgeproofError():
            told = FAILED, str(error)
        case TyperException():
            told = WRONG_REQUEST, f"{error.format_message()}{_SEE_HELP}"
        case KeyboardInterrupt() | Abort():
            told = FAILED, "interrupted; nothing is half-written, run the same command again to go on"
        case OSError():
            place = f" {error.filename}" if error.filename else ""
            told = FAILED, f"the system refused{place}: {error.strerror or error}"
        case MemoryError():
            told = FAILED, "out of memory; ask for fewer symbols or a shorter window"
        case _:
            what = f"{type(error).__name__}: {error}"
            told = FAILED, f"a bug in edgeproof: {what}; set EDGEPROOF_DEBUG=1 to see where, and please report it"
    return told
