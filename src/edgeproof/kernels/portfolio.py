"""Many legs on one account: orders in, trades and the account over time out.

A *leg* is one strategy on one symbol, with at most one position or one order that rests. Time goes from open to open of
those bars at which anything can happen: one of a symbol in which a leg has either, or one at which orders are due.
Nothing is looked at in between. At each:

1. samples of the account that lie before this bar's close are written (``describe_account``), and a new UTC day begins;
2. orders that have rested long enough end;
3. opens, leg by leg: funding, levels that the open has passed, ``max_hold``, the daily loss stop's way out;
4. orders due, those decided first before later ones: every exit and reversal, which also ends an order that rests, then
   every entry in the order of legs, each sized by what the account is worth and cut to what its limits leave
   (``find_room``);
5. inside the bars, leg by leg: the fill of an order that rests, levels touched (``find_touch``), parts that leave at
   targets (``take_part``); the last bar of a symbol closes what is open there;
6. the account is looked at: has the day lost too much?

An open position sees an account whose equity is what the other legs have not tied up (``find_backing``): with it, every
rule of the single replay holds as it stands, and one leg without limits gives that replay's trades bit by bit. The
specification, which walks every bar of every symbol, is
:func:`edgeproof.kernels.portfolio_py.replay_portfolio_py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from edgeproof.kernels._jit import jit
from edgeproof.kernels.portfolio_account import (
    describe_account,
    find_backing,
    find_room,
    forget_leg,
    mark_account,
    mark_legs,
    remember_leg,
)
from edgeproof.kernels.portfolio_entries import (
    ENTERED,
    begin_position,
    choose_leverage,
    find_stop_loss,
    find_tier_leverage,
    open_entry,
    price_entry,
)
from edgeproof.kernels.portfolio_exits import leave_position, take_part
from edgeproof.kernels.portfolio_records import (
    CUT,
    DAILY_LOSS,
    FLATTENED,
    LATE,
    MISSED,
    NEVER,
    NO_MARGIN,
    NO_POSITION_LEFT,
    OUTCOMES,
    POSITION_RECORD,
    REFUSED,
    SAMPLE_RECORD,
    SPENT,
)
from edgeproof.kernels.replay_events import EXIT_LONG, EXIT_SHORT, GO_LONG, GO_SHORT
from edgeproof.kernels.replay_extras import choose_tier, cut_to_fill, find_limit_fill, find_slippage, is_target_first
from edgeproof.kernels.replay_fills import find_touch, liquidation_price
from edgeproof.kernels.replay_records import (
    END,
    MAX_HOLD,
    PART_RECORD,
    REVERSE,
    SIGNAL,
    SPENT_SHARE,
    TAKE,
    TRADE_RECORD,
    UNTOUCHED,
)

if TYPE_CHECKING:
    from edgeproof.kernels._arrays import FloatArray, IntArray
    from edgeproof.kernels.portfolio_records import PortfolioExtras
    from edgeproof.kernels.replay_records import PartRecords, TradeRecords

    Records = npt.NDArray[np.void]

_DAY_MS: Final = 86_400_000
_MORE_ROWS: Final = 1_024
_NO_TIME: Final = np.int64(NEVER)


def _replay_portfolio(
    ts: IntArray,
    open_: FloatArray,
    high: FloatArray,
    low: FloatArray,
    close: FloatArray,
    step_ms: int,
    symbols: Records,
    legs: Records,
    orders: Records,
    funding_bar: IntArray,
    funding_rate: FloatArray,
    tiers: FloatArray,
    correlations: FloatArray,
    first_day: int,
    sample_ts: IntArray,
    day_ends: IntArray,
    initial_equity: float,
    taker: float,
    slippage: float,
    hourly: FloatArray,
    factor: FloatArray,
    latency_ms: int,
    max_positions: int,
    max_gross: float,
    max_symbol: float,
    max_correlated: float,
    threshold: float,
    least_part: float,
    margin_leverage: float,
    loss_share: float,
    flatten: bool,  # noqa: FBT001 - kernels are called by position
    extras: PortfolioExtras | None,
) -> tuple[TradeRecords, PartRecords, IntArray, FloatArray, IntArray, Records, FloatArray]:
    """Replay the orders of many legs; see :func:`edgeproof.kernels.portfolio_py.replay_portfolio_py`."""
    positions = np.zeros(len(legs), POSITION_RECORD)
    leg_symbol = np.empty(len(legs), np.int64)
    for leg in range(len(legs)):
        leg_symbol[leg] = legs[leg]["symbol"]
    held, count = np.empty(len(legs), np.int64), 0  # legs with a position or an order that rests, ascending
    outcomes = np.zeros((len(legs), OUTCOMES), np.int64)
    samples, sampled = np.zeros(len(sample_ts), SAMPLE_RECORD), 0
    worth, told = np.zeros((len(day_ends), len(legs))), 0
    trades, closed = np.zeros(_MORE_ROWS, TRADE_RECORD), 0
    parts, parted = np.zeros(0, PART_RECORD), 0
    owners, equities = np.empty(_MORE_ROWS, np.int64), np.empty(_MORE_ROWS)
    realised, earned = initial_equity, np.zeros(len(legs))
    day, day_equity, stopped = -1, initial_equity, False
    flatten_after_ms = step_ms + latency_ms // step_ms * step_ms
    order = 0
    while True:
        now: np.int64 = orders[order]["acts_ts"] if order < len(orders) else _NO_TIME
        for at in range(count):
            now = min(now, ts[positions[held[at]]["bar"]])
        while sampled < len(samples) and (now == _NO_TIME or sample_ts[sampled] < now + step_ms):
            describe_account(positions, held, count, realised, samples[sampled])
            while told < len(day_ends) and day_ends[told] == sampled:
                mark_legs(positions, held, count, earned, worth[told])
                told += 1
            sampled += 1
        if now == _NO_TIME:
            break
        if now // _DAY_MS != day:
            day, stopped = int(now // _DAY_MS), False
            day_equity = mark_account(positions, held, count, realised)
        until = order
        while until < len(orders) and orders[until]["acts_ts"] == now:
            until += 1
        if closed + count + 2 * (until - order) > len(trades):
            room_for = 2 * len(trades) + count + 2 * (until - order)
            more_trades = np.zeros(room_for, TRADE_RECORD)
            more_owners, more_equities = np.empty(room_for, np.int64), np.empty(room_for)
            more_trades[:closed] = trades[:closed]
            more_owners[:closed], more_equities[:closed] = owners[:closed], equities[:closed]
            trades, owners, equities = more_trades, more_owners, more_equities
        if extras is not None:
            if parted + count + until - order > len(parts):
                more_parts = np.zeros(2 * len(parts) + count + until - order + _MORE_ROWS, PART_RECORD)
                more_parts[:parted] = parts[:parted]
                parts = more_parts
            at = 0
            while at < count:
                leg = held[at]
                p = positions[leg]
                at += 1
                if p["resting"] and ts[p["bar"]] == now and now >= min(p["expires_at"], p["flatten_at"]):
                    outcomes[leg, MISSED if p["expires_at"] <= p["flatten_at"] else DAILY_LOSS] += 1
                    p["side"] = 0
                    count = forget_leg(held, count, leg)
                    at -= 1

        # Opens.
        for at in range(count):
            p = positions[held[at]]
            if ts[p["bar"]] == now and not p["resting"]:
                p["mark"] = open_[p["bar"]]
        at = 0
        while at < count:
            leg = held[at]
            p = positions[leg]
            bar = p["bar"]
            at += 1
            if ts[bar] != now or p["resting"]:
                continue
            symbol = symbols[leg_symbol[leg]]
            side = int(p["side"])
            while p["funding"] < symbol["funding_end"] and funding_bar[p["funding"]] == bar:
                free = find_backing(positions, held, count, realised, leg) - p["entry_fee"]
                p["paid"] += min(
                    side * p["size"] * open_[bar] * funding_rate[p["funding"]], free - p["paid"] + p["banked"]
                )
                p["margin"] = min(p["margin"], free - p["paid"] + p["banked"])
                p["liquidation"] = liquidation_price(side, p["entry"], p["size"], p["margin"], p["maintenance"])
                p["funding"] += 1
            trail = (p["highest"] if side > 0 else p["lowest"]) - side * p["trail"]
            reason, reference, at_open = find_touch(
                side, open_[bar], high[bar], low[bar], p["stop"], p["take"], trail, p["liquidation"]
            )
            if extras is not None:  # noqa: SIM102 - a test of its own is what numba drops
                if at_open and reason == TAKE:
                    slipping = find_slippage(hourly, factor, slippage, now, bar, -side)
                    backing = find_backing(positions, held, count, realised, leg)
                    share, within = legs[leg]["take_share"], bar - symbol["first"]
                    if take_part(p, parts[parted], parted, backing, share, reference, within, taker, slipping, symbol):
                        parted += 1
                        reason, reference, at_open = find_touch(
                            side, open_[bar], high[bar], low[bar], p["stop"], p["take"], trail, p["liquidation"]
                        )
            if not at_open:
                reference = open_[bar]
                if now >= p["hold_until"]:
                    reason = MAX_HOLD
                elif now >= p["flatten_at"]:
                    reason = FLATTENED
                else:
                    continue
            slipping = find_slippage(hourly, factor, slippage, now, bar, -side)
            backing = find_backing(positions, held, count, realised, leg)
            owners[closed], equities[closed] = leg, p["equity"]
            pnl = leave_position(
                p, trades, closed, parts, backing, legs[leg], symbol, now, bar, reason, reference, 0, taker, slipping
            )
            realised, earned[leg], closed = realised + pnl, earned[leg] + pnl, closed + 1
            count = forget_leg(held, count, leg)
            at -= 1

        # Orders, in the order in which they were decided; of those decided together, exits before entries.
        while order < until:
            due = orders[order]["due_ts"]
            group = order
            while group < until and orders[group]["due_ts"] == due:
                asked = orders[group]
                group += 1
                leg, code, bar = asked["leg"], asked["code"], asked["bar"]
                p = positions[leg]
                side = int(p["side"])
                if side == 0:
                    continue
                exits, turns = (EXIT_LONG, GO_SHORT) if side > 0 else (EXIT_SHORT, GO_LONG)
                if not code & (exits | turns):
                    continue
                if extras is not None:  # noqa: SIM102 - as above
                    if p["resting"]:
                        outcomes[leg, MISSED] += 1
                        p["side"] = 0
                        count = forget_leg(held, count, leg)
                        continue
                reason, reference, symbol = SIGNAL if code & exits else REVERSE, open_[bar], symbols[leg_symbol[leg]]
                slipping = find_slippage(hourly, factor, slippage, now, bar, -side)
                backing = find_backing(positions, held, count, realised, leg)
                owners[closed], equities[closed] = leg, p["equity"]
                pnl = leave_position(
                    p,
                    trades,
                    closed,
                    parts,
                    backing,
                    legs[leg],
                    symbol,
                    now,
                    bar,
                    reason,
                    reference,
                    0,
                    taker,
                    slipping,
                )
                realised, earned[leg], closed = realised + pnl, earned[leg] + pnl, closed + 1
                count = forget_leg(held, count, leg)
            for entering in range(order, group):
                asked = orders[entering]
                leg, code, bar = asked["leg"], asked["code"], asked["bar"]
                p, terms, symbol = positions[leg], legs[leg], symbols[leg_symbol[leg]]
                if p["side"] != 0 or not code & (GO_LONG | GO_SHORT):
                    continue
                equity = mark_account(positions, held, count, realised)
                if equity <= SPENT_SHARE * initial_equity:
                    outcomes[leg, SPENT] += 1
                    continue
                if now < p["ready_at"]:
                    continue
                if now - due > terms["decision_ms"]:
                    outcomes[leg, LATE] += 1
                    continue
                side = 1 if code & GO_LONG else -1
                limit, maker = np.nan, taker
                if extras is not None:
                    maker = extras.maker
                    if len(extras.limit) > 0:
                        limit = extras.limit[entering]
                    if limit <= 0.0 and asked["leverage"] > 0.0:
                        outcomes[leg, REFUSED] += 1
                        continue
                slipping = find_slippage(hourly, factor, slippage, now, bar, side)
                aim, fee, slipping, tick, rests = price_entry(
                    side, open_[bar], limit, slipping, symbol["tick"], taker, maker
                )
                risk, lost = terms["risk"], 0.0
                if risk > 0.0:
                    leaving = find_slippage(hourly, factor, slippage, now, bar, -side)
                    stop, trail = asked["stop"], asked["trail"]
                    lost = find_stop_loss(side, aim, stop, trail, fee, slipping, tick, taker, leaving, symbol["tick"])
                leverage, outcome = choose_leverage(asked, risk, lost)
                if outcome == ENTERED and stopped:
                    outcome = DAILY_LOSS
                if outcome == ENTERED and count >= max_positions:
                    outcome = NO_POSITION_LEFT
                if outcome != ENTERED:
                    outcomes[leg, outcome] += 1
                    continue
                used = min(leverage, symbol["max_leverage"])
                margined = max(1.0, used, min(margin_leverage, symbol["max_leverage"]))
                free = find_backing(positions, held, count, realised, leg)
                capital = terms["share"] * equity
                known: int = min(max(day - first_day, 0), len(correlations) - 1)
                room, reason = find_room(
                    positions,
                    held,
                    count,
                    leg_symbol,
                    correlations[known],
                    side,
                    leg_symbol[leg],
                    equity,
                    free * margined,
                    max_gross,
                    max_symbol,
                    max_correlated,
                    threshold,
                )
                wish = capital * used
                cut = wish > room
                if cut:
                    if room <= 0.0 or room < least_part * wish:
                        outcomes[leg, reason] += 1
                        continue
                    capital = room / used
                maintenance = symbol["maintenance"]
                if symbol["tier_end"] > symbol["tier_first"]:
                    own_tiers = tiers[symbol["tier_first"] : symbol["tier_end"]]
                    used, maintenance = choose_tier(own_tiers, capital, used)
                    margined = max(1.0, used, min(margin_leverage, find_tier_leverage(own_tiers, capital * used)))
                    if capital * used > free * margined:
                        capital, cut = free * margined / used, True
                        if capital * used < least_part * wish:
                            outcomes[leg, NO_MARGIN] += 1
                            continue
                if not open_entry(
                    p, side, asked, symbol, aim, capital, used, margined, free, maintenance, fee, slipping, tick
                ):
                    outcomes[leg, REFUSED] += 1
                    continue
                p["equity"], p["cut"] = equity, int(cut)
                if rests:
                    p["resting"], p["expires_at"] = 1, due + terms["wait"] * terms["decision_ms"]
                    if extras is not None:
                        p["fillable"] = extras.fillable[entering]
                    if now >= p["expires_at"]:
                        outcomes[leg, MISSED] += 1
                        p["side"] = 0
                        continue
                else:
                    begin_position(p, bar, now, terms, symbol, funding_bar)
                    outcomes[leg, CUT] += p["cut"]
                count = remember_leg(held, count, leg)
            order = group

        # Inside the bars.
        at = 0
        while at < count:
            leg = held[at]
            p = positions[leg]
            bar = p["bar"]
            at += 1
            if ts[bar] != now:
                continue
            symbol = symbols[leg_symbol[leg]]
            side = int(p["side"])
            first, most, least, filled_at = open_[bar], high[bar], low[bar], np.nan
            if extras is not None:  # noqa: SIM102 - as above
                if p["resting"]:
                    limit = p["entry"]
                    if find_limit_fill(side, limit, p["fillable"] > 0, open_, high, low, bar, bar + 1) > bar:
                        p["bar"] = bar + 1
                        if bar + 1 == symbol["end"]:
                            outcomes[leg, MISSED] += 1
                            p["side"] = 0
                            count = forget_leg(held, count, leg)
                            at -= 1
                        continue
                    begin_position(p, bar, now, legs[leg], symbol, funding_bar)
                    outcomes[leg, CUT] += p["cut"]
                    if not flatten:
                        p["flatten_at"] = NEVER
                    if side * (first - limit) > 0.0:
                        first = filled_at = limit
                        most, least = cut_to_fill(side, limit, most, least, close[bar])
            trail = (p["highest"] if side > 0 else p["lowest"]) - side * p["trail"]
            reason, reference, at_open = find_touch(
                side, first, most, least, p["stop"], p["take"], trail, p["liquidation"]
            )
            if extras is not None:
                both = side * ((most if side > 0 else least) - p["take"]) >= 0.0 and reason not in (UNTOUCHED, TAKE)
                if both and not at_open and symbol["print_end"] > symbol["print_first"]:
                    own = slice(symbol["print_first"], symbol["print_end"])
                    prints, span = (extras.print_ts[own], extras.print_price[own]), (int(now), int(now) + step_ms)
                    if is_target_first(*prints, *span, side, reference, p["take"], filled_at):
                        reason, reference = TAKE, p["take"]
                if reason == TAKE:
                    slipping = find_slippage(hourly, factor, slippage, now, bar, -side)
                    backing = find_backing(positions, held, count, realised, leg)
                    share, within = legs[leg]["take_share"], bar - symbol["first"]
                    if take_part(p, parts[parted], parted, backing, share, reference, within, taker, slipping, symbol):
                        parted += 1
                        reached = reference
                        reason, reference, _ = find_touch(
                            side, first, most, least, p["stop"], p["take"], trail, p["liquidation"]
                        )
                        if not at_open:
                            p["lowest"], p["highest"] = min(p["lowest"], reached), max(p["highest"], reached)
            if reason == UNTOUCHED:
                p["lowest"], p["highest"] = min(p["lowest"], least), max(p["highest"], most)
                p["mark"] = close[bar]
                p["bar"] = bar + 1
                if bar + 1 < symbol["end"]:
                    continue
                reason, reference = END, close[bar]
            else:
                p["lowest"], p["highest"] = min(p["lowest"], first), max(p["highest"], first)
            slipping = find_slippage(hourly, factor, slippage, now, bar, -side)
            backing = find_backing(positions, held, count, realised, leg)
            owners[closed], equities[closed] = leg, p["equity"]
            pnl = leave_position(
                p, trades, closed, parts, backing, legs[leg], symbol, now, bar, reason, reference, 1, taker, slipping
            )
            realised, earned[leg], closed = realised + pnl, earned[leg] + pnl, closed + 1
            count = forget_leg(held, count, leg)
            at -= 1

        if loss_share > 0.0 and not stopped:
            stopped = mark_account(positions, held, count, realised) <= day_equity * (1.0 - loss_share)
            if stopped:
                for at in range(count):
                    p = positions[held[at]]
                    if flatten or p["resting"]:
                        p["flatten_at"] = min(p["flatten_at"], now + flatten_after_ms)

    return trades[:closed], parts[:parted], owners[:closed], equities[:closed], outcomes, samples, worth


replay_portfolio = jit(_replay_portfolio)
