"""`edgeproof strategies`: list, show and check them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgeproof.cli._door import JsonOption, WorkspaceOption, answer, open_stderr

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console

    from edgeproof.domain.errors import RequestError
    from edgeproof.strategies import Inspection, Strategy

commands = typer.Typer(name="strategies", help="Strategies: the built-in library and your own.", no_args_is_help=True)
_WRONG_REQUEST = 2


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.add_typer(commands)


@commands.command("list")
def list_strategies(
    tag: Annotated[str | None, typer.Option("--tag", help="Only those with this tag, such as trend.")] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """List every strategy: the library's, and those in the workspace's strategies folder."""
    from edgeproof.domain.errors import UnknownName

    found, errors = _gather(workspace)
    tags = {word for strategy in found for word in strategy.tags}
    if tag is not None and tag not in tags:
        raise UnknownName("tag", tag, tags)
    chosen = [strategy for strategy in found if tag is None or tag in strategy.tags]
    document = {
        "strategies": [_summarise(strategy) for strategy in chosen],
        "refused": [str(error) for error in errors],
    }

    def show(console: Console) -> None:
        from rich.table import Table

        table = Table(box=None, pad_edge=False)
        for heading in ("name", "bars", "thesis"):
            table.add_column(heading, no_wrap=heading != "thesis")
        for strategy in chosen:
            table.add_row(strategy.name, strategy.timeframe.name, strategy.thesis)
        console.print(table)

    answer(document, as_json=as_json, show=show)
    _tell_refused(errors)


@commands.command("show")
def show_strategy(
    name: Annotated[str, typer.Argument(help="Name of a strategy, or path of a file.")],
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one strategy: its canonical text, params, features and warm-up."""
    from edgeproof.domain.time import MS_PER_DAY
    from edgeproof.features import FEATURES
    from edgeproof.strategies import count_warm_up

    strategy = _find(name, workspace)
    features = [FEATURES[feature] for feature in strategy.features]
    warm_up_bars = count_warm_up(strategy)
    warm_up_days = warm_up_bars * strategy.timeframe.ms / MS_PER_DAY
    document = _summarise(strategy) | {
        "source": strategy.source,
        "warm_up_bars": warm_up_bars,
        "features": [{"name": f.name, "family": f.family, "meaning": f.meaning} for f in features],
        "text": strategy.to_yaml(),
    }

    def show(console: Console) -> None:
        _show_text(console, strategy.to_yaml())
        _show_table(
            console,
            ("param", "default", "low", "high", "kind"),
            [
                (key, f"{p.default:g}", f"{p.low:g}", f"{p.high:g}", "whole" if p.integer else "any")
                for key, p in strategy.params.items()
            ],
        )
        _show_table(console, ("feature", "meaning"), [(f.name, f.meaning) for f in features])
        console.print(f"decisions are final after {warm_up_bars:,} bars of history ({warm_up_days:.1f} days)")
        console.print(f"hash: {strategy.hash}")

    answer(document, as_json=as_json, show=show)


