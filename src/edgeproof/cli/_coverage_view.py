"""How coverage is told: a map of days for a person, shares for a program."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from rich.table import Table
from rich.text import Text

from edgeproof.domain.time import format_ms, from_ms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from edgeproof.ops import SeriesCoverage

_NOTHING: Final = "·"
# Shares below which a shade is drawn; only a day that lacks no bar is solid.
_SHADES: Final = ((0.25, "░"), (0.75, "▒"), (0.999999, "▓"))
_WHOLE: Final = "█"
_WIDTH_OF_NUMBERS: Final = 56
_FEWEST_CELLS: Final = 12
_EPOCH: Final = date(1970, 1, 1)


def document_coverage(coverage: Sequence[SeriesCoverage]) -> dict[str, Any]:
    """The coverage as plain values; ``daily`` has one share for each UTC day from ``first_day``."""
    return {
        "series": [
            {
                "venue": one.instrument.venue,
                "symbol": one.instrument.symbol,
                "table": one.table,
                "timeframe": one.timeframe,
                "rows": one.rows,
                "first": format_ms(one.first_ms),
                "last": format_ms(one.last_ms),
                "expected": one.expected,
                "share": round(one.share, 6),
                "gaps": one.gaps,
                "longest_gap": one.longest_gap,
                "first_day": _name_day(one.first_day) if one.daily else None,
                "daily": list(one.daily),
            }
            for one in coverage
        ]
    }


def show_coverage(console: Console, coverage: Sequence[SeriesCoverage]) -> None:
    """One table for each venue, with a map of its days."""
    if not coverage:
        console.print("the lake is empty; fill it with `edgeproof data import PATH...`")
        return
    for venue, group in groupby(coverage, key=lambda one: one.instrument.venue):
        console.print(_draw_venue(venue, list(group), console.width), soft_wrap=True)
        console.print()
    shades = " ".join(shade for _, shade in _SHADES)
    console.print(f"{_NOTHING} no bar   {shades} some   {_WHOLE} every bar of the day")


def draw_days(daily: Sequence[float], offset: int, days: int, days_per_cell: int) -> str:
    """One character for each cell of days; blank where the series has not begun or has ended.

    Args:
        daily: Shares of the series' days.
        offset: Days between the beginning of the map and the series' first day.
        days: Days on the map.
        days_per_cell: Days to one character.
    """
    shares = np.full(-(-days // days_per_cell) * days_per_cell, np.nan)
    shares[offset : offset + len(daily)] = daily
    cells = shares.reshape(-1, days_per_cell)
    return "".join(_shade(cell[~np.isnan(cell)].tolist()) for cell in cells)


def _draw_venue(venue: str, coverage: list[SeriesCoverage], width: int) -> Table:
    mapped = [one for one in coverage if one.daily]
    start = min((one.first_day for one in mapped), default=0)
    days = max((one.first_day + len(one.daily) for one in mapped), default=0) - start
    cells = max(_FEWEST_CELLS, width - _WIDTH_OF_NUMBERS)
    days_per_cell = max(1, -(-days // cells))
    table = Table(box=None, pad_edge=False, header_style="bold", title=_name_map(venue, start, days, days_per_cell))
    table.title_justify, table.title_style = "left", "bold"
    for name, justify in (("symbol", "left"), ("", "left"), ("days", "left"), ("rows", "right"), ("gaps", "right")):
        table.add_column(name, justify=justify, no_wrap=True)  # type: ignore[arg-type] # rich's own literals
    table.add_column("last (UTC)", no_wrap=True)
    for one in coverage:
        picture = draw_days(one.daily, one.first_day - start, days, days_per_cell) if one.daily else ""
        gaps = f"{one.gaps:,}" if one.daily else ""
        last = f"{from_ms(one.last_ms):%Y-%m-%d %H:%M}"
        what = one.timeframe or one.table
        table.add_row(one.instrument.symbol, what, Text(picture), f"{one.rows:,}", gaps, last)
    return table


def _name_map(venue: str, start: int, days: int, days_per_cell: int) -> str:
    if not days:
        return venue
    cell = "a day" if days_per_cell == 1 else f"{days_per_cell} days"
    return f"{venue}, {_name_day(start)} to {_name_day(start + days - 1)}, each cell {cell}"


def _shade(shares: list[float]) -> str:
    if not shares:
        return " "
    mean = sum(shares) / len(shares)
    if mean <= 0:
        return _NOTHING
    return next((shade for limit, shade in _SHADES if mean < limit), _WHOLE)


def _name_day(day: int) -> str:
    return (_EPOCH + timedelta(days=day)).isoformat()
