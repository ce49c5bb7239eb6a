"""What an intake holds and admits, against what a simulated exchange knows it made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from edgeproof.domain.instruments import Instrument

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edgeproof.domain.stores import Lake
    from edgeproof.ops.intake import Journal

_SAME = ("ts", "price", "size", "side")


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Counts of trades, from the first to the last that the lake holds of each symbol.

    Attributes:
        made: By the exchange.
        held: In the lake.
        doubled: Held more than once.
        invented: Held, but never made, or with other values.
        marked: Missing, in a recorded gap.
        unchecked: Missing, after the watermark: nobody claims that they are there.
        unmarked: Missing, and nobody said so.
    """

    made: int
    held: int
    doubled: int
    invented: int
    marked: int
    unchecked: int
    unmarked: int


def compare_with_truth(lake: Lake, journal: Journal, truth: pl.DataFrame, venue: str) -> Comparison:
    """Count over every symbol of the truth (``BackgroundExchange.trades``)."""
    parts = [_compare(lake, journal, truth, Instrument(venue=venue, symbol=s)) for s in truth["symbol"].unique()]
    return _add(parts)


def _compare(lake: Lake, journal: Journal, truth: pl.DataFrame, instrument: Instrument) -> Comparison:
    held = lake.trades(instrument)
    made = truth.filter(
        pl.col("symbol") == instrument.symbol, pl.col("ts").is_between(held["ts"].min(), held["ts"].max())
    )
    known = truth.filter(pl.col("symbol") == instrument.symbol)
    same = held.join(known, on=["trade_id", *_SAME], how="semi")
    missing = made.join(held, on="trade_id", how="anti")["ts"].dt.epoch("ms").to_list()
    checked_ms = journal.watermarks(instrument.venue).get(instrument.symbol, 0)
    gaps = journal.gaps(instrument)
    marked = sum(any(gap.start_ms <= ms < gap.end_ms for gap in gaps) for ms in missing)
    unmarked = sum(ms < checked_ms and not any(gap.start_ms <= ms < gap.end_ms for gap in gaps) for ms in missing)
    return Comparison(
        made=made.height,
        held=held.height,
        doubled=held.height - held["trade_id"].n_unique(),
        invented=held.height - same.height,
        marked=marked,
        unchecked=len(missing) - marked - unmarked,
        unmarked=unmarked,
    )


def _add(parts: Iterable[Comparison]) -> Comparison:
    total = list(parts)
    names = Comparison.__slots__
    return Comparison(**{name: sum(getattr(part, name) for part in total) for name in names})
