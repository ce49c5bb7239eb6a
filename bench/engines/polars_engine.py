"""polars alone: what one would write without edgeproof."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl
from bench.material import draw_prints
from bench.measure import Measured, measure_rate

if TYPE_CHECKING:
    from bench.measure import Effort

_TRADES: Final = 10_000_000


def trades_to_bars(effort: Effort) -> Measured:
    """``group_by_dynamic`` over one symbol's trades, lazily, on all cores."""
    prints = draw_prints(effort.scale(_TRADES))
    frame = pl.DataFrame(
        {
            "ts": pl.Series(prints.ts).cast(pl.Datetime("ms", "UTC")),
            "price": prints.price,
            "size": prints.size,
            "buys": prints.buys,
        }
    ).set_sorted("ts")

    def work() -> pl.DataFrame:
        price, size = pl.col("price"), pl.col("size")
        grouped = frame.lazy().group_by_dynamic("ts", every="1m")
        return grouped.agg(
            open=price.first(),
            high=price.max(),
            low=price.min(),
            close=price.last(),
            volume=size.sum(),
            quote_volume=(price * size).sum(),
            trades=pl.len(),
            taker_buy_volume=size.filter(pl.col("buys")).sum(),
        ).collect()

    return measure_rate(work, effort, count=frame.height, size=f"{frame.height:,} trades", note="one symbol, all cores")
