"""`edgeproof data markets`: what a venue lists, and the rules it sets."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from edgeproof.cli._door import HostOption, JsonOption, VenueOption, WorkspaceOption, answer, open_progress

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from edgeproof.bootstrap import Workspace
    from edgeproof.domain.instruments import Instrument, MarginTier
    from edgeproof.domain.venues import Market, Venue

_ALL: Final = "all"


def add_to(data: typer.Typer) -> None:
    """Register the command among those of `edgeproof data`."""
    data.command("markets")(show_markets)


def show_markets(
    symbols: Annotated[
        str | None,
        typer.Option(help="BTC-USDT,ETH-USDT or `all`; by default those the lake holds of the venue, or all."),
    ] = None,
    tiers: Annotated[
        bool | None,
        typer.Option("--tiers/--no-tiers", help="Margin tiers too, two requests a symbol; by default unless all."),
    ] = None,
    venue: VenueOption = None,
    host: HostOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask a venue for its markets' rules: lot, tick, least size, leverage, margin tiers, state; and keep them.

    Whatever trades the venue's instruments goes by them from then on. `data backfill` and `data ingest` keep
    them too, without tiers.
    """
    from edgeproof.adapters.rate_budget import Urgency
    from edgeproof.bootstrap import open_workspace

    desk = open_workspace(workspace)
    config = desk.settings.exchange.configure(venue=venue, host=host)

    async def work() -> tuple[Sequence[Market], dict[Instrument, Sequence[MarginTier]]]:
        source = desk.open_venue(config, urgency=Urgency.BULK)
        try:
            chosen, every = await _choose(desk, source, symbols)
            wanted = not every if tiers is None else tiers
            return chosen, await _ask_tiers(source, chosen) if wanted else {}
        finally:
            await source.close()

    markets, told = asyncio.run(work())
    desk.markets.remember(markets, seen_ms=desk.clock.now_ms(), tiers=told)
    document = [_document(market, told.get(market.instrument)) for market in markets]
    answer(document, as_json=as_json, show=lambda console: _draw(console, document))


async def _choose(desk: Workspace, venue: Venue, symbols: str | None) -> tuple[Sequence[Market], bool]:
    """The markets that are asked about, and whether that is all there are."""
    from edgeproof.domain.errors import UnknownName
    from edgeproof.domain.instruments import parse_symbol

    listed = {market.instrument.symbol: market for market in await venue.markets()}
    if symbols is None:
        held = [one.symbol for one in desk.instruments() if one.venue == venue.name and one.symbol in listed]
        return [listed[name] for name in held or listed], not held
    if symbols == _ALL:
        return list(listed.values()), True
    names = [parse_symbol(text) for text in symbols.split(",") if text.strip()]
    for name in names:
        if name not in listed:
            raise UnknownName(f"linear perpetual at {venue.name}", name, listed)
    return [listed[name] for name in dict.fromkeys(names)], False


async def _ask_tiers(venue: Venue, markets: Sequence[Market]) -> dict[Instrument, Sequence[MarginTier]]:
    told: dict[Instrument, Sequence[MarginTier]] = {}
    with open_progress() as display:
        for market in display.track(markets, description="asking for margin tiers"):
            found = await venue.tiers(market.instrument.symbol)
            if found:
                told[market.instrument] = found
    return told


def _document(market: Market, tiers: Sequence[MarginTier] | None) -> dict[str, Any]:
    """A market as plain values; bounds of tiers in quote units, null for none."""
    return {
        "venue": market.instrument.venue,
        "symbol": market.instrument.symbol,
        "state": str(market.state),
        "lot": market.rules.lot,
        "tick": market.rules.tick,
        "min_size": market.rules.min_size,
        "max_leverage": market.rules.max_leverage,
        "contract_size": market.contract_size,
        "tiers": None
        if tiers is None
        else [
            {
                "max_notional": None if tier.max_notional == float("inf") else tier.max_notional,
                "maintenance": tier.maintenance,
                "max_leverage": tier.max_leverage,
            }
            for tier in tiers
        ],
    }


def _draw(console: Console, document: Sequence[Mapping[str, Any]]) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("symbol", "state", "lot", "tick", "least size", "leverage", "contract", "tiers"):
        table.add_column(name, justify="left" if name in {"symbol", "state"} else "right", no_wrap=True)
    for row in document:
        numbers = (f"{row[name]:.10g}" for name in ("lot", "tick", "min_size", "max_leverage", "contract_size"))
        table.add_row(row["symbol"], row["state"], *numbers, "" if row["tiers"] is None else f"{len(row['tiers'])}")
    console.print(table, soft_wrap=True)
    kept = "the rules of one market are" if len(document) == 1 else f"the rules of {len(document):,} markets are"
    console.print(f"{kept} kept; sizes in base units", soft_wrap=True)
