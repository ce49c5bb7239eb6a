"""The arithmetic of a fill: price, size, fee, margin, liquidation, and which level a bar touches first.

Plain functions that compiled kernels call and Python runs, so that a kernel and its specification share every bit.
"""

from __future__ import annotations

import numpy as np
from numba.extending import register_jitable

from edgeproof.kernels.replay_records import LIQUIDATION, MOST_NOTIONAL, STEP_SLACK, STOP, TAKE, TRAIL, UNTOUCHED


@register_jitable
def fill_price(reference: float, action: int, slippage: float, tick: float) -> float:
    """Price at which a market order fills: slippage and rounding both go against it.

    Args:
        reference: Price aimed at.
        action: 1 to buy, -1 to sell.
        slippage: Share of the price.
        tick: Price step, 0 for none. A sale below one tick is left unrounded, rather than given away for nothing.
    """
    price = reference * (1.0 + action * slippage)
    if tick > 0.0:
        steps = price / tick
        rounded = tick * (np.ceil(steps - STEP_SLACK) if action > 0 else np.floor(steps + STEP_SLACK))
        if rounded > 0.0:
            price = rounded
    return price


@register_jitable
def liquidation_price(side: int, entry: float, size: float, margin: float, maintenance: float) -> float:
    """Price at which an isolated position's margin and loss together leave only the maintenance margin."""
    return (entry - side * margin / size) / (1.0 - side * maintenance)


@register_jitable
def open_position(
    side: int,
    market: float,
    equity: float,
    leverage: float,
    taker: float,
    slippage: float,
    lot: float,
    tick: float,
    min_size: float,
    max_leverage: float,
    maintenance: float,
) -> tuple[float, float, float, float, float]:
    """Size and price an entry at the open ``market``.

    Returns:
        entry price, size, entry fee, margin, liquidation price; a size of 0 means that the venue refuses the order.
    """
    used = min(leverage, max_leverage)
    notional = equity * used
    price = fill_price(market, side, slippage, tick)
    size = notional / price
    if lot > 0.0:
        size = lot * np.floor(size / lot + STEP_SLACK)
        # Asked here too, so that it stays a branch: the compiler would make every size wait for this division.
        if size <= 0.0:
            return price, 0.0, 0.0, 0.0, 0.0
    if size <= 0.0 or size < min_size or notional > MOST_NOTIONAL:
        return price, 0.0, 0.0, 0.0, 0.0
    fee = size * price * taker
    margin = min(size * price / max(1.0, used), equity - fee)
    if margin <= 0.0:
        return price, 0.0, 0.0, 0.0, 0.0
    liquidation = liquidation_price(side, price, size, margin, maintenance)
    if side * (market - liquidation) <= 0.0:
        return price, 0.0, 0.0, 0.0, 0.0
    return price, size, fee, margin, liquidation


@register_jitable
def find_touch(
    side: int,
    open_: float,
    high: float,
    low: float,
    stop: float,
    take: float,
    trail: float,
    liquidation: float,
) -> tuple[int, float, bool]:
    """Which level of a position one bar touches first, at what price, and whether already at the open.

    Levels are prices; an absent one is an infinity that no price reaches. A bar does not tell the order of its high and
    its low, so whatever hurts is taken to come first.
    """
    # Times the side, every position is a long one: adverse levels lie below, the target above.
    at_open, worst, best = side * open_, side * (low if side > 0 else high), side * (high if side > 0 else low)
    if at_open <= side * liquidation:
        return LIQUIDATION, open_, True
    adverse, reason = side * stop, STOP
    if side * trail > adverse:
        adverse, reason = side * trail, TRAIL
    if side * liquidation >= adverse:
        adverse, reason = side * liquidation, LIQUIDATION
    if at_open <= adverse:
        return reason, open_, True
    if at_open >= side * take:
        return TAKE, open_, True
    if worst <= adverse:
        return reason, side * adverse, False
    if best >= side * take:
        return TAKE, take, False
    return UNTOUCHED, open_, False


@register_jitable
def price_exit(
    side: int,
    entry: float,
    size: float,
    margin: float,
    balance: float,
    reference: float,
    liquidated: bool,  # noqa: FBT001 - kernels are called by position
    taker: float,
    slippage: float,
    tick: float,
) -> tuple[float, float]:
    """Exit price and fee. An isolated position never loses more than its margin, an account never more than it has.

    A liquidation fills without slippage and its fee is all that is left of the margin.
    """
    bankruptcy = entry - side * margin / size
    price = reference if liquidated else fill_price(reference, -side, slippage, tick)
    if side * (price - bankruptcy) < 0.0:
        price = bankruptcy
    gain = side * size * (price - entry)
    if liquidated:
        return price, max(0.0, margin + gain)
    return price, max(0.0, min(size * price * taker, balance + gain))
