"""From an address to an engine whose schema is up to date: what the ledger and the journal begin with."""

from __future__ import annotations

import os
import weakref
from typing import TYPE_CHECKING

from edgeproof.adapters.database._engine import make_engine
from edgeproof.adapters.database._errors import told_plainly
from edgeproof.adapters.database._migrate import migrate
from edgeproof.adapters.database._url import read_place

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Engine

    from edgeproof.adapters.database._url import Place


def open_place(url: str | Path) -> tuple[Engine, Place]:
    """Open a database, making it or bringing its schema up to date where that is needed.

    Raises:
        InvalidValue: The URL names no ledger.
        MissingDriver: Its database needs a package that is not installed.
        NewerLedger: A later edgeproof wrote it.
        WorkError: It cannot be opened, reached, read or written.
    """
    place = read_place(url)
    engine = make_engine(place)
    try:
        with told_plainly(place):
            migrate(engine, place)
    except BaseException:
        engine.dispose()
        raise
    return engine, place


def close_with(owner: object, engine: Engine) -> weakref.finalize[[Engine, int], object]:
    """Close the engine when its owner is forgotten, at the end, or when what is returned is called."""
    return weakref.finalize(owner, _dispose, engine, os.getpid())


def _dispose(engine: Engine, owner_pid: int) -> None:
    # A forked child has copies of its parent's connections, which the parent still uses.
    if os.getpid() == owner_pid:
        engine.dispose()
