"""What a live intake remembers: its runs, how far each symbol was checked, and the gaps found.

A gap is never changed and never deleted; runs and watermarks are the present state of something that goes on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_REASON = "the ledger only grows, {action} of intake_gaps is refused"


def upgrade() -> None:
    """Create the tables, and guard the gaps."""
    op.create_table(
        "intake_runs",
        sa.Column("run_id", _ROW_ID, nullable=False),
        sa.Column("venue", sa.Text(), nullable=False),
        sa.Column("symbols", sa.Text(), nullable=False),
        sa.Column("pid", sa.BigInteger(), nullable=False),
        sa.Column("started_ms", sa.BigInteger(), nullable=False),
        sa.Column("finished_ms", sa.BigInteger(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("heartbeat", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("run_id", name="pk_intake_runs"),
    )
    op.create_table(
        "intake_watermarks",
        sa.Column("venue", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("checked_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("venue", "symbol", name="pk_intake_watermarks"),
    )
    op.create_table(
        "intake_gaps",
        sa.Column("gap_id", _ROW_ID, nullable=False),
        sa.Column("venue", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("start_ms", sa.BigInteger(), nullable=False),
        sa.Column("end_ms", sa.BigInteger(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("held_volume", sa.Double(), nullable=False),
        sa.Column("published_volume", sa.Double(), nullable=True),
        sa.Column("found_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("gap_id", name="pk_intake_gaps"),
        sa.UniqueConstraint("venue", "symbol", "start_ms", name="uq_intake_gaps_venue_symbol_start_ms"),
    )
    for action in ("UPDATE", "DELETE"):
        _guard(action)


def _guard(action: str) -> None:
    name, reason = f"guard_intake_gaps_{action.lower()}", _REASON.format(action=action)
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"CREATE TRIGGER {name} BEFORE {action} ON intake_gaps BEGIN SELECT RAISE(ABORT, '{reason}'); END")
        return
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{reason}'; END $$"
    )
    op.execute(f"CREATE TRIGGER {name} BEFORE {action} ON intake_gaps FOR EACH ROW EXECUTE FUNCTION {name}()")
