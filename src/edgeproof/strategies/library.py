"""Where strategies come from: the built-in library, files, folders and text."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edgeproof.domain.errors import InvalidValue, RequestError, UnknownName, Unreadable
from edgeproof.strategies.document import MAX_CHARACTERS, Source
from edgeproof.strategies.errors import StrategyError
from edgeproof.strategies.reading import parse_strategy

if TYPE_CHECKING:
    from edgeproof.strategies.strategy import Strategy

_SUFFIXES: Final = (".yaml", ".yml")
_LIBRARY: Final = resources.files("edgeproof.strategies") / "library"


def load_strategy(source: str | Path) -> Strategy:
    """Load one strategy.

    Args:
        source: The name of a built-in strategy, the path of a file, or YAML text. A ``Path`` is always a file; text is
            YAML where it has a line break or a colon and a space, a file where it has a slash or ends like one.

    Raises:
        StrategyError: The text is not a strategy; with line, column and reason.
        UnknownName: No built-in strategy has that name.
        InvalidValue: There is no such file, or that is no name, path or text.
        Unreadable: The file cannot be read.
    """
    if not isinstance(source, (str, Path)):
        raise InvalidValue("strategy", source, "a name in the library, a path, or YAML text")
    if isinstance(source, Path):
        return parse_strategy(read_text(source), file=source.name)
    if "\n" in source or ": " in source:
        return parse_strategy(source)
    if is_path(source):
        return load_strategy(Path(source).expanduser())
    if source not in library_names():
        raise UnknownName("strategy", source, library_names())
    return _load_built_in(source)


@cache
def library_names() -> tuple[str, ...]:
    """Names of the built-in strategies, sorted."""
    return tuple(sorted(entry.name.removesuffix(".yaml") for entry in _LIBRARY.iterdir() if _is_yaml(entry.name)))


def load_library() -> tuple[Strategy, ...]:
    """Every built-in strategy, by name."""
    return tuple(_load_built_in(name) for name in library_names())


def load_directory(directory: Path) -> tuple[list[Strategy], list[RequestError]]:
    """Load a folder of strategies, beside the library; a broken file stops no other.

    Returns:
        The strategies in the order of their files' names, and one error for each file that is not a strategy or whose
        name is taken, by the library or by a file before it. Nothing where there is no such folder.
    """
    found = _read_directory(directory)
    strategies = [one for one in found.values() if not isinstance(one, RequestError)]
    return strategies, [one for one in found.values() if isinstance(one, RequestError)]


def find_strategy(name: str, directory: Path | None = None) -> Strategy:
    """Find a strategy as a person names it: by its name, in the library or a folder, or by the path of a file.

    Raises:
        RequestError: What is wrong with the file in the folder that is called so, or says that it is.
        UnknownName: There is none of that name.
    """
    if is_path(name):
        return load_strategy(Path(name).expanduser())
    if name in library_names():
        return _load_built_in(name)
    found = {} if directory is None else _read_directory(directory)
    own = {one.name: one for one in found.values() if not isinstance(one, RequestError)}
    if name in own:
        return own[name]
    for file, error in found.items():
        if isinstance(error, RequestError) and (file.stem == name or _says_name(file, name)):
            raise error
    raise UnknownName("strategy", name, {*library_names(), *own})


def is_path(text: str) -> bool:
    """Whether a person means a file by it, not a name."""
    return "/" in text or text.endswith(_SUFFIXES)


class NameTaken(RequestError):  # noqa: N818 - reads as what happened
    """Two strategies of one name.

    Args:
        file: The file that came second.
        name: The name both have.
    """

    def __init__(self, file: str, name: str) -> None:
        self.file = file
        self.name = name
        super().__init__(f"{file}: there is another strategy called '{name}'; give this one a name of its own")

    def __reduce__(self) -> tuple[type[NameTaken], tuple[str, str]]:
        return (type(self), (self.file, self.name))


def read_text(path: Path) -> str:
    """The text of a strategy file.

    Raises:
        InvalidValue: There is no such file.
        Unreadable: The system refuses to read it.
        StrategyError: It is too large, or not UTF-8.
    """
    if not path.is_file():
        raise InvalidValue("strategy file", str(path), "a YAML file that exists")
    try:
        with path.open("rb") as file:
            raw = file.read(4 * MAX_CHARACTERS + 1)
    except OSError as error:
        raise Unreadable(str(path), error.strerror or str(error)) from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        known = Source(name=path.name, text=raw[: error.start].decode("utf-8-sig", "replace"))
        raise StrategyError(known.place(len(known.text)), "not UTF-8 text; save the file as UTF-8") from None


@cache
def _load_built_in(name: str) -> Strategy:
    return parse_strategy((_LIBRARY / f"{name}.yaml").read_text("utf-8"), file=f"{name}.yaml")


def _read_directory(directory: Path) -> dict[Path, Strategy | RequestError]:
    """Each file's strategy, or why it has none, in the order of their names."""
    found: dict[Path, Strategy | RequestError] = {}
    taken = set(library_names())
    for file in sorted(directory.iterdir()) if directory.is_dir() else []:
        if not _is_yaml(file.name):
            continue
        try:
            strategy = load_strategy(file)
        except RequestError as error:
            found[file] = error
        except Unreadable as error:
            found[file] = RequestError(str(error))
        else:
            found[file] = NameTaken(file.name, strategy.name) if strategy.name in taken else strategy
            taken.add(strategy.name)
    return found


def _says_name(file: Path, name: str) -> bool:
    """Whether a text that is no strategy still says what it is called."""
    try:
        text = read_text(file)
    except (RequestError, Unreadable):
        return False
    return re.search(rf"""^name:\s*["']?{re.escape(name)}["']?\s*(#.*)?$""", text, re.MULTILINE) is not None


def _is_yaml(name: str) -> bool:
    return name.endswith(_SUFFIXES) and not name.startswith(".")
