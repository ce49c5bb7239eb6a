"""A server that is not there, not ready, or lost on the way."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import psycopg
import pytest

from edgeproof.adapters.database import LedgerUnavailable, _engine, open_ledger
from edgeproof.domain.errors import Busy
from fakes.ledger_values import make_trial

if TYPE_CHECKING:
    from fakes.postgres_server import PostgresServer


def _refused(url: str) -> str:
    with pytest.raises(LedgerUnavailable) as refused:
        open_ledger(url)
    told = str(refused.value)
    assert "\n" not in told
    assert "hunter2" not in told
    return told


def test_a_server_that_does_not_listen_is_said_in_one_line() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        told = _refused(f"postgresql://desk:hunter2@127.0.0.1:{port}/edge")
    assert f"cannot use the ledger postgresql://desk:***@127.0.0.1:{port}/edge" in told
    assert "refused" in told


def test_a_server_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_engine, "_CONNECT_TIMEOUT_S", 2)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        assert "timeout" in _refused(f"postgresql://desk@127.0.0.1:{silent.getsockname()[1]}/edge")


def test_a_database_or_a_user_that_does_not_exist_is_named(postgres: PostgresServer) -> None:
    assert 'database "nowhere" does not exist; create it first' in _refused(postgres.url("nowhere"))
    assert 'role "stranger" does not exist' in _refused(
        f"postgresql://stranger:hunter2@/postgres?host={postgres.folder}"
    )


def test_a_parameter_nobody_knows_is_said_in_one_line(postgres: PostgresServer) -> None:
    assert "sslmoed" in _refused(postgres.url("postgres") + "&sslmoed=require")


def test_a_user_who_may_not_create_tables_is_told(postgres: PostgresServer, postgres_url: str) -> None:
    database = postgres_url.partition("@/")[2].partition("?")[0]
    postgres.execute("DROP ROLE IF EXISTS reader")
    postgres.execute("CREATE ROLE reader LOGIN")
    told = _refused(f"postgresql://reader@/{database}?host={postgres.folder}")
    assert "permission denied for schema public; grant the user the right" in told


def test_a_schema_of_its_own_is_used(postgres: PostgresServer, postgres_url: str) -> None:
    database = postgres_url.partition("@/")[2].partition("?")[0]
    postgres.execute("CREATE SCHEMA desk", database)
    with open_ledger(f"{postgres_url}&options=-csearch_path%3Ddesk") as ledger:
        ledger.record_trials([make_trial()])
    with psycopg.connect(postgres_url) as connection:
        assert connection.execute("SELECT count(*) FROM desk.trials").fetchone() == (1,)


def test_a_connection_the_server_cut_is_made_anew(postgres: PostgresServer, postgres_url: str) -> None:
    with open_ledger(postgres_url) as ledger:
        ledger.record_trials([make_trial("k1")])
        postgres.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'edgeproof'")
        assert ledger.record_trials([make_trial("k2")]) == 1
        assert ledger.count_trials() == 2


def test_a_writer_that_waits_too_long_says_who_it_waits_for(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_ledger(postgres_url) as ledger, open_ledger(postgres_url) as other:
        monkeypatch.setattr(_engine, "_LOCK_WAIT_S", 0.1)
        with other._write() as session:  # noqa: SLF001 - a unit of work that does not end
            session.connection()
            with pytest.raises(Busy, match="stayed locked by another process"):
                ledger.record_trials([make_trial()])
        assert ledger.record_trials([make_trial()]) == 1
