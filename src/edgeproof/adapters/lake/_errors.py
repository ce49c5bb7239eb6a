"""What can go wrong with a lake, as one line each.

WorkError
├── Busy            another process keeps the table
├── Unreadable      a table or file that is not what it should be
└── Unwritable      rows could not be put to rest
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import polars as pl
import pyarrow as pa
from deltalake.exceptions import DeltaError

from edgeproof.domain.errors import EdgeproofError, Unreadable, WorkError

if TYPE_CHECKING:
    from collections.abc import Iterator

STORE_ERRORS: Final = (DeltaError, OSError, pl.exceptions.PolarsError, pa.ArrowException)

_LONGEST_REASON: Final = 200
_COLOURS: Final = re.compile(r"\x1b\[[0-9;]*m|↳")
_NOISE: Final = re.compile(r"Kernel error ?(:|->)|Generic delta kernel error:|\(set POLARS_VERBOSE=1 [^)]*\)")
_STACK: Final = re.compile(r"^\s*\d+: |^\s*$|\w+ \{")  # a frame, a blank line, or a structure printed whole
_CURES: Final = (
    (r"no space left|disk quota|file too large", "free some space and run again; nothing half-written is in the table"),
    (
        r"permission denied|read-only|access ?denied|forbidden",
        "make it writable, or name another lake in edgeproof.toml",
    ),
    (r"not a directory|file exists|is a directory", "a file stands where a folder should be: move it away"),
    (r"no ?such ?bucket|bucket does not exist", "create the bucket, or name another one in edgeproof.toml"),
    (r"scheme is not allowed", "an http:// address needs the storage option aws_allow_http = true"),
    (r"parse config|recognise url|panicked", "check the lake's URL and storage options"),
    (r"connect|timed? ?out|dns|unreachable|error sending request", "check that the store is up at that address"),
)


class Unwritable(WorkError):  # noqa: N818 - reads as what happened
    """Rows that could not be put to rest.

    Args:
        what: The table or folder.
        reason: Why not.
    """

    def __init__(self, what: str, reason: str) -> None:
        self.what = what
        self.reason = reason
        super().__init__(f"cannot write {what}: {reason}")

    def __reduce__(self) -> tuple[type[Unwritable], tuple[str, str]]:
        return (type(self), (self.what, self.reason))


@contextmanager
def reading(place: str) -> Iterator[None]:
    """Tell whatever fails inside as ``Unreadable``."""
    try:
        yield
    except EdgeproofError:
        raise
    except STORE_ERRORS as error:
        fallback = "bring it back from a backup, or move the table's folder away and import again"
        raise Unreadable(place, explain(error, fallback)) from error


@contextmanager
def writing(place: str) -> Iterator[None]:
    """Tell whatever fails inside as ``Unwritable``."""
    try:
        yield
    except EdgeproofError:
        raise
    except STORE_ERRORS as error:
        raise Unwritable(place, explain(error, "rows acknowledged before are safe; run again")) from error


def explain(error: BaseException, fallback: str) -> str:
    """One line: what the store said, and what to do about it."""
    told = []
    for line in _COLOURS.sub("", str(error)).splitlines():
        end = _STACK.search(line)
        told.append(line[: end.start()] if end else line)
        if end:
            break
    said = " ".join(_NOISE.sub("", " ".join(told)).split())[:_LONGEST_REASON].strip(" :.;")
    whole = f"{type(error).__name__} {error}"
    cure = next((cure for sign, cure in _CURES if re.search(sign, whole, re.IGNORECASE)), fallback)
    return f"{said or type(error).__name__}; {cure}"
