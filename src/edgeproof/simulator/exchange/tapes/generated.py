"""Play the generated market: history up to a moment, its trades from there on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from edgeproof.domain.errors import InvalidValue
from edgeproof.domain.time import MS_PER_HOUR, MS_PER_MINUTE, Window, format_ms
from edgeproof.simulator.exchange.engine.tape import FundingSchedule
from edgeproof.simulator.exchange.engine.trades import TradeBatch
from edgeproof.simulator.exchange.tapes._listings import list_profile
from edgeproof.simulator.exchange.tapes._queue import TradeQueue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgeproof.domain.arrays import IntArray
    from edgeproof.simulator.exchange.engine.listing import Listing
    from edgeproof.simulator.market import GeneratedMarket

_AHEAD_MS: Final = MS_PER_HOUR


class GeneratedTape:
    """A generated market, played from ``start_ms``. After its last minute it is silent.

    Raises:
        InvalidValue: The start is no minute's open, or outside the market.
    """

    def __init__(self, market: GeneratedMarket, start_ms: int) -> None:
        window = market.spec.window
        if start_ms % MS_PER_MINUTE or not window.start_ms <= start_ms < window.end_ms:
            span = f"{format_ms(window.start_ms)} to {format_ms(window.end_ms)}"
            raise InvalidValue("start of the tape", format_ms(start_ms), f"the open of a minute from {span}")
        self._market = market
        self._start_ms = start_ms
        self._listings = tuple(list_profile(s, market.paths[s].profile) for s in market.spec.symbols)
        self._queue = TradeQueue()
        self._drawn_until_ms = start_ms

    @property
    def start_ms(self) -> int:
        """The first moment that is played."""
        return self._start_ms

    @property
    def listings(self) -> Sequence[Listing]:
        """The market's symbols, in its order."""
        return self._listings

    def history(self, symbol: str) -> IntArray:
        """Minutes of the market before the start."""
        profile = self._market.paths[symbol].profile
        bars = self._market.bars.filter(pl.col("symbol") == symbol, pl.col("ts").dt.epoch("ms") < self._start_ms)
        prices = [bars[name].to_numpy() / profile.tick for name in ("open", "high", "low", "close")]
        columns = [
            bars["ts"].dt.epoch("ms").to_numpy(),
            *prices,
            bars["volume"].to_numpy() / profile.lot,
            bars["quote_volume"].to_numpy() / (profile.tick * profile.lot),
        ]
        return np.column_stack([np.rint(column).astype(np.int64) for column in columns])

    def funding(self, symbol: str) -> FundingSchedule:
        """The market's rates."""
        rates = self._market.paths[symbol].funding
        return FundingSchedule(ts=rates.ts, rate=rates.rate)

    def play_until(self, until_ms: int) -> Sequence[TradeBatch]:
        """Trades up to and at ``until_ms``."""
        while self._drawn_until_ms <= until_ms and self._drawn_until_ms < self._market.spec.window.end_ms:
            self._draw(min(self._drawn_until_ms + _AHEAD_MS, self._market.spec.window.end_ms))
        return self._queue.take(until_ms)

    def _draw(self, until_ms: int) -> None:
        window = Window(start_ms=self._drawn_until_ms, end_ms=until_ms)
        for listing in self._listings:
            profile = self._market.paths[listing.symbol].profile
            frame = self._market.trades(listing.symbol, window)
            self._queue.put(
                TradeBatch(
                    symbol=listing.symbol,
                    ts=frame["ts"].dt.epoch("ms").to_numpy(),
                    ticks=np.rint(frame["price"].to_numpy() / profile.tick).astype(np.int64),
                    lots=np.rint(frame["size"].to_numpy() / profile.lot).astype(np.int64),
                    buys=(frame["side"] == "buy").to_numpy(),
                )
            )
        self._drawn_until_ms = until_ms
