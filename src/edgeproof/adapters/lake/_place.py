"""Where a table lies: a folder here, or a prefix in an object store."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from edgeproof.domain.errors import InvalidValue, Unreadable

if TYPE_CHECKING:
    from collections.abc import Mapping

_REMOTE_SCHEME: Final = "s3"


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

    def require_folder(self) -> None:
        """Refuse a place on this disk where a file stands in the way.

        Raises:
            Unreadable: The table's folder, or the lake's, is a file.
        """
        for folder in (self.folder, self.folder.parent) if self.folder else ():
            if folder.exists() and not folder.is_dir():
                raise Unreadable(str(folder), "a file stands where a folder should be; move it away")

    def has_data(self) -> bool:
        """Whether files of a table lie here, with or without a log. Always False for an object store."""
        if self.folder is None or not self.folder.exists():
            return False
        return any(entry.name.startswith("venue=") for entry in self.folder.iterdir())


def place_table(lake: str | Path, table: str, options: Mapping[str, str] | None = None) -> Place:
    """Find the home of a table within a lake given as a path or a URL.

    Raises:
        InvalidValue: The URL names no bucket or is of a kind nobody tested, or a local path holds a percent sign, which
            the Delta library would decode twice.
    """
    scheme, separator, rest = str(lake).partition("://") if isinstance(lake, str) else ("", "", "")
    if not separator:
        root = Path(lake)
    elif scheme == "file":
        root = Path(unquote(rest))
    elif scheme == _REMOTE_SCHEME and rest.strip("/"):
        url = f"{scheme}://{rest.rstrip('/')}/{table}"
        return Place(url=url, shown=url, folder=None, options=dict(options or {}))
    else:
        raise InvalidValue("lake", lake, "a folder, or a URL such as s3://bucket/prefix")
    folder = root.expanduser().absolute() / table
    if "%" in str(folder):
        raise InvalidValue("lake", str(root), "a path without '%'")
    return Place(url=folder.as_uri(), shown=str(folder), folder=folder)


def find_folder(lake: str | Path) -> Path | None:
    """The folder of a lake on this machine's disks; None for one in an object store.

    Raises:
        InvalidValue: As :func:`place_table`.
    """
    folder = place_table(lake, "trades").folder
    return None if folder is None else folder.parent
