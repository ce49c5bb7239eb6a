"""The ledger's tables. Rows stay in this package; stores take and give the values of ``domain.records``."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, MetaData, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from edgeproof.adapters.database._types import (
    ROW_ID,
    count,
    epoch_ms,
    packed_float64,
    pk,
    real,
    strict_json,
    string,
)

_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
_STATUSES = "status IN ('running', 'done', 'failed', 'interrupted')"


class Base(DeclarativeBase):
    """What every table shares: one way of naming constraints, so that a migration can name them too."""

    metadata = MetaData(naming_convention=_NAMES)


class CycleRow(Base):
    """One pass of the loop."""

    __tablename__ = "cycles"
    __table_args__ = (
        CheckConstraint(_STATUSES, name="status"),
        Index(None, "heartbeat_ms"),
        Index(None, "run_id"),
        Index(None, "status", "finished_ms"),
    )

    cycle_id: Mapped[pk]
    run_id: Mapped[string]
    status: Mapped[string]
    request: Mapped[strict_json]
    started_ms: Mapped[epoch_ms]
    finished_ms: Mapped[epoch_ms | None]
    heartbeat_ms: Mapped[epoch_ms]
    pid: Mapped[count]
    detail: Mapped[string]
    stages: Mapped[list[StageRow]] = relationship(order_by="StageRow.position", lazy="selectin")


class StageRow(Base):
    """The present state of one stage of a cycle."""

    __tablename__ = "stages"
    __table_args__ = (CheckConstraint(_STATUSES, name="status"),)

    cycle_id: Mapped[int] = mapped_column(ROW_ID, ForeignKey("cycles.cycle_id"), primary_key=True)
    name: Mapped[string] = mapped_column(primary_key=True)
    position: Mapped[count]
    status: Mapped[string]
    started_ms: Mapped[epoch_ms]
    finished_ms: Mapped[epoch_ms | None]
    done: Mapped[count]
    total: Mapped[count]
    detail: Mapped[string]


class StrategyVersionRow(Base):
    """One content of one strategy."""

    __tablename__ = "strategy_versions"
    __table_args__ = (UniqueConstraint("strategy_hash"),)

    version_id: Mapped[pk]
    strategy_hash: Mapped[string]
    name: Mapped[string]
    text: Mapped[string]
    origin: Mapped[string]
    first_seen_ms: Mapped[epoch_ms]


class TrialRow(Base):
    """One evaluation of one strategy version."""

    __tablename__ = "trials"
    __table_args__ = (UniqueConstraint("key"), Index(None, "strategy_hash"))

    trial_id: Mapped[pk]
    key: Mapped[string]
    strategy_hash: Mapped[string]
    strategy: Mapped[string]
    params: Mapped[strict_json]
    venue: Mapped[string]
    symbol: Mapped[string]
    timeframe: Mapped[string]
    window_start_ms: Mapped[epoch_ms]
    window_end_ms: Mapped[epoch_ms]
    data_hash: Mapped[string]
    costs: Mapped[strict_json]
    trades: Mapped[count]
    metrics: Mapped[strict_json]
    first_day: Mapped[string]
    daily_returns: Mapped[packed_float64]
    result_hash: Mapped[string]
    origin: Mapped[string]
    created_ms: Mapped[epoch_ms]


class RankingDecisionRow(Base):
    """Why one candidate was kept or archived in one cycle."""

    __tablename__ = "ranking_decisions"

    cycle_id: Mapped[int] = mapped_column(ROW_ID, ForeignKey("cycles.cycle_id"), primary_key=True)
    position: Mapped[count] = mapped_column(primary_key=True)
    strategy_hash: Mapped[string]
    strategy: Mapped[string]
    instrument: Mapped[string]
    timeframe: Mapped[string]
    action: Mapped[string]
    reason: Mapped[string]
    score: Mapped[real]
    rank: Mapped[count | None]
    ingredients: Mapped[strict_json]


class PoolEntryRow(Base):
    """One place in a pool after one cycle."""

    __tablename__ = "pool_entries"

    cycle_id: Mapped[int] = mapped_column(ROW_ID, ForeignKey("cycles.cycle_id"), primary_key=True)
    pool: Mapped[string] = mapped_column(primary_key=True)
    rank: Mapped[count] = mapped_column(primary_key=True)
    strategy_hash: Mapped[string]
    strategy: Mapped[string]
    instrument: Mapped[string]
    timeframe: Mapped[string]
    score: Mapped[real]
    verdict: Mapped[string]


class ReportRow(Base):
    """One report as it was given."""

    __tablename__ = "reports"
    __table_args__ = (Index(None, "cycle_id"),)

    report_id: Mapped[pk]
    cycle_id: Mapped[int] = mapped_column(ROW_ID, ForeignKey("cycles.cycle_id"))
    run_id: Mapped[string]
    created_ms: Mapped[epoch_ms]
    json_text: Mapped[string]
