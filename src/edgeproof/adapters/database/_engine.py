"""Connections as the ledger needs them, and one writer at a time on either engine.

A unit of work that writes says so before its first statement: SQLite begins it with ``BEGIN IMMEDIATE``, PostgreSQL
takes an advisory lock of this ledger for the transaction. So a writer never finds that what it read has changed beneath
it, two never deadlock, and rows are numbered in the order in which they were committed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import create_engine, event
from sqlalchemy.pool import NullPool

from edgeproof.adapters.database._errors import MissingDriver
from edgeproof.adapters.sqlite_files import switch_to_wal

if TYPE_CHECKING:
    import sqlite3

    from sqlalchemy import Connection, Engine

    from edgeproof.adapters.database._url import Place

WRITES: Final = "edgeproof_writes"
_LOCK_WAIT_S: Final = 60
_CONNECT_TIMEOUT_S: Final = 10
_LOCK_CLASS: Final = 0x6564_6765  # "edge"


def make_engine(place: Place, *, for_migration: bool = False) -> Engine:
    """An engine whose connections hold to the ledger's rules.

    Args:
        place: Where the ledger is kept.
        for_migration: Leave foreign keys unchecked until the end, since SQLite rebuilds a table to change it.

    Raises:
        MissingDriver: The database needs a package that is not installed.
    """
    if place.is_sqlite:
        # Values stay out of messages: a message may be shown or logged.
        engine = create_engine(
            place.url,
            connect_args={"timeout": _LOCK_WAIT_S},
            hide_parameters=True,
            poolclass=NullPool if for_migration else None,
        )
        event.listen(engine, "connect", _prepare_migration if for_migration else _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    return _make_postgresql_engine(place)


def _make_postgresql_engine(place: Place) -> Engine:
    defaults = {"connect_timeout": _CONNECT_TIMEOUT_S, "application_name": "edgeproof"}
    try:
        engine = create_engine(
            place.url,
            connect_args={name: value for name, value in defaults.items() if name not in place.url.query},
            hide_parameters=True,
            pool_pre_ping=True,
        )
    except ImportError:
        raise MissingDriver(str(place)) from None
    event.listen(engine, "begin", _begin_postgresql)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    cursor = _prepare_cursor(connection)
    cursor.execute("PRAGMA foreign_keys = ON")
    # Without it INSERT OR REPLACE would delete a row and no trigger would see it.
    cursor.execute("PRAGMA recursive_triggers = ON")
    cursor.close()


def _prepare_migration(connection: sqlite3.Connection, _record: object) -> None:
    cursor = _prepare_cursor(connection)
    # SQLite changes a table by building another, dropping the first and renaming: what refers to it must bear the gap.
    cursor.execute("PRAGMA foreign_keys = OFF")
    cursor.execute("PRAGMA legacy_alter_table = ON")
    cursor.close()


def _prepare_cursor(connection: sqlite3.Connection) -> sqlite3.Cursor:
    # The driver would otherwise begin transactions by its own rules, and none before a read or a change of schema.
    connection.isolation_level = None
    cursor = connection.cursor()
    # Readers and one writer at once; and a commit is on the disk before it returns, power cut or not.
    switch_to_wal(cursor.execute, patience_s=_LOCK_WAIT_S)
    cursor.execute("PRAGMA synchronous = FULL")
    return cursor


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _begin_postgresql(connection: Connection) -> None:
    if connection.get_execution_options().get(WRITES, False):
        connection.exec_driver_sql(
            f"SET LOCAL lock_timeout = '{_LOCK_WAIT_S}s'; "
            f"SELECT pg_advisory_xact_lock({_LOCK_CLASS}, hashtext(current_schema()))"
        )
