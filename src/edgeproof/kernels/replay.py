"""The bar replay: signals in, trades out.

Steps of :func:`replay`, and where each lives:

1. while flat, jump to the next wish to enter (``_locate`` finds its bar, no bar is looked at in between);
2. size it, price it, refuse it or open it (``open_position``);
3. while in position, find the next open at which anything can happen (an exit or opposite signal, ``max_hold``,
   funding, the end), and look at the bars before it only for a touched level (``_scan``);
4. price the exit (``find_touch`` says where, ``price_exit`` what it costs) and go on with step 1.

The specification is :func:`edgeproof.kernels.replay_py.replay_py`: it walks bar by bar, skips nothing, and uses the
same arithmetic (``fill_price`` to ``price_exit``), so both give the same bits. `docs/assumptions.md` says each rule in
words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
import numpy.typing as npt
from numba.extending import register_jitable

from edgeproof.kernels._jit import jit
from edgeproof.kernels.replay_events import EXIT_LONG, EXIT_SHORT, GO_LONG, GO_SHORT

if TYPE_CHECKING:
    from edgeproof.kernels._arrays import FloatArray, IntArray

TradeRecords: TypeAlias = npt.NDArray[np.void]

# Exit reasons, as they stand in a trade record.
SIGNAL, REVERSE, STOP, TAKE, TRAIL, MAX_HOLD, LIQUIDATION, END = range(8)
UNTOUCHED = -1

TRADE_RECORD = np.dtype(
    [
        ("entry_price", np.float64),  # as filled
        ("exit_price", np.float64),
        ("size", np.float64),  # base units
        ("pnl", np.float64),  # after fees and funding
        ("fees", np.float64),  # of both fills, or of the first and the liquidation
        ("funding", np.float64),  # positive = paid
        ("slippage", np.float64),  # positive = paid
        ("mae", np.float64),  # share of the entry price, >= 0
        ("mfe", np.float64),
        ("decision", np.int32),  # index of the decision bar that opened it
        ("entry_bar", np.int32),  # index of the execution bar
        ("exit_bar", np.int32),
        ("bars_held", np.int32),  # execution bars, in part or whole
        ("side", np.int8),  # 1 long, -1 short
        ("reason", np.int8),
    ],
    align=True,
)

# An account under a millionth of its start is spent: what is left is the rounding of floats.
SPENT_SHARE: Final = 1e-6
# No market is this deep; an account that has grown past it trades no more, and no number here can overflow.
MOST_NOTIONAL: Final = 1e18
# A millionth of a step, so that a whole number of ticks or lots survives a division of floats.
_STEP_SLACK: Final = 1e-6
_MORE_ROWS: Final = 16
_BLOCK: Final = 8  # bars looked at before asking whether any touched a level


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
        rounded = tick * (np.ceil(steps - _STEP_SLACK) if action > 0 else np.floor(steps + _STEP_SLACK))
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
        size = lot * np.floor(size / lot + _STEP_SLACK)
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


@register_jitable
def _locate(ts: IntArray, due: np.int64, start: int, step_ms: int) -> int:
    """First bar from ``start`` on that opens at or after ``due``; the number of bars where there is none."""
    bars = len(ts)
    if start >= bars or ts[start] >= due:
        return start
    # Bars are at least a step apart, so the answer lies at or before this guess, and at it where no bar is missing.
    guess: int = start + (due - ts[start] + step_ms - 1) // step_ms
    if guess < bars and ts[guess - 1] < due:
        return guess
    below: int = start
    above: int = min(guess, bars)
    while above - below > 1:
        middle = (below + above) // 2
        if ts[middle] < due:
            below = middle
        else:
            above = middle
    return above


@register_jitable
def _scan(
    high: FloatArray,
    low: FloatArray,
    start: int,
    stop: int,
    floor: float,
    ceiling: float,
    lowest: float,
    highest: float,
) -> tuple[int, float, float]:
    """First bar of ``start`` up to ``stop`` that reaches down to ``floor`` or up to ``ceiling``, else ``stop``.

    Returns:
        That bar, and the lowest low and highest high of the bars before it, starting from those given.
    """
    bar = start
    while bar + _BLOCK <= stop:
        lows, highs = low[bar : bar + _BLOCK], high[bar : bar + _BLOCK]
        least, most = lows[0], highs[0]
        for other in range(1, _BLOCK):
            least = min(least, lows[other])
            most = max(most, highs[other])
        if least <= floor or most >= ceiling:
            break
        lowest = min(lowest, least)
        highest = max(highest, most)
        bar += _BLOCK
    while bar < stop and low[bar] > floor and high[bar] < ceiling:
        lowest, highest = min(lowest, low[bar]), max(highest, high[bar])
        bar += 1
    return bar, lowest, highest


@register_jitable
def _scan_trailing(
    side: int,
    high: FloatArray,
    low: FloatArray,
    start: int,
    stop: int,
    adverse: float,
    take: float,
    trail: float,
    lowest: float,
    highest: float,
) -> tuple[int, float, float]:
    """As :func:`_scan` with a level that follows the best price of the bars before, ``trail`` away from it."""
    bar = start
    while bar < stop:
        if side > 0:
            if low[bar] <= max(adverse, highest - trail) or high[bar] >= take:
                break
        elif high[bar] >= min(adverse, lowest + trail) or low[bar] <= take:
            break
        lowest, highest = min(lowest, low[bar]), max(highest, high[bar])
        bar += 1
    return bar, lowest, highest


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
    block: TradeRecords,
) -> tuple[TradeRecords, int, int]:
    """Replay decisions over execution bars; see :func:`edgeproof.kernels.replay_py.replay_py` for every argument.

    Trades are written into ``block``, and into a larger copy of it when it is full.
    """
    bars, events, fundings = len(ts), len(event_index), len(funding_bar)
    trades = block
    after_ms = decision_ms + latency_ms // step_ms * step_ms  # from a decision's open to when its order is due
    count, late, refused = 0, 0, 0
    equity = initial_equity
    event, next_funding = 0, 0
    leave_long, leave_short = 0, 0  # next events that can end a position of that side
    bar = 0  # first bar at whose open an entry may happen
    while event < events and equity > SPENT_SHARE * initial_equity:
        code = event_code[event]
        decision = event_index[event]
        event += 1
        if not code & (GO_LONG | GO_SHORT):
            continue
        due = decision_ts[decision] + after_ms
        if bar > 0 and due <= ts[bar - 1]:
            continue
        entry_bar = _locate(ts, due, bar, step_ms)
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
        entry, size, entry_fee, margin, liquidation = open_position(
            side,
            open_[entry_bar],
            equity,
            wished,
            taker,
            slippage,
            lot,
            tick,
            min_size,
            max_leverage,
            maintenance,
        )
        if size <= 0.0:
            refused += 1
            continue

        stop_level = -side * np.inf if np.isnan(stop_distance) else entry - side * stop_distance
        take_level = side * np.inf if np.isnan(take_distance) else entry + side * take_distance
        trailing = not np.isnan(trail_distance)
        paid = 0.0
        lowest, highest = entry, entry
        hold_bar = bars
        if max_hold > 0:
            hold_bar = _locate(ts, ts[entry_bar] + max_hold * decision_ms, entry_bar + 1, step_ms)
        while next_funding < fundings and funding_bar[next_funding] <= entry_bar:
            next_funding += 1
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
            leave_bar = _locate(ts, decision_ts[event_index[leaving]] + after_ms, entry_bar, step_ms)

        bar = entry_bar
        while True:
            pause = min(leave_bar, hold_bar, bars)
            if next_funding < fundings:
                pause = min(pause, funding_bar[next_funding])
            adverse = side * max(side * stop_level, side * liquidation)
            if trailing:
                touched, lowest, highest = _scan_trailing(
                    side, high, low, bar, pause, adverse, take_level, trail_distance, lowest, highest
                )
            elif side > 0:
                touched, lowest, highest = _scan(high, low, bar, pause, adverse, take_level, lowest, highest)
            else:
                touched, lowest, highest = _scan(high, low, bar, pause, take_level, adverse, lowest, highest)
            bar = touched
            if bar == bars:
                exit_bar, reason, reference, held = bars - 1, END, close[bars - 1], bars - entry_bar
                break
            exit_bar, held = bar, bar - entry_bar
            if bar == pause and bar > entry_bar:
                while next_funding < fundings and funding_bar[next_funding] == bar:
                    balance = equity - entry_fee - paid
                    paid += min(side * size * open_[bar] * funding_rate[next_funding], balance)
                    next_funding += 1
                    margin = min(margin, equity - entry_fee - paid)
                    liquidation = liquidation_price(side, entry, size, margin, maintenance)
            if bar < pause or bar > entry_bar:
                trail_level = -side * np.inf
                if trailing:
                    trail_level = highest - trail_distance if side > 0 else lowest + trail_distance
                reason, reference, at_open = find_touch(
                    side, open_[bar], high[bar], low[bar], stop_level, take_level, trail_level, liquidation
                )
                if bar < pause or at_open:
                    if not at_open or bar == entry_bar:
                        held += 1
                        lowest, highest = min(lowest, open_[bar]), max(highest, open_[bar])
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

        balance = equity - entry_fee - paid
        exit_price, exit_fee = price_exit(
            side, entry, size, margin, balance, reference, reason == LIQUIDATION, taker, slippage, tick
        )
        lowest, highest = min(lowest, reference), max(highest, reference)
        if count == len(trades):
            # As many more as the events so far let expect, so that growing is rare.
            grown = np.empty(count + count * (events - event) // event + _MORE_ROWS, TRADE_RECORD)
            grown[:count] = trades
            trades = grown
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
        trade["size"] = size
        trade["pnl"] = side * size * (exit_price - entry) - (entry_fee + exit_fee) - paid
        trade["fees"] = entry_fee + exit_fee
        trade["funding"] = paid
        trade["slippage"] = size * (abs(entry - open_[entry_bar]) + abs(exit_price - reference))
        trade["mae"] = (entry - lowest if side > 0 else highest - entry) / entry
        trade["mfe"] = (highest - entry if side > 0 else entry - lowest) / entry
        equity += trade["pnl"]
    return trades[:count], late, refused


replay = jit(_replay)
