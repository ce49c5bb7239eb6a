"""What a replay writes down, and the numbers that stand for words in it."""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

TradeRecords: TypeAlias = npt.NDArray[np.void]
PartRecords: TypeAlias = npt.NDArray[np.void]

# Exit reasons, as they stand in a trade record.
SIGNAL, REVERSE, STOP, TAKE, TRAIL, MAX_HOLD, LIQUIDATION, END = range(8)
UNTOUCHED = -1

TRADE_RECORD = np.dtype(
    [
        ("entry_price", np.float64),  # as filled
        ("exit_price", np.float64),  # as filled; of a position that left in two parts, their mean by size
        ("size", np.float64),  # base units, as entered
        ("pnl", np.float64),  # after fees and funding
        ("fees", np.float64),  # of all fills, or of those before a liquidation and of it
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

# A part of a position that left at its target, before the rest; the trade it belongs to has both in its sums.
PART_RECORD = np.dtype(
    [
        ("price", np.float64),  # as filled
        ("size", np.float64),  # base units
        ("fee", np.float64),
        ("trade", np.int32),  # index of the trade
        ("bar", np.int32),  # index of the execution bar
    ],
    align=True,
)

# An account under a millionth of its start is spent: what is left is the rounding of floats.
SPENT_SHARE: Final = 1e-6
# No market is this deep; an account that has grown past it trades no more, and no number here can overflow.
MOST_NOTIONAL: Final = 1e18
# A millionth of a step, so that a whole number of ticks or lots survives a division of floats.
STEP_SLACK: Final = 1e-6
