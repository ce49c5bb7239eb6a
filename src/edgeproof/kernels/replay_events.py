"""Decisions as a sparse list: most decisions of most strategies say nothing, and the replay need not hear of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from edgeproof.kernels._jit import jit
from edgeproof.kernels.prefetching import prefetch

if TYPE_CHECKING:
    import numpy.typing as npt

    from edgeproof.kernels._arrays import BoolArray

# Bits of an event's code.
GO_LONG, GO_SHORT, EXIT_LONG, EXIT_SHORT = 1, 2, 4, 8

_WORD: Final = 8  # flags read at once, and words passed over at once
_BLOCK: Final = _WORD * _WORD
_AHEAD: Final = 2 * _BLOCK  # words asked for before they are read
# Parts of a word of flags; unsigned like the word, since numba makes a float of a signed and an unsigned number.
_ONE, _BYTE_BITS = np.uint64(1), np.uint64(8)
_TO_SHORT, _TO_EXIT_LONG, _TO_EXIT_SHORT = np.uint64(1), np.uint64(2), np.uint64(3)
_TO_LOW_BIT, _TO_TOP_BYTE, _TO_TOP_BITS = np.uint64(7), np.uint64(56), np.uint64(58)
_ONES = np.uint64(0x0101010101010101)  # times flags, their sum in the top byte
_REACH = np.uint64(0x7F7F7F7F7F7F7F7F)  # added to codes, the highest bit of each that is not 0
_PACK = np.uint64(0x0102040810204080)  # times flags, the top byte with one bit for each
_SEQUENCE: Final = 0x03F79D71B4CB0A89  # of de Bruijn: times a power of two, its top six bits tell which
_SPREAD = np.uint64(_SEQUENCE)
_PLACE: Final = np.empty(_BLOCK, np.uint64)
_PLACE[[(_SEQUENCE << power) % (1 << 64) >> 58 for power in range(_BLOCK)]] = np.arange(_BLOCK)


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

    Eight flags are one word here, one byte each, and silence is passed over eight words at a time. Where there is
    none, the decisions that say anything become the bits of one number, and its ones are taken from below: what is
    asked at random is asked once for each of them, not once for each flag.
    """
    words = len(long) // _BLOCK * _WORD
    ups, downs = long[: words * _WORD].view(np.uint64), short[: words * _WORD].view(np.uint64)
    outs_long, outs_short = exit_long[: words * _WORD].view(np.uint64), exit_short[: words * _WORD].view(np.uint64)
    # Room for every decision: pages that are never written cost nothing.
    index, code = np.empty(len(long) + _WORD, np.int32), np.empty(len(long) + _WORD, np.uint8)
    said = np.empty(_WORD, np.uint64)
    codes = said.view(np.uint8)
    ambiguous, count = 0, np.uint64(0)
    for block in range(0, words, _WORD):
        for flags in (ups, downs, outs_long, outs_short):
            prefetch(flags, block + _AHEAD)
        anything = np.uint64(0)
        for at in range(block, block + _WORD):
            anything |= ups[at] | downs[at] | outs_long[at] | outs_short[at]
        if not anything:
            continue
        spoken = np.uint64(0)
        for word in range(_WORD):
            at = block + word
            up, down, out_long, out_short = ups[at], downs[at], outs_long[at], outs_short[at]
            ambiguous += int((up & down) * _ONES >> _TO_TOP_BYTE)
            says = (up & ~(down | out_long)) | ((down & ~(up | out_short)) << _TO_SHORT)
            says |= (out_long << _TO_EXIT_LONG) | (out_short << _TO_EXIT_SHORT)
            said[word] = says
            spoken |= ((says + _REACH >> _TO_LOW_BIT & _ONES) * _PACK >> _TO_TOP_BYTE) << (_BYTE_BITS * np.uint64(word))
        first = np.uint64(block * _WORD)
        while spoken:
            flag = _PLACE[(spoken & (~spoken + _ONE)) * _SPREAD >> _TO_TOP_BITS]
            index[count], code[count] = first + flag, codes[flag]
            count += _ONE
            spoken &= spoken - _ONE
    for last in range(words * _WORD, len(long)):
        wish_long = long[last] and not short[last] and not exit_long[last]
        wish_short = short[last] and not long[last] and not exit_short[last]
        ambiguous += int(long[last] and short[last])
        index[count] = last
        code[count] = (
            GO_LONG * wish_long + GO_SHORT * wish_short + EXIT_LONG * exit_long[last] + EXIT_SHORT * exit_short[last]
        )
        count += np.uint64(code[count] != 0)
    return index[:count], code[:count], ambiguous


gather_events = jit(_gather_events)