@commands.command("check")
def check_strategies(
    targets: Annotated[
        list[str] | None,
        typer.Argument(help="Files, folders or names; all there are by default.", show_default=False),
    ] = None,
    write: Annotated[bool, typer.Option("--write", help="Rewrite files in their canonical spelling.")] = False,
    drop_comments: Annotated[
        bool, typer.Option("--drop-comments", help="Let --write remove comments, which have no canonical place.")
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Check strategies: say what is wrong and where, or name the content; exit 2 if any is refused."""
    results = [
        _check(target, workspace, write=write, drop_comments=drop_comments) for target in _expand(targets, workspace)
    ]
    if not targets:
        _refuse_taken_names(results)
    refused = [result for result in results if result["error"]]

    def show(console: Console) -> None:
        for result in results:
            if not result["error"]:
                console.print(f"{result['hash']}  {result['target']}{_describe(result)}", soft_wrap=True)

    answer({"checked": results, "refused": len(refused)}, as_json=as_json, show=show)
    for result in refused:
        open_stderr().print(f"error: {result['error']['message']}", markup=False, soft_wrap=True)
    return _WRONG_REQUEST if refused else 0


def _gather(workspace: Path | None) -> tuple[Sequence[Strategy], Sequence[RequestError]]:
    """Library and workspace; without a workspace, unless one was named, the library alone."""
    from edgeproof.strategies import load_directory, load_library

    folder = _find_folder(workspace)
    own, errors = ([], []) if folder is None else load_directory(folder)
    return [*load_library(), *own], errors


def _find(name: str, workspace: Path | None) -> Strategy:
    from edgeproof.strategies import find_strategy

    return find_strategy(name, _find_folder(workspace))


def _find_folder(workspace: Path | None) -> Path | None:
    """The workspace's strategies; None without a workspace, unless one was named."""
    from edgeproof.bootstrap import NotAWorkspace, open_workspace

    try:
        return open_workspace(workspace).root / "strategies"
    except NotAWorkspace:
        if workspace is not None:
            raise
        return None


def _expand(targets: Iterable[str] | None, workspace: Path | None) -> list[str]:
    """Folders become their files; nothing becomes everything."""
    if not targets:
        from edgeproof.strategies import library_names

        folder = _find_folder(workspace)
        return [*library_names(), *([] if folder is None else _list_files(folder))]
    return [
        found
        for target in targets
        for found in (_list_files(Path(target).expanduser()) if Path(target).expanduser().is_dir() else [target])
    ]


def _list_files(folder: Path) -> list[str]:
    return sorted(str(file) for suffix in ("*.yaml", "*.yml") for file in folder.glob(suffix) if file.name[0] != ".")


def _check(target: str, workspace: Path | None, *, write: bool, drop_comments: bool) -> dict[str, Any]:
    from edgeproof.domain.errors import EdgeproofError, RequestError
    from edgeproof.strategies import inspect_file, is_path

    result: dict[str, Any] = {"target": target, "name": None, "hash": None, "canonical": None, "written": False}
    try:
        if is_path(target):
            path = Path(target).expanduser()
            found = inspect_file(path)
            result |= {"name": found.strategy.name, "hash": found.strategy.hash, "canonical": found.is_canonical}
            if write and not found.is_canonical:
                _rewrite(path, found, drop_comments=drop_comments)
                result |= {"canonical": True, "written": True}
        else:
            strategy = _find(target, workspace)
            result |= {"name": strategy.name, "hash": strategy.hash, "canonical": True}
            if write:
                raise RequestError(f"'{target}' is a name; --write takes the path of a file")
    except EdgeproofError as error:
        return result | {"error": _explain(error)}
    return result | {"error": None}


def _refuse_taken_names(results: Iterable[dict[str, Any]]) -> None:
    """In a workspace every name stands for one strategy; the first to have it keeps it."""
    from edgeproof.strategies import NameTaken

    taken: set[str] = set()
    for result in results:
        if result["name"] in taken:
            result["error"] = _explain(NameTaken(Path(result["target"]).name, result["name"]))
        elif result["name"]:
            taken.add(result["name"])


def _explain(error: Exception) -> dict[str, Any]:
    from edgeproof.strategies import StrategyError

    told: dict[str, Any] = {"kind": type(error).__name__, "message": str(error)}
    if isinstance(error, StrategyError):
        place = error.place
        told |= {"file": place.file, "line": place.line, "column": place.column, "reason": error.reason}
    return told


def _rewrite(path: Path, found: Inspection, *, drop_comments: bool) -> None:
    """Replace a file by its canonical spelling, whole or not at all."""
    from edgeproof.domain.errors import RequestError

    if found.first_comment and not drop_comments:
        raise RequestError(
            f"{found.first_comment}: --write would remove this comment; move it into thesis, or add --drop-comments"
        )
    target = path.resolve()
    fresh = target.with_name(f".{target.name}.new")
    try:
        fresh.write_text(found.strategy.to_yaml(), "utf-8")
        shutil.copymode(target, fresh)
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)


def _describe(result: dict[str, Any]) -> str:
    if result["written"]:
        return "  rewritten"
    return "" if result["canonical"] else "  not in canonical spelling; --write rewrites it"


def _summarise(strategy: Strategy) -> dict[str, Any]:
    return {
        "name": strategy.name,
        "hash": strategy.hash,
        "timeframe": strategy.timeframe.name,
        "tags": list(strategy.tags),
        "thesis": strategy.thesis,
        "params": {
            name: {"default": p.default, "low": p.low, "high": p.high, "integer": p.integer}
            for name, p in strategy.params.items()
        },
    }


def _tell_refused(errors: Iterable[RequestError]) -> None:
    for error in errors:
        open_stderr().print(f"refused: {error}", markup=False, soft_wrap=True)


def _show_text(console: Console, text: str) -> None:
    from rich.syntax import Syntax

    if console.is_terminal:
        console.print(Syntax(text, "yaml", background_color="default"))
    else:
        console.print(text, markup=False, soft_wrap=True)


def _show_table(console: Console, headings: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    from rich.table import Table

    if not rows:
        return
    table = Table(*headings, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*row)
    console.print(table, "")
