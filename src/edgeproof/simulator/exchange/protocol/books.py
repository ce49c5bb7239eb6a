"""The ``books`` and ``books5`` channels: snapshots, and changes that say which state they follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from edgeproof.simulator.exchange.protocol.channels import Topic
from edgeproof.simulator.exchange.protocol.shapes import write_number_levels

if TYPE_CHECKING:
    from edgeproof.simulator.exchange.engine.depth import Side
    from edgeproof.simulator.exchange.engine.market import Instrument

_FIVE: Final = 5
_FIRST_SEQUENCE: Final = 107_600_747
Levels = dict[int, int]


class BookStream:
    """One instrument's book as its subscribers know it; every change moves ``seqId`` up by the levels it touches."""

    def __init__(self, instrument: Instrument) -> None:
        self._instrument = instrument
        self._bids: Levels = {}
        self._asks: Levels = {}
        self._sequence = _FIRST_SEQUENCE
        self._ts = 0

    def refresh(self, now_ms: int) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
        """Look again: the update for ``books`` and the snapshot for ``books5``, None where nothing changed."""
        depth = self._instrument.read_depth(now_ms)
        bids, asks = _to_levels(depth.bids), _to_levels(depth.asks)
        changed_bids, changed_asks = _diff(self._bids, bids), _diff(self._asks, asks)
        if not changed_bids and not changed_asks:
            return None, None
        best_before = self._best_five()
        previous = self._sequence
        self._bids, self._asks, self._ts = bids, asks, now_ms
        self._sequence += len(changed_bids) + len(changed_asks)
        update = self._write("books", "update", changed_bids, changed_asks, previous)
        return update, (self.snapshot("books5") if self._best_five() != best_before else None)

    def snapshot(self, channel: str) -> dict[str, Any]:
        """The whole book as last looked at; five levels a side for ``books5``."""
        if not self._bids:
            self.refresh(self._ts)
        best = _FIVE if channel == "books5" else None
        bids, asks = dict(list(self._bids.items())[:best]), dict(list(self._asks.items())[:best])
        return self._write(channel, "snapshot", bids, asks, 0)

    def _best_five(self) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        return list(self._bids.items())[:_FIVE], list(self._asks.items())[:_FIVE]

    def _write(self, channel: str, action: str, bids: Levels, asks: Levels, previous: int) -> dict[str, Any]:
        listing = self._instrument.listing
        return {
            "arg": Topic(channel, listing.symbol).argument,
            "action": action,
            "data": {
                "asks": write_number_levels(listing, asks.items()),
                "bids": write_number_levels(listing, bids.items()),
                "ts": str(self._ts),
                "prevSeqId": str(previous),
                "seqId": str(self._sequence),
            },
        }


def _to_levels(side: Side) -> Levels:
    return dict(zip(side.ticks.tolist(), side.lots.tolist(), strict=True))


def _diff(old: Levels, new: Levels) -> Levels:
    """Levels that changed; size 0 says that one has gone."""
    changed = {ticks: lots for ticks, lots in new.items() if old.get(ticks) != lots}
    return changed | {ticks: 0 for ticks in old if ticks not in new}
