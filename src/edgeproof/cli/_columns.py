"""Tables as wide as the terminal allows: a column that does not fit is left out whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_BETWEEN = 2


def choose_columns(
    names: Sequence[str], rows: Sequence[Sequence[str]], *, spare: Sequence[str], width: int
) -> tuple[list[int], list[int]]:
    """Leave columns out, those of ``spare`` in its order, until the rest fit.

    Returns:
        Places of the columns to show, and the width in characters of every column.
    """
    widths = [max(map(len, cells)) for cells in zip(names, *rows, strict=True)]
    shown = list(range(len(names)))
    for name in spare:
        if sum(widths[i] for i in shown) + _BETWEEN * (len(shown) - 1) > width:
            shown.remove(names.index(name))
    return shown, widths
