"""What the ledger remembers: cycles, stages, strategies, trials, decisions, pools, reports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_STATUSES = "status IN ('running', 'done', 'failed', 'interrupted')"


def upgrade() -> None:
    """Create the tables."""
    _create_cycles()
    _create_strategy_versions()
    _create_trials()
    _create_rankings()
    _create_reports()


def _create_cycles() -> None:
    op.create_table(
        "cycles",
        sa.Column("cycle_id", _ROW_ID, nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("started_ms", sa.BigInteger(), nullable=False),
        sa.Column("finished_ms", sa.BigInteger(), nullable=True),
        sa.Column("heartbeat_ms", sa.BigInteger(), nullable=False),
        sa.Column("pid", sa.BigInteger(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.CheckConstraint(_STATUSES, name=op.f("ck_cycles_status")),
        sa.PrimaryKeyConstraint("cycle_id", name=op.f("pk_cycles")),
    )
    op.create_index("ix_cycles_heartbeat_ms", "cycles", ["heartbeat_ms"])
    op.create_index("ix_cycles_run_id", "cycles", ["run_id"])
    op.create_index("ix_cycles_status_finished_ms", "cycles", ["status", "finished_ms"])
    op.create_table(
        "stages",
        sa.Column("cycle_id", _ROW_ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("started_ms", sa.BigInteger(), nullable=False),
        sa.Column("finished_ms", sa.BigInteger(), nullable=True),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.CheckConstraint(_STATUSES, name=op.f("ck_stages_status")),
        sa.ForeignKeyConstraint(["cycle_id"], ["cycles.cycle_id"], name=op.f("fk_stages_cycle_id")),
        sa.PrimaryKeyConstraint("cycle_id", "name", name=op.f("pk_stages")),
    )


def _create_strategy_versions() -> None:
    op.create_table(
        "strategy_versions",
        sa.Column("version_id", _ROW_ID, nullable=False),
        sa.Column("strategy_hash", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("first_seen_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("version_id", name=op.f("pk_strategy_versions")),
        sa.UniqueConstraint("strategy_hash", name=op.f("uq_strategy_versions_strategy_hash")),
    )


def _create_trials() -> None:
    op.create_table(
        "trials",
        sa.Column("trial_id", _ROW_ID, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("strategy_hash", sa.Text(), nullable=False),
        sa.Column("strategy", sa.Text(), nullable=False),
        sa.Column("params", sa.Text(), nullable=False),
        sa.Column("venue", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("timeframe", sa.Text(), nullable=False),
        sa.Column("window_start_ms", sa.BigInteger(), nullable=False),
        sa.Column("window_end_ms", sa.BigInteger(), nullable=False),
        sa.Column("data_hash", sa.Text(), nullable=False),
        sa.Column("costs", sa.Text(), nullable=False),
        sa.Column("trades", sa.BigInteger(), nullable=False),
        sa.Column("metrics", sa.Text(), nullable=False),
        sa.Column("first_day", sa.Text(), nullable=False),
        sa.Column("daily_returns", sa.LargeBinary(), nullable=False),
        sa.Column("result_hash", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("trial_id", name=op.f("pk_trials")),
        sa.UniqueConstraint("key", name=op.f("uq_trials_key")),
    )
    op.create_index("ix_trials_strategy_hash", "trials", ["strategy_hash"])


def _create_rankings() -> None:
    op.create_table(
        "ranking_decisions",
        sa.Column("cycle_id", _ROW_ID, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("strategy_hash", sa.Text(), nullable=False),
        sa.Column("strategy", sa.Text(), nullable=False),
        sa.Column("instrument", sa.Text(), nullable=False),
        sa.Column("timeframe", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("rank", sa.BigInteger(), nullable=True),
        sa.Column("ingredients", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["cycle_id"], ["cycles.cycle_id"], name=op.f("fk_ranking_decisions_cycle_id")),
        sa.PrimaryKeyConstraint("cycle_id", "position", name=op.f("pk_ranking_decisions")),
    )
    op.create_table(
        "pool_entries",
        sa.Column("cycle_id", _ROW_ID, nullable=False),
        sa.Column("pool", sa.Text(), nullable=False),
        sa.Column("rank", sa.BigInteger(), nullable=False),
        sa.Column("strategy_hash", sa.Text(), nullable=False),
        sa.Column("strategy", sa.Text(), nullable=False),
        sa.Column("instrument", sa.Text(), nullable=False),
        sa.Column("timeframe", sa.Text(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["cycle_id"], ["cycles.cycle_id"], name=op.f("fk_pool_entries_cycle_id")),
        sa.PrimaryKeyConstraint("cycle_id", "pool", "rank", name=op.f("pk_pool_entries")),
    )


def _create_reports() -> None:
    op.create_table(
        "reports",
        sa.Column("report_id", _ROW_ID, nullable=False),
        sa.Column("cycle_id", _ROW_ID, nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("json_text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["cycle_id"], ["cycles.cycle_id"], name=op.f("fk_reports_cycle_id")),
        sa.PrimaryKeyConstraint("report_id", name=op.f("pk_reports")),
    )
    op.create_index("ix_reports_cycle_id", "reports", ["cycle_id"])
