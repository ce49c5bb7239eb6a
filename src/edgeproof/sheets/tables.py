"""The page's tables of months and of hours as figures, for pictures: a page has them as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from edgeproof.sheets.curve import read_days, read_trades
from edgeproof.sheets.periods import add_up_week_hours, list_months
from edgeproof.sheets.rendering import Picture
from edgeproof.sheets.words import MONTHS, WEEKDAYS, describe_hours, describe_months

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    import polars as pl

    from edgeproof.domain.arrays import FloatArray
    from edgeproof.pages import Figure
    from edgeproof.sheets.account import Account

_ALL: Final = "all"


def draw_tables(account: Account) -> dict[str, Picture]:
    """Returns by month, and results by hour of entry and weekday; each where there is something in it."""
    days, (trades, _) = read_days(account.daily_returns)[0], read_trades(account.trades)
    pictures = {}
    if len(days):
        pictures["months"] = _draw_months(account.first_day, days)
    if trades.height:
        pictures["hours"] = _draw_hours(trades)
    return pictures


def _draw_months(first_day: date, days: FloatArray) -> Picture:
    months = list_months(first_day, days)
    years = range(months[0].year, months[-1].year + 1)
    shades: list[list[float | None]] = [[None] * (len(MONTHS) + 1) for _ in years]
    texts = [[""] * (len(MONTHS) + 1) for _ in years]
    kept = [1.0 for _ in years]
    for month in months:
        row = month.year - years[0]
        shades[row][month.month - 1] = month.gained
        texts[row][month.month - 1] = f"{_tell_share(month.gained)}{'' if month.whole else '*'}"
        kept[row] *= 1.0 + month.gained
    for row, share in enumerate(kept):
        texts[row][-1] = _tell_share(share - 1.0)
    figure = _draw_cells((*MONTHS, _ALL), [str(year) for year in years], shades, texts)
    return Picture(heading="Returns by month", told=describe_months(), figure=figure)


def _draw_hours(trades: pl.DataFrame) -> Picture:
    sums = add_up_week_hours(trades)
    shades: list[list[float | None]] = []
    texts: list[list[str]] = []
    for pnl, count in zip(sums.pnl.tolist(), sums.trades.tolist(), strict=True):
        shades.append([gained if number else None for gained, number in zip(pnl, count, strict=True)] + [None])
        texts.append(
            [_tell_sum(gained, number) for gained, number in zip((*pnl, sum(pnl)), (*count, sum(count)), strict=True)]
        )
    whole, counts = sums.pnl.sum(axis=0).tolist(), sums.trades.sum(axis=0).tolist()
    shades.append([None] * (len(WEEKDAYS) + 1))
    texts.append([_tell_sum(*one) for one in zip((*whole, sum(whole)), (*counts, sum(counts)), strict=True)])
    hours = [*(f"{hour:02d}:00" for hour in range(24)), _ALL]
    figure = _draw_cells((*WEEKDAYS, _ALL), hours, shades, texts)
    return Picture(heading="Results by hour of entry", told=describe_hours(trades.height), figure=figure)


def _draw_cells(x: Sequence[str], y: Sequence[str], shades: list[list[float | None]], texts: list[list[str]]) -> Figure:
    trace: dict[str, Any] = {
        "type": "heatmap",
        "x": list(x),
        "y": list(y),
        "z": shades,
        "text": texts,
        "colorscale": [[0.0, "--lost"], [0.5, "--card"], [1.0, "--earned"]],
        "zmid": 0.0,
        "opacity": 0.5,
        "showscale": False,
    }
    return {"data": [trace], "layout": {"xaxis": {"side": "top"}}}


def _tell_share(share: float) -> str:
    # Adding zero turns a negative zero into zero.
    return f"{round(100.0 * share, 1) + 0.0:+.1f} %"


def _tell_sum(pnl: float, count: int) -> str:
    return f"{round(pnl) + 0:+,}" if count else ""
