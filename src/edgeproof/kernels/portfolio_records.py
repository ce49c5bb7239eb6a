"""The records of a portfolio replay, declared once for the kernel, its specification and those who read them."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

NEVER: Final = int(np.iinfo(np.int64).max)

# An exit reason besides those of `kernels.replay`, far from them so that they may grow.
FLATTENED: Final = 100

# What became of wishes to enter, counted for each leg: why there was no trade, or that it was made smaller.
(
    LATE,
    UNSIZED,
    REFUSED,
    SPENT,
    NO_STOP,
    DAILY_LOSS,
    NO_POSITION_LEFT,
    NO_MARGIN,
    NO_GROSS_ROOM,
    NO_SYMBOL_ROOM,
    NO_CORRELATED_ROOM,
    MISSED,
    CUT,
) = range(13)
OUTCOMES: Final = 13


class PortfolioExtras(NamedTuple):
    """What only some portfolios ask for: orders that rest, parts, trades inside bars. Empty arrays are nothing asked.

    Attributes:
        limit: Price at which each order rests, shape (k,) for k orders; NaN for one at the market, 0 for a price that
            is none.
        fillable: Whether a touch of it fills it, shape (k,).
        maker: Fee of an order that rested, share of notional.
        print_ts: Times of trades of the market, UTC milliseconds, not descending within a symbol, one symbol after the
            other, shape (p,).
        print_price: Their prices.
    """

    limit: npt.NDArray[np.float64]
    fillable: npt.NDArray[np.bool_]
    maker: float
    print_ts: npt.NDArray[np.int64]
    print_price: npt.NDArray[np.float64]


# Bars and funding of all symbols stand one after the other in arrays; these are the places of one symbol's.
SYMBOL_RECORD = np.dtype(
    [
        ("first", np.int64),  # of its bars
        ("end", np.int64),
        ("funding_first", np.int64),
        ("funding_end", np.int64),
        ("tier_first", np.int64),  # of its margin tiers
        ("tier_end", np.int64),
        ("print_first", np.int64),  # of the trades of its market
        ("print_end", np.int64),
        ("lot", np.float64),
        ("tick", np.float64),
        ("min_size", np.float64),
        ("max_leverage", np.float64),
        ("maintenance", np.float64),
    ],
    align=True,
)

LEG_RECORD = np.dtype(
    [
        ("symbol", np.int64),  # index
        ("decision_ms", np.int64),
        ("max_hold", np.int64),  # decision bars, 0 for never
        ("cool_down", np.int64),  # decision bars after an exit, 0 for none
        ("wait", np.int64),  # decision bars for which its orders rest
        ("share", np.float64),  # of the account's equity that the leverage multiplies
        ("risk", np.float64),  # of it lost at the stop, 0 where the leverage alone says the size
        ("take_share", np.float64),  # of a position that leaves at its target, 1 for all of it
    ],
    align=True,
)

# One decision that says anything, in order of acts_ts, due_ts, leg.
ORDER_RECORD = np.dtype(
    [
        ("acts_ts", np.int64),  # open of the bar at which it acts
        ("due_ts", np.int64),  # decision and latency
        ("bar", np.int64),  # where that bar stands in the arrays of all symbols
        ("leg", np.int64),
        ("decision", np.int64),  # index of the decision bar
        ("code", np.int64),  # as `gather_events` says it
        ("stop", np.float64),  # distances in price, NaN for none
        ("take", np.float64),
        ("trail", np.float64),
        ("leverage", np.float64),  # with a risk, the highest
    ],
    align=True,
)

# A position, or an order to enter that rests: then everything is what its fill would make of it.
POSITION_RECORD = np.dtype(
    [
        ("bar", np.int64),  # the next to look at
        ("funding", np.int64),  # the next to pay
        ("hold_until", np.int64),
        ("flatten_at", np.int64),
        ("ready_at", np.int64),  # after an exit, when it may enter again
        ("decision", np.int64),
        ("entry_bar", np.int64),  # of its symbol
        ("side", np.int64),  # 0 while there is none
        ("resting", np.int64),  # 1 while it is an order
        ("expires_at", np.int64),  # when that order ends
        ("fillable", np.int64),  # as the order says
        ("cut", np.int64),  # 1 where limits made it smaller
        ("part_row", np.int64),  # of the part that left
        ("entry", np.float64),
        ("market", np.float64),  # the open it was aimed at
        ("mark", np.float64),  # the newest price; while it rests, its own
        ("size", np.float64),  # what is left of it
        ("entered", np.float64),
        ("entry_fee", np.float64),
        ("paid", np.float64),  # funding
        ("margin", np.float64),
        ("maintenance", np.float64),
        ("liquidation", np.float64),
        ("stop", np.float64),  # a price, as the target
        ("take", np.float64),
        ("trail", np.float64),  # a distance
        ("lowest", np.float64),
        ("highest", np.float64),
        ("equity", np.float64),  # of the account just before it, or when its order was placed
        ("part", np.float64),  # of it that left before the rest: its size, 0 for none, then its price and costs
        ("part_price", np.float64),
        ("part_fee", np.float64),
        ("part_slipped", np.float64),
        ("banked", np.float64),  # what it brought, less its fee
    ],
    align=True,
)

# The account at one moment, quote units; open positions at the newest close of each.
SAMPLE_RECORD = np.dtype(
    [
        ("equity", np.float64),
        ("cash", np.float64),  # start, closed trades and parts that left, less what open positions have paid
        ("margin", np.float64),  # tied up by positions
        ("reserved", np.float64),  # margin and fees kept for orders that rest
        ("long", np.float64),  # notional
        ("short", np.float64),
        ("positions", np.int64),
        ("orders", np.int64),  # that rest
    ],
    align=True,
)
