"""The intake's tables."""

from __future__ import annotations

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from edgeproof.adapters.database._rows import Base
from edgeproof.adapters.database._types import (  # noqa: TC001 - SQLAlchemy reads annotations when it maps
    count,
    epoch_ms,
    pk,
    real,
    strict_json,
    string,
)


class IntakeRunRow(Base):
    """One run of an intake, with its last sign of life."""

    __tablename__ = "intake_runs"

    run_id: Mapped[pk]
    venue: Mapped[string]
    symbols: Mapped[strict_json]
    pid: Mapped[count]
    started_ms: Mapped[epoch_ms]
    finished_ms: Mapped[epoch_ms | None]
    detail: Mapped[string]
    heartbeat: Mapped[strict_json | None]


class IntakeWatermarkRow(Base):
    """Up to when the trades of one symbol were checked."""

    __tablename__ = "intake_watermarks"

    venue: Mapped[string] = mapped_column(primary_key=True)
    symbol: Mapped[string] = mapped_column(primary_key=True)
    checked_ms: Mapped[epoch_ms]


class IntakeGapRow(Base):
    """A stretch of minutes whose trades are not whole."""

    __tablename__ = "intake_gaps"
    __table_args__ = (UniqueConstraint("venue", "symbol", "start_ms"),)

    gap_id: Mapped[pk]
    venue: Mapped[string]
    symbol: Mapped[string]
    start_ms: Mapped[epoch_ms]
    end_ms: Mapped[epoch_ms]
    cause: Mapped[string]
    held_volume: Mapped[real]
    published_volume: Mapped[real | None]
    found_ms: Mapped[epoch_ms]
