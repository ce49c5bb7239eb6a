"""What every SQLite file of a workspace needs that SQLite itself leaves to its callers."""

from __future__ import annotations

import sqlite3
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_POLL_S: Final = 0.01


def switch_to_wal(execute: Callable[[str], object], *, patience_s: float) -> None:
    """Let readers and one writer work at once, from this connection's file on.

    Args:
        execute: Of a connection or a cursor.
        patience_s: How long to wait for another process that makes the same file.

    Raises:
        sqlite3.OperationalError: It is locked for longer, or cannot be written.
    """
    deadline_s = time.monotonic() + patience_s
    while True:
        try:
            execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            # The one statement for which SQLite does not wait by itself, whatever the timeout.
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline_s:
                raise
            time.sleep(_POLL_S)
        else:
            return
