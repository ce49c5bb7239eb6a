"""The ledger only grows: the database itself refuses to change or delete what was recorded.

- trials, strategy versions and reports are never changed and never deleted;
- a cycle is never deleted, and never changed once it was done or failed;
- decisions and pool entries are never changed, and deleted only while their cycle is still running.

SQLite loses a table's triggers when a later migration rebuilds the table (``batch_alter_table``): such a migration must
create them again.
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"

_ALWAYS = "TRUE"
_ENDED = "OLD.status IN ('done', 'failed')"
_NOT_RUNNING = "NOT EXISTS (SELECT 1 FROM cycles WHERE cycle_id = OLD.cycle_id AND status = 'running')"

# Table, action, and when that action is refused.
_GUARDS = (
    ("trials", "UPDATE", _ALWAYS),
    ("trials", "DELETE", _ALWAYS),
    ("strategy_versions", "UPDATE", _ALWAYS),
    ("strategy_versions", "DELETE", _ALWAYS),
    ("reports", "UPDATE", _ALWAYS),
    ("reports", "DELETE", _ALWAYS),
    ("ranking_decisions", "UPDATE", _ALWAYS),
    ("ranking_decisions", "DELETE", _NOT_RUNNING),
    ("pool_entries", "UPDATE", _ALWAYS),
    ("pool_entries", "DELETE", _NOT_RUNNING),
    ("cycles", "UPDATE", _ENDED),
    ("cycles", "DELETE", _ALWAYS),
)


def upgrade() -> None:
    """Create the triggers."""
    if op.get_bind().dialect.name == "sqlite":
        for table, action, refused_when in _GUARDS:
            _guard_on_sqlite(table, action, refused_when)
        return
    for table, action, refused_when in _GUARDS:
        _guard_on_postgresql(table, action, refused_when)
    for table in sorted({table for table, _, _ in _GUARDS}):
        _guard_truncate(table)


def _guard_on_sqlite(table: str, action: str, refused_when: str) -> None:
    op.execute(
        f"CREATE TRIGGER {_name(table, action)} BEFORE {action} ON {table} WHEN {refused_when} "
        f"BEGIN SELECT RAISE(ABORT, '{_reason(table, action)}'); END"
    )


def _guard_on_postgresql(table: str, action: str, refused_when: str) -> None:
    name = _name(table, action)
    kept = "NEW" if action == "UPDATE" else "OLD"
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {refused_when} THEN RAISE EXCEPTION '{_reason(table, action)}'; END IF; RETURN {kept}; END $$"
    )
    op.execute(f"CREATE TRIGGER {name} BEFORE {action} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()")


def _guard_truncate(table: str) -> None:
    name = _name(table, "TRUNCATE")
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"RAISE EXCEPTION '{_reason(table, 'TRUNCATE')}'; END $$"
    )
    op.execute(f"CREATE TRIGGER {name} BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {name}()")


def _name(table: str, action: str) -> str:
    return f"guard_{table}_{action.lower()}"


def _reason(table: str, action: str) -> str:
    return f"the ledger only grows, {action} of {table} is refused"
