"""What an account that legs share looks like: what is tied up, what it is worth, what room is left.

``held`` lists the legs that have a position or an order that rests, ascending. Such an order keeps what its position
would need, its place, margin, fee and notional, but is worth nothing yet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from numba.extending import register_jitable

from edgeproof.kernels.portfolio_records import (
    NO_CORRELATED_ROOM,
    NO_GROSS_ROOM,
    NO_MARGIN,
    NO_SYMBOL_ROOM,
)

if TYPE_CHECKING:
    from edgeproof.kernels._arrays import FloatArray, IntArray

    Records = npt.NDArray[np.void]


@register_jitable
def are_together(correlation: float, side: int, other: int, threshold: float) -> bool:
    """Whether two positions may lose together; what is not known is taken to."""
    return bool(np.isnan(correlation) or correlation * side * other >= threshold)


@register_jitable
def find_backing(positions: Records, held: IntArray, count: int, realised: float, leg: int) -> float:
    """What the other legs leave of an account: its cash less their costs so far and what they tie up or keep."""
    backing = realised
    for at in range(count):
        if held[at] != leg:
            other = positions[held[at]]
            backing -= other["entry_fee"] + other["paid"] + other["margin"] - other["banked"]
    return backing


@register_jitable
def mark_position(p: np.void, worth: float) -> float:
    """Add what a position has earned so far, at its newest price and before costs of leaving; an order adds nothing."""
    if p["resting"]:
        return worth
    gain = p["side"] * p["size"] * (p["mark"] - p["entry"])
    return float(worth - p["entry_fee"] + p["banked"] - p["paid"] + gain)


@register_jitable
def mark_account(positions: Records, held: IntArray, count: int, realised: float) -> float:
    """The account's equity, open positions at the newest price of each."""
    equity = realised
    for at in range(count):
        equity = mark_position(positions[held[at]], equity)
    return max(0.0, equity)


@register_jitable
def mark_legs(positions: Records, held: IntArray, count: int, earned: FloatArray, worth: FloatArray) -> None:
    """Write what every leg has earned so far, its open position at its newest price; shape (legs,)."""
    worth[:] = earned
    for at in range(count):
        worth[held[at]] = mark_position(positions[held[at]], worth[held[at]])


@register_jitable
def describe_account(positions: Records, held: IntArray, count: int, realised: float, sample: np.void) -> None:
    """Write what the account looks like now."""
    cash, margin, reserved, long, short, orders = realised, 0.0, 0.0, 0.0, 0.0, 0
    for at in range(count):
        p = positions[held[at]]
        if p["resting"]:
            reserved += p["margin"] + p["entry_fee"]
            orders += 1
            continue
        cash -= p["entry_fee"] + p["paid"] - p["banked"]
        margin += p["margin"]
        if p["side"] > 0:
            long += p["size"] * p["mark"]
        else:
            short += p["size"] * p["mark"]
    sample["equity"] = mark_account(positions, held, count, realised)
    sample["cash"] = cash
    sample["margin"] = margin
    sample["reserved"] = reserved
    sample["long"] = long
    sample["short"] = short
    sample["positions"] = count - orders
    sample["orders"] = orders


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
def forget_leg(held: IntArray, count: int, leg: int) -> int:
    """Take a leg off the list of those that hold anything; returns how many are left."""
    at = 0
    while held[at] != leg:
        at += 1
    for after in range(at, count - 1):
        held[after] = held[after + 1]
    return count - 1


@register_jitable
def remember_leg(held: IntArray, count: int, leg: int) -> int:
    """Put a leg on the list of those that hold anything, in the order of legs; returns how many there are."""
    at = count
    while at > 0 and held[at - 1] > leg:
        held[at] = held[at - 1]
        at -= 1
    held[at] = leg
    return count + 1
