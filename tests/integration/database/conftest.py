"""Both engines: a SQLite file, and a PostgreSQL server started when the first test asks for it."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from fakes.postgres_server import PostgresServer, PostgresUnavailable, run_postgres

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The server, or a skip that says why there is none."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(run_postgres())
        except PostgresUnavailable as reason:
            pytest.skip(f"no PostgreSQL here: {reason}")
        yield server


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> Iterator[str]:
    """An empty PostgreSQL database of this test's own."""
    with postgres.fresh_database() as url:
        yield url


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def make_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], str]]:
    """Makes URLs of empty databases, once on either engine."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            yield lambda: f"sqlite:///{tmp_path_factory.mktemp('ledger')}/ledger.sqlite"
        else:
            server: PostgresServer = request.getfixturevalue("postgres")
            yield lambda: stack.enter_context(server.fresh_database())


@pytest.fixture
def url(make_url: Callable[[], str]) -> str:
    """An empty database, once on either engine."""
    return make_url()
