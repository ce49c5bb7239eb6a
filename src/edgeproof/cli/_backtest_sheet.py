"""A backtest of the command line as a tear sheet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edgeproof.backtest.tear_sheets import write_pictures
from edgeproof.cli._backtest_view import list_notes
from edgeproof.pages import write_atomically
from edgeproof.sheets import Market, Sheet, render_sheet

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from edgeproof.backtest import BacktestResult, Replay
    from edgeproof.domain.instruments import Instrument
    from edgeproof.sheets import Candles

_FEW = 3


def make_sheet(
    result: BacktestResult,
    replays: Mapping[Instrument, Replay],
    candles: Mapping[Instrument, Candles],
    document: Mapping[str, Any],
) -> Sheet:
    """What the sheet shows: the accounts together, every market's prices, and what all of it rests on."""
    venues = {instrument.venue for instrument in replays}
    named = {one: one.symbol if len(venues) == 1 else str(one) for one in replays}
    strategy = document["strategy"]
    params = ", ".join(f"{name} {value:g}" for name, value in strategy["params"].items())
    markets = ", ".join(named.values()) if len(named) <= _FEW else f"{len(named)} markets"
    return Sheet(
        title=f"{strategy['name']} on {markets} at {strategy['timeframe']}{f' ({params})' if params else ''}",
        account=result,
        markets={name: Market(candles=candles[one], trades=replays[one].trades) for one, name in named.items()},
        notes=tuple(_begin_sentence(note) for note in (f"thesis: {strategy['thesis']}", *list_notes(document))),
    )


def write_sheet(sheet: Sheet, path: Path) -> str:
    """Write the page; says where it is."""
    target = path.expanduser().resolve()
    write_atomically(target, render_sheet(sheet))
    return str(target)


def write_png(sheet: Sheet, folder: Path) -> list[str]:
    """Write the figures; says where they are."""
    return [str(path) for path in write_pictures(sheet, folder)]


def _begin_sentence(note: str) -> str:
    """A terminal's note as a page says it."""
    told = note.removeprefix("warning: ").rstrip(".")
    return f"{told[0].upper()}{told[1:]}."
