"""What an exit leaves behind: a trade, or a part of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba.extending import register_jitable

from edgeproof.kernels.replay_extras import split_position
from edgeproof.kernels.replay_fills import liquidation_price, price_exit
from edgeproof.kernels.replay_records import LIQUIDATION

if TYPE_CHECKING:
    from edgeproof.kernels.replay_records import PartRecords, TradeRecords


@register_jitable
def take_part(
    p: np.void,
    part: np.void,
    row: int,
    backing: float,
    share: float,
    reference: float,
    bar: int,
    taker: float,
    slippage: float,
    symbol: np.void,
) -> bool:
    """Let a part of a position leave at its target and write it down; the arithmetic of the single replay.

    Returns:
        Whether one left: once a position, and not where that or the rest would be no order.
    """
    size = split_position(p["size"], share, symbol["lot"], symbol["min_size"]) if p["part"] == 0.0 else 0.0
    if size <= 0.0:
        return False
    side, entry = int(p["side"]), p["entry"]
    margin = p["margin"] * (size / p["size"])
    balance = backing - p["entry_fee"] - p["paid"]
    price, fee = price_exit(side, entry, size, margin, balance, reference, False, taker, slippage, symbol["tick"])  # noqa: FBT003 - kernels are called by position
    p["part"], p["part_price"], p["part_fee"], p["part_row"] = size, price, fee, row
    p["part_slipped"] = size * (abs(entry - p["market"]) + abs(price - reference))
    p["banked"] = side * size * (price - entry) - fee
    p["size"] -= size
    p["margin"] -= margin
    p["take"] = side * np.inf
    balance = backing - p["entry_fee"] - p["paid"] + p["banked"]
    if p["margin"] > balance:
        p["margin"] = balance
        p["liquidation"] = liquidation_price(side, entry, p["size"], balance, p["maintenance"])
    part["price"] = price
    part["size"] = size
    part["fee"] = fee
    part["bar"] = bar
    return True


@register_jitable
def leave_position(
    p: np.void,
    trades: TradeRecords,
    row: int,
    parts: PartRecords,
    backing: float,
    terms: np.void,
    symbol: np.void,
    now: np.int64,
    bar: int,
    reason: int,
    reference: float,
    inside: int,
    taker: float,
    slippage: float,
) -> float:
    """Close a position into the trade of that ``row``; the arithmetic of the single replay. Returns the pnl.

    Args:
        p: The position.
        trades: Closed ones.
        row: Where this one goes.
        parts: What left before the rest.
        backing: From ``find_backing``.
        terms: Of its leg.
        symbol: Its market.
        now: Open of the bar of the exit, UTC milliseconds.
        bar: That bar.
        reason: As trades have it.
        reference: Price aimed at.
        inside: 1 where the position lived in that bar, 0 where it left at the open.
        taker: Fee.
        slippage: Of this exit.
    """
    side, entry, size, entry_fee, paid = int(p["side"]), p["entry"], p["size"], p["entry_fee"], p["paid"]
    balance, within = backing - entry_fee - paid + p["banked"], bar - symbol["first"]
    price, fee = price_exit(
        side, entry, size, p["margin"], balance, reference, reason == LIQUIDATION, taker, slippage, symbol["tick"]
    )
    lowest, highest = min(p["lowest"], reference), max(p["highest"], reference)
    pnl: float = side * size * (price - entry) - (entry_fee + fee) - paid + p["banked"]
    trade = trades[row]
    trade["decision"] = p["decision"]
    trade["entry_bar"] = p["entry_bar"]
    trade["exit_bar"] = within
    trade["bars_held"] = within - p["entry_bar"] + inside
    trade["side"] = side
    trade["reason"] = reason
    trade["entry_price"] = entry
    trade["exit_price"] = price
    trade["size"] = p["entered"]
    trade["pnl"] = pnl
    trade["fees"] = entry_fee + fee + p["part_fee"]
    trade["funding"] = paid
    trade["slippage"] = size * (abs(entry - p["market"]) + abs(price - reference)) + p["part_slipped"]
    trade["mae"] = (entry - lowest if side > 0 else highest - entry) / entry
    trade["mfe"] = (highest - entry if side > 0 else entry - lowest) / entry
    if p["part"] > 0.0:
        trade["exit_price"] = (p["part"] * p["part_price"] + size * price) / p["entered"]
        parts[p["part_row"]]["trade"] = row
    p["side"] = 0
    p["ready_at"] = now + terms["cool_down"] * terms["decision_ms"]
    return pnl
