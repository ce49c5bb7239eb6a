"""Bring a ledger's schema up to date: forward only, whole or not at all, one process at a time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import inspect, text

from edgeproof.adapters.database._engine import WRITES, make_engine
from edgeproof.adapters.database._errors import NewerLedger

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection, Engine

    from edgeproof.adapters.database._url import Place

# The newest revision under migrations/versions; spelled here so that a ledger already there costs no import of alembic.
HEAD: Final = "0003"
VERSION_TABLE: Final = "ledger_revision"
MIGRATIONS: Final = Path(__file__).parent / "migrations"


def migrate(engine: Engine, place: Place) -> None:
    """Bring the ledger to ``HEAD``; one that is there already is left alone.

    Raises:
        NewerLedger: It is at a revision that this edgeproof does not know.
    """
    with engine.connect() as connection:
        revision = read_revision(connection)
    if revision != HEAD:
        upgrade(place)


def upgrade(place: Place, target: str = "head") -> None:
    """Run the migrations up to ``target`` in one transaction, under the ledger's write lock."""
    from alembic import command  # noqa: PLC0415 - needed only when there is something to migrate

    config = configure()
    engine = make_engine(place, for_migration=True)
    try:
        with engine.execution_options(**{WRITES: True}).begin() as connection:
            # Under the lock: another process may have been faster, and newer.
            revision = read_revision(connection)
            if revision not in {None, *_known_revisions(config)}:
                raise NewerLedger(str(place), str(revision), HEAD)
            config.attributes["connection"] = connection
            command.upgrade(config, target)
            _check_foreign_keys(connection)
    finally:
        engine.dispose()


def configure() -> Config:
    """Alembic's view of this package's migrations."""
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def read_revision(connection: Connection) -> str | None:
    """The revision the schema is at; None for an empty database."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found: str | None = connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}"))  # noqa: S608 - a constant
    return found


def _known_revisions(config: Config) -> set[str]:
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    return {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}


def _check_foreign_keys(connection: Connection) -> None:
    if connection.dialect.name == "sqlite" and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").all()):
        raise RuntimeError(f"a migration left {len(broken)} rows that refer to nothing")
