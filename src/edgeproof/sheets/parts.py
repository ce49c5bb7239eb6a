"""Positions that left in parts: the trade of each part, and at what price the rest of a trade left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from edgeproof.domain.results import PARTIAL_EXITS

if TYPE_CHECKING:
    from edgeproof.domain.arrays import FloatArray

_OF_A_TRADE: Final = ("symbol", "side", "entry_ts")
_NOTHING_LEFT: Final = 1e-9  # share of a trade's size that is no more than the rounding of its parts


def read_parts(account: object) -> pl.DataFrame:
    """An account's ``partial_exits`` (``domain.results.PARTIAL_EXITS``) that are numbers; none where it keeps none."""
    parts: pl.DataFrame = getattr(account, "partial_exits", PARTIAL_EXITS.to_frame())
    return parts.filter((pl.col("price").is_finite() & pl.col("size").is_finite()).fill_null(value=False))


def match_parts(trades: pl.DataFrame, parts: pl.DataFrame) -> pl.DataFrame:
    """Each part with its trade, in order of trades, then of time; parts of other trades are left out.

    Args:
        trades: ``domain.results.TRADE_LIST``, perhaps with a ``leg``.
        parts: ``domain.results.PARTIAL_EXITS``, likewise.

    Returns:
        ``trade`` (row of the trade), ``ts, price, size, share`` (of the trade's size), and the trade's ``entry_ts,
        entry_price, exit_ts, pnl``.
    """
    # Legs of one account may have entered alike.
    alike = [*_OF_A_TRADE, *({"leg"} & set(trades.columns) & set(parts.columns))]
    whole = trades.with_row_index("trade").unique(alike, keep="first")
    return (
        parts.join(whole.rename({"size": "whole"}), on=alike, how="inner", nulls_equal=True)
        .with_columns(share=pl.col("size") / pl.col("whole"))
        .select("trade", "ts", "price", "size", "share", "entry_ts", "entry_price", "exit_ts", "pnl")
        .sort("trade", "ts", maintain_order=True)
    )


def price_rests(trades: pl.DataFrame, matched: pl.DataFrame) -> FloatArray:
    """The price at which what was left of each trade left; its exit price where it left at once, shape (t,).

    Args:
        trades: ``domain.results.TRADE_LIST``, whose exit price is the mean of all parts by size.
        matched: As `match_parts` gives it.
    """
    trade = matched["trade"].to_numpy()
    gone, paid = (
        np.bincount(trade, weights=weights.to_numpy(), minlength=trades.height)
        for weights in (matched["size"], matched["size"] * matched["price"])
    )
    size, mean = trades["size"].to_numpy(), trades["exit_price"].to_numpy()
    rest = size - gone
    parted = (gone > 0.0) & (rest > _NOTHING_LEFT * size)
    prices: FloatArray = np.divide(size * mean - paid, rest, out=mean.astype(np.float64), where=parted)
    return prices
