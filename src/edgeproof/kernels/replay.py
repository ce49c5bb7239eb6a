"""The bar replay: signals in, trades out.

Steps of :func:`replay`, and where each lives:

1. while flat, jump to the next wish to enter (``locate_bar`` finds its bar, no bar is looked at in between);
2. size it, price it, refuse it or open it (``open_position``); or let it rest and find the bar that fills it
   (``find_limit_fill``);
3. while in position, find the next open at which anything can happen (an exit or opposite signal, ``max_hold``,
   funding, the end), and look at the bars before it only for a touched level (``scan_bars``, and ``skip_spans`` where
   they are many);
4. price the exit (``find_touch`` says where, ``price_exit`` what it costs) and go on with step 1; or, where only a part
   leaves, with step 3.

The specification is :func:`edgeproof.kernels.replay_py.replay_py`: it walks bar by bar, skips nothing, and uses the
same arithmetic (`replay_fills.py`, `replay_extras.py`), so both give the same bits. `docs/assumptions.md` says each
rule in words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from edgeproof.kernels._jit import jit
from edgeproof.kernels.prefetching import prefetch
from edgeproof.kernels.replay_events import EXIT_LONG, EXIT_SHORT, GO_LONG, GO_SHORT
from edgeproof.kernels.replay_extras import (
    choose_tier,
    cut_to_fill,
    find_limit_fill,
    find_slippage,
    is_target_first,
    split_position,
)
from edgeproof.kernels.replay_fills import fill_price, find_touch, liquidation_price, open_position, price_exit
from edgeproof.kernels.replay_records import (
    END,
    LIQUIDATION,
    MAX_HOLD,
    MOST_NOTIONAL,
    PART_RECORD,
    REVERSE,
    SIGNAL,
    SPENT_SHARE,
    STOP,
    TAKE,
    TRADE_RECORD,
    TRAIL,
    UNTOUCHED,
    PartRecords,
    TradeRecords,
)
from edgeproof.kernels.replay_walk import SPAN, locate_bar, scan_bars, scan_trailing, skip_spans

if TYPE_CHECKING:
    import numpy.typing as npt

    from edgeproof.kernels._arrays import FloatArray, IntArray
    from edgeproof.kernels.replay_extras import Extras

__all__ = [
    "END",
    "LIQUIDATION",
    "MAX_HOLD",
    "MOST_NOTIONAL",
    "REVERSE",
    "SIGNAL",
    "SPENT_SHARE",
    "STOP",
    "TAKE",
    "TRADE_RECORD",
    "TRAIL",
    "UNTOUCHED",
    "PartRecords",
    "TradeRecords",
    "fill_price",
    "find_touch",
    "liquidation_price",
    "open_position",
    "price_exit",
    "replay",
]

_MORE_ROWS: Final = 16
_LINE: Final = 8  # prices that come from memory together
_AHEAD: Final = 12  # events that are asked for beyond the one that may end a position


def _replay(
    ts: IntArray,
    open_: FloatArray,
    high: FloatArray,
    low: FloatArray,
    close: FloatArray,
    step_ms: int,
    decision_ts: IntArray,
    decision_ms: int,
    event_index: npt.NDArray[np.int32],
    event_code: npt.NDArray[np.uint8],
    stop: FloatArray,
    take: FloatArray,
    trail: FloatArray,
    leverage: FloatArray,
    stop_stride: int,
    take_stride: int,
    trail_stride: int,
    leverage_stride: int,
    max_hold: int,
    funding_bar: IntArray,
    funding_rate: FloatArray,
    initial_equity: float,
    taker: float,
    slippage: float,
    latency_ms: int,
    lot: float,
    tick: float,
    min_size: float,
    max_leverage: float,
    maintenance: float,
    extras: Extras | None,
    span_high: FloatArray,
    span_low: FloatArray,
    block: TradeRecords,
) -> tuple[TradeRecords, PartRecords, npt.NDArray[np.bool_], tuple[int, int, int]]:
    """Replay decisions over execution bars; see :func:`edgeproof.kernels.replay_py.replay_py` for every argument.

    Two more than there are ``span_high`` and ``span_low``, from :func:`edgeproof.kernels.replay_walk.range_spans`.
    Trades are written into ``block``, and into a larger copy of it when it is full.
    """
    bars, events, fundings = len(ts), len(event_index), len(funding_bar)
    trades, parts, parted = block, np.empty(0, PART_RECORD), 0
    rested = np.zeros(0 if extras is None else len(block), np.bool_)
    after_ms = decision_ms + latency_ms // step_ms * step_ms  # from a decision's open to when its order is due
    bars_per_decision = decision_ms // step_ms
    count, late, refused, missed = 0, 0, 0, 0
    equity = initial_equity
    event, next_funding, asked = 0, 0, 0
    leave_long, leave_short = 0, 0  # next events that can end a position of that side
    bar = 0  # first bar at whose open an entry may happen
    while True:
        # A loop in which `trades` gets no new array, so that numba counts no references to it at every turn.
        room = len(trades)
        while event < events and count < room and equity > SPENT_SHARE * initial_equity:
            code = event_code[event]
            decision = event_index[event]
            event += 1
            if not code & (GO_LONG | GO_SHORT):
                continue
            due = decision_ts[decision] + after_ms
            if bar > 0 and due <= ts[bar - 1]:
                continue
            entry_bar = locate_bar(ts, due, bar, step_ms)
            if entry_bar >= bars:
                break
            if ts[entry_bar] - due > decision_ms:
                late += 1
                continue
            wished = leverage[decision * leverage_stride]
            if not wished > 0.0:
                continue
            side = 1 if code & GO_LONG else -1
            stop_distance = stop[decision * stop_stride]
            take_distance = take[decision * take_stride]
            trail_distance = trail[decision * trail_stride]
            if stop_distance < 0.0 or take_distance < 0.0 or trail_distance < 0.0:
                refused += 1
                continue
            market, entry_fee_share, entry_slippage, exit_slippage = open_[entry_bar], taker, slippage, slippage
            upkeep, entry_tick, limit, resting, inside = maintenance, tick, np.nan, False, False
            if extras is not None:
                entry_slippage = find_slippage(extras.hourly, extras.factor, slippage, ts[entry_bar], entry_bar, side)
                if len(extras.limit) > 0:
                    limit = extras.limit[event - 1]
                if limit <= 0.0:
                    refused += 1
                    continue
                if side * (market - limit) <= 0.0:
                    # The open has reached its price already: it takes, and pays at most that.
                    entry_slippage = min(entry_slippage, side * (limit / market - 1.0))
                elif not np.isnan(limit):
                    market, entry_fee_share, entry_slippage, entry_tick, resting = limit, extras.maker, 0.0, 0.0, True
                if len(extras.tiers) > 0:
                    wished, upkeep = choose_tier(extras.tiers, equity, min(wished, max_leverage))
            entry, size, entry_fee, margin, liquidation = open_position(
                side,
                market,
                equity,
                wished,
                entry_fee_share,
                entry_slippage,
                lot,
                entry_tick,
                min_size,
                max_leverage,
                upkeep,
            )
            if size <= 0.0:
                refused += 1
                continue

            if side > 0:
                leave_long = max(leave_long, event)
                while leave_long < events and not event_code[leave_long] & (EXIT_LONG | GO_SHORT):
                    leave_long += 1
                leaving = leave_long
            else:
                leave_short = max(leave_short, event)
                while leave_short < events and not event_code[leave_short] & (EXIT_SHORT | GO_LONG):
                    leave_short += 1
                leaving = leave_short
            leave_bar = bars
            if leaving < events:
                leave_bar = locate_bar(ts, decision_ts[event_index[leaving]] + after_ms, entry_bar, step_ms)
                # What comes after this position is asked for while it is walked through.
                asked = max(asked, leaving + 1)
                while asked < min(leaving + _AHEAD, events):
                    coming = event_index[asked]
                    there = leave_bar + (coming - event_index[leaving]) * bars_per_decision
                    prefetch(decision_ts, coming)
                    prefetch(stop, coming * stop_stride)
                    prefetch(take, coming * take_stride)
                    prefetch(open_, there)
                    prefetch(high, there)
                    prefetch(low, there)
                    asked += 1
            if extras is not None:  # noqa: SIM102 - a test of its own is what numba drops
                if resting:
                    expiry = locate_bar(ts, due + extras.wait * decision_ms, entry_bar, step_ms)
                    until = min(leave_bar, expiry, bars)
                    reached = find_limit_fill(
                        side, limit, extras.fillable[event - 1], open_, high, low, entry_bar, until
                    )
                    if reached == until:
                        missed += 1
                        bar = until
                        if leave_bar < expiry:
                            event = leaving
                        continue
                    entry_bar = reached
                    inside = side * (open_[reached] - limit) > 0.0

            hold_bar = bars
            if max_hold > 0:
                hold_bar = locate_bar(ts, ts[entry_bar] + max_hold * decision_ms, entry_bar + 1, step_ms)
            while next_funding < fundings and funding_bar[next_funding] <= entry_bar:
                next_funding += 1
            stop_level = -side * np.inf if np.isnan(stop_distance) else entry - side * stop_distance
            take_level = side * np.inf if np.isnan(take_distance) else entry + side * take_distance
            trailing = not np.isnan(trail_distance)
            paid = 0.0
            # Of the part that left before the rest: how much, its price, what it cost and what the account has of it.
            entered, part, part_price, part_fee, part_slipped, banked = size, 0.0, 0.0, 0.0, 0.0, 0.0
            lowest, highest = entry, entry
            bar = entry_bar
            while True:
                pause = min(leave_bar, hold_bar, bars)
                if next_funding < fundings:
                    pause = min(pause, funding_bar[next_funding])
                adverse = side * max(side * stop_level, side * liquidation)
                if inside and bar == entry_bar:
                    touched = bar
                elif trailing:
                    touched, lowest, highest = scan_trailing(
                        side, high, low, bar, pause, adverse, take_level, trail_distance, lowest, highest
                    )
                else:
                    floor, ceiling = (adverse, take_level) if side > 0 else (take_level, adverse)
                    touched = bar
                    # Here and not in a function of its own, in which numba would count references at every call.
                    if pause - bar >= 2 * SPAN:
                        begun = -(-bar // SPAN) * SPAN
                        touched, lowest, highest = scan_bars(high, low, bar, begun, floor, ceiling, lowest, highest)
                        if touched == begun:
                            touched, lowest, highest = skip_spans(
                                span_high, span_low, begun, pause, floor, ceiling, lowest, highest
                            )
                            for line in range(touched, touched + SPAN, _LINE):
                                prefetch(high, line)
                                prefetch(low, line)
                                prefetch(open_, line)
                    touched, lowest, highest = scan_bars(high, low, touched, pause, floor, ceiling, lowest, highest)
                bar = touched
                if bar == bars:
                    exit_bar, reason, reference, held = bars - 1, END, close[bars - 1], bars - entry_bar
                    break
                exit_bar, held = bar, bar - entry_bar
                if bar == pause and bar > entry_bar:
                    while next_funding < fundings and funding_bar[next_funding] == bar:
                        balance = equity - entry_fee - paid + banked
                        paid += min(side * size * open_[bar] * funding_rate[next_funding], balance)
                        next_funding += 1
                        margin = min(margin, equity - entry_fee - paid + banked)
                        liquidation = liquidation_price(side, entry, size, margin, upkeep)
                if bar < pause or bar > entry_bar:
                    trail_level = -side * np.inf
                    if trailing:
                        trail_level = highest - trail_distance if side > 0 else lowest + trail_distance
                    first, most, least = open_[bar], high[bar], low[bar]
                    if extras is not None:  # noqa: SIM102 - as above
                        if inside and bar == entry_bar:
                            first = limit
                            most, least = cut_to_fill(side, limit, most, least, close[bar])
                    reason, reference, at_open = find_touch(
                        side, first, most, least, stop_level, take_level, trail_level, liquidation
                    )
                    if extras is not None:
                        if reason == UNTOUCHED and bar < pause:
                            lowest, highest = min(lowest, least), max(highest, most)
                            bar += 1
                            continue
                        both = side * ((most if side > 0 else least) - take_level) >= 0.0 and reason not in (
                            UNTOUCHED,
                            TAKE,
                        )
                        if both and not at_open and len(extras.print_ts) > 0:
                            filled_at = limit if inside and bar == entry_bar else np.nan
                            prints, span = (extras.print_ts, extras.print_price), (ts[bar], ts[bar] + step_ms)
                            if is_target_first(*prints, *span, side, reference, take_level, filled_at):
                                reason, reference = TAKE, take_level
                    if bar < pause or at_open:
                        if extras is not None:
                            leaving_size = 0.0
                            if reason == TAKE and part == 0.0:
                                leaving_size = split_position(size, extras.take_share, lot, min_size)
                            if leaving_size > 0.0:
                                part = leaving_size
                                balance = equity - entry_fee - paid
                                exit_slippage = find_slippage(
                                    extras.hourly, extras.factor, slippage, ts[bar], bar, -side
                                )
                                part_margin = margin * (part / size)
                                part_price, part_fee = price_exit(
                                    side,
                                    entry,
                                    part,
                                    part_margin,
                                    balance,
                                    reference,
                                    reason == LIQUIDATION,
                                    taker,
                                    exit_slippage,
                                    tick,
                                )
                                part_slipped = part * (abs(entry - market) + abs(part_price - reference))
                                banked = side * part * (part_price - entry) - part_fee
                                size, margin, take_level = size - part, margin - part_margin, side * np.inf
                                balance = equity - entry_fee - paid + banked
                                if margin > balance:
                                    margin = balance
                                    liquidation = liquidation_price(side, entry, size, margin, upkeep)
                                if parted == len(parts):
                                    more = np.empty(2 * parted + _MORE_ROWS, PART_RECORD)
                                    more[:parted] = parts
                                    parts = more
                                parts[parted]["price"] = part_price
                                parts[parted]["size"] = part
                                parts[parted]["fee"] = part_fee
                                parts[parted]["trade"] = count
                                parts[parted]["bar"] = bar
                                parted += 1
                                if at_open:
                                    continue
                                lowest, highest = min(lowest, reference), max(highest, reference)
                                reason, reference, _ = find_touch(
                                    side, first, most, least, stop_level, take_level, trail_level, liquidation
                                )
                                if reason == UNTOUCHED:
                                    lowest, highest = min(lowest, least), max(highest, most)
                                    bar += 1
                                    continue
                        if not at_open or bar == entry_bar:
                            held += 1
                            lowest, highest = min(lowest, first), max(highest, first)
                            bar += 1
                        break
                if bar == hold_bar:
                    reason, reference = MAX_HOLD, open_[bar]
                    break
                if bar == leave_bar:
                    exits = event_code[leaving] & (EXIT_LONG if side > 0 else EXIT_SHORT)
                    reason, reference = (SIGNAL if exits else REVERSE), open_[bar]
                    event = leaving
                    break

            balance = equity - entry_fee - paid + banked
            if extras is not None:
                exit_slippage = find_slippage(extras.hourly, extras.factor, slippage, ts[exit_bar], exit_bar, -side)
            exit_price, exit_fee = price_exit(
                side, entry, size, margin, balance, reference, reason == LIQUIDATION, taker, exit_slippage, tick
            )
            lowest, highest = min(lowest, reference), max(highest, reference)
            trade = trades[count]
            count += 1
            trade["decision"] = decision
            trade["entry_bar"] = entry_bar
            trade["exit_bar"] = exit_bar
            trade["bars_held"] = held
            trade["side"] = side
            trade["reason"] = reason
            trade["entry_price"] = entry
            trade["exit_price"] = exit_price
            trade["size"] = entered
            trade["pnl"] = side * size * (exit_price - entry) - (entry_fee + exit_fee) - paid + banked
            trade["fees"] = entry_fee + exit_fee + part_fee
            trade["funding"] = paid
            trade["slippage"] = size * (abs(entry - market) + abs(exit_price - reference)) + part_slipped
            trade["mae"] = (entry - lowest if side > 0 else highest - entry) / entry
            trade["mfe"] = (highest - entry if side > 0 else entry - lowest) / entry
            equity += trade["pnl"]
            if extras is not None:
                rested[count - 1] = resting
                if part > 0.0:
                    trade["exit_price"] = (part * part_price + size * exit_price) / entered
                if extras.cool_down > 0:
                    bar = locate_bar(ts, ts[exit_bar] + extras.cool_down * decision_ms, bar, step_ms)
        if count < room:
            break
        # As many more as the events so far let expect, so that growing is rare.
        grown = np.empty(count + count * (events - event) // max(event, 1) + _MORE_ROWS, TRADE_RECORD)
        for at in range(count):
            grown[at] = trades[at]
        trades = grown
        if extras is not None:
            longer = np.zeros(len(grown), np.bool_)
            longer[:count] = rested
            rested = longer
    return trades[:count], parts[:parted], rested[:count], (late, refused, missed)


replay = jit(_replay)
