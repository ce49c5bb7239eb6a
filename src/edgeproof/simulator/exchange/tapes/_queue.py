"""Trades that were drawn but are not due yet."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from edgeproof.simulator.exchange.engine.trades import TradeBatch

if TYPE_CHECKING:
    from collections.abc import Sequence


class TradeQueue:
    """Trades by instrument, put in and taken out in order of time."""

    def __init__(self) -> None:
        self._waiting: defaultdict[str, list[TradeBatch]] = defaultdict(list)

    def put(self, batch: TradeBatch) -> None:
        """Add trades that come after all that wait."""
        if len(batch):
            self._waiting[batch.symbol].append(batch)

    def take(self, until_ms: int) -> list[TradeBatch]:
        """Take out what is due, one batch an instrument."""
        taken = []
        for symbol, waiting in self._waiting.items():
            due: list[TradeBatch] = []
            while waiting and waiting[0].ts[0] <= until_ms:
                if waiting[0].ts[-1] <= until_ms:
                    due.append(waiting.pop(0))
                    continue
                at = int(np.searchsorted(waiting[0].ts, until_ms, side="right"))
                due.append(_cut(waiting[0], 0, at))
                waiting[0] = _cut(waiting[0], at, len(waiting[0]))
            if due:
                taken.append(_join(symbol, due))
        return taken


def _cut(batch: TradeBatch, start: int, stop: int) -> TradeBatch:
    return TradeBatch(
        symbol=batch.symbol,
        ts=batch.ts[start:stop],
        ticks=batch.ticks[start:stop],
        lots=batch.lots[start:stop],
        buys=batch.buys[start:stop],
    )


def _join(symbol: str, batches: Sequence[TradeBatch]) -> TradeBatch:
    if len(batches) == 1:
        return batches[0]
    return TradeBatch(
        symbol=symbol,
        ts=np.concatenate([b.ts for b in batches]),
        ticks=np.concatenate([b.ticks for b in batches]),
        lots=np.concatenate([b.lots for b in batches]),
        buys=np.concatenate([b.buys for b in batches]),
    )
