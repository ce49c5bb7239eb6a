"""What a strategy wants, bar by bar, before anybody asks what it costs."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from edgeproof.domain.errors import InvalidValue

if TYPE_CHECKING:
    from edgeproof.domain.arrays import BoolArray, FloatArray
    from edgeproof.domain.series import BarSeries


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Signals:
    """Decisions at the closes of ``bars``; every array has shape (n,), n decision bars.

    Attributes:
        bars: The decision bars; decision ``i`` is made at ``bars.known_at[i]``.
        long, short: Wish to be in that direction. While a position of the other direction is open, it reverses.
        exit_long, exit_short: Wish to leave.
        stop, take, trail: Distances in price from the fill, fixed at the decision to enter; NaN means none.
        leverage: Wished notional over equity at entry, before limits; NaN means no entry.
        max_hold: Decision bars after which a position is closed; 0 means never.
        take_share: Share of a position that leaves at ``take``, the rest goes on; 1 means all of it.
        cool_down: Decision bars after an exit in which nothing is entered; 0 means none.
        limit_offset: Distance from the decision's close at which the order to enter rests, below it to buy and above it
            to sell; NaN means an order at the market. None where no order rests.
        limit_wait: Decision bars for which it rests.
    """

    bars: BarSeries
    long: BoolArray
    short: BoolArray
    exit_long: BoolArray
    exit_short: BoolArray
    stop: FloatArray
    take: FloatArray
    trail: FloatArray
    leverage: FloatArray
    max_hold: int = 0
    take_share: float = 1.0
    cool_down: int = 0
    limit_offset: FloatArray | None = None
    limit_wait: int = 1

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray) and value.shape != (len(self.bars),):
                raise InvalidValue(field.name, f"an array of shape {value.shape}", f"shape ({len(self.bars)},)")
        if self.max_hold < 0:
            raise InvalidValue("max_hold", self.max_hold, "a number of bars, 0 or more")
        if self.limit_wait < 1:
            raise InvalidValue("limit_wait", self.limit_wait, "a number of bars, 1 or more")
        if self.cool_down < 0:
            raise InvalidValue("cool_down", self.cool_down, "a number of bars, 0 or more")
        if not 0.0 < self.take_share <= 1.0:
            raise InvalidValue("take_share", self.take_share, "a share above 0, at most 1")
