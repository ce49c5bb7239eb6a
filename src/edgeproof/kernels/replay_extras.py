"""What a plain replay does without: terms that few strategies and few accounts ask for.

A kernel that is given ``None`` instead of them is compiled without a trace of them, so nobody pays for what others use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from numba.extending import register_jitable

from edgeproof.kernels.replay_records import STEP_SLACK

if TYPE_CHECKING:
    from edgeproof.kernels._arrays import FloatArray, IntArray

_HOUR_MS: Final = 3_600_000
_HOURS: Final = 24


class Extras(NamedTuple):
    """The terms beyond the plain ones. An empty array stands for what nobody asked for.

    Attributes:
        cool_down: Decision bars after an exit in which nothing is entered, 0 for none.
        take_share: Share of a position that leaves at its target, 1 for all of it.
        limit: Price at which each event's order to enter rests, shape (k,) for k events; NaN for an order at the
            market, 0 for a price that is none.
        wait: Decision bars for which such an order rests.
        fillable: Whether a touch of its price fills it, shape (k,).
        maker: Fee of an order that rested, share of notional.
        print_ts: Times of trades, UTC milliseconds, not descending, shape (p,).
        print_price: Their prices.
        tiers: Margin tiers in order of size, each its greatest notional, maintenance share and greatest leverage, shape
            (t, 3).
        hourly: Slippage of sales (row 0) and purchases (row 1) by UTC hour, shape (2, 24).
        factor: What slippage is multiplied with, by execution bar, shape (n,).
    """

    cool_down: int
    take_share: float
    limit: npt.NDArray[np.float64]
    wait: int
    fillable: npt.NDArray[np.bool_]
    maker: float
    print_ts: npt.NDArray[np.int64]
    print_price: npt.NDArray[np.float64]
    tiers: npt.NDArray[np.float64]
    hourly: npt.NDArray[np.float64]
    factor: npt.NDArray[np.float64]


NO_EXTRAS: Final = Extras(
    cool_down=0,
    take_share=1.0,
    limit=np.empty(0),
    wait=1,
    fillable=np.empty(0, np.bool_),
    maker=0.0,
    print_ts=np.empty(0, np.int64),
    print_price=np.empty(0),
    tiers=np.empty((0, 3)),
    hourly=np.empty((0, _HOURS)),
    factor=np.empty(0),
)


@register_jitable
def split_position(size: float, share: float, lot: float, min_size: float) -> float:
    """Size of the part that leaves at the target; 0 where that or the rest would be no order, so that all leaves."""
    part = size * share
    if lot > 0.0:
        part = lot * np.floor(part / lot + STEP_SLACK)
    rest = size - part
    if part <= 0.0 or rest <= lot * STEP_SLACK or part < min_size or rest < min_size:
        return 0.0
    return part


@register_jitable
def find_limit_fill(
    side: int,
    limit: float,
    fillable: bool,  # noqa: FBT001 - kernels are called by position
    open_: FloatArray,
    high: FloatArray,
    low: FloatArray,
    start: int,
    stop: int,
) -> int:
    """First bar of ``start`` up to ``stop`` that fills a resting order, else ``stop``.

    A bar that opens beyond its price has gone through the whole queue and fills it for sure, a touch only where
    ``fillable``.
    """
    bar = start
    while bar < stop:
        if side * (open_[bar] - limit) < 0.0:
            return bar
        if fillable and side * ((low[bar] if side > 0 else high[bar]) - limit) <= 0.0:
            return bar
        bar += 1
    return stop


@register_jitable
def cut_to_fill(side: int, limit: float, high: float, low: float, close: float) -> tuple[float, float]:
    """High and low that a bar surely had after a resting order was filled inside it: the worst price and the close."""
    if side > 0:
        return max(limit, close), low
    return high, min(limit, close)


@register_jitable
def is_target_first(
    print_ts: IntArray,
    print_price: FloatArray,
    start_ms: int,
    end_ms: int,
    side: int,
    adverse: float,
    take: float,
    limit: float,
) -> bool:
    """Whether the trades of a bar that touched both reached ``take`` before ``adverse``.

    Trades before the first at ``limit`` or beyond came before the order to enter was filled; NaN where it did not rest.
    """
    waiting = not np.isnan(limit)
    at = np.searchsorted(print_ts, start_ms)
    while at < len(print_ts) and print_ts[at] < end_ms:
        price = side * print_price[at]
        if waiting and price <= side * limit:
            waiting = False
        if not waiting:
            if price <= side * adverse:
                return False
            if price >= side * take:
                return True
        at += 1
    return False


@register_jitable
def choose_tier(tiers: FloatArray, equity: float, leverage: float) -> tuple[float, float]:
    """Leverage that the tiers allow, at most the one wished for, and the maintenance share of such a position."""
    wished = equity * leverage
    most = 0.0
    for at in range(len(tiers)):
        most = max(most, min(equity * min(leverage, tiers[at, 2]), tiers[at, 0]))
    tier = 0
    while tier < len(tiers) - 1 and tiers[tier, 0] < most:
        tier += 1
    return (leverage if most >= wished else most / equity), tiers[tier, 1]


@register_jitable
def find_slippage(hourly: FloatArray, factor: FloatArray, usual: float, ts: np.int64, bar: int, action: int) -> float:
    """Slippage of a purchase (``action`` 1) or sale (-1) in a bar that opens at ``ts``."""
    slippage = usual
    if len(hourly) > 0:
        slippage = hourly[1 if action > 0 else 0, ts // _HOUR_MS % _HOURS]
    if len(factor) > 0:
        slippage *= factor[bar]
    return slippage
