"""Wishes on which engines differ by design, taken out so that everything else can be held equal.

Each kind has its example in ``test_differences.py`` and its lines on ``docs/concepts/parity.md``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from parity.engines import trade_here

if TYPE_CHECKING:
    from parity.wishes import Terms, Wishes

_LEVELS = {"stop", "take"}


def mute_disputed(
    wishes: Wishes, terms: Terms, *, one_order_a_bar: bool, share: float = 1.0, whole_units: bool = False
) -> Wishes:
    """The wishes without those on which the engines would part, found by trading until none is left.

    Args:
        wishes: As drawn.
        terms: Stops and targets decide what is disputed.
        one_order_a_bar: Whether the other engine forgets a wish in a bar whose level it filled, as vectorbt does.
        share, whole_units: As for ``trade_here``.
    """
    while True:
        disputed = _find_disputed(wishes, terms, one_order_a_bar=one_order_a_bar, share=share, whole_units=whole_units)
        if not disputed:
            return wishes
        wishes = wishes.mute(sorted(disputed))


def _find_disputed(wishes: Wishes, terms: Terms, *, one_order_a_bar: bool, share: float, whole_units: bool) -> set[int]:
    trades, reasons = trade_here(wishes, terms, share=share, whole_units=whole_units)
    place = {int(ts): at for at, ts in enumerate(wishes.ts)}
    open_, high, low = (wishes.price(name) for name in ("open", "high", "low"))
    asks = wishes.long | wishes.short
    disputed: set[int] = set()
    times = trades.select(pl.col("entry_ts", "exit_ts").dt.epoch("ms")).rows()
    for (entry_ts, exit_ts), side, entry, paid, reason in zip(
        times, trades["side"], trades["entry_price"], trades["exit_price"], reasons, strict=True
    ):
        at = place[exit_ts]
        if reason not in _LEVELS:
            continue
        at_open = bool(np.isclose(paid, open_[at] * (1.0 - side * terms.slippage), rtol=1e-13, atol=0.0))
        stop = entry * (1.0 - side * terms.stop)
        if reason == "take" and at_open and (low[at] <= stop if side > 0 else high[at] >= stop):
            disputed.add(place[entry_ts] - 1)  # the open was beyond the target, later the bar reached the stop
        if at_open and (wishes.long if side > 0 else wishes.short)[at - 1]:
            disputed.add(at - 1)  # a gap ended the position at the open at which the same side was wished for again
        if one_order_a_bar and asks[at]:
            disputed.add(at)
    return disputed
