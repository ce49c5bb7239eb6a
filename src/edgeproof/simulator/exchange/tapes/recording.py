"""From a lake to a tape: what was recorded of some instruments is played again, today.

1. The grid of each instrument is found from what was recorded: the coarsest step of tens that every number lies on;
   numbers that lie on none are rounded to eight digits.
2. Minutes before the start are its history; trades from there on are played, a day at a time.
3. Where the lake holds no trades of an instrument on a day, four are made of each bar.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from edgeproof.domain.errors import RequestError
from edgeproof.domain.time import MS_PER_DAY, MS_PER_MINUTE, ONE_MINUTE, Window, format_ms
from edgeproof.simulator.exchange.engine.listing import Listing
from edgeproof.simulator.exchange.tapes.replay import ReplayTape, make_trades_of_bars

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from edgeproof.domain.instruments import Instrument
    from edgeproof.domain.stores import Lake

_MOST_TICKS: Final = 1e8
# What 64 bits hold, less a margin for bars of a month and a history before the recording.
_MOST_VALUE: Final = 2.0**62 / 1_000
_COLUMNS: Final = ("symbol", "ts", "price", "size", "side")


def record_tape(
    lake: Lake,
    instruments: Sequence[Instrument],
    window: Window,
    *,
    history_ms: int = 7 * MS_PER_DAY,
    shift_ms: int = 0,
) -> ReplayTape:
    """A tape of what a lake holds.

    Args:
        lake: Where trades, 1-minute bars and funding are.
        instruments: What is played; of one venue, or the symbols would meet.
        window: What is played of them; what lies before its start is history.
        history_ms: How far back.
        shift_ms: Added to every time, so that a recording may play today; whole minutes.

    Raises:
        RequestError: The lake holds neither trades nor 1-minute bars of an instrument in the window.
    """
    before = Window(start_ms=window.start_ms - history_ms, end_ms=window.start_ms)
    bars = pl.concat(lake.bars(one, ONE_MINUTE, before) for one in instruments)
    funding = pl.concat(
        lake.funding(one, Window(start_ms=before.start_ms, end_ms=window.end_ms)) for one in instruments
    )
    return ReplayTape(
        [_list_recorded(lake, one, window) for one in instruments],
        _read_days(lake, instruments, window),
        window.start_ms,
        bars=bars,
        funding=funding,
        shift_ms=shift_ms // MS_PER_MINUTE * MS_PER_MINUTE,
    )


def _list_recorded(lake: Lake, instrument: Instrument, window: Window) -> Listing:
    """A listing on whose grid everything that is played lies."""
    days = [_read_trades(lake, instrument, day) for day in _split_days(window)]
    rows = pl.concat(days)
    if rows.is_empty():
        span = f"{format_ms(window.start_ms)} to {format_ms(window.end_ms)}"
        raise RequestError(f"the lake holds no trades and no 1-minute bars of {instrument} from {span} to play")
    tick = _find_step(rows["price"], greatest=_MOST_TICKS)
    dearest = max(float(rows["price"].to_numpy().max()) / float(tick), 1.0)
    # Candles add up ticks times lots: a lot too fine for that is made coarser, and sizes are rounded to it.
    most = _MOST_VALUE / dearest / max(float(rows["size"].sum() / rows["size"].to_numpy().max()), 1.0)
    lot = _find_step(rows["size"], greatest=max(most, 1.0))
    return Listing(symbol=instrument.symbol, contract_value=lot, tick=tick, lot=Decimal(1), min_size=Decimal(1))


def _read_days(lake: Lake, instruments: Sequence[Instrument], window: Window) -> Iterator[pl.DataFrame]:
    for day in _split_days(window):
        yield pl.concat(_read_trades(lake, one, day) for one in instruments).sort("ts", maintain_order=True)


def _read_trades(lake: Lake, instrument: Instrument, day: Window) -> pl.DataFrame:
    trades = lake.trades(instrument, day)
    if trades.is_empty():
        return make_trades_of_bars(lake.bars(instrument, ONE_MINUTE, day)).select(_COLUMNS)
    return trades.select(_COLUMNS)


def _split_days(window: Window) -> Iterator[Window]:
    for start_ms in range(window.start_ms, window.end_ms, MS_PER_DAY):
        yield Window(start_ms=start_ms, end_ms=min(start_ms + MS_PER_DAY, window.end_ms))


def _find_step(values: pl.Series, *, greatest: float) -> Decimal:
    """The coarsest power of ten, one at most, that all values are whole numbers of, but no more than ``greatest``."""
    numbers = values.unique().to_numpy()
    digits = 0
    while numbers.max() * 10.0 ** (digits + 1) <= greatest:
        steps = numbers * 10.0**digits
        # A float of a decimal is off by its rounding alone.
        if np.allclose(steps, np.rint(steps), rtol=1e-14, atol=0.0):
            break
        digits += 1
    return Decimal(1).scaleb(-digits)
