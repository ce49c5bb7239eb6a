"""The specification of the portfolio replay: every bar of every symbol, in order, nothing skipped.

At an open, first orders that have rested long enough end. Then, for each leg whose symbol has a bar: funding due,
protective orders the gap has reached, ``max_hold``, the way out that a daily loss ordered. Then the orders due at this
open, those decided first before later ones: of the ones decided together every exit and reversal (which ends an order
that rests), then every entry, in the order of legs. Inside the bars, again leg by leg: the fill of a resting order,
liquidation, stop, trail, target; where a target takes a part of the position, the rest goes on. After a symbol's last
bar, what is open there closes and what rests there ends. A property test holds
:data:`edgeproof.kernels.portfolio.replay_portfolio` to this, bit by bit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from edgeproof.kernels.portfolio_account_py import NOTHING_ASKED, Account, Bar, Order, Position
from edgeproof.kernels.portfolio_entries import find_stop_loss, find_tier_leverage
from edgeproof.kernels.portfolio_records import (
    DAILY_LOSS,
    FLATTENED,
    LATE,
    MISSED,
    NEVER,
    NO_CORRELATED_ROOM,
    NO_GROSS_ROOM,
    NO_MARGIN,
    NO_POSITION_LEFT,
    NO_STOP,
    NO_SYMBOL_ROOM,
    OUTCOMES,
    REFUSED,
    SAMPLE_RECORD,
    SPENT,
    UNSIZED,
)
from edgeproof.kernels.replay_events import EXIT_LONG, EXIT_SHORT, GO_LONG, GO_SHORT
from edgeproof.kernels.replay_extras import choose_tier
from edgeproof.kernels.replay_fills import liquidation_price, open_position
from edgeproof.kernels.replay_records import (
    END,
    MAX_HOLD,
    PART_RECORD,
    REVERSE,
    SIGNAL,
    SPENT_SHARE,
    TAKE,
    TRADE_RECORD,
)

if TYPE_CHECKING:
    import numpy.typing as npt

    from edgeproof.kernels._arrays import FloatArray, IntArray
    from edgeproof.kernels.portfolio_records import PortfolioExtras
    from edgeproof.kernels.replay_records import PartRecords, TradeRecords

    Records = npt.NDArray[np.void]

_DAY_MS: Final = 86_400_000
_PRICES: Final = ("open", "high", "low", "close")


def replay_portfolio_py(
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
    """Replay the orders of many legs on one account.

    - ``ts`` to ``close`` are the execution bars of every symbol, one symbol after the other; ``ts`` ascends within a
      symbol by whole multiples of ``step_ms``, and bars of two symbols open together or do not overlap.
    - ``symbols``, ``legs`` and ``orders`` are records of ``portfolio_records``, orders sorted by when they act, when
      they were due, and leg.
    - ``funding_bar`` is the place of the bar at whose open each rate is due, not descending within a symbol.
    - ``tiers`` are the margin tiers of every symbol, shape (t, 3): greatest notional, maintenance share, greatest
      leverage.
    - ``correlations`` has shape (days, symbols, symbols), the first for the UTC day ``first_day`` (days since 1970);
      each tells what was known at that day's midnight, NaN where nothing was.
    - ``sample_ts`` are the moments at which to describe the account, UTC milliseconds, ascending, shape (s,): with
      what had closed by then.
    - ``day_ends`` are the places among them at which to tell what each leg has earned, not descending, shape (d,).
    - ``taker``, ``slippage`` and ``latency_ms`` are those of ``execution.Costs``.
    - ``hourly`` is slippage of sales (row 0) and purchases (row 1) by UTC hour instead, shape (2, 24) or (0, 24) for
      none; ``factor`` is what slippage is multiplied with in each bar, as the bars are laid out, or empty.
    - ``max_positions`` and, as multiples of equity, ``max_gross``, ``max_symbol`` and ``max_correlated`` (exposure that
      correlates by ``threshold`` or more) limit what may be open; an order is cut to what they leave, or skipped where
      that is less than ``least_part`` of it.
    - ``margin_leverage`` is the least leverage at which positions are margined, 1 or more.
    - ``loss_share`` of a day's first equity, lost, ends a day's entries and, with ``flatten``, its positions; 0 for
      never.
    - ``extras`` is what orders that rest and trades inside bars need, ``None`` where no leg lets orders rest or parts
      leave and no market's trades are known.

    Returns:
        Closed trades (``TRADE_RECORD``, bars counted within their symbol) in the order in which they closed; what left
        before the rest of them (``PART_RECORD``), in order of time; the leg of each trade; the account's equity just
        before each entry, or when its order was placed; what became of wishes to enter, shape (legs, OUTCOMES); the
        account at each sample (``SAMPLE_RECORD``); and what each leg had earned at each day's end, open positions at
        their newest price, shape (d, legs).
    """
    more = extras or NOTHING_ASKED
    account = Account(
        realised=float(initial_equity),
        taker=taker,
        slippage=(hourly, factor, slippage),
        step_ms=step_ms,
        extras=more,
        outcomes=np.zeros((len(legs), OUTCOMES), int),
    )
    samples, worth = np.zeros(len(sample_ts), SAMPLE_RECORD), np.zeros((len(day_ends), len(legs)))
    places = [_find_places(ts, symbol) for symbol in symbols]
    limits = more.limit if len(more.limit) else np.full(len(orders), np.nan)
    asked: dict[int, list[tuple[int, np.void]]] = {}
    for at, order in enumerate(orders):
        asked.setdefault(int(order["acts_ts"]), []).append((at, order))
    day, day_equity, stopped = -1, initial_equity, False
    sampled = 0
    for now in [*sorted({time for bars in places for time in bars}), NEVER]:
        while sampled < len(samples) and (now == NEVER or sample_ts[sampled] < now + step_ms):
            account.describe(samples[sampled])
            worth[day_ends == sampled] = [account.mark_leg(leg) for leg in range(len(legs))]
            sampled += 1
        if now == NEVER:
            break
        account.now = now
        if now // _DAY_MS != day:
            day, day_equity, stopped = now // _DAY_MS, account.equity, False
        here = {
            symbol: Bar(
                at=bars[now],
                **{
                    name: float(prices[bars[now]])
                    for name, prices in zip(_PRICES, (open_, high, low, close), strict=True)
                },
                is_last=bars[now] + 1 == symbols[symbol]["end"],
            )
            for symbol, bars in enumerate(places)
            if now in bars
        }
        account.end_orders(here)
        for position in account.positions.values():
            if position.symbol in here:
                position.mark = here[position.symbol].open

        for leg in sorted(account.positions):
            position = account.positions[leg]
            if position.symbol not in here:
                continue
            symbol, bar = position.market, here[position.symbol]
            funded = range(int(symbol["funding_first"]), int(symbol["funding_end"]))
            for rate in (funding_rate[at] for at in funded if funding_bar[at] == bar.at):
                account.pay_funding(leg, bar.open, float(rate))
            reason, reference, at_open = position.find_touch(bar.open, bar.high, bar.low)
            while at_open and reason == TAKE and account.take_part(leg, bar.at, reference):
                reason, reference, at_open = position.find_touch(bar.open, bar.high, bar.low)
            if at_open:
                account.leave(leg, bar.at, reason, reference)
            elif now >= position.hold_until:
                account.leave(leg, bar.at, MAX_HOLD, bar.open)
            elif now >= position.flatten_at:
                account.leave(leg, bar.at, FLATTENED, bar.open)

        for due in sorted({int(order["due_ts"]) for _, order in asked.get(now, [])}):
            together = [(at, order) for at, order in asked[now] if order["due_ts"] == due]
            for _, order in together:
                leg, code = int(order["leg"]), int(order["code"])
                side = account.positions[leg].side if leg in account.positions else 0
                if side and code & (EXIT_LONG if side > 0 else EXIT_SHORT):
                    account.leave(leg, int(order["bar"]), SIGNAL, float(open_[order["bar"]]))
                elif side and code & (GO_SHORT if side > 0 else GO_LONG):
                    account.leave(leg, int(order["bar"]), REVERSE, float(open_[order["bar"]]))
                resting = account.orders[leg].opens.side if leg in account.orders else 0
                if resting and code & ((EXIT_LONG | GO_SHORT) if resting > 0 else (EXIT_SHORT | GO_LONG)):
                    account.drop_order(leg, MISSED)
            for at, order in together:
                leg = int(order["leg"])
                if leg in account.positions or leg in account.orders or not order["code"] & (GO_LONG | GO_SHORT):
                    continue
                terms, symbol = legs[leg], symbols[legs[leg]["symbol"]]
                market, side = float(open_[order["bar"]]), 1 if order["code"] & GO_LONG else -1
                stop, take, trail = (float(order[name]) for name in ("stop", "take", "trail"))
                equity, outcomes = account.equity, account.outcomes[leg]
                if equity <= SPENT_SHARE * initial_equity:
                    outcomes[SPENT] += 1
                    continue
                if now < account.left_ts.get(leg, -NEVER) + int(terms["cool_down"] * terms["decision_ms"]):
                    continue
                if now - due > terms["decision_ms"]:
                    outcomes[LATE] += 1
                    continue
                leverage, limit = float(order["leverage"]), float(limits[at])
                if limit <= 0.0 and leverage > 0.0:
                    outcomes[REFUSED] += 1
                    continue
                tick, slipping = float(symbol["tick"]), [account.slip(int(order["bar"]), way) for way in (side, -side)]
                fee_share, entry_tick, rests = taker, tick, side * (market - limit) > 0.0
                if rests:
                    market, fee_share, entry_tick, slipping[0] = limit, more.maker, 0.0, 0.0
                elif not np.isnan(limit):
                    slipping[0] = min(slipping[0], side * (limit / market - 1.0))
                if terms["risk"] > 0.0 and leverage > 0.0:
                    costs = fee_share, slipping[0], entry_tick, taker, slipping[1], tick
                    lost = find_stop_loss(side, market, stop, trail, *costs)
                    if np.isnan(lost):
                        outcomes[NO_STOP] += 1
                        continue
                    if leverage * lost > terms["risk"]:
                        leverage = float(terms["risk"]) / lost
                if not leverage > 0.0:
                    outcomes[UNSIZED] += 1
                    continue
                if stop < 0.0 or take < 0.0 or trail < 0.0:
                    outcomes[REFUSED] += 1
                    continue
                if stopped:
                    outcomes[DAILY_LOSS] += 1
                    continue
                if len(account.claims) >= max_positions:
                    outcomes[NO_POSITION_LEFT] += 1
                    continue
                most = float(symbol["max_leverage"])
                used = min(leverage, most)
                margined = max(1.0, used, min(margin_leverage, most))
                free = account.back(leg)
                known = correlations[min(max(day - first_day, 0), len(correlations) - 1)]
                bounds = max_gross, max_symbol, max_correlated, threshold
                rooms = (free * margined, *account.leave_room(int(terms["symbol"]), side, known, equity, *bounds))
                room = min(rooms)
                reason = (NO_MARGIN, NO_GROSS_ROOM, NO_SYMBOL_ROOM, NO_CORRELATED_ROOM)[rooms.index(room)]
                capital = float(terms["share"]) * equity
                wish = capital * used
                cut = wish > room
                if cut:
                    if room <= 0.0 or room < least_part * wish:
                        outcomes[reason] += 1
                        continue
                    capital = room / used
                lot, min_size, upkeep = (float(symbol[name]) for name in ("lot", "min_size", "maintenance"))
                own = tiers[symbol["tier_first"] : symbol["tier_end"]]
                if len(own):
                    used, upkeep = choose_tier(own, capital, used)
                    margined = max(1.0, used, min(margin_leverage, find_tier_leverage(own, capital * used)))
                    if capital * used > free * margined:
                        capital, cut = free * margined / used, True
                        if capital * used < least_part * wish:
                            outcomes[NO_MARGIN] += 1
                            continue
                # Of what the single replay makes of that capital only the size: fee and margin are the account's.
                free_of_charge = 0.0
                rules = lot, entry_tick, min_size, most, free_of_charge
                entry, size, *_ = open_position(side, market, capital, used, free_of_charge, slipping[0], *rules)
                fee, liquidation = size * entry * fee_share, np.nan
                margin = min(size * entry / margined, free - fee)
                if size > 0.0 and margin > 0.0:
                    liquidation = liquidation_price(side, entry, size, margin, upkeep)
                if not side * (market - liquidation) > 0.0:
                    size = 0.0
                if size <= 0.0:
                    outcomes[REFUSED] += 1
                    continue
                expires_ts = due + int(terms["wait"] * terms["decision_ms"])
                if rests and now >= expires_ts:
                    outcomes[MISSED] += 1
                    continue
                # A distance of NaN is no level: an infinity that no price reaches.
                stop, take, trail = (np.inf if np.isnan(distance) else distance for distance in (stop, take, trail))
                opened = Position(
                    terms=terms,
                    market=symbol,
                    side=side,
                    decision=int(order["decision"]),
                    entry_bar=int(order["bar"]),
                    hold_until=NEVER,
                    equity=equity,
                    aimed=market,
                    mark=market,
                    entry=entry,
                    size=size,
                    entered=size,
                    entry_fee=fee,
                    margin=margin,
                    liquidation=liquidation,
                    maintenance=upkeep,
                    stop=entry - side * stop,
                    take=entry + side * take,
                    trail=trail,
                    lowest=entry,
                    highest=entry,
                    cut=cut,
                )
                if rests:
                    account.orders[leg] = Order(opens=opened, fillable=bool(more.fillable[at]), expires_ts=expires_ts)
                else:
                    account.enter(leg, opened, int(order["bar"]))

        for leg, claim in account.claims:
            if claim.symbol not in here:
                continue
            bar = here[claim.symbol]
            account.live_through(leg, bar)
            if bar.is_last and leg in account.orders:
                account.drop_order(leg, MISSED)
            if bar.is_last and leg in account.positions:
                account.leave(leg, bar.at, END, bar.close, inside=True)

        if loss_share and not stopped and account.equity <= day_equity * (1.0 - loss_share):
            stopped = True
            acts_ts = now + step_ms + latency_ms // step_ms * step_ms
            for rest in account.orders.values():
                rest.called_off_ts = min(rest.called_off_ts, acts_ts)
            for _, claim in account.claims if flatten else ():
                claim.flatten_at = min(claim.flatten_at, acts_ts)
    return (
        np.array(account.trades, dtype=TRADE_RECORD),
        np.array([tuple(part) for part in account.parts], dtype=PART_RECORD),
        np.array(account.owners, np.int64),
        np.array(account.equities, np.float64),
        account.outcomes,
        samples,
        worth,
    )


def _find_places(ts: IntArray, symbol: np.void) -> dict[int, int]:
    """Where a symbol's bars stand, by their opens."""
    return {int(ts[bar]): bar for bar in range(int(symbol["first"]), int(symbol["end"]))}
