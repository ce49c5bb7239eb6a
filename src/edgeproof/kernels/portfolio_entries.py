"""How an entry of a portfolio is priced, sized and opened.

None of it is given an array of many things where one thing will do: numba counts references to every array at every
call, and entries are many.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numba.extending import register_jitable

from edgeproof.kernels.portfolio_records import NEVER, NO_STOP, REFUSED, UNSIZED
from edgeproof.kernels.replay_fills import fill_price, liquidation_price, open_position

if TYPE_CHECKING:
    from edgeproof.kernels._arrays import FloatArray, IntArray

ENTERED: Final = -1
_BOUND_SLACK: Final = 1.0 + 1e-9


@register_jitable
def find_stop_loss(
    side: int,
    market: float,
    stop: float,
    trail: float,
    entry_fee: float,
    entry_slippage: float,
    entry_tick: float,
    exit_fee: float,
    exit_slippage: float,
    tick: float,
) -> float:
    """What an entry at ``market`` would lose at its stop, as a share of its notional, all costs included.

    Returns:
        NaN without a stop or trail that could ever be reached.
    """
    distance = trail if np.isnan(stop) or trail < stop else stop
    if not distance < np.inf:
        return np.nan
    entry = fill_price(market, side, entry_slippage, entry_tick)
    level = max(0.0, entry - side * distance)
    leaving = fill_price(level, -side, exit_slippage, tick)
    # Written so that one fee for both is the same to the last bit however it is given.
    fees = exit_fee * (entry + leaving) + (entry_fee - exit_fee) * entry
    return (side * (entry - leaving) + fees) / entry


@register_jitable
def find_tier_leverage(tiers: FloatArray, notional: float) -> float:
    """Greatest leverage that the tiers allow a position of this size; a rounding beyond a bound is none."""
    tier = 0
    while tier < len(tiers) - 1 and tiers[tier, 0] * _BOUND_SLACK < notional:
        tier += 1
    return float(tiers[tier, 2])


@register_jitable
def price_entry(
    side: int, market: float, limit: float, slippage: float, tick: float, taker: float, maker: float
) -> tuple[float, float, float, float, bool]:
    """Price that an order to enter is aimed at, its fee, slippage and tick, and whether it rests.

    Args:
        side: 1 to buy, -1 to sell.
        market: The open at which it acts.
        limit: Its own price; NaN for none.
        slippage: Of an order at the market.
        tick: Likewise.
        taker: Fee of an order that takes.
        maker: Fee of one that rests.
    """
    if side * (market - limit) > 0.0:
        return limit, maker, 0.0, 0.0, True
    if not np.isnan(limit):
        # The open has reached its price already: it takes, and pays at most that.
        slippage = min(slippage, side * (limit / market - 1.0))
    return market, taker, slippage, tick, False


@register_jitable
def choose_leverage(asked: np.void, risk: float, lost: float) -> tuple[float, int]:
    """Leverage of an entry, and ``ENTERED``; or the outcome under which it fails, whatever the account is.

    Args:
        asked: The order.
        risk: Share of equity that may be lost at the stop, 0 where the order says the leverage.
        lost: From ``find_stop_loss``, where there is a risk.
    """
    leverage = asked["leverage"]
    if risk > 0.0 and leverage > 0.0:
        if np.isnan(lost):
            return leverage, NO_STOP
        if leverage * lost > risk:
            leverage = risk / lost
    if not leverage > 0.0:
        return leverage, UNSIZED
    if asked["stop"] < 0.0 or asked["take"] < 0.0 or asked["trail"] < 0.0:
        return leverage, REFUSED
    return leverage, ENTERED


@register_jitable
def open_entry(
    p: np.void,
    side: int,
    asked: np.void,
    symbol: np.void,
    market: float,
    capital: float,
    used: float,
    margined: float,
    free: float,
    maintenance: float,
    fee_share: float,
    slippage: float,
    tick: float,
) -> bool:
    """Write what an entry makes into ``p``, position or order that rests; whether the venue takes it.

    Args:
        p: Where.
        side: 1 to buy, -1 to sell.
        asked: The order.
        symbol: What it trades.
        market: Price aimed at.
        capital: What the leverage multiplies.
        used: That leverage.
        margined: The leverage of its margin.
        free: What other legs leave of the account.
        maintenance: Share of the notional that the margin has to keep.
        fee_share: Fee, share of the notional.
        slippage: Share of the price.
        tick: Price step of the fill.
    """
    # Without fee or upkeep it asks for the size alone: both are held against the whole account's room, not the capital.
    entry, size, _, _, _ = open_position(
        side,
        market,
        capital,
        used,
        0.0,
        slippage,
        symbol["lot"],
        tick,
        symbol["min_size"],
        symbol["max_leverage"],
        0.0,
    )
    if size <= 0.0:
        return False
    fee = size * entry * fee_share
    margin = min(size * entry / margined, free - fee)
    if margin <= 0.0:
        return False
    liquidation = liquidation_price(side, entry, size, margin, maintenance)
    if side * (market - liquidation) <= 0.0:
        return False
    p["side"], p["decision"], p["bar"], p["resting"] = side, asked["decision"], asked["bar"], 0
    p["entry"], p["size"], p["entered"], p["entry_fee"] = entry, size, size, fee
    p["margin"], p["maintenance"], p["liquidation"] = margin, maintenance, liquidation
    p["stop"] = -side * np.inf if np.isnan(asked["stop"]) else entry - side * asked["stop"]
    p["take"] = side * np.inf if np.isnan(asked["take"]) else entry + side * asked["take"]
    p["trail"] = np.inf if np.isnan(asked["trail"]) else asked["trail"]
    p["lowest"], p["highest"], p["market"], p["mark"] = entry, entry, market, market
    p["paid"], p["part"], p["part_fee"], p["part_slipped"], p["banked"] = 0.0, 0.0, 0.0, 0.0, 0.0
    p["flatten_at"] = NEVER
    return True


@register_jitable
def begin_position(p: np.void, bar: int, now: np.int64, terms: np.void, symbol: np.void, funding_bar: IntArray) -> None:
    """Say when a position begins, and so what it pays and how long it may last."""
    p["resting"], p["entry_bar"] = 0, bar - symbol["first"]
    p["hold_until"] = now + terms["max_hold"] * terms["decision_ms"] if terms["max_hold"] > 0 else NEVER
    p["funding"] = symbol["funding_first"] + np.searchsorted(
        funding_bar[symbol["funding_first"] : symbol["funding_end"]], bar, side="right"
    )
