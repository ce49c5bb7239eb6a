"""Price with entries and exits: what the page draws first, and the data from which it draws what is zoomed to.

Where more candles are in view than a picture has room for, several become one that keeps their first, highest, lowest
and last price; where more trades are in view than can be told apart, their sums below the price speak for them.
"""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from edgeproof.domain.time import MS_PER_SECOND
from edgeproof.pages import PLAIN_NUMBER
from edgeproof.sheets.candles import LENGTHS, Candles, merge_candles
from edgeproof.sheets.parts import match_parts, price_rests

if TYPE_CHECKING:
    import numpy.typing as npt

    from edgeproof.domain.arrays import FloatArray, IntArray
    from edgeproof.pages import Figure
    from edgeproof.sheets.account import Market

MOST_COLUMNS: Final = 600
MOST_CANDLES_SEEN: Final = 250  # more of them are a band from low to high, with the close as a line
MOST_TRADES_SEEN: Final = 400
MOST_TRADES_KEPT: Final = 100_000
_MANY: Final = 60  # marks beyond which they are drawn small
# What the page's script has to know of these.
LIMITS: Final = {"columns": MOST_COLUMNS, "candles": MOST_CANDLES_SEEN, "trades": MOST_TRADES_SEEN, "many": _MANY}


def draw_price(market: Market) -> Figure:
    """The whole of a market; the names of the traces are those the page's script fills when it is zoomed."""
    seen = merge_candles(market.candles, most=MOST_COLUMNS)
    banded = len(seen) > MOST_CANDLES_SEEN
    middle = seen.ts.tolist()
    shown = _show_trades(market.trades)
    parts = match_parts(shown, market.parts)
    left = shown.with_columns(exit_price=price_rests(shown, parts))
    traces = [
        {**_line("low", "--series-1", 0), "x": middle if banded else [], "y": seen.low.tolist() if banded else []},
        {
            **_line("high", "--series-1", 0),
            "x": middle if banded else [],
            "y": seen.high.tolist() if banded else [],
            "fill": "tonexty",
            "opacity": 0.3,
        },
        {
            **_line("close", "--series-1", 1.2),
            "x": middle if banded else [],
            "y": seen.close.tolist() if banded else [],
        },
        {
            "type": "candlestick",
            "name": "candle",
            "x": [] if banded else middle,
            **{name: [] if banded else getattr(seen, name).tolist() for name in ("open", "high", "low", "close")},
            "increasing": {"line": {"color": "--soft", "width": 1}, "fillcolor": "--card"},
            "decreasing": {"line": {"color": "--soft", "width": 1}, "fillcolor": "--soft"},
        },
        {**_line("won", "--earned", 1.5), **_join(left, parts, pl.col("pnl") > 0.0)},
        {**_line("lost", "--lost", 1.5), **_join(left, parts, pl.col("pnl") <= 0.0)},
        _marks("long in", "triangle-up", "--series-3", left.filter(pl.col("side") == "long"), "entry_"),
        _marks("short in", "triangle-down", "--series-5", left.filter(pl.col("side") == "short"), "entry_"),
        _marks("out", "x-thin-open", "--ink", left, "exit_"),
        _marks("part out", "circle-open", "--ink", parts, ""),
        {**_sum_columns(market, seen), "type": "bar", "name": "result", "yaxis": "y2", "offset": 0},
    ]
    return {
        "data": traces,
        "layout": {
            "xaxis": {"type": "date", "anchor": "y2", "rangeslider": {"visible": False}},
            "yaxis": {"domain": [0.30, 1.0], "title": {"text": "price"}, "tickformat": PLAIN_NUMBER},
            "yaxis2": {
                "domain": [0.0, 0.20],
                "title": {"text": "result"},
                "tickformat": PLAIN_NUMBER,
                "showticklabels": not market.trades.is_empty(),
            },
            "hovermode": "closest",
            "showlegend": False,
            "bargap": 0,
        },
    }


