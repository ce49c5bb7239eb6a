"""Where a ledger is kept: a SQLite file or a PostgreSQL database, read from what a person wrote."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from edgeproof.domain.errors import InvalidValue

_EXPECTED: Final = "sqlite:///FILE or postgresql://USER@HOST/DATABASE"
_SQLITE_SCHEMES: Final = ("sqlite", "sqlite+pysqlite")
_POSTGRESQL_SCHEMES: Final = ("postgresql", "postgres", "postgresql+psycopg")
_MASK: Final = "***"
# libpq takes these in the query part of a URL as well as in its head.
_SECRET_PARAMETERS: Final = ("password", "sslpassword", "passfile")
_USER_PART: Final = re.compile(r"://[^/]*@")
_SECRET_PART: Final = re.compile(rf"\b({'|'.join(_SECRET_PARAMETERS)})=[^&\s]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a ledger is kept; its text has no password in it."""

    url: URL

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file of SQLite's."""
        return self.url.get_backend_name() == "sqlite"

    def without_secrets(self, text: str) -> str:
        """The text with every password of this place masked."""
        for secret in self._secrets():
            text = text.replace(secret, _MASK)
        return text

    def _secrets(self) -> list[str]:
        given = [self.url.password, *(self.url.query.get(name) for name in _SECRET_PARAMETERS)]
        return [str(secret) for secret in given if secret]

    def __str__(self) -> str:
        if self.is_sqlite:
            return str(self.url.database)
        shown = self.url.set(drivername="postgresql").difference_update_query(_SECRET_PARAMETERS)
        return shown.render_as_string(hide_password=True)


def read_place(url: str | Path) -> Place:
    """Read where a ledger is kept.

    Args:
        url: ``sqlite:///FILE`` (everything after the third slash is the path, whatever is in it), a path, or
            ``postgresql://USER:PASSWORD@HOST:PORT/DATABASE``.

    Raises:
        InvalidValue: It names neither.
    """
    if isinstance(url, Path):
        return _place_file(str(url), str(url))
    scheme, separator, rest = url.partition("://")
    if not separator:
        raise InvalidValue("ledger URL", mask_secrets(url), _EXPECTED)
    if scheme in _SQLITE_SCHEMES:
        return _place_file(rest.removeprefix("/"), url)
    if scheme not in _POSTGRESQL_SCHEMES:
        raise InvalidValue("ledger URL", mask_secrets(url), _EXPECTED)
    return _place_server(f"postgresql+psycopg://{rest}", url)


def mask_secrets(url: str) -> str:
    """A URL as it may be shown, even one that cannot be read."""
    return _SECRET_PART.sub(rf"\1={_MASK}", _USER_PART.sub(f"://{_MASK}@", url))


def _place_file(path: str, told: str) -> Place:
    if path in {"", ":memory:"} or path.startswith("file:"):
        raise InvalidValue("ledger URL", told, f"a file that stays when the program ends, as {_EXPECTED}")
    return Place(URL.create("sqlite+pysqlite", database=path))


def _place_server(url: str, told: str) -> Place:
    try:
        read = make_url(url)
    except (ArgumentError, ValueError):
        raise InvalidValue("ledger URL", mask_secrets(told), _EXPECTED) from None
    if not read.database:
        raise InvalidValue("ledger URL", mask_secrets(told), f"{_EXPECTED}, with the name of a database")
    return Place(read)
