"""The schema's steps: from nothing, from a filled ledger, and killed half-way."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from edgeproof.adapters.database import LedgerUnavailable, NewerLedger, _migrate, open_ledger
from edgeproof.adapters.database._engine import make_engine
from edgeproof.adapters.database._migrate import HEAD, MIGRATIONS, VERSION_TABLE, configure, read_revision, upgrade
from edgeproof.adapters.database._rows import Base
from edgeproof.adapters.database._url import read_place
from edgeproof.domain.records import RunStatus, Verdict
from fakes.ledger_at_0001 import ROWS, fill
from fakes.ledger_values import make_trial

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_FIRST = "0001"
_STEP = """
import os, signal
import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{head}"

def upgrade():
    with op.batch_alter_table("cycles") as table:
        table.add_column(sa.Column("host", sa.Text(), nullable=True))
        table.alter_column("detail", existing_type=sa.Text(), nullable=True)
    {then}
"""
_UPGRADE = """
import sys, pathlib
from edgeproof.adapters.database import _migrate
from edgeproof.adapters.database._url import read_place
_migrate.MIGRATIONS = pathlib.Path(sys.argv[2])
_migrate.upgrade(read_place(sys.argv[1]))
"""


@contextmanager
def _connect(url: str) -> Iterator[Connection]:
    engine = make_engine(read_place(url))
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def _describe(connection: Connection) -> dict[str, Any]:
    """Everything the engine itself says about its tables."""
    schema = inspect(connection)
    return {
        table: {
            "columns": [{**column, "type": str(column["type"])} for column in schema.get_columns(table)],
            "primary key": schema.get_pk_constraint(table),
            "foreign keys": schema.get_foreign_keys(table),
            "unique": sorted(schema.get_unique_constraints(table), key=str),
            "checks": sorted(schema.get_check_constraints(table), key=str),
            "indexes": sorted(schema.get_indexes(table), key=str),
        }
        for table in sorted(schema.get_table_names())
        if table != VERSION_TABLE
    }


def _dump(connection: Connection) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table of the first schema, in the columns it had then."""
    return {
        name: [tuple(row) for row in connection.execute(text(f"SELECT {', '.join(rows[0])} FROM {name} ORDER BY 1"))]  # noqa: S608 - our names
        for name, rows in ROWS.items()
    }


def _fill_first_schema(url: str) -> None:
    upgrade(read_place(url), _FIRST)
    with _connect(url) as connection:
        fill(connection)


def _plan_step(folder: Path, then: str = "pass") -> Path:
    """The migrations with one more step than there are."""
    planned = folder / "migrations"
    shutil.copytree(MIGRATIONS, planned, ignore=shutil.ignore_patterns("__pycache__"))
    (planned / "versions" / "r9999_planned.py").write_text(_STEP.format(head=HEAD, then=then))
    return planned


def test_the_newest_revision_is_the_one_the_code_names() -> None:
    script = ScriptDirectory.from_config(configure())
    assert script.get_heads() == [HEAD]
    assert script.get_base() == _FIRST


def test_no_step_leads_back() -> None:
    steps = list(ScriptDirectory.from_config(configure()).walk_revisions())
    assert steps
    assert not [step.path for step in steps if hasattr(step.module, "downgrade")]


def test_alembic_finds_no_difference_between_the_migrations_and_the_rows(url: str) -> None:
    open_ledger(url).close()
    with _connect(url) as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE, "compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_the_migrations_build_to_the_letter_what_the_rows_declare(make_url: Callable[[], str]) -> None:
    migrated, declared = make_url(), make_url()
    open_ledger(migrated).close()
    with _connect(migrated) as one, _connect(declared) as other:
        Base.metadata.create_all(other)
        assert _describe(one) == _describe(other)


