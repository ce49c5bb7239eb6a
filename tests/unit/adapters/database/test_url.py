from __future__ import annotations

from pathlib import Path

import pytest

from edgeproof.adapters.database._url import mask_secrets, read_place
from edgeproof.domain.errors import InvalidValue


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///ledger.sqlite", "ledger.sqlite"),
        ("sqlite:////srv/desk/ledger.sqlite", "/srv/desk/ledger.sqlite"),
        ("sqlite+pysqlite:////srv/ledger.sqlite", "/srv/ledger.sqlite"),
        ("sqlite:////srv/100% sure?/ledger #1.sqlite", "/srv/100% sure?/ledger #1.sqlite"),
        (Path("/srv/desk?mode=memory/ledger.sqlite"), "/srv/desk?mode=memory/ledger.sqlite"),
    ],
)
def test_a_file_is_named_by_path_or_url_whatever_characters_it_has(url: str | Path, path: str) -> None:
    place = read_place(url)
    assert place.is_sqlite
    assert place.url.database == str(place) == path


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_a_postgresql_url_goes_to_psycopg_and_shows_no_password(scheme: str) -> None:
    place = read_place(f"{scheme}://desk:hunter2@db.example:5433/edge?sslmode=require")
    assert place.url.drivername == "postgresql+psycopg"
    assert place.url.password == "hunter2"  # noqa: S105 - an example
    assert str(place) == "postgresql://desk:***@db.example:5433/edge?sslmode=require"


def test_a_password_among_the_parameters_is_left_out() -> None:
    place = read_place("postgresql://desk@db.example/edge?password=hunter2&sslpassword=hunter3")
    assert str(place) == "postgresql://desk@db.example/edge"
    assert place.without_secrets("no hunter2, no hunter3") == "no ***, no ***"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ledger.sqlite",
        "mysql://desk:hunter2@db.example/edge",
        "postgresql+psycopg2://desk:hunter2@db.example/edge",
        "postgresql+asyncpg://desk:hunter2@db.example/edge",
        "postgresql://desk:hunter2@db.example",
        "postgresql://desk:hunter2@db.example:port/edge",
        "postgresql://desk@db.example?password=hunter2",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:///file:edge?mode=memory",
    ],
)
def test_what_names_no_ledger_is_refused_in_one_line_without_the_password(url: str) -> None:
    with pytest.raises(
        InvalidValue, match=r"ledger URL cannot be .*; expected .*sqlite:///FILE or postgresql://"
    ) as refused:
        read_place(url)
    assert "hunter" not in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("url", ["postgresql://desk:p@ss/w:rd@db.example/edge", "postgresql://desk:a@b@c/edge"])
def test_a_password_with_odd_characters_is_masked_whole(url: str) -> None:
    assert mask_secrets(url).startswith("postgresql://***@")
    assert "p@ss" not in mask_secrets(url)
