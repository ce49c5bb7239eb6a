"""Frames as users bring them, checked and split into one series per symbol."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from edgeproof.domain.errors import InvalidValue, offer_names
from edgeproof.domain.frames import require_frame, require_text
from edgeproof.domain.instruments import parse_symbol
from edgeproof.domain.series import BarSeries
from edgeproof.domain.time import MS_PER_MINUTE, ONE_MINUTE, Timeframe

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MIN_BARS_TO_TELL = 2
_PAIRS_TO_TELL = 10_001
_MOST_LISTED = 3


def split_bars(
    bars: pl.DataFrame, *, timeframe: Timeframe | None = None, needs_volume: bool = True
) -> dict[str, BarSeries]:
    """One series for each symbol of a frame, in order of appearance; one named ``""`` where there is no such column.

    Args:
        bars: ``ts, open, high, low, close, volume``, and perhaps ``symbol``, ``timeframe`` and other columns of bars.
        timeframe: Length of a bar; by default the column ``timeframe`` or, without it, the median time between bars.
        needs_volume: Whether bars without ``volume`` are refused.

    Raises:
        InvalidValue: No frame, no bars, several venues or timeframes, times that do not ascend.
        SchemaMismatch: A column is missing or of another type.
    """
    require_frame(bars, "bars")
    if bars.is_empty():
        raise InvalidValue("bars", "an empty frame", "at least one bar")
    if "volume" not in bars.columns and not needs_volume:
        bars = bars.with_columns(volume=pl.lit(None, dtype=pl.Float64))
    if "symbol" not in bars.columns:
        return {"": _read_series(bars, timeframe)}
    require_text(bars, "symbol", "bars")
    parts = bars.partition_by("symbol", maintain_order=True, as_dict=True)
    return {str(symbol): _read_series(part, timeframe) for (symbol,), part in parts.items()}


def split_funding(funding: pl.DataFrame | None, symbols: tuple[str, ...]) -> Mapping[str, pl.DataFrame]:
    """The funding of each symbol that has any, by the bars' spelling, whichever usual one the frame has.

    Raises:
        InvalidValue: No frame, one without a ``symbol`` column for several symbols, one of several symbols for bars
            that name none, one of none of the bars' symbols, or one that spells a symbol in two ways.
    """
    return _split(funding, "funding", symbols)


def split_trades(trades: pl.DataFrame | None, symbols: tuple[str, ...]) -> Mapping[str, pl.DataFrame]:
    """The market's trades of each symbol that has any, likewise.

    Raises:
        InvalidValue: As for `split_funding`.
    """
    return _split(trades, "trades", symbols)


def split_factors(bars: pl.DataFrame) -> Mapping[str, pl.Series]:
    """The column ``slippage_factor`` of each symbol, where bars that `split_bars` takes have one."""
    if "slippage_factor" not in bars.columns:
        return {}
    if "symbol" not in bars.columns:
        return {"": bars["slippage_factor"]}
    parts = bars.partition_by("symbol", maintain_order=True, as_dict=True)
    return {str(symbol): part["slippage_factor"] for (symbol,), part in parts.items()}


def _split(frame: pl.DataFrame | None, what: str, symbols: tuple[str, ...]) -> Mapping[str, pl.DataFrame]:
    if frame is None:
        return {}
    require_frame(frame, what)
    if "symbol" not in frame.columns:
        if len(symbols) > 1:
            raise InvalidValue(what, "a frame without the column symbol", "the column, since the bars have several")
        return {symbols[0]: frame}
    require_text(frame, "symbol", what)
    spellings = sorted(str(name) for name in frame["symbol"].unique())
    if symbols == ("",):
        if len(spellings) > 1:
            expected = "rows of one symbol, since the bars name none; filter the frame"
            raise InvalidValue(what, f"rows of {_list_some(spellings)}", expected)
        return {"": frame}
    found = _match_symbols(what, symbols, spellings)
    if spellings and not found:
        expected = f"rows of the bars' symbols; {offer_names(spellings[0], symbols)}"
        raise InvalidValue(what, f"rows of {_list_some(spellings)}", expected)
    return {symbol: frame.filter(pl.col("symbol").cast(pl.String) == name) for symbol, name in found.items()}


def _match_symbols(what: str, symbols: tuple[str, ...], spellings: Sequence[str]) -> dict[str, str]:
    """How a frame spells each symbol of the bars that it has: as the bars do or, if it does not, in any usual way."""
    found = {symbol: symbol for symbol in set(symbols).intersection(spellings)}
    waiting: dict[str, list[str]] = {}
    for symbol in symbols:
        if symbol not in found:
            waiting.setdefault(_name_pair(symbol), []).append(symbol)
    for name in sorted(set(spellings).difference(symbols)):
        matching = waiting.get(_name_pair(name), [])
        taken = [found[symbol] for symbol in matching if symbol in found]
        if len(matching) > 1 or taken:
            expected = f"one spelling of a symbol; it may also be {_list_some([*matching, *taken])}"
            raise InvalidValue(what, f"rows of {name}", expected)
        found |= dict.fromkeys(matching, name)
    return {symbol: found[symbol] for symbol in symbols if symbol in found}


def _name_pair(symbol: str) -> str:
    try:
        return parse_symbol(symbol)
    except InvalidValue:
        return symbol


def _list_some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_LISTED} more" if len(names) > _MOST_LISTED else ""
    return ", ".join(names[:_MOST_LISTED]) + more


def _read_series(bars: pl.DataFrame, timeframe: Timeframe | None) -> BarSeries:
    if "venue" in bars.columns and bars["venue"].n_unique() > 1:
        venues = ", ".join(sorted(str(venue) for venue in bars["venue"].unique()))
        raise InvalidValue("venue", venues, "the bars of one venue; filter the frame")
    read = BarSeries.from_frame(bars, timeframe or ONE_MINUTE)
    return read if timeframe is not None else replace(read, timeframe=_tell_timeframe(bars, read))


def _tell_timeframe(bars: pl.DataFrame, read: BarSeries) -> Timeframe:
    if "timeframe" in bars.columns:
        names = bars["timeframe"].unique()
        if len(names) > 1 or names.dtype != pl.String or names.null_count():
            raise InvalidValue(
                "timeframe", ", ".join(sorted(str(name) for name in names)), "one for all bars of a symbol"
            )
        return Timeframe.parse(names.item())
    if len(read) < _MIN_BARS_TO_TELL:
        raise InvalidValue("bars", "one bar", "two or more, or a column timeframe, to tell how long a bar is")
    pairs = np.linspace(0, len(read) - 2, min(len(read) - 1, _PAIRS_TO_TELL), dtype=np.int64)
    step_ms = int(np.median(read.ts[pairs + 1] - read.ts[pairs]))
    try:
        return Timeframe(step_ms // MS_PER_MINUTE if step_ms % MS_PER_MINUTE == 0 else 0)
    except InvalidValue:
        expected = "whole minutes that divide a day, in UTC milliseconds, or a column timeframe"
        raise InvalidValue("ts", f"bars {step_ms} ms apart", expected) from None
