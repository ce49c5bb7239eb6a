"""`edgeproof features`: list and explain them."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from edgeproof.cli._door import JsonOption, WorkspaceOption, answer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from edgeproof.features import Feature

commands = typer.Typer(name="features", help="Features that strategies can use.", no_args_is_help=True)
_TIMEFRAMES: Final = ("1m", "5m", "1h", "1d")


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.add_typer(commands)


@commands.command("list")
def list_features(
    family: Annotated[str | None, typer.Option(help="Only this family, such as trend.")] = None,
    search: Annotated[str | None, typer.Option(help="Only those with this text in name, meaning or source.")] = None,
    needs: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Only those that read this column, such as taker_buy_volume.")
    ] = None,
    workspace: WorkspaceOption = None,  # noqa: ARG001 - every command takes it; features are the same in all of them
    as_json: JsonOption = False,
) -> None:
    """List the features a strategy can call, with their default arguments."""
    from edgeproof.features import find_features

    chosen = find_features(family=family, search=search, needs=needs)

    def show(console: Console) -> None:
        if not chosen:
            console.print("no feature matches; `edgeproof features list` shows all")
            return
        _show_table(
            console,
            ("feature", "family", "unit", "meaning"),
            [(feature.example, feature.family, str(feature.unit), feature.meaning) for feature in chosen],
        )
        console.print(f"{len(chosen)} features; `edgeproof features show NAME` explains one")

    answer({"features": [_summarise(feature) for feature in chosen]}, as_json=as_json, show=show)


@commands.command("show")
def show_feature(
    name: Annotated[str, typer.Argument(help="A feature's name.")],
    workspace: WorkspaceOption = None,  # noqa: ARG001 - as above
    as_json: JsonOption = False,
) -> None:
    """Explain one feature: meaning, source, parameters and their ranges, warm-up, unit, inputs."""
    from edgeproof.features import FEATURES

    feature = FEATURES[name]
    document = _summarise(feature)

    def show(console: Console) -> None:
        console.print(f"{feature.example}: {feature.meaning}\n", markup=False, soft_wrap=True)
        _show_table(
            console,
            None,
            [
                ("family", feature.family),
                ("source", feature.source),
                ("unit", _describe_unit(feature)),
                ("reads", ", ".join(feature.inputs)),
                ("final after", _describe_warm_up(document["warm_up_bars"], recursive=feature.recursive)),
            ],
        )
        _show_table(
            console,
            ("parameter", "default", "low", "high", "kind"),
            [
                (p.name, f"{p.default:g}", f"{p.low:g}", f"{p.high:g}", "whole" if p.integer else "any")
                for p in feature.parameters
            ],
        )

    answer(document, as_json=as_json, show=show)


def _summarise(feature: Feature) -> dict[str, Any]:
    from edgeproof.domain.time import Timeframe

    low, high = (bound if isfinite(bound) else None for bound in feature.bounds)
    return {
        "name": feature.name,
        "example": feature.example,
        "family": feature.family,
        "meaning": feature.meaning,
        "source": feature.source,
        "unit": str(feature.unit),
        "bounds": {"low": low, "high": high},
        "inputs": list(feature.inputs),
        "recursive": feature.recursive,
        "warm_up_bars": {name: feature.warm_up((), Timeframe.parse(name)) for name in _TIMEFRAMES},
        "parameters": [
            {"name": p.name, "default": p.default, "low": p.low, "high": p.high, "integer": p.integer}
            for p in feature.parameters
        ],
    }


def _describe_unit(feature: Feature) -> str:
    low, high = feature.bounds
    if isfinite(low) and isfinite(high):
        return f"{feature.unit}, from {low:g} to {high:g}"
    if isfinite(low):
        return f"{feature.unit}, {low:g} or more"
    return str(feature.unit)


def _describe_warm_up(bars: dict[str, int], *, recursive: bool) -> str:
    if len(set(bars.values())) > 1:
        first, *others = (f"{count:,}{{}} of {timeframe}" for timeframe, count in bars.items())
        return ", ".join([first.format(" bars"), *(other.format("") for other in others)])
    count = f"{next(iter(bars.values())):,} bars with the default arguments"
    return f"{count}; shown earlier, while older bars still weigh" if recursive else count


def _show_table(console: Console, headings: Sequence[str] | None, rows: Sequence[tuple[str, ...]]) -> None:
    from rich.markup import escape
    from rich.table import Table

    if not rows:
        return
    table = Table(*(headings or ("",) * len(rows[0])), box=None, pad_edge=False, show_header=headings is not None)
    for column in table.columns[:-1]:
        column.no_wrap = True
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    console.print(table, "")
