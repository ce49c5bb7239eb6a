"""A result's tear sheet: the page, and pictures of its figures."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from edgeproof.backtest.frames import split_bars
from edgeproof.backtest.sweeps.landscape import draw_heat_map, list_swept
from edgeproof.backtest.sweeps.table import NEUTRAL
from edgeproof.domain.errors import InvalidValue, SchemaMismatch, WorkError
from edgeproof.domain.results import PARTIAL_EXITS
from edgeproof.domain.scalars import read_whole
from edgeproof.pages import write_atomically
from edgeproof.sheets import (
    MOST_CANDLES,
    NAMELESS,
    Market,
    Sheet,
    gather_candles,
    list_painted,
    read_parts,
    render_pictures,
    render_quantstats,
    render_sheet,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edgeproof.backtest.sweeps.landscape import HeatMap
    from edgeproof.sheets import Account, Candles

_MOST_CELLS = 60
_MOST_TOLD = 4
_OF_AN_ACCOUNT = ("metrics", "equity", "trades", "costs", "daily_returns", "first_day")
_OF_A_SWEEP = ("combination", "strategy", "symbol", "timeframe", "score", *NEUTRAL)
_BEFORE_PARAMS = "timeframe"  # the sweep table's columns of params lie between this one and the score


def write_tear_sheet(  # noqa: PLR0913 - one keyword for each thing a sheet may show
    result: Account,
    path: str | Path,
    *,
    bars: pl.DataFrame | None = None,
    sweep: pl.DataFrame | None = None,
    title: str = "backtest",
    notes: str | Sequence[str] = (),
    candles: int = MOST_CANDLES,
) -> Path:
    """Write a result's tear sheet: one HTML page that needs no network.

    Args:
        result: What `backtest`, `backtest_signals` or one of the accounts in ``by_symbol`` gave, or anything else with
            ``metrics, equity, trades, costs, daily_returns`` and ``first_day``, and ``partial_exits`` where positions
            leave in parts.
        path: Where the page goes; its folder is made if need be.
        bars: The bars that were traded, for the chart of price: ``ts, open, high, low, close`` [, ``symbol``].
        sweep: The table of the sweep that this result was picked from, for the heat-map of its first two params.
        title: What was traded.
        notes: What else the reader has to know, one sentence or several: costs assumed, trials made.
        candles: How many candles of price the page may carry, all markets together, 27 bytes each; more bars than that
            are merged, and the page says so.

    Returns:
        Where the page is.

    Raises:
        RequestError: A result, a path, bars, a sweep, notes or numbers that cannot be used.
        WorkError: The file cannot be written.
    """
    target = _resolve(path)
    sheet = make_sheet(result, bars=bars, sweep=sweep, title=title, notes=notes, candles=candles)
    write_atomically(target, render_sheet(sheet))
    return target


def write_pictures(sheet: Sheet, folder: str | Path) -> list[Path]:
    """Write the figures of a sheet as PNG, each named for what it shows, instead of those of an earlier run.

    Raises:
        MissingExtra: The library that draws them is not installed.
        WorkError: A file cannot be written.
    """
    return write_painted(render_pictures(sheet), folder)


def write_painted(pictures: Mapping[str, bytes], folder: str | Path) -> list[Path]:
    """Write pictures as ``name.png`` into a folder, which is made if need be.

    Pictures that an earlier run painted there and this one did not are removed, so that nobody takes them for its own;
    whatever else lies there stays.

    Raises:
        WorkError: A file cannot be written or removed.
    """
    written, place = [], _resolve(folder)
    for name, picture in pictures.items():
        target = place / f"{name}.png"
        write_atomically(target, picture)
        written.append(target)
    for stale in sorted({*list_painted(place)} - {*written}):
        try:
            stale.unlink(missing_ok=True)
        except OSError as error:
            raise WorkError(f"cannot remove {stale}: {error.strerror}; remove this picture of an earlier run") from None
    return written


def write_quantstats(result: Account, path: str | Path, *, title: str = "backtest") -> Path:
    """Write the report that quantstats makes of a result's daily returns; says where it is.

    Raises:
        RequestError: quantstats is not installed, or the days are too few for it.
        WorkError: It failed, or the file cannot be written.
    """
    target = _resolve(path)
    _check_account(result)
    write_atomically(target, render_quantstats(result, title=title))
    return target


def make_sheet(  # noqa: PLR0913 - as above
    result: Account,
    *,
    bars: pl.DataFrame | None = None,
    sweep: pl.DataFrame | None = None,
    title: str = "backtest",
    notes: str | Sequence[str] = (),
    candles: int = MOST_CANDLES,
) -> Sheet:
    """What `write_tear_sheet` shows, for `write_pictures`; takes the same."""
    most = read_whole(candles)
    if most is None or most < 1:
        raise InvalidValue("candles", candles, "a whole number, 1 or more")
    _check_account(result)
    series = {} if bars is None else split_bars(bars, needs_volume=False)
    gathered = {name: gather_candles(one, most=max(1, most // len(series))) for name, one in series.items()}
    if sweep is not None:
        _check_sweep(sweep)
    land = None if sweep is None else _draw_sweep(sweep)
    return Sheet(
        title=title,
        account=result,
        markets=match_markets(result.trades, gathered, parts=read_parts(result)),
        landscape=land,
        neutral=None if sweep is None else _find_neutral(sweep),
        notes=_read_notes(notes),
    )


def match_markets(
    trades: pl.DataFrame, candles: Mapping[str, Candles], *, parts: pl.DataFrame | None = None
) -> dict[str, Market]:
    """Each market's candles with its trades and their parts; one market without a name has all of them."""
    parts = PARTIAL_EXITS.to_frame() if parts is None else parts
    if len(candles) == 1 and "" in candles:
        return {NAMELESS: Market(candles=candles[""], trades=trades, parts=parts)}
    mine = {name: pl.col("symbol") == name for name in candles}
    return {
        name: Market(candles=candles[name], trades=trades.filter(which), parts=parts.filter(which))
        for name, which in mine.items()
    }


def _check_account(result: Account) -> None:
    has = dir(result)  # computes nothing, as asking for the frames would
    missing = [name for name in _OF_AN_ACCOUNT if name not in has]
    if missing:
        told = f"what a backtest or a portfolio gave, or anything with {', '.join(_OF_AN_ACCOUNT)}"
        raise InvalidValue("result", result, f"{told}; it has no {', '.join(missing)}")


def _resolve(path: str | Path) -> Path:
    try:
        return Path(path).expanduser().resolve()
    except (TypeError, ValueError, RuntimeError):
        raise InvalidValue("path", path, "the name of a file or folder") from None


def _read_notes(notes: str | Sequence[str]) -> tuple[str, ...]:
    told = (notes,) if isinstance(notes, str) else notes
    if not isinstance(told, Iterable):
        raise InvalidValue("notes", notes, "a sentence, or several of them in a list")
    kept = tuple(told)
    for note in kept:
        if not isinstance(note, str):
            raise InvalidValue("a note", note, "a sentence")
    return kept


def _check_sweep(table: pl.DataFrame) -> None:
    if not isinstance(table, pl.DataFrame):
        raise InvalidValue("sweep", table, "the table that a sweep gave")
    missing = [name for name in _OF_A_SWEEP if name not in table.columns]
    if missing:
        raise SchemaMismatch("a sweep", dict.fromkeys(missing[:_MOST_TOLD], "missing"))
    if table.columns.index(_BEFORE_PARAMS) > table.columns.index("score"):
        raise SchemaMismatch("a sweep", {"score": "stands before timeframe; params stand between the two"})


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
