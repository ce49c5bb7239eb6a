"""The database itself refuses what would make the ledger shrink or change, whoever asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from edgeproof.adapters.database import open_ledger
from edgeproof.adapters.database._engine import make_engine
from edgeproof.adapters.database._url import read_place
from edgeproof.domain.records import RunStatus
from fakes.ledger_values import make_decision, make_place, make_report, make_stage, make_trial, make_version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Engine

_ON_SQLITE = pytest.mark.parametrize("make_url", ["sqlite"], indirect=True, scope="module")
_ON_POSTGRESQL = pytest.mark.parametrize("make_url", ["postgresql"], indirect=True, scope="module")
_KEPT = ("trials", "strategy_versions", "reports", "ranking_decisions", "pool_entries", "cycles")


@pytest.fixture(scope="module")
def engine(make_url: Callable[[], str]) -> Iterator[Engine]:
    """A ledger with one finished cycle and everything in it; no test here changes it."""
    url = make_url()
    with open_ledger(url) as ledger:
        ledger.record_strategies([make_version()])
        ledger.record_trials([make_trial()])
        cycle = ledger.begin_cycle("run", {}, now_ms=1, pid=1)
        ledger.record_stage(cycle.cycle_id, make_stage("rank"), now_ms=2)
        ledger.record_ranking(cycle.cycle_id, [make_decision()], [make_place()])
        ledger.record_report(make_report(cycle.cycle_id))
        ledger.finish_cycle(cycle.cycle_id, RunStatus.DONE, now_ms=3)
    engine = make_engine(read_place(url))
    yield engine
    engine.dispose()


def _count(engine: Engine, table: str) -> int | None:
    with engine.connect() as connection:
        found: int | None = connection.scalar(text(f"SELECT count(*) FROM {table}"))  # noqa: S608 - our names
        return found


@pytest.mark.parametrize("table", _KEPT)
def test_what_was_recorded_is_not_deleted(engine: Engine, table: str) -> None:
    with pytest.raises(DBAPIError, match="the ledger only grows"), engine.begin() as connection:
        connection.execute(text(f"DELETE FROM {table}"))  # noqa: S608
    assert _count(engine, table) == 1


@pytest.mark.parametrize(
    "change",
    [
        "trials SET result_hash = 'better'",
        "trials SET trades = 1000",
        "strategy_versions SET text = ''",
        "reports SET json_text = '{}'",
        "ranking_decisions SET score = 100",
        "pool_entries SET rank = 1",
        "cycles SET status = 'running'",
        "cycles SET detail = 'fine'",
    ],
)
def test_what_was_recorded_is_not_changed(engine: Engine, change: str) -> None:
    with pytest.raises(DBAPIError, match="the ledger only grows"), engine.begin() as connection:
        connection.execute(text(f"UPDATE {change}"))


@_ON_SQLITE
def test_a_trial_is_not_replaced(engine: Engine) -> None:
    columns = "strategy_hash, strategy, params, venue, symbol, timeframe, window_start_ms, window_end_ms, data_hash, "
    columns += "costs, trades, metrics, first_day, daily_returns, result_hash, origin, created_ms"
    forged = f"INSERT OR REPLACE INTO trials (key, {columns}) SELECT key, {columns} FROM trials"  # noqa: S608
    with pytest.raises(DBAPIError, match="the ledger only grows"), engine.begin() as connection:
        connection.execute(text(forged))


@_ON_POSTGRESQL
@pytest.mark.parametrize("table", _KEPT)
def test_a_table_is_not_emptied(engine: Engine, table: str) -> None:
    with pytest.raises(DBAPIError, match="the ledger only grows"), engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {table} CASCADE"))
    assert _count(engine, table) == 1


def test_a_row_that_refers_to_no_cycle_is_refused(engine: Engine) -> None:
    orphan = "INSERT INTO reports (cycle_id, run_id, created_ms, json_text) VALUES (99, 'run', 1, '{}')"
    with pytest.raises(DBAPIError, match=r"(?i)foreign key"), engine.begin() as connection:
        connection.execute(text(orphan))


def test_a_status_nobody_knows_is_refused(engine: Engine) -> None:
    odd = "INSERT INTO cycles (run_id, status, request, started_ms, heartbeat_ms, pid, detail) "
    odd += "VALUES ('run', 'live', '{}', 1, 1, 1, '')"
    with pytest.raises(DBAPIError, match="ck_cycles_status"), engine.begin() as connection:
        connection.execute(text(odd))
