"""How recorded gaps are told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table

from edgeproof.domain.time import format_ms

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from edgeproof.ops.gaps import Gap


def document_gap(gap: Gap) -> dict[str, Any]:
    """A gap as plain values."""
    return {
        "venue": gap.instrument.venue,
        "symbol": gap.instrument.symbol,
        "from": format_ms(gap.start_ms),
        "to": format_ms(gap.end_ms),
        "minutes": gap.minutes,
        "cause": gap.cause,
        "held_volume": gap.held_volume,
        "published_volume": gap.published_volume,
    }


def draw_gaps(
    console: Console, gaps: Sequence[Gap], checked_until_ms: Mapping[str, Mapping[str, int]] | None = None
) -> None:
    """A table of gaps, and one of how far each symbol was checked.

    Args:
        console: Where to.
        gaps: What is told.
        checked_until_ms: Up to when trades were checked, by venue and symbol.
    """
    _draw_table(console, gaps)
    if checked_until_ms:
        _draw_checked(console, checked_until_ms)


def _draw_table(console: Console, gaps: Sequence[Gap]) -> None:
    if not gaps:
        console.print("no gaps are known")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("symbol", "from (UTC)", "minutes", "cause", "volume held", "published"):
        table.add_column(name, no_wrap=True)
    for gap in gaps:
        told = document_gap(gap)
        published = "" if gap.published_volume is None else f"{gap.published_volume:,.8g}"
        table.add_row(told["symbol"], told["from"], f"{gap.minutes:,}", gap.cause, f"{gap.held_volume:,.8g}", published)
    console.print(table, soft_wrap=True)


def _draw_checked(console: Console, checked_until_ms: Mapping[str, Mapping[str, int]]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("venue", "symbol", "checked until (UTC)"):
        table.add_column(name, no_wrap=True)
    for venue, symbols in sorted(checked_until_ms.items()):
        for symbol, until_ms in sorted(symbols.items()):
            table.add_row(venue, symbol, format_ms(until_ms))
    console.print()
    console.print(table if table.row_count else "no symbol was checked yet", soft_wrap=True)


def tell_gaps(console: Console, gaps: Sequence[Gap]) -> None:
    """One line, where there are any."""
    if gaps:
        minutes, symbols = sum(gap.minutes for gap in gaps), len({gap.instrument for gap in gaps})
        told = f"trades are missing in {minutes:,} minutes of {symbols:,} symbols, marked; see `edgeproof data gaps`"
        console.print(told, soft_wrap=True)
