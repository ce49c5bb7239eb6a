"""Decisions as a sparse list: most decisions of most strategies say nothing, and the replay need not hear of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from edgeproof.kernels._jit import jit

if TYPE_CHECKING:
    import numpy.typing as npt

    from edgeproof.kernels._arrays import BoolArray

# Bits of an event's code.
GO_LONG, GO_SHORT, EXIT_LONG, EXIT_SHORT = 1, 2, 4, 8

_WORD: Final = 8  # flags read at once
# Parts of a word of flags; unsigned like the word, since numba makes a float of a signed and an unsigned number.
_BYTE, _BYTE_BITS = np.uint64(0xFF), np.uint64(8)
_TO_SHORT, _TO_EXIT_LONG, _TO_EXIT_SHORT = np.uint64(1), np.uint64(2), np.uint64(3)


def gather_events_py(
    long: BoolArray, short: BoolArray, exit_long: BoolArray, exit_short: BoolArray
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint8], int]:
    """List the decisions that say anything, in order; the four arrays have shape (n,).

    A wish for both directions, or to enter and leave the same one, is no wish to enter.

    Returns:
        Indices of the decisions; their codes, sums of ``GO_LONG``, ``GO_SHORT``, ``EXIT_LONG`` and ``EXIT_SHORT``; and
        how many decisions wished for both directions.
    """
    index, code, ambiguous = [], [], 0
    for at, (up, down, out_long, out_short) in enumerate(zip(long, short, exit_long, exit_short, strict=True)):
        ambiguous += int(up and down)
        says = (
            GO_LONG * (up and not down and not out_long)
            + GO_SHORT * (down and not up and not out_short)
            + EXIT_LONG * out_long
            + EXIT_SHORT * out_short
        )
        if says:
            index.append(at)
            code.append(says)
    return np.array(index, dtype=np.int32), np.array(code, dtype=np.uint8), ambiguous


def _gather_events(
    long: BoolArray, short: BoolArray, exit_long: BoolArray, exit_short: BoolArray
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint8], int]:
    """List the decisions that say anything, in order; see :func:`gather_events_py`.

    Eight flags are one word here, one byte each, so that the silence between signals is passed over eight at a time.
    """
    whole = len(long) // _WORD
    rest = len(long) - whole * _WORD
    tail = np.zeros((4, _WORD), np.uint8)
    tail[0, :rest] = long[whole * _WORD :].view(np.uint8)
    tail[1, :rest] = short[whole * _WORD :].view(np.uint8)
    tail[2, :rest] = exit_long[whole * _WORD :].view(np.uint8)
    tail[3, :rest] = exit_short[whole * _WORD :].view(np.uint8)
    last = tail.view(np.uint64)
    ups, downs = long[: whole * _WORD].view(np.uint64), short[: whole * _WORD].view(np.uint64)
    outs_long, outs_short = exit_long[: whole * _WORD].view(np.uint64), exit_short[: whole * _WORD].view(np.uint64)
    # Room for every decision: pages that are never written cost nothing.
    index, code = np.empty(len(long) + _WORD, np.int32), np.empty(len(long) + _WORD, np.uint8)
    count, ambiguous = 0, 0
    for at in range(whole + 1):
        up, down, out_long, out_short = last[0, 0], last[1, 0], last[2, 0], last[3, 0]
        if at < whole:
            up, down, out_long, out_short = ups[at], downs[at], outs_long[at], outs_short[at]
        both = up & down
        while both:
            ambiguous += int(both & _BYTE)
            both >>= _BYTE_BITS
        says = (up & ~(down | out_long)) | ((down & ~(up | out_short)) << _TO_SHORT)
        says |= (out_long << _TO_EXIT_LONG) | (out_short << _TO_EXIT_SHORT)
        if says:
            # Each decision is written, and kept by counting it: to ask first whether it says anything costs more.
            for flag in range(_WORD):
                index[count], code[count] = at * _WORD + flag, says & _BYTE
                count += int(code[count] != 0)
                says >>= _BYTE_BITS
    return index[:count], code[:count], ambiguous


gather_events = jit(_gather_events)
