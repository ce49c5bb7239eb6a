"""The records of a portfolio replay, declared once for the kernel, its specification and those who read them."""

from __future__ import annotations

from typing import Final

import numpy as np

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
    CUT,
) = range(12)
OUTCOMES: Final = 12

# Bars and funding of all symbols stand one after the other in arrays; these are the places of one symbol's.
SYMBOL_RECORD = np.dtype(
    [
        ("first", np.int64),  # of its bars
        ("end", np.int64),
        ("funding_first", np.int64),
        ("funding_end", np.int64),
        ("tier_first", np.int64),  # of its margin tiers
        ("tier_end", np.int64),
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
        ("share", np.float64),  # of the account's equity that the leverage multiplies
        ("risk", np.float64),  # of it lost at the stop, 0 where the leverage alone says the size
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
        ("entry", np.float64),
        ("market", np.float64),  # the open it was aimed at
        ("mark", np.float64),  # the newest price
        ("size", np.float64),
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
        ("equity", np.float64),  # of the account just before it
    ],
    align=True,
)

# The account at one moment, quote units; open positions at the newest close of each.
SAMPLE_RECORD = np.dtype(
    [
        ("equity", np.float64),
        ("cash", np.float64),  # start and closed trades, less what open positions have paid
        ("margin", np.float64),  # tied up
        ("long", np.float64),  # notional
        ("short", np.float64),
        ("positions", np.int64),
    ],
    align=True,
)
