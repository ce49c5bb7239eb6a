from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

from rich.console import Console

from contracts.journal_contract import NOON_MS, gap_at
from edgeproof.cli._gaps_view import draw_gaps
from edgeproof.domain.time import format_ms

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edgeproof.ops.gaps import Gap


def draw(gaps: Sequence[Gap], checked: Mapping[str, Mapping[str, int]]) -> str:
    told = StringIO()
    draw_gaps(Console(file=told, width=200), gaps, checked)
    return told.getvalue()


def test_the_terminal_tells_how_far_each_symbol_was_checked_with_gaps_or_without() -> None:
    checked = {"blofin": {"ETH-USDT": NOON_MS + 60_000, "BTC-USDT": NOON_MS}, "okx": {}}
    for gaps in ([], [gap_at(1)]):
        lines = draw(gaps, checked).splitlines()
        assert lines[-2].split() == ["blofin", "BTC-USDT", *format_ms(NOON_MS).split()]
        assert lines[-1].split() == ["blofin", "ETH-USDT", *format_ms(NOON_MS + 60_000).split()]


def test_a_venue_of_which_nothing_was_checked_is_told_so() -> None:
    assert draw([], {"blofin": {}}).splitlines()[-1] == "no symbol was checked yet"
