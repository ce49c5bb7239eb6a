"""Trades between the wire and the lake: columns in memory, up to a stated number of rows."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from edgeproof.domain.frames import TRADES, UTC_MS

if TYPE_CHECKING:
    from collections.abc import Sequence

# 45 bytes in arrays and about 60 for the text of its number.
BYTES_A_TRADE: Final = 105


class TradeBuffer:
    """Collects trades of one venue.

    Args:
        venue: As rows name it.
        symbols: Which symbols there are; a trade names its own by position.
        most_rows: How many trades may wait; see ``is_full``.
    """

    def __init__(self, venue: str, symbols: Sequence[str], *, most_rows: int) -> None:
        self._venue = venue
        self._symbols = pl.Series("symbol", list(symbols), dtype=pl.String)
        self._most_rows = most_rows
        self._clear()

    def __len__(self) -> int:
        return len(self._ids)

    @property
    def is_full(self) -> bool:
        """Whether no more trades fit."""
        return len(self._ids) >= self._most_rows

    def add(  # noqa: PLR0913, PLR0917 - the columns of a row; an object for each would cost as much as all the rest
        self, symbol: int, ts: int, seen_at: int, price: float, size: float, trade_id: str, *, buy: bool
    ) -> None:
        """Take in one trade; times in milliseconds, size in base units."""
        self._symbol.append(symbol)
        self._ts.append(ts)
        self._seen_at.append(seen_at)
        self._price.append(price)
        self._size.append(size)
        self._buy.append(buy)
        self._ids.append(trade_id)

    def take(self) -> pl.DataFrame:
        """All trades that wait, as rows of the trades table; afterwards none do."""
        positions = pl.Series(np.frombuffer(self._symbol, dtype=np.uint32).copy())
        frame = pl.DataFrame(
            {
                "venue": pl.repeat(self._venue, len(self), eager=True, dtype=pl.String),
                "symbol": self._symbols.gather(positions),
                "ts": pl.Series(np.frombuffer(self._ts, dtype=np.int64).copy()).cast(UTC_MS),
                "seen_at": pl.Series(np.frombuffer(self._seen_at, dtype=np.int64).copy()).cast(UTC_MS),
                "price": np.frombuffer(self._price, dtype=np.float64).copy(),
                "size": np.frombuffer(self._size, dtype=np.float64).copy(),
                "side": _name_sides(np.frombuffer(self._buy, dtype=np.int8).astype(np.bool_)),
                "trade_id": pl.Series(self._ids, dtype=pl.String),
            },
            schema=TRADES.schema,
        )
        self._clear()
        return frame

    def _clear(self) -> None:
        self._symbol, self._ts, self._seen_at = array("I"), array("q"), array("q")
        self._price, self._size, self._buy = array("d"), array("d"), array("b")
        self._ids: list[str] = []


def _name_sides(buys: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> pl.Series:
    return pl.select(pl.when(pl.Series(buys)).then(pl.lit("buy")).otherwise(pl.lit("sell"))).to_series()
