"""Play what a lake holds: real trades, or bars where there are no trades."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from edgeproof.domain.frames import UTC_MS
from edgeproof.domain.time import MS_PER_MINUTE
from edgeproof.simulator.exchange.engine.tape import FundingSchedule
from edgeproof.simulator.exchange.engine.trades import TradeBatch
from edgeproof.simulator.exchange.tapes._queue import TradeQueue

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from edgeproof.domain.arrays import IntArray
    from edgeproof.simulator.exchange.engine.listing import Listing

_PARTS_OF_A_BAR = 4


class ReplayTape:
    """Trades handed in as frames, put on each listing's grid: prices to the nearest tick, sizes to a lot or more.

    Args:
        listings: The instruments; trades of others are left out.
        trades: Frames with the columns of ``domain.frames.TRADES``, each in order of time and later than those before
            it; read only as far as time has come.
        start_ms: First moment that is played, on the recording's clock; trades before it are left out.
        bars: One-minute bars, as ``domain.frames.BARS``, for the history before the start.
        funding: As ``domain.frames.FUNDING``.
        shift_ms: Added to every time, so that a recording may play today.
    """

    def __init__(  # noqa: PLR0913 - the parts of a recording
        self,
        listings: Sequence[Listing],
        trades: Iterable[pl.DataFrame],
        start_ms: int,
        *,
        bars: pl.DataFrame | None = None,
        funding: pl.DataFrame | None = None,
        shift_ms: int = 0,
    ) -> None:
        self._listings = tuple(listings)
        self._frames: Iterator[pl.DataFrame] = iter(trades)
        self._recorded_start_ms = start_ms
        self._bars = bars
        self._funding = funding
        self._shift_ms = shift_ms
        self._queue = TradeQueue()
        self._drawn_until_ms = self.start_ms - 1

    @property
    def start_ms(self) -> int:
        """The first moment that is played."""
        return self._recorded_start_ms + self._shift_ms

    @property
    def listings(self) -> Sequence[Listing]:
        """The instruments handed in."""
        return self._listings

    def history(self, symbol: str) -> IntArray:
        """Minutes of the bars before the start, those missing filled flat at the last close."""
        if self._bars is None:
            return np.empty((0, 7), dtype=np.int64)
        listing = next(item for item in self._listings if item.symbol == symbol)
        before = (pl.col("symbol") == symbol) & (pl.col("ts").dt.epoch("ms") < self._recorded_start_ms)
        bars = _fill_minutes(self._bars.filter(before & (pl.col("timeframe") == "1m")).sort("ts"))
        tick = float(listing.tick)
        prices = [_to_steps(bars[name], tick) for name in ("open", "high", "low", "close")]
        lots = _to_steps(bars["volume"], float(listing.base_per_lot))
        ts = bars["ts"].dt.epoch("ms").to_numpy() + self._shift_ms
        return np.column_stack([ts, *prices, lots, lots * ((prices[1] + prices[2]) // 2)])

    def funding(self, symbol: str) -> FundingSchedule:
        """The rates handed in."""
        if self._funding is None:
            return FundingSchedule(ts=np.empty(0, dtype=np.int64), rate=np.empty(0))
        mine = self._funding.filter(pl.col("symbol") == symbol).sort("ts")
        return FundingSchedule(ts=mine["ts"].dt.epoch("ms").to_numpy() + self._shift_ms, rate=mine["rate"].to_numpy())

    def play_until(self, until_ms: int) -> Sequence[TradeBatch]:
        """Trades up to and at ``until_ms``."""
        while self._drawn_until_ms <= until_ms and (frame := next(self._frames, None)) is not None:
            self._draw(frame)
        return self._queue.take(until_ms)

    def _draw(self, frame: pl.DataFrame) -> None:
        kept = frame.filter(pl.col("ts").dt.epoch("ms") >= self._recorded_start_ms)
        for listing in self._listings:
            mine = kept.filter(pl.col("symbol") == listing.symbol)
            if not mine.height:
                continue
            batch = TradeBatch(
                symbol=listing.symbol,
                ts=mine["ts"].dt.epoch("ms").to_numpy() + self._shift_ms,
                ticks=np.maximum(_to_steps(mine["price"], float(listing.tick)), 1),
                lots=np.maximum(_to_steps(mine["size"], float(listing.base_per_lot)), 1),
                buys=(mine["side"] == "buy").to_numpy(),
            )
            self._queue.put(batch)
            self._drawn_until_ms = max(self._drawn_until_ms, int(batch.ts[-1]))


def make_trades_of_bars(bars: pl.DataFrame) -> pl.DataFrame:
    """Four trades a bar, of a quarter of its volume each: open, the nearer extreme first, the other, close.

    Args:
        bars: As ``domain.frames.BARS``, of one timeframe.

    Returns:
        Columns symbol, ts, price, size and side, in order of time.
    """
    up = pl.col("close") >= pl.col("open")
    first, second = (
        pl.when(up).then("low").otherwise("high"),
        pl.when(up).then("high").otherwise("low"),
    )
    parts = [pl.col("open"), first, second, pl.col("close")]
    sides = [up, ~up, up, up]
    quarter = pl.col("volume") / _PARTS_OF_A_BAR
    step = MS_PER_MINUTE // _PARTS_OF_A_BAR
    frames = [
        bars.filter(pl.col("volume") > 0).select(
            symbol=pl.col("symbol"),
            ts=(pl.col("ts").dt.epoch("ms") + i * step).cast(UTC_MS),
            price=part,
            size=quarter,
            side=pl.when(side).then(pl.lit("buy")).otherwise(pl.lit("sell")),
        )
        for i, (part, side) in enumerate(zip(parts, sides, strict=True))
    ]
    return pl.concat(frames).sort("ts", maintain_order=True)


def _fill_minutes(bars: pl.DataFrame) -> pl.DataFrame:
    if not bars.height:
        return bars
    close = pl.col("close").forward_fill()
    return (
        bars.select("ts", "open", "high", "low", "close", "volume")
        .upsample("ts", every="1m")
        .with_columns(close, pl.col("volume").fill_null(0.0))
        .with_columns(pl.col(name).fill_null(pl.col("close")) for name in ("open", "high", "low"))
    )


def _to_steps(values: pl.Series, step: float) -> IntArray:
    return np.rint(values.to_numpy() / step).astype(np.int64)
