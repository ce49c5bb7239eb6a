"""How a process tells systemd how it is: a few words on a socket (sd_notify(3)), and the unit that starts it."""

from __future__ import annotations

import os
import re
import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

READY: Final = "READY=1"
ALIVE: Final = "WATCHDOG=1"
STOPPING: Final = "STOPPING=1"
_SOCKET: Final = "NOTIFY_SOCKET"


def notify_manager(*words: str, environment: Mapping[str, str] | None = None) -> bool:
    """Send a state to whoever started this process as a service; False where nobody listens.

    Args:
        words: Such as ``READY=1`` and ``STATUS=text``.
        environment: Where the socket is named; the process's own by default.
    """
    address = (environment if environment is not None else os.environ).get(_SOCKET, "")
    if not address.startswith(("/", "@")):
        return False
    place = "\0" + address[1:] if address.startswith("@") else address
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        sender.connect(place)
        sender.sendall("\n".join(" ".join(word.splitlines()) for word in words).encode())
        return True
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceUnit:
    """A systemd unit of a long-running command.

    Attributes:
        description: One line for people.
        command: Program and arguments.
        folder: Where it runs, and may write.
        writes: Other folders it may write to.
        user: Whose service it is; None writes a unit for the calling user's own manager.
        watchdog_s: Silence after which it is started anew.
        memory_mb: Memory beyond which it is stopped.
    """

    description: str
    command: Sequence[str]
    folder: Path
    writes: Sequence[Path] = ()
    user: str | None = None
    watchdog_s: int = 120
    memory_mb: int = 4_096

    def render(self) -> str:
        """The unit's text."""
        owner = [f"User={self.user}"] if self.user else []
        # A folder that is not there yet is no reason not to start.
        writable = " ".join([_quote(str(self.folder)), *(_quote(f"-{folder}") for folder in self.writes)])
        target = "multi-user.target" if self.user else "default.target"
        lines = [
            "[Unit]",
            f"Description={_escape(' '.join(self.description.split()))}",
            "Wants=network-online.target",
            "After=network-online.target",
            # Never give up: an exchange may be away for a day.
            "StartLimitIntervalSec=0",
            "",
            "[Service]",
            "Type=notify",
            "NotifyAccess=main",
            *owner,
            f"WorkingDirectory={_escape(str(self.folder))}",
            f"ExecStart={_write_command(self.command)}",
            "Restart=always",
            "RestartSec=5",
            # A request that is wrong stays wrong however often it is made.
            "RestartPreventExitStatus=2",
            f"WatchdogSec={self.watchdog_s}",
            "TimeoutStartSec=infinity",
            "TimeoutStopSec=60",
            "KillSignal=SIGTERM",
            f"MemoryMax={self.memory_mb}M",
            "NoNewPrivileges=true",
            *(["ProtectSystem=strict", f"ReadWritePaths={writable}"] if self.user else []),
            "",
            "[Install]",
            f"WantedBy={target}",
        ]
        return "\n".join(lines) + "\n"


def _write_command(words: Sequence[str]) -> str:
    """A command line as systemd reads it: dollars mean variables there, except in the program's own path."""
    program, *arguments = words
    return " ".join([_quote(program), *(_quote(word).replace("$", "$$") for word in arguments)])


def _quote(word: str) -> str:
    """One word for one word: systemd knows quotes around it and backslashes inside, not a shell's joined pieces."""
    if re.fullmatch(r"[\w./:=@+,%$-]+", word):
        return _escape(word)
    inside = word.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{_escape(inside)}"'


def _escape(text: str) -> str:
    # A per cent sign means something in a unit; doubled it means itself.
    return text.replace("%", "%%")
