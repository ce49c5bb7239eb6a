"""How an entry of a portfolio is sized and priced, and what it has to pass on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from numba.extending import register_jitable

from edgeproof.kernels.portfolio_account import find_backing, find_room
from edgeproof.kernels.portfolio_records import (
    DAILY_LOSS,
    MISSED,
    NEVER,
    NO_MARGIN,
    NO_POSITION_LEFT,
    NO_STOP,
    REFUSED,
    UNSIZED,
)
from edgeproof.kernels.replay_extras import choose_tier, find_slippage
from edgeproof.kernels.replay_fills import fill_price, liquidation_price, open_position

if TYPE_CHECKING:
    from edgeproof.kernels._arrays import FloatArray, IntArray
    from edgeproof.kernels.portfolio_records import PortfolioExtras

    Records = npt.NDArray[np.void]

ENTERED: Final = -1
_BOUND_SLACK: Final = 1.0 + 1e-9


class Charges(NamedTuple):
    """What fills cost, as :func:`edgeproof.kernels.portfolio_py.replay_portfolio_py` has it."""

    taker: float
    slippage: float
    hourly: npt.NDArray[np.float64]
    factor: npt.NDArray[np.float64]


class Bounds(NamedTuple):
    """What an account allows, likewise."""

    max_positions: int
    max_gross: float
    max_symbol: float
    max_correlated: float
    threshold: float
    least_part: float
    margin_leverage: float


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
def place_entry(  # noqa: PLR0911 - every way an entry can fail is one
    p: np.void,
    side: int,
    asked: np.void,
    at: int,
    terms: np.void,
    symbol: np.void,
    market: float,
    now: np.int64,
    positions: Records,
    held: IntArray,
    count: int,
    leg_symbol: IntArray,
    realised: float,
    equity: float,
    stopped: bool,  # noqa: FBT001 - kernels are called by position
    tiers: FloatArray,
    correlation: FloatArray,
    charges: Charges,
    bounds: Bounds,
    extras: PortfolioExtras | None,
) -> int:
    """Size an entry at the open ``market``, cut it to what margin and limits leave, and write what it makes into ``p``.

    ``at`` is the order's place among all, ``count`` how many legs hold anything; the rest is as the replay has it.

    Returns:
        ``ENTERED``, also where the order rests; or the outcome under which its failing counts.
    """
    leg, bar = asked["leg"], asked["bar"]
    leverage, tick, entry_tick, entry_fee_share = asked["leverage"], symbol["tick"], symbol["tick"], charges.taker
    entry_slippage = find_slippage(charges.hourly, charges.factor, charges.slippage, now, bar, side)
    resting = False
    if extras is not None:
        limit = extras.limit[at] if len(extras.limit) > 0 else np.nan
        if limit <= 0.0 and leverage > 0.0:
            return REFUSED
        if side * (market - limit) <= 0.0:
            # The open has reached its price already: it takes, and pays at most that.
            entry_slippage = min(entry_slippage, side * (limit / market - 1.0))
        elif not np.isnan(limit):
            market, entry_fee_share, entry_slippage, entry_tick, resting = limit, extras.maker, 0.0, 0.0, True
    if terms["risk"] > 0.0 and leverage > 0.0:
        lost = find_stop_loss(
            side,
            market,
            asked["stop"],
            asked["trail"],
            entry_fee_share,
            entry_slippage,
            entry_tick,
            charges.taker,
            find_slippage(charges.hourly, charges.factor, charges.slippage, now, bar, -side),
            tick,
        )
        if np.isnan(lost):
            return NO_STOP
        if leverage * lost > terms["risk"]:
            leverage = terms["risk"] / lost
    if not leverage > 0.0:
        return UNSIZED
    if asked["stop"] < 0.0 or asked["take"] < 0.0 or asked["trail"] < 0.0:
        return REFUSED
    if stopped:
        return DAILY_LOSS
    if count >= bounds.max_positions:
        return NO_POSITION_LEFT
    used = min(leverage, symbol["max_leverage"])
    margined = max(1.0, used, min(bounds.margin_leverage, symbol["max_leverage"]))
    free = find_backing(positions, held, count, realised, leg)
    capital = terms["share"] * equity
    room, reason = find_room(
        positions,
        held,
        count,
        leg_symbol,
        correlation,
        side,
        leg_symbol[leg],
        equity,
        free * margined,
        bounds.max_gross,
        bounds.max_symbol,
        bounds.max_correlated,
        bounds.threshold,
    )
    wish = capital * used
    if wish > room:
        if room <= 0.0 or room < bounds.least_part * wish:
            return int(reason)
        capital = room / used
    maintenance = symbol["maintenance"]
    if symbol["tier_end"] > symbol["tier_first"]:
        own = tiers[symbol["tier_first"] : symbol["tier_end"]]
        used, maintenance = choose_tier(own, capital, used)
        margined = max(1.0, used, min(bounds.margin_leverage, find_tier_leverage(own, capital * used)))
        if capital * used > free * margined:
            capital = free * margined / used
            if capital * used < bounds.least_part * wish:
                return NO_MARGIN
    entry, size, fee, margin, liquidation = open_position(
        side,
        market,
        capital,
        used,
        entry_fee_share,
        entry_slippage,
        symbol["lot"],
        entry_tick,
        symbol["min_size"],
        symbol["max_leverage"],
        maintenance,
    )
    if size > 0.0 and (margined > max(1.0, used) or margin > free - fee):
        margin = min(size * entry / margined, free - fee)
        if margin <= 0.0:
            return REFUSED
        liquidation = liquidation_price(side, entry, size, margin, maintenance)
        if side * (market - liquidation) <= 0.0:
            return REFUSED
    if size <= 0.0:
        return REFUSED
    p["resting"] = 0
    if extras is not None:  # noqa: SIM102 - a test of its own is what numba drops
        if resting:
            p["resting"], p["fillable"] = 1, extras.fillable[at]
            p["expires_at"] = asked["due_ts"] + terms["wait"] * terms["decision_ms"]
            if now >= p["expires_at"]:
                return MISSED
    p["side"], p["decision"], p["bar"], p["cut"] = side, asked["decision"], bar, 1 if wish > room else 0
    p["entry"], p["size"], p["entered"], p["entry_fee"] = entry, size, size, fee
    p["margin"], p["maintenance"], p["liquidation"] = margin, maintenance, liquidation
    p["stop"] = -side * np.inf if np.isnan(asked["stop"]) else entry - side * asked["stop"]
    p["take"] = side * np.inf if np.isnan(asked["take"]) else entry + side * asked["take"]
    p["trail"] = np.inf if np.isnan(asked["trail"]) else asked["trail"]
    p["lowest"], p["highest"] = entry, entry
    p["market"], p["mark"], p["equity"] = market, market, equity
    p["paid"], p["part"], p["part_fee"], p["part_slipped"], p["banked"] = 0.0, 0.0, 0.0, 0.0, 0.0
    p["flatten_at"] = NEVER
    return ENTERED


@register_jitable
def begin_position(p: np.void, bar: int, now: np.int64, terms: np.void, symbol: np.void, funding_bar: IntArray) -> None:
    """Say when a position begins, and so what it pays and how long it may last."""
    p["resting"], p["entry_bar"] = 0, bar - symbol["first"]
    p["hold_until"] = now + terms["max_hold"] * terms["decision_ms"] if terms["max_hold"] > 0 else NEVER
    p["funding"] = symbol["funding_first"] + np.searchsorted(
        funding_bar[symbol["funding_first"] : symbol["funding_end"]], bar, side="right"
    )
