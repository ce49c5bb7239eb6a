"""How a sweep looks in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from rich.table import Table
from rich.text import Text

from edgeproof.backtest.sweeps import LEAST_DIGITS, NEUTRAL, HeatMap, count_digits, draw_heat_map
from edgeproof.cli._account_files import list_written
from edgeproof.research.report.words import say_costs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl
    from rich.console import Console

# Bad, middling, good; each dark enough for white text.
_SHADES: Final = ("#aa0000", "#b36b00", "#5c6166", "#2b7a9e", "#004f9f")
_MOST_COLUMNS: Final = 10
_MOST_ROWS: Final = 20
_UNWRITTEN: Final = {"sheet": "tear sheet", "png": "picture"}
_MEASURES: Final = ("score", "total_return", "sharpe", "max_drawdown", "trades")


def show_sweep(console: Console, document: Mapping[str, Any], table: pl.DataFrame) -> None:
    """What was tried and what it is worth first, then the map and the best rows."""
    console.print(Text(say_headline(document), style="bold"))
    console.print(Text(say_luck(document)))
    console.print(Text(say_neighbourhood(document)))
    swept = document["params"]
    if len(swept) > 1:
        heat = draw_heat_map(table, swept[1], swept[0], most_x=_MOST_COLUMNS, most_y=_MOST_ROWS)
        if heat is not None:
            console.print()
            console.print(Text(say_map(document, heat), style="bright_black"))
            console.print(_draw_map(heat, NEUTRAL.get(document["metric"])))
    if document["rows"]:
        console.print()
        console.print(_draw_rows(document, table))
    remarks = [f"warning: {remark}" for remark in document["remarks"]]
    for line in (say_conditions(document), *remarks, *list_files(document)):
        console.print(Text(line), soft_wrap=True)


def say_conditions(document: Mapping[str, Any]) -> str:
    """What every combination started with, and what trading was assumed to cost."""
    conditions = document["conditions"]
    return f"each combination an account of {conditions['initial_equity']:,.0f}; {say_costs(conditions)}"


def list_files(document: Mapping[str, Any]) -> list[str]:
    """A line for each file that was written, and for each that was asked for and could not be."""
    page = [f"page of the sweep written to {document['html']}"] if document.get("html") else []
    missed = [f"no {_UNWRITTEN[name]}: no combination has a score" for name in document["not_written"]]
    return [*page, *list_written(document), *missed]


def say_headline(document: Mapping[str, Any]) -> str:
    """How many combinations of what, where."""
    where = f"{', '.join(document['symbols'])} at {', '.join(document['timeframes'])}"
    window = f"{document['window']['start'][:10]} to {document['window']['end'][:10]}"
    count = f"{document['combinations']:,} combinations of {', '.join(document['strategies'])}"
    return f"{count} on {where}, {window}"


def say_luck(document: Mapping[str, Any]) -> str:
    """What the number of tries does to the best of them."""
    trials, luck = document["trials"], document["luck"]
    known = f" ({trials['recalled']:,} were known)" if trials["recalled"] else ""
    told = f"{trials['added']:,} trials added{known}, {trials['total']:,} ever recorded."
    lucky = (
        f"The best of many looks good by luck: {document['combinations']:,} worthless combinations, about"
        f" {trials['independent']:,} of them independent, are expected to show a Sharpe ratio of"
        f" {luck['best_sharpe_by_luck']:.1f} at best"
    )
    shown = "no combination here has the trades for one" if luck["best_sharpe"] is None else _say_best(luck)
    return f"{told} {lucky}; {shown}."


def say_neighbourhood(document: Mapping[str, Any]) -> str:
    """How flat the table is around its best row."""
    around = document["neighbourhood"]
    if around is None:
        return f"No combination has a score by {document['metric']}: fewer than 30 trades, or nothing to divide by."
    if not around["neighbours"]:
        return "The best combination has no neighbours; sweep finer steps around it before believing it."
    mean = "none of them has a score" if around["mean"] is None else f"their mean is {around['mean']:.3g}"
    return (
        f"Around the best ({document['metric']} score {around['best']:.3g}): {around['near']} of"
        f" {around['neighbours']} neighbours within {around['tolerance']:.0%} of it, {mean}."
        + (" It stands alone, as luck does." if 2 * around["near"] < around["neighbours"] else "")
    )


def say_map(document: Mapping[str, Any], heat: HeatMap, best: str = "* the best") -> str:
    """What the map shows, and how it marks the best."""
    others = [name for name in document["params"] if name not in {heat.x, heat.y}]
    median = f", median over {', '.join(others)}" if others else ""
    winner = document["best"]
    place = f"{winner['strategy']} on {winner['symbol']} {winner['timeframe']}"
    return f"Score by {document['metric']} of {place}: {heat.y} down, {heat.x} to the right{median}; {best}."


def say_measure(name: str, value: float | None, digits: int = LEAST_DIGITS) -> str:
    """A param or a measure of a row in so many digits, as a table says it."""
    if value is None:
        return "-"
    if name in {"total_return", "max_drawdown"}:
        return f"{value:+.2%}" if name == "total_return" else f"{value:.2%}"
    return f"{value:,}" if isinstance(value, int) else f"{value:.{digits}g}"


def count_column_digits(document: Mapping[str, Any], table: pl.DataFrame) -> dict[str, int]:
    """How many digits each listed param needs, so that no two values of the sweep read the same."""
    return {name: count_digits(table[name]) for name in document["columns"]}


def _say_best(luck: Mapping[str, float]) -> str:
    return f"the best here shows {luck['best_sharpe']:.1f}"


def _draw_map(heat: HeatMap, neutral: float | None) -> Table:
    grid = Table(box=None, pad_edge=False, padding=(0, 0, 0, 0), show_header=True)
    grid.add_column("", justify="right", style="bright_black", no_wrap=True)
    for label in heat.x_labels:
        grid.add_column(f" {label}", justify="right", header_style="bright_black", no_wrap=True)
    scale = _find_scale([score for row in heat.cells for score in row if score is not None], neutral)
    for y, (label, row) in enumerate(zip(heat.y_labels, heat.cells, strict=True)):
        cells = [_draw_cell(score, scale, best=heat.best == (y, x)) for x, score in enumerate(row)]
        grid.add_row(f"{label} ", *cells)
    return grid


def _find_scale(scores: Sequence[float], neutral: float | None) -> tuple[float, float]:
    """Scores of the lowest and highest colour; around the neutral score, so that a loss never looks like a gain."""
    if neutral is None:
        return min(scores), max(scores)
    reach = max(abs(score - neutral) for score in scores)
    return neutral - reach, neutral + reach


def _draw_cell(score: float | None, scale: tuple[float, float], *, best: bool) -> Text:
    mark = "*" if best else " "
    if score is None:
        return Text(f"    -{mark}", style="bright_black")
    low, high = scale
    share = (score - low) / (high - low) if high > low else 0.5
    shade = _SHADES[min(int(share * len(_SHADES)), len(_SHADES) - 1)]
    return Text(f" {score:.3g}{mark}", style=f"{'bold ' if best else ''}white on {shade}", justify="right")


def _draw_rows(document: Mapping[str, Any], swept: pl.DataFrame) -> Table:
    rows, digits = document["rows"], count_column_digits(document, swept)
    places = [name for name in ("strategy", "symbol", "timeframe") if len({row[name] for row in rows}) > 1]
    measures = [name for name in _MEASURES if name == "score" or name != document["metric"]]
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("#", justify="right")
    for name in places:
        table.add_column(name, no_wrap=True)
    for name in (*document["columns"], *measures):
        table.add_column(name.replace("_", " "), justify="right")
    for rank, row in enumerate(rows, start=1):
        params = [say_measure(name, row[name], digits[name]) for name in document["columns"]]
        numbers = [*params, *(say_measure(name, row[name]) for name in measures)]
        table.add_row(str(rank), *(Text(row[name]) for name in places), *numbers)
    return table
