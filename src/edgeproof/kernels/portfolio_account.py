"""What happens to an account that legs share: what is tied up, what room is left, what an exit leaves behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
from numba.extending import register_jitable

from edgeproof.kernels.portfolio_records import (
    NO_CORRELATED_ROOM,
    NO_GROSS_ROOM,
    NO_MARGIN,
    NO_SYMBOL_ROOM,
)
from edgeproof.kernels.replay import LIQUIDATION, fill_price, price_exit

if TYPE_CHECKING:
    from edgeproof.kernels._arrays import FloatArray, IntArray

    Records = npt.NDArray[np.void]

_BOUND_SLACK: Final = 1.0 + 1e-9


@register_jitable
def find_stop_loss(
    side: int,
    market: float,
    stop: float,
    trail: float,
    taker: float,
    entry_slippage: float,
    exit_slippage: float,
    tick: float,
) -> float:
    """What an entry at the open ``market`` would lose at its stop, as a share of its notional, all costs included.

    Returns:
        NaN without a stop or trail that could ever be reached.
    """
    distance = trail if np.isnan(stop) or trail < stop else stop
    if not distance < np.inf:
        return np.nan
    entry = fill_price(market, side, entry_slippage, tick)
    level = max(0.0, entry - side * distance)
    leaving = fill_price(level, -side, exit_slippage, tick)
    return (side * (entry - leaving) + taker * (entry + leaving)) / entry


@register_jitable
def find_tier_leverage(tiers: FloatArray, notional: float) -> float:
    """Greatest leverage that the tiers allow a position of this size; a rounding beyond a bound is none."""
    tier = 0
    while tier < len(tiers) - 1 and tiers[tier, 0] * _BOUND_SLACK < notional:
        tier += 1
    return float(tiers[tier, 2])


@register_jitable
def are_together(correlation: float, side: int, other: int, threshold: float) -> bool:
    """Whether two positions may lose together; what is not known is taken to."""
    return bool(np.isnan(correlation) or correlation * side * other >= threshold)


@register_jitable
def find_backing(positions: Records, held: IntArray, count: int, realised: float, leg: int) -> float:
    """What the other positions leave of an account: its cash less their costs so far and their margins."""
    backing = realised
    for at in range(count):
        if held[at] != leg:
            other = positions[held[at]]
            backing -= other["entry_fee"] + other["paid"] + other["margin"]
    return backing


@register_jitable
def mark_account(positions: Records, held: IntArray, count: int, realised: float) -> float:
    """The account's equity, open positions at the newest price of each."""
    equity = realised
    for at in range(count):
        p = positions[held[at]]
        equity = equity - p["entry_fee"] - p["paid"] + p["side"] * p["size"] * (p["mark"] - p["entry"])
    return max(0.0, equity)


@register_jitable
def describe_account(positions: Records, held: IntArray, count: int, realised: float, sample: np.void) -> None:
    """Write what the account looks like now."""
    cash, margin, long, short = realised, 0.0, 0.0, 0.0
    for at in range(count):
        p = positions[held[at]]
        cash -= p["entry_fee"] + p["paid"]
        margin += p["margin"]
        if p["side"] > 0:
            long += p["size"] * p["mark"]
        else:
            short += p["size"] * p["mark"]
    sample["equity"] = mark_account(positions, held, count, realised)
    sample["cash"] = cash
    sample["margin"] = margin
    sample["long"] = long
    sample["short"] = short
    sample["positions"] = count


@register_jitable
def find_room(
    positions: Records,
    held: IntArray,
    count: int,
    leg_symbol: IntArray,
    correlation: FloatArray,
    side: int,
    symbol: int,
    equity: float,
    margin_room: float,
    max_gross: float,
    max_symbol: float,
    max_correlated: float,
    threshold: float,
) -> tuple[float, int]:
    """Notional that margin and limits leave for one more position, and which of them leaves least."""
    gross, same, together = 0.0, 0.0, 0.0
    crowded = 0.0  # the fullest group that the new position would join
    for at in range(count):
        p = positions[held[at]]
        notional = p["size"] * p["mark"]
        where = leg_symbol[held[at]]
        gross += notional
        if where == symbol:
            same += notional
        if max_correlated < np.inf and are_together(correlation[symbol, where], side, p["side"], threshold):
            together += notional
            around = 0.0
            for other in range(count):
                q = positions[held[other]]
                if are_together(correlation[where, leg_symbol[held[other]]], p["side"], q["side"], threshold):
                    around += q["size"] * q["mark"]
            crowded = max(crowded, around)
    room, reason = margin_room, NO_MARGIN
    left = max_gross * equity - gross
    if left < room:
        room, reason = left, NO_GROSS_ROOM
    left = max_symbol * equity - same
    if left < room:
        room, reason = left, NO_SYMBOL_ROOM
    left = max_correlated * equity - max(together, crowded)
    if left < room:
        room, reason = left, NO_CORRELATED_ROOM
    return room, reason


@register_jitable
def leave_position(
    p: np.void,
    trade: np.void,
    backing: float,
    bar: int,
    reason: int,
    reference: float,
    held_bars: int,
    taker: float,
    slippage: float,
    tick: float,
) -> float:
    """Close a position into a trade; the arithmetic of the single replay. Returns the pnl."""
    side, entry, size, entry_fee, paid = int(p["side"]), p["entry"], p["size"], p["entry_fee"], p["paid"]
    balance = backing - entry_fee - paid
    price, fee = price_exit(
        side, entry, size, p["margin"], balance, reference, reason == LIQUIDATION, taker, slippage, tick
    )
    lowest, highest = min(p["lowest"], reference), max(p["highest"], reference)
    pnl: float = side * size * (price - entry) - (entry_fee + fee) - paid
    trade["decision"] = p["decision"]
    trade["entry_bar"] = p["entry_bar"]
    trade["exit_bar"] = bar
    trade["bars_held"] = held_bars
    trade["side"] = side
    trade["reason"] = reason
    trade["entry_price"] = entry
    trade["exit_price"] = price
    trade["size"] = size
    trade["pnl"] = pnl
    trade["fees"] = entry_fee + fee
    trade["funding"] = paid
    trade["slippage"] = size * (abs(entry - p["market"]) + abs(price - reference))
    trade["mae"] = (entry - lowest if side > 0 else highest - entry) / entry
    trade["mfe"] = (highest - entry if side > 0 else entry - lowest) / entry
    p["side"] = 0
    return pnl


@register_jitable
def forget_leg(held: IntArray, count: int, leg: int) -> int:
    """Take a leg off the list of those in position; returns how many are left."""
    at = 0
    while held[at] != leg:
        at += 1
    for after in range(at, count - 1):
        held[after] = held[after + 1]
    return count - 1


@register_jitable
def remember_leg(held: IntArray, count: int, leg: int) -> int:
    """Put a leg on the list of those in position, in the order of legs; returns how many there are."""
    at = count
    while at > 0 and held[at - 1] > leg:
        held[at] = held[at - 1]
        at -= 1
    held[at] = leg
    return count + 1
