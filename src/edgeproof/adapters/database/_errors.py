"""What can go wrong with a ledger's database, said in one line and without passwords.

EdgeproofError
├── RequestError
│   ├── InvalidValue        a URL that names no ledger
│   ├── MissingDriver       a URL whose database needs a package that is not installed
│   └── NewerLedger         a ledger written by a later edgeproof
└── WorkError
    ├── Busy                another process kept the ledger locked for too long
    ├── Unreadable          a file that is no database, or a damaged one
    └── LedgerUnavailable   a database that cannot be opened, reached or written now
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from edgeproof.domain.errors import Busy, EdgeproofError, RequestError, Unreadable, WorkError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edgeproof.adapters.database._url import Place

_NOT_A_DATABASE = ("file is not a database", "malformed", "file is encrypted", "disk image")
_LOCKED = ("database is locked", "database table is locked", "database schema is locked", "lock timeout")
_HINTS = {
    "unable to open": "check that its folder exists and that you may write there",
    "readonly": "make the file and its folder writable",
    "read-only": "make the database writable",
    "is full": "free some space",
    "disk i/o": "check that the disk has room and works",
    "no space": "free some space",
    "already exists": "it holds tables of something else; give the ledger a database or schema of its own",
    "password authentication": "check the user and the password",
    "no password supplied": "name the variable that holds the password",
    "does not exist": "create it first, and check the names in the URL",
    "permission denied": "grant the user the right to create tables there",
}


class MissingDriver(RequestError):  # noqa: N818 - reads as what happened
    """A database whose driver is not installed.

    Args:
        place: The ledger's URL, without its password.
    """

    def __init__(self, place: str) -> None:
        self.place = place
        super().__init__(
            f"ledger {place} needs the PostgreSQL driver, which is not installed; "
            "install it with `pip install 'edgeproof[postgres]'`"
        )

    def __reduce__(self) -> tuple[type[MissingDriver], tuple[str]]:
        return (type(self), (self.place,))


class NewerLedger(RequestError):  # noqa: N818
    """A ledger written by a later edgeproof.

    Args:
        place: The ledger's file or URL.
        revision: The schema revision it is at.
        known: The newest revision this edgeproof knows.
    """

    def __init__(self, place: str, revision: str, known: str) -> None:
        self.place = place
        self.revision = revision
        self.known = known
        super().__init__(
            f"ledger {place} has schema revision {revision}, this edgeproof knows up to {known}; "
            "upgrade edgeproof to open it"
        )

    def __reduce__(self) -> tuple[type[NewerLedger], tuple[str, str, str]]:
        return (type(self), (self.place, self.revision, self.known))


class LedgerUnavailable(WorkError):  # noqa: N818
    """A ledger that cannot be opened, reached or written now.

    Args:
        place: The ledger's file or URL.
        reason: What the database said.
        cure: What to do about it.
    """

    def __init__(self, place: str, reason: str, cure: str) -> None:
        self.place = place
        self.reason = reason
        self.cure = cure
        super().__init__(f"cannot use the ledger {place}: {reason}; {cure}")

    def __reduce__(self) -> tuple[type[LedgerUnavailable], tuple[str, str, str]]:
        return (type(self), (self.place, self.reason, self.cure))


@contextmanager
def told_plainly(place: Place) -> Iterator[None]:
    """Turn what the database raises inside the block into one of this package's errors."""
    try:
        yield
    except (SQLAlchemyError, OverflowError, UnicodeError) as error:
        raise explain(error, place) from error


def explain(error: Exception, place: Place) -> EdgeproofError:
    """The error that says what the database meant, in one line, without the password."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    said = place.without_secrets(_first_line(str(cause)) or type(cause).__name__)
    lower = said.lower()
    if any(sign in lower for sign in _LOCKED):
        return Busy(f"the ledger {place} stayed locked by another process; wait for it to finish, then try again")
    if any(sign in lower for sign in _NOT_A_DATABASE):
        return Unreadable(f"the ledger {place}", f"{said}; restore it from a backup, or move it away to begin anew")
    cure = next((cure for sign, cure in _HINTS.items() if sign in lower), "check that it is up and may be written")
    return LedgerUnavailable(str(place), said, cure)


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")
