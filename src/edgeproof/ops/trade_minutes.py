"""One-minute bars for the minutes of which only trades were published."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from edgeproof.domain.frames import BARS
from edgeproof.domain.instruments import Instrument
from edgeproof.domain.stores import Written
from edgeproof.domain.time import ONE_MINUTE, Window
from edgeproof.market import bars_from_trades, keep_whole_bars
from edgeproof.ops.spans import measure_spans

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgeproof.domain.stores import Lake
    from edgeproof.market.archives import Portion


class MinuteBuilder:
    """Builds the whole minutes of one file of trades, portion by portion.

    The trades of a portion's last minute wait for the next portion. The file's own first and last minute are left out,
    unless its name says that it holds the day or month whole.
    """

    def __init__(self) -> None:
        self._waiting: pl.DataFrame | None = None
        self._built: list[pl.DataFrame] = []
        self._ends: dict[Instrument, tuple[int, int]] = {}
        self._complete: Window | None = None
        self._aggregated = False

    def add(self, portion: Portion) -> None:
        """Take in the next trades of the file."""
        if portion.frame.is_empty():
            return
        self._complete = portion.complete
        self._aggregated |= portion.aggregated
        self._note_ends(portion.frame)
        trades = portion.frame if self._waiting is None else pl.concat([self._waiting, portion.frame])
        done, self._waiting = _part_last_minute(trades)
        self._built.append(bars_from_trades(done))

    def finish(self) -> tuple[pl.DataFrame, str]:
        """The file's whole minutes, and why there are none where its trades are too far out of order."""
        if self._waiting is not None:
            self._built.append(bars_from_trades(self._waiting))
        bars = pl.concat([BARS.schema.to_frame(), *self._built])
        if bars.select(pl.struct(BARS.key).is_duplicated().any()).item():
            return bars.clear(), "no minutes built: trades are too far out of order"
        if self._aggregated:
            bars = bars.with_columns(trades=pl.lit(None, dtype=pl.Int64))
        parts = bars.partition_by("venue", "symbol", maintain_order=True)
        return pl.concat([bars.clear(), *(self._keep_whole(part) for part in parts)]), ""

    def _keep_whole(self, bars: pl.DataFrame) -> pl.DataFrame:
        instrument = Instrument(venue=bars["venue"][0], symbol=bars["symbol"][0])
        first_ms, last_ms = self._ends[instrument]
        return keep_whole_bars(bars, ONE_MINUTE, first_ms=first_ms, last_ms=last_ms, complete=self._complete)

    def _note_ends(self, trades: pl.DataFrame) -> None:
        for span in measure_spans(trades):
            first_ms, last_ms = self._ends.get(span.instrument, (span.first_ms, span.last_ms))
            self._ends[span.instrument] = (min(first_ms, span.first_ms), max(last_ms, span.last_ms))


def _part_last_minute(trades: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Trades of minutes that are over, and those of the last minute of each instrument, which more may follow."""
    ts = trades["ts"]
    if ts.is_sorted():
        began = ts[-1].replace(second=0, microsecond=0)
        at = int(ts.search_sorted(began))
        return trades[:at], trades[at:]
    last_minute = pl.col("ts").max().over("venue", "symbol").dt.truncate("1m")
    waits = trades.select(pl.col("ts") >= last_minute).to_series()
    return trades.filter(~waits), trades.filter(waits)


def fill_minutes(lake: Lake, built: Sequence[pl.DataFrame]) -> Written:
    """Append built minutes where the lake has no candle, so that what a venue published always stands.

    Raises:
        WorkError: The lake could not be written.
    """
    bars = pl.concat([BARS.schema.to_frame(), *built]).unique(BARS.key, keep="first", maintain_order=True)
    missing = [_leave_out_published(lake, part) for part in bars.partition_by("venue", "symbol", maintain_order=True)]
    fresh = pl.concat([bars.clear(), *missing])
    written = lake.append(BARS, fresh) if fresh.height else Written()
    return written + Written(already_there=bars.height - fresh.height)


def _leave_out_published(lake: Lake, bars: pl.DataFrame) -> pl.DataFrame:
    ts = bars["ts"].dt.epoch("ms").to_numpy()
    instrument = Instrument(venue=bars["venue"][0], symbol=bars["symbol"][0])
    window = Window(start_ms=int(ts.min()), end_ms=int(ts.max()) + 1)
    return bars.join(lake.bars(instrument, ONE_MINUTE, window).select("ts"), on="ts", how="anti")
