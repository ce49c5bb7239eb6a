"""Where strategies come from: the built-in library, files, folders and text."""

from __future__ import annotations

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
    if "/" in source or source.endswith(_SUFFIXES):
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
    strategies: dict[str, Strategy] = {}
    errors: list[RequestError] = []
    for file in sorted(directory.iterdir()) if directory.is_dir() else []:
        if not _is_yaml(file.name):
            continue
        try:
            strategy = load_strategy(file)
        except RequestError as error:
            errors.append(error)
        except Unreadable as error:
            errors.append(RequestError(str(error)))
        else:
            if strategy.name in strategies or strategy.name in library_names():
                errors.append(NameTaken(file.name, strategy.name))
            else:
                strategies[strategy.name] = strategy
    return list(strategies.values()), errors


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


def _is_yaml(name: str) -> bool:
    return name.endswith(_SUFFIXES) and not name.startswith(".")
