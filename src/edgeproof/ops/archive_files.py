"""From what a person names to the files that are meant: folders walked, globs expanded, wrong paths refused."""

from __future__ import annotations

import glob
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edgeproof.domain.errors import RequestError
from edgeproof.market.archives import SUFFIXES, read_name, recognise

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_GLOB_SIGNS: Final = frozenset("*?[")


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveFile:
    """One file that was found.

    Attributes:
        path: Where it is.
        size: Bytes.
        ignored: Why it is left alone; empty where it is to be read. A file somebody named is always read.
    """

    path: Path
    size: int
    ignored: str = ""


def find_files(paths: Sequence[Path | str]) -> list[ArchiveFile]:
    """The files that paths, folders (with all below them) and globs mean, each once, in order of the request.

    Raises:
        RequestError: A path does not exist, or a glob or the whole request matches nothing.
    """
    # An empty path is a variable that was not set, and would mean the current folder.
    if not paths or not all(str(path).strip() for path in paths):
        raise RequestError("a path to import is empty; name files, folders or globs")
    found: dict[Path, ArchiveFile] = {}
    for path in paths:
        for file in _expand(Path(path).expanduser()):
            known = found.get(file.path.resolve())
            if known is None or (known.ignored and not file.ignored):
                found[file.path.resolve()] = file
    if not found:
        raise RequestError(f"no file in {', '.join(str(path) for path in paths)}; read are {', '.join(SUFFIXES)}")
    return list(found.values())


def _expand(path: Path) -> Iterator[ArchiveFile]:
    if path.is_dir():
        yield from _walk(path)
    elif path.exists():
        yield ArchiveFile(path=path, size=path.stat().st_size)
    elif _GLOB_SIGNS & set(str(path)):
        matches = sorted(glob.glob(str(path), recursive=True))  # noqa: PTH207 - Path.glob takes no absolute pattern
        if not matches:
            raise RequestError(f"no file matches {path}; check the pattern, or quote it so that the shell leaves it")
        for match in map(Path, matches):
            yield from _walk(match) if match.is_dir() else [_look_at(match)]
    else:
        raise RequestError(f"no such file or folder: {path}{_offer_neighbour(path)}")


def _walk(folder: Path) -> Iterator[ArchiveFile]:
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.is_file() and not hidden:
            yield _look_at(path)


def _look_at(path: Path) -> ArchiveFile:
    """A file nobody named himself: one that is no market data by its name is left alone."""
    aside = read_name(path.resolve()).set_aside if recognise(path) else "no format of market data by its name"
    return ArchiveFile(path=path, size=path.stat().st_size, ignored=aside)


def _offer_neighbour(path: Path) -> str:
    try:
        names = [neighbour.name for neighbour in path.parent.iterdir()]
    except OSError:
        return f"; {path.parent} does not exist either"
    near = get_close_matches(path.name, names, n=1)
    return f"; did you mean {path.parent / near[0]}?" if near else ""
