"""Where a table lies: a folder here, or a prefix in an object store."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from edgeproof.domain.errors import InvalidValue

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The home of one table.

    Attributes:
        url: What the Delta library opens.
        shown: What people read in messages.
        folder: The folder, when it is on this machine's disk.
        options: Keys and addresses of an object store; never shown.
    """

    url: str
    shown: str
    folder: Path | None
    options: Mapping[str, str] = field(default_factory=dict, repr=False)

    def locate(self, logged_path: str) -> str:
        """Where a file named in the log is, as polars reads it."""
        path = unquote(logged_path)
        return str(self.folder / path) if self.folder else f"{self.url}/{path}"


def place_table(lake: str | Path, table: str, options: Mapping[str, str] | None = None) -> Place:
    """Find the home of a table within a lake given as a path or a URL.

    Raises:
        InvalidValue: A local path holds a percent sign, which the Delta library would decode twice.
    """
    if isinstance(lake, str) and "://" in lake and not lake.startswith("file://"):
        url = f"{lake.rstrip('/')}/{table}"
        return Place(url=url, shown=url, folder=None, options=dict(options or {}))
    root = Path(unquote(urlsplit(lake).path)) if isinstance(lake, str) and "://" in lake else Path(lake)
    folder = root.expanduser().absolute() / table
    if "%" in str(folder):
        raise InvalidValue("lake", str(root), "a path without '%'")
    return Place(url=folder.as_uri(), shown=str(folder), folder=folder)
