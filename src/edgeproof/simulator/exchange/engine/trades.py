"""Trades on their way through the exchange: columns of one instrument, in order of time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from edgeproof.domain.arrays import BoolArray, IntArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TradeBatch:
    """Trades of one instrument; arrays have shape (n,), n > 0, and ``ts`` never descends.

    Attributes:
        symbol: The instrument.
        ts: When each happened, exchange time.
        ticks: Prices, in ticks.
        lots: Sizes, in lots.
        buys: Whether the taker bought.
    """

    symbol: str
    ts: IntArray
    ticks: IntArray
    lots: IntArray
    buys: BoolArray

    def __len__(self) -> int:
        return len(self.ts)

    @classmethod
    def of_one(cls, symbol: str, *, ts: int, ticks: int, lots: int, buys: bool) -> TradeBatch:
        """A single trade."""
        return cls(
            symbol=symbol,
            ts=np.array([ts], dtype=np.int64),
            ticks=np.array([ticks], dtype=np.int64),
            lots=np.array([lots], dtype=np.int64),
            buys=np.array([buys], dtype=np.bool_),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Printed:
    """Trades that the exchange made public.

    Attributes:
        batch: The trades.
        first: Number of the first one: an instrument's trades are numbered from 0 in the order they were made.
    """

    batch: TradeBatch
    first: int
