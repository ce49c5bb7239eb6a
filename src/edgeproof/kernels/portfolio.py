"""Many legs on one account: orders in, trades and the account over time out.

A *leg* is one strategy on one symbol, with at most one position. Time goes from open to open of those bars at which
anything can happen: one of a symbol in which a leg is in position, or one at which orders are due. Nothing is looked at
in between. At each:

1. samples of the account that lie before this bar's close are written (``describe_account``), and a new UTC day begins;
2. opens, leg by leg: funding, levels that the open has passed, ``max_hold``, the daily loss stop's way out;
3. orders due, those decided first before later ones: every exit and reversal, then every entry in the order of legs,
   each sized by what the account is worth and cut to what its limits leave (``find_room``);
4. inside the bars, leg by leg: levels touched (``find_touch``); the last bar of a symbol closes what is open there;
5. the account is looked at: has the day lost too much?

An open position sees an account whose equity is what the other positions have not tied up (``find_backing``): with
it, every rule of the single replay holds as it stands, and one leg without limits gives that replay's trades bit by
bit. The specification, which walks every bar of every symbol, is
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
    find_stop_loss,
    find_tier_leverage,
    forget_leg,
    leave_position,
    mark_account,
    remember_leg,
)
from edgeproof.kernels.portfolio_records import (
    CUT,
    DAILY_LOSS,
    FLATTENED,
    LATE,
    NEVER,
    NO_MARGIN,
    NO_POSITION_LEFT,
    NO_STOP,
    OUTCOMES,
    POSITION_RECORD,
    REFUSED,
    SAMPLE_RECORD,
    SPENT,
    UNSIZED,
)
from edgeproof.kernels.replay import (
    END,
    MAX_HOLD,
    REVERSE,
    SIGNAL,
    SPENT_SHARE,
    TRADE_RECORD,
    UNTOUCHED,
    find_touch,
    liquidation_price,
    open_position,
)
from edgeproof.kernels.replay_events import EXIT_LONG, EXIT_SHORT, GO_LONG, GO_SHORT
from edgeproof.kernels.replay_extras import choose_tier, find_slippage

if TYPE_CHECKING:
    from edgeproof.kernels._arrays import FloatArray, IntArray
    from edgeproof.kernels.replay import TradeRecords

    Records = npt.NDArray[np.void]

_DAY_MS: Final = 86_400_000
_MORE_ROWS: Final = 1_024


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
) -> tuple[TradeRecords, IntArray, FloatArray, IntArray, Records]:
    """Replay the orders of many legs; see :func:`edgeproof.kernels.portfolio_py.replay_portfolio_py`."""
    positions = np.zeros(len(legs), POSITION_RECORD)
    leg_symbol = np.empty(len(legs), np.int64)
    for leg in range(len(legs)):
        leg_symbol[leg] = legs[leg]["symbol"]
    held, count = np.empty(len(legs), np.int64), 0  # legs in position, ascending
    outcomes = np.zeros((len(legs), OUTCOMES), np.int64)
    samples, sampled = np.zeros(len(sample_ts), SAMPLE_RECORD), 0
    trades, closed = np.zeros(_MORE_ROWS, TRADE_RECORD), 0
    owners, equities = np.empty(_MORE_ROWS, np.int64), np.empty(_MORE_ROWS)
    realised = initial_equity
    day, day_equity, stopped = -1, initial_equity, False
    flatten_after_ms = step_ms + latency_ms // step_ms * step_ms
    order = 0
    while True:
        now: int = orders[order]["acts_ts"] if order < len(orders) else NEVER
        for at in range(count):
            now = min(now, ts[positions[held[at]]["bar"]])
        if now == NEVER:
            break
        while sampled < len(samples) and sample_ts[sampled] < now + step_ms:
            describe_account(positions, held, count, realised, samples[sampled])
            sampled += 1
        if now // _DAY_MS != day:
            day, stopped = now // _DAY_MS, False
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

        # Opens.
        for at in range(count):
            p = positions[held[at]]
            if ts[p["bar"]] == now:
                p["mark"] = open_[p["bar"]]
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
            while p["funding"] < symbol["funding_end"] and funding_bar[p["funding"]] == bar:
                balance = find_backing(positions, held, count, realised, leg) - p["entry_fee"] - p["paid"]
                p["paid"] += min(side * p["size"] * open_[bar] * funding_rate[p["funding"]], balance)
                balance = find_backing(positions, held, count, realised, leg) - p["entry_fee"] - p["paid"]
                p["margin"] = min(p["margin"], balance)
                p["liquidation"] = liquidation_price(side, p["entry"], p["size"], p["margin"], p["maintenance"])
                p["funding"] += 1
            trail = (p["highest"] if side > 0 else p["lowest"]) - side * p["trail"]
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
            backing = find_backing(positions, held, count, realised, leg)
            owners[closed], equities[closed] = leg, p["equity"]
            realised += leave_position(
                p,
                trades[closed],
                backing,
                bar - symbol["first"],
                reason,
                reference,
                bar - symbol["first"] - p["entry_bar"],
                taker,
                find_slippage(hourly, factor, slippage, ts[bar], bar, -side),
                symbol["tick"],
            )
            p["ready_at"] = now + legs[leg]["cool_down"] * legs[leg]["decision_ms"]
            closed += 1
            count = forget_leg(held, count, leg)
            at -= 1

        # Orders, in the order in which they were decided; of those decided together, exits before entries.
        while order < until:
            due = orders[order]["due_ts"]
            group = order
            while group < until and orders[group]["due_ts"] == due:
                asked = orders[group]
                group += 1
                leg, code = asked["leg"], asked["code"]
                p = positions[leg]
                if p["side"] == 0:
                    continue
                if code & (EXIT_LONG if p["side"] > 0 else EXIT_SHORT):
                    reason = SIGNAL
                elif code & (GO_SHORT if p["side"] > 0 else GO_LONG):
                    reason = REVERSE
                else:
                    continue
                symbol = symbols[leg_symbol[leg]]
                bar = asked["bar"]
                backing = find_backing(positions, held, count, realised, leg)
                owners[closed], equities[closed] = leg, p["equity"]
                realised += leave_position(
                    p,
                    trades[closed],
                    backing,
                    bar - symbol["first"],
                    reason,
                    open_[bar],
                    bar - symbol["first"] - p["entry_bar"],
                    taker,
                    find_slippage(hourly, factor, slippage, ts[bar], bar, -p["side"]),
                    symbol["tick"],
                )
                p["ready_at"] = now + legs[leg]["cool_down"] * legs[leg]["decision_ms"]
                closed += 1
                count = forget_leg(held, count, leg)
            for entering in range(order, group):
                asked = orders[entering]
                leg, code, bar = asked["leg"], asked["code"], asked["bar"]
                p = positions[leg]
                if p["side"] != 0 or not code & (GO_LONG | GO_SHORT):
                    continue
                terms = legs[leg]
                symbol = symbols[leg_symbol[leg]]
                market = open_[bar]
                side = 1 if code & GO_LONG else -1
                equity = mark_account(positions, held, count, realised)
                if equity <= SPENT_SHARE * initial_equity:
                    outcomes[leg, SPENT] += 1
                    continue
                if now < p["ready_at"]:
                    continue
                if now - due > terms["decision_ms"]:
                    outcomes[leg, LATE] += 1
                    continue
                leverage = asked["leverage"]
                if terms["risk"] > 0.0 and leverage > 0.0:
                    lost = find_stop_loss(
                        side,
                        market,
                        asked["stop"],
                        asked["trail"],
                        taker,
                        find_slippage(hourly, factor, slippage, ts[bar], bar, side),
                        find_slippage(hourly, factor, slippage, ts[bar], bar, -side),
                        symbol["tick"],
                    )
                    if np.isnan(lost):
                        outcomes[leg, NO_STOP] += 1
                        continue
                    if leverage * lost > terms["risk"]:
                        leverage = terms["risk"] / lost
                if not leverage > 0.0:
                    outcomes[leg, UNSIZED] += 1
                    continue
                if asked["stop"] < 0.0 or asked["take"] < 0.0 or asked["trail"] < 0.0:
                    outcomes[leg, REFUSED] += 1
                    continue
                if stopped:
                    outcomes[leg, DAILY_LOSS] += 1
                    continue
                if count >= max_positions:
                    outcomes[leg, NO_POSITION_LEFT] += 1
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
                if wish > room:
                    if room <= 0.0 or room < least_part * wish:
                        outcomes[leg, reason] += 1
                        continue
                    capital = room / used
                maintenance = symbol["maintenance"]
                if symbol["tier_end"] > symbol["tier_first"]:
                    own = tiers[symbol["tier_first"] : symbol["tier_end"]]
                    used, maintenance = choose_tier(own, capital, used)
                    margined = max(1.0, used, min(margin_leverage, find_tier_leverage(own, capital * used)))
                    if capital * used > free * margined:
                        capital = free * margined / used
                        if capital * used < least_part * wish:
                            outcomes[leg, NO_MARGIN] += 1
                            continue
                entry, size, fee, margin, liquidation = open_position(
                    side,
                    market,
                    capital,
                    used,
                    taker,
                    find_slippage(hourly, factor, slippage, ts[bar], bar, side),
                    symbol["lot"],
                    symbol["tick"],
                    symbol["min_size"],
                    symbol["max_leverage"],
                    maintenance,
                )
                if size > 0.0 and margined > max(1.0, used):
                    margin = min(size * entry / margined, free - fee)
                    if margin <= 0.0:
                        size = 0.0
                    else:
                        liquidation = liquidation_price(side, entry, size, margin, maintenance)
                        if side * (market - liquidation) <= 0.0:
                            size = 0.0
                if size <= 0.0:
                    outcomes[leg, REFUSED] += 1
                    continue
                if wish > room:
                    outcomes[leg, CUT] += 1
                p["side"], p["decision"], p["entry_bar"], p["bar"] = side, asked["decision"], bar - symbol["first"], bar
                p["entry"], p["size"], p["entry_fee"], p["margin"], p["liquidation"] = (
                    entry,
                    size,
                    fee,
                    margin,
                    liquidation,
                )
                p["maintenance"] = maintenance
                p["stop"] = -side * np.inf if np.isnan(asked["stop"]) else entry - side * asked["stop"]
                p["take"] = side * np.inf if np.isnan(asked["take"]) else entry + side * asked["take"]
                p["trail"] = np.inf if np.isnan(asked["trail"]) else asked["trail"]
                p["lowest"], p["highest"] = entry, entry
                p["paid"], p["market"], p["mark"], p["equity"] = 0.0, market, market, equity
                p["hold_until"] = now + terms["max_hold"] * terms["decision_ms"] if terms["max_hold"] > 0 else NEVER
                p["flatten_at"] = NEVER
                p["funding"] = symbol["funding_first"] + np.searchsorted(
                    funding_bar[symbol["funding_first"] : symbol["funding_end"]], bar, side="right"
                )
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
            trail = (p["highest"] if side > 0 else p["lowest"]) - side * p["trail"]
            reason, reference, _ = find_touch(
                side, open_[bar], high[bar], low[bar], p["stop"], p["take"], trail, p["liquidation"]
            )
            if reason == UNTOUCHED:
                p["lowest"], p["highest"] = min(p["lowest"], low[bar]), max(p["highest"], high[bar])
                p["mark"] = close[bar]
                p["bar"] = bar + 1
                if bar + 1 < symbol["end"]:
                    continue
                reason, reference = END, close[bar]
            else:
                p["lowest"], p["highest"] = min(p["lowest"], open_[bar]), max(p["highest"], open_[bar])
            backing = find_backing(positions, held, count, realised, leg)
            owners[closed], equities[closed] = leg, p["equity"]
            realised += leave_position(
                p,
                trades[closed],
                backing,
                bar - symbol["first"],
                reason,
                reference,
                bar - symbol["first"] - p["entry_bar"] + 1,
                taker,
                find_slippage(hourly, factor, slippage, ts[bar], bar, -side),
                symbol["tick"],
            )
            p["ready_at"] = now + legs[leg]["cool_down"] * legs[leg]["decision_ms"]
            closed += 1
            count = forget_leg(held, count, leg)
            at -= 1

        if loss_share > 0.0 and not stopped:
            stopped = mark_account(positions, held, count, realised) <= day_equity * (1.0 - loss_share)
            if stopped and flatten:
                for at in range(count):
                    positions[held[at]]["flatten_at"] = now + flatten_after_ms

    while sampled < len(samples):
        describe_account(positions, held, count, realised, samples[sampled])
        sampled += 1
    return trades[:closed], owners[:closed], equities[:closed], outcomes, samples


replay_portfolio = jit(_replay_portfolio)
