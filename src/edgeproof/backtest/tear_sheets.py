"""A result's tear sheet: the page, and pictures of its figures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from edgeproof.backtest.frames import split_bars
from edgeproof.backtest.sweeps.landscape import draw_heat_map, list_swept
from edgeproof.backtest.sweeps.table import NEUTRAL
from edgeproof.domain.errors import InvalidValue
from edgeproof.pages import write_atomically
from edgeproof.sheets import (
    MOST_CANDLES,
    Market,
    Sheet,
    gather_candles,
    render_pictures,
    render_quantstats,
    render_sheet,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edgeproof.backtest.sweeps.landscape import HeatMap
    from edgeproof.sheets import Account, Candles

_MOST_CELLS = 60
_BEFORE_PARAMS = "timeframe"  # the sweep table's columns of params lie between this one and the score


def write_tear_sheet(  # noqa: PLR0913 - one keyword for each thing a sheet may show
    result: Account,
    path: str | Path,
    *,
    bars: pl.DataFrame | None = None,
    sweep: pl.DataFrame | None = None,
    title: str = "backtest",
    notes: Sequence[str] = (),
    candles: int = MOST_CANDLES,
) -> Path:
    """Write a result's tear sheet: one HTML page that needs no network.

    Args:
        result: What `backtest`, `backtest_signals` or one of the accounts in ``by_symbol`` gave, or anything else with
            ``metrics, equity, trades, costs, daily_returns`` and ``first_day``.
        path: Where the page goes; its folder is made if need be.
        bars: The bars that were traded, for the chart of price: ``ts, open, high, low, close`` [, ``symbol``].
        sweep: The table of the sweep that this result was picked from, for the heat-map of its first two params.
        title: What was traded.
        notes: What else the reader has to know: costs assumed, trials made.
        candles: How many candles of price the page may carry, all markets together, 27 bytes each; more bars than that
            are merged, and the page says so.

    Returns:
        Where the page is.

    Raises:
        RequestError: Bars or numbers that cannot be used.
        WorkError: The file cannot be written.
    """
    sheet = make_sheet(result, bars=bars, sweep=sweep, title=title, notes=notes, candles=candles)
    target = Path(path).expanduser().resolve()
    write_atomically(target, render_sheet(sheet))
    return target


def write_pictures(sheet: Sheet, folder: str | Path) -> list[Path]:
    """Write the figures of a sheet as PNG, each named for what it shows.

    Raises:
        MissingExtra: The library that draws them is not installed.
        WorkError: A file cannot be written.
    """
    written = []
    for name, picture in render_pictures(sheet).items():
        target = Path(folder).expanduser().resolve() / f"{name}.png"
        write_atomically(target, picture)
        written.append(target)
    return written


def write_quantstats(result: Account, path: str | Path, *, title: str = "backtest") -> Path:
    """Write the report that quantstats makes of a result's daily returns; says where it is.

    Raises:
        RequestError: quantstats is not installed, or the days are too few for it.
        WorkError: It failed, or the file cannot be written.
    """
    target = Path(path).expanduser().resolve()
    write_atomically(target, render_quantstats(result, title=title))
    return target


def make_sheet(  # noqa: PLR0913 - as above
    result: Account,
    *,
    bars: pl.DataFrame | None = None,
    sweep: pl.DataFrame | None = None,
    title: str = "backtest",
    notes: Sequence[str] = (),
    candles: int = MOST_CANDLES,
) -> Sheet:
    """What `write_tear_sheet` shows, for `write_pictures`; takes the same."""
    if isinstance(candles, bool) or not isinstance(candles, int) or candles < 1:
        raise InvalidValue("candles", candles, "a whole number, 1 or more")
    series = {} if bars is None else split_bars(bars, needs_volume=False)
    gathered = {name: gather_candles(one, most=max(1, candles // len(series))) for name, one in series.items()}
    land = None if sweep is None else _draw_sweep(sweep)
    return Sheet(
        title=title,
        account=result,
        markets=match_markets(result.trades, gathered),
        landscape=land,
        neutral=None if sweep is None else _find_neutral(sweep),
        notes=tuple(notes),
    )


def match_markets(trades: pl.DataFrame, candles: Mapping[str, Candles]) -> dict[str, Market]:
    """Each market's candles with its trades; one market without a name has all of them."""
    if len(candles) == 1 and "" in candles:
        return {"price": Market(candles=candles[""], trades=trades)}
    return {name: Market(candles=one, trades=trades.filter(pl.col("symbol") == name)) for name, one in candles.items()}


def _draw_sweep(table: pl.DataFrame) -> HeatMap | None:
    """The heat-map of the first two params that were swept; None where there are fewer, or no score."""
    columns = table.columns[table.columns.index(_BEFORE_PARAMS) + 1 : table.columns.index("score")]
    swept = list_swept(table, columns)
    if len(swept) < 2:  # noqa: PLR2004 - a map has two sides
        return None
    return draw_heat_map(table, swept[1], swept[0], most_x=_MOST_CELLS, most_y=_MOST_CELLS)


def _find_neutral(table: pl.DataFrame) -> float | None:
    """The score that is neither good nor bad, by the measure the table was scored by."""
    return next((NEUTRAL[name] for name in NEUTRAL if table[name].equals(table["score"], null_equal=True)), None)
