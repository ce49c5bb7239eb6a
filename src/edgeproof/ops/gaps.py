"""Which minutes of a symbol's trades are whole: the venue's candles are the judge.

For every closed minute the bar built from the lake's trades is held against the candle the venue published. Where they
say the same, the minute is whole; where they do not, trades are missing (or too many), and the minute is a gap. A gap
has the venue's candle all the same, so bars stay complete where trades are not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from edgeproof.domain.frames import BARS
from edgeproof.domain.time import MS_PER_MINUTE, ONE_MINUTE
from edgeproof.market import bars_from_trades

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from edgeproof.domain.instruments import Instrument
    from edgeproof.domain.time import Window

# Sums of floats differ in their last digits with the order of adding; the least trade is far more than this share.
_TOLERANCE: Final = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A stretch of minutes whose trades are not those the venue's candles speak of.

    Attributes:
        instrument: Whose.
        start_ms: Open of the first minute.
        end_ms: End of the last.
        cause: What happened then, as far as we know: ``reconnect``, ``sequence``, ``overflow``, ``start``, ``candle``.
        held_volume: Base units of the trades that are in the lake.
        published_volume: Base units that the candles tell of; None where the venue has no candles of the stretch.
        found_ms: When it was found.
    """

    instrument: Instrument
    start_ms: int
    end_ms: int
    cause: str
    held_volume: float
    published_volume: float | None
    found_ms: int

    @property
    def minutes(self) -> int:
        """Length in minutes."""
        return (self.end_ms - self.start_ms) // MS_PER_MINUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class MinuteCheck:
    """What the candles say about the trades of some minutes.

    Attributes:
        bars: The venue's candles as bars, with trade counts and taker volume where the trades are whole.
        differing: Open, volume held and volume published of each minute that differs.
    """

    bars: pl.DataFrame
    differing: tuple[tuple[int, float, float], ...]


def check_minutes(trades: pl.DataFrame, candles: pl.DataFrame, window: Window) -> MinuteCheck:
    """Hold trades against candles.

    A minute without a candle is one in which nothing was traded, so the candles must be all there are.

    Args:
        trades: Rows of the trades table, of one instrument.
        candles: 1-minute rows of the bars table, of the same instrument.
        window: Whole minutes that are judged.
    """
    opens = pl.col("ts").dt.epoch("ms")
    inside = opens.is_between(window.start_ms, window.end_ms, closed="left")
    built = bars_from_trades(trades.filter(inside).sort("ts", maintain_order=True), ONE_MINUTE)
    published = candles.filter(inside)
    both = published.select(BARS.schema.names()).join(built, on=BARS.key, how="full", suffix="_built", coalesce=True)
    judged = both.with_columns(_is_same().alias("same")).sort("ts")
    whole = judged.filter("same")
    counted = [pl.col(f"{name}_built").alias(name) for name in ("trades", "taker_buy_volume")]
    bars = pl.concat(
        [
            whole.filter(pl.col("open").is_not_null()).with_columns(counted).select(BARS.schema.names()),
            judged.filter(~pl.col("same"), pl.col("open").is_not_null()).select(BARS.schema.names()),
        ]
    )
    wrong = judged.filter(~pl.col("same")).select(
        opens.alias("ms"), pl.col("volume_built").fill_null(0.0), pl.col("volume").fill_null(0.0)
    )
    return MinuteCheck(bars=bars.sort("ts"), differing=tuple(wrong.iter_rows()))


def join_gaps(
    instrument: Instrument, minutes: Iterable[tuple[int, float, float]], *, cause: str, found_ms: int
) -> list[Gap]:
    """Neighbouring minutes that differ, as gaps."""
    gaps = list[Gap]()
    for open_ms, held, published in sorted(minutes):
        before = gaps.pop() if gaps and gaps[-1].end_ms == open_ms else None
        gaps.append(
            Gap(
                instrument=instrument,
                start_ms=before.start_ms if before else open_ms,
                end_ms=open_ms + MS_PER_MINUTE,
                cause=cause,
                held_volume=held + (before.held_volume if before else 0.0),
                published_volume=published + ((before.published_volume or 0.0) if before else 0.0),
                found_ms=found_ms,
            )
        )
    return gaps


def find_absent_minutes(candles: pl.DataFrame, window: Window) -> Sequence[int]:
    """Opens of the window's minutes that have no candle."""
    there = set(candles["ts"].dt.epoch("ms").to_list())
    return [ms for ms in range(window.start_ms, window.end_ms, MS_PER_MINUTE) if ms not in there]


def _is_same() -> pl.Expr:
    quiet = pl.col("volume").fill_null(0.0) == 0.0
    nothing_held = pl.col("volume_built").is_null()
    alike = [
        (pl.col(name) - pl.col(f"{name}_built")).abs() <= _TOLERANCE * pl.col(name).abs()
        for name in ("open", "high", "low", "close", "volume")
    ]
    return ((quiet & nothing_held) | pl.all_horizontal(alike).fill_null(value=False)).fill_null(value=False)