def test_a_ledger_at_the_newest_schema_is_left_as_it_is(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    open_ledger(url).close()
    monkeypatch.setattr(_migrate, "upgrade", lambda *_: pytest.fail("nothing was to migrate"))
    open_ledger(url).close()


def test_a_ledger_filled_at_the_first_schema_is_carried_to_the_newest(url: str) -> None:
    _fill_first_schema(url)
    with _connect(url) as connection:
        before = _dump(connection)
        assert read_revision(connection) == _FIRST
    open_ledger(url).close()
    with _connect(url) as connection:
        assert _dump(connection) == before
        assert read_revision(connection) == HEAD


def test_a_ledger_filled_at_the_first_schema_is_understood_and_goes_on(url: str) -> None:
    _fill_first_schema(url)
    with open_ledger(url) as ledger:
        (trial,) = ledger.trials()
        assert (trial.params, trial.daily_returns) == ({"fast": 9.0}, (0.5, 0.1 + 0.2))
        assert ledger.strategy_versions()[0].text == "name: ema_crossover\n"
        assert ledger.decisions(1)[0].ingredients == {"sharpe": 0.5}
        assert ledger.pool("strategies")[0].verdict is Verdict.PROVISIONAL
        report = ledger.latest_report()
        assert report is not None
        assert report.run_id == "june"
        assert [cycle.run_id for cycle in ledger.cycles()] == ["july", "june"]


def test_after_the_first_schema_numbers_are_not_given_twice(url: str) -> None:
    upgrade(read_place(url), _FIRST)
    with _connect(url) as connection:
        rows = [{k: v for k, v in row.items() if not k.endswith("_id") or k == "run_id"} for row in ROWS["cycles"]]
        columns = ", ".join(rows[0])
        values = ", ".join(f":{name}" for name in rows[0])
        connection.execute(text(f"INSERT INTO cycles ({columns}) VALUES ({values})"), rows)  # noqa: S608
    with open_ledger(url) as ledger:
        resumed = ledger.begin_cycle("july", {}, now_ms=1, pid=1)
        ledger.finish_cycle(resumed.cycle_id, RunStatus.DONE, now_ms=2)
        assert (resumed.cycle_id, ledger.begin_cycle("august", {}, now_ms=3, pid=1).cycle_id) == (2, 3)
        assert ledger.record_trials([make_trial()]) == 1


def test_a_step_that_rebuilds_a_table_keeps_its_rows_and_what_refers_to_them(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fill_first_schema(url)
    open_ledger(url).close()
    with _connect(url) as connection:
        before = _dump(connection)
    monkeypatch.setattr(_migrate, "MIGRATIONS", _plan_step(tmp_path))
    upgrade(read_place(url))
    with _connect(url) as connection:
        assert _dump(connection) == before
        assert "host" in [column["name"] for column in inspect(connection).get_columns("cycles")]
        assert inspect(connection).get_foreign_keys("stages")[0]["referred_table"] == "cycles"
        assert read_revision(connection) == "9999"


def test_a_step_killed_half_way_never_happened(url: str, tmp_path: Path) -> None:
    _fill_first_schema(url)
    open_ledger(url).close()
    with _connect(url) as connection:
        before = (_describe(connection), _dump(connection))
    planned = _plan_step(tmp_path, "os.kill(os.getpid(), signal.SIGKILL)")
    killed = subprocess.run([sys.executable, "-c", _UPGRADE, url, str(planned)], check=False)
    assert killed.returncode == -signal.SIGKILL
    with open_ledger(url) as ledger:
        assert ledger.count_trials() == 1
    with _connect(url) as connection:
        assert (_describe(connection), _dump(connection)) == before
        assert read_revision(connection) == HEAD


def test_a_step_that_leaves_rows_referring_to_nothing_never_happened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path}/ledger.sqlite"
    open_ledger(url).close()
    orphan = "op.execute(\"INSERT INTO stages VALUES (99, 'rank', 0, 'done', 1, 2, 0, 0, '')\")"
    monkeypatch.setattr(_migrate, "MIGRATIONS", _plan_step(tmp_path, orphan))
    with pytest.raises(RuntimeError, match="1 rows that refer to nothing"):
        upgrade(read_place(url))
    with _connect(url) as connection:
        assert read_revision(connection) == HEAD
        assert connection.scalar(text("SELECT count(*) FROM stages")) == 0


def test_a_ledger_of_a_later_edgeproof_is_refused_with_the_cure(url: str) -> None:
    open_ledger(url).close()
    with _connect(url) as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '0999'"))  # noqa: S608
    with pytest.raises(NewerLedger, match=f"revision 0999, this edgeproof knows up to {HEAD}; upgrade") as refused:
        open_ledger(url)
    assert "\n" not in str(refused.value)


def test_a_database_with_tables_of_something_else_is_refused_and_left_alone(url: str) -> None:
    with _connect(url) as connection:
        connection.execute(text("CREATE TABLE trials (lawyer TEXT)"))
    with pytest.raises(LedgerUnavailable, match="holds tables of something else"):
        open_ledger(url)
    with _connect(url) as connection:
        assert inspect(connection).get_table_names() == ["trials"]