def pack_market(name: str, market: Market) -> dict[str, Any]:
    """A market for the script of the page: arrays as base64 of little-endian numbers, times from the first candle."""
    candles = market.candles
    first = int(candles.ts[0]) if len(candles) else 0
    kept = keep_largest(market.trades)
    parts = match_parts(kept, market.parts)
    reasons = kept["exit_reason"].unique().to_list()
    return {
        "name": name,
        "first": first,
        "length": candles.length_ms,
        "at": _pack((candles.ts - first) // candles.length_ms, "<i4"),
        **{column: _pack(getattr(candles, column), "<f4") for column in ("open", "high", "low", "close")},
        "lengths": [minutes * 60 * MS_PER_SECOND for minutes in LENGTHS],
        "trades": {
            "entry": _pack(_count_seconds(kept["entry_ts"], first), "<i4"),
            "exit": _pack(_count_seconds(kept["exit_ts"], first), "<i4"),
            **{c: _pack(kept[c].to_numpy(), "<f4") for c in ("entry_price", "pnl")},
            "exit_price": _pack(price_rests(kept, parts), "<f4"),
            "long": _pack((kept["side"] == "long").to_numpy(), "<i1"),
            "reason": _pack(np.searchsorted(sorted(reasons), kept["exit_reason"].to_numpy()), "<i1"),
            "reasons": sorted(reasons),
        },
        "parts": {
            "trade": _pack(parts["trade"].to_numpy(), "<i4"),
            "at": _pack(_count_seconds(parts["ts"], first), "<i4"),
            **{column: _pack(parts[column].to_numpy(), "<f4") for column in ("price", "share")},
        },
    }


def keep_largest(trades: pl.DataFrame) -> pl.DataFrame:
    """The trades that travel with the page: all, or those that won or lost most, in order of entry."""
    if trades.height <= MOST_TRADES_KEPT:
        return trades
    return trades.with_row_index().top_k(MOST_TRADES_KEPT, by=pl.col("pnl").abs()).sort("index").drop("index")


def _show_trades(trades: pl.DataFrame) -> pl.DataFrame:
    return trades if trades.height <= MOST_TRADES_SEEN else trades.clear()


def _join(trades: pl.DataFrame, parts: pl.DataFrame, which: pl.Expr) -> dict[str, list[Any]]:
    """Lines from entries to exits, then those to parts, parted by nulls."""
    x, y = [], []
    for frame, end in ((trades.filter(which), "exit_"), (parts.filter(which), "")):
        for entry, first, leave, last in zip(*_read_fills(frame, "entry_"), *_read_fills(frame, end), strict=True):
            x += [entry, leave, None]
            y += [first, last, None]
    return {"x": x, "y": y}


def _read_fills(frame: pl.DataFrame, end: str) -> tuple[list[int], list[float]]:
    return frame[f"{end}ts"].dt.epoch("ms").to_list(), frame[f"{end}price"].to_list()


def _marks(name: str, symbol: str, colour: str, frame: pl.DataFrame, end: str) -> Figure:
    moments, prices = _read_fills(frame, end)
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": moments,
        "y": prices,
        "marker": {"symbol": symbol, "size": 9 if len(moments) <= _MANY else 5, "color": colour},
    }


def _sum_columns(market: Market, seen: Candles) -> Figure:
    """What the trades that ended in each column of the picture brought."""
    if not len(seen):
        return {"x": [], "y": [], "marker": {"color": []}}
    kept = keep_largest(market.trades)
    ended = kept["exit_ts"].dt.epoch("ms").to_numpy()
    at = np.clip(np.searchsorted(seen.ts, ended, side="right") - 1, 0, None)
    sums = np.bincount(at, weights=kept["pnl"].to_numpy(), minlength=len(seen))
    some = np.flatnonzero(np.bincount(at, minlength=len(seen)))
    return {
        "x": seen.ts[some].tolist(),
        "y": sums[some].tolist(),
        "width": seen.length_ms,
        "marker": {"color": ["--earned" if total > 0.0 else "--lost" for total in sums[some].tolist()]},
    }


def _line(name: str, colour: str, width: float) -> Figure:
    return {"type": "scatter", "mode": "lines", "name": name, "line": {"color": colour, "width": width}}


def _count_seconds(moments: pl.Series, first: int) -> IntArray:
    return (moments.dt.epoch("ms").to_numpy() - first) // MS_PER_SECOND


def _pack(values: IntArray | FloatArray | npt.NDArray[np.bool_], kind: str) -> str:
    return b64encode(np.ascontiguousarray(values.astype(kind)).tobytes()).decode("ascii")
