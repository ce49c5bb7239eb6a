"""What can go wrong, as a tree.

EdgeproofError
├── RequestError            the request was wrong; the caller changes it (exit status 2)
│   ├── UnknownName         a name that is not registered; offers the nearest one
│   ├── InvalidValue        a value of the wrong kind or outside its range
│   ├── SchemaMismatch      a frame whose columns are not those its table declares
│   └── MissingExtra        an optional library that is not installed
└── WorkError               the request was right, the work failed (exit status 1)
    ├── Busy                another run holds the workspace
    └── Unreadable          a file or table that cannot be read as what it claims to be

Floors add leaves of their own beside the code that raises them. Every message is one line: what was wrong, what was
expected, what to do.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_MOST_NAMES_SHOWN = 12
_MOST_CHARACTERS_TOLD = 200


class EdgeproofError(Exception):
    """Root of everything this package raises on purpose."""


class RequestError(EdgeproofError):
    """The request was wrong; changing the request helps."""


class WorkError(EdgeproofError):
    """The request was right, but the work could not be done."""


class UnknownName(RequestError):  # noqa: N818 - reads as what happened
    """A name nobody registered.

    Args:
        kind: What the name should have named, such as ``"feature"``.
        name: The name that was asked for.
        known: Every name that would have been accepted.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        self.kind = kind
        self.name = name
        self.known = tuple(sorted(known))
        super().__init__(f"no {kind} {tell_value(name)}; {offer_names(name, self.known)}")

    def __reduce__(self) -> tuple[type[UnknownName], tuple[str, str, tuple[str, ...]]]:
        return (type(self), (self.kind, self.name, self.known))


class InvalidValue(RequestError):  # noqa: N818
    """A value of the wrong kind or outside its range.

    Args:
        what: What the value is for, such as ``"timeframe"``.
        value: The value that was given.
        expected: What would have been accepted.
    """

    def __init__(self, what: str, value: object, expected: str) -> None:
        self.what = what
        self.value = value
        self.expected = expected
        super().__init__(f"{what} cannot be {tell_value(value)}; expected {expected}")

    def __reduce__(self) -> tuple[type[InvalidValue], tuple[str, object, str]]:
        return (type(self), (self.what, self.value, self.expected))


class SchemaMismatch(RequestError):  # noqa: N818
    """A frame whose columns are not those its table declares.

    Args:
        table: The declared table, such as ``"bars"``.
        problems: Column name to what is wrong with it.
    """

    def __init__(self, table: str, problems: Mapping[str, str]) -> None:
        self.table = table
        self.problems = dict(problems)
        told = "; ".join(f"{column}: {problem}" for column, problem in self.problems.items())
        super().__init__(f"not a frame of {table}: {told}")

    def __reduce__(self) -> tuple[type[SchemaMismatch], tuple[str, dict[str, str]]]:
        return (type(self), (self.table, self.problems))


class MissingExtra(RequestError):  # noqa: N818
    """An optional library that is not installed.

    Args:
        what: What needs it.
        library: The library.
        extra: The extra of edgeproof that brings it.
    """

    def __init__(self, what: str, library: str, extra: str) -> None:
        self.what = what
        self.library = library
        self.extra = extra
        super().__init__(f"{what} needs {library}, which is not installed: pip install 'edgeproof[{extra}]'")

    def __reduce__(self) -> tuple[type[MissingExtra], tuple[str, str, str]]:
        return (type(self), (self.what, self.library, self.extra))


class Busy(WorkError):  # noqa: N818
    """Another run holds what this one needs."""


class Unreadable(WorkError):  # noqa: N818
    """Something that cannot be read as what it claims to be.

    Args:
        what: The file, table or message.
        reason: Why it cannot be read.
    """

    def __init__(self, what: str, reason: str) -> None:
        self.what = what
        self.reason = reason
        super().__init__(f"cannot read {what}: {reason}")

    def __reduce__(self) -> tuple[type[Unreadable], tuple[str, str]]:
        return (type(self), (self.what, self.reason))


def tell_value(value: object) -> str:
    """A value as Python writes it, on one line and cut where it is long; of arrays and frames kind and shape alone."""
    shape = getattr(value, "shape", ())
    if isinstance(shape, tuple) and shape:
        return f"{type(value).__name__} of shape {shape}"
    told = " ".join(repr(value).split())
    return told if len(told) <= _MOST_CHARACTERS_TOLD else f"{told[:_MOST_CHARACTERS_TOLD]}..."


def offer_names(name: str, known: Iterable[str]) -> str:
    """Say which names exist, the nearest first: the tail of an error message."""
    names = sorted(known)
    if not names:
        return "none are known"
    near = get_close_matches(name, names, n=1, cutoff=0.5)
    listed = ", ".join(names[:_MOST_NAMES_SHOWN])
    more = f" and {len(names) - _MOST_NAMES_SHOWN} more" if len(names) > _MOST_NAMES_SHOWN else ""
    return (f"did you mean '{near[0]}'? " if near else "") + f"known are {listed}{more}"
