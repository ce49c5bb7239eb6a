"""What commands that trade the lake's bars ask alike: one spelling and one meaning for each option."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeproof.cli._account_files import read_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgeproof.bootstrap import Workspace
    from edgeproof.execution import Costs
    from edgeproof.research.request import Universe
    from edgeproof.strategies import Strategy

SymbolsOption = Annotated[
    list[str] | None,
    typer.Option(help="Only these symbols; several parted by commas, or repeated.", show_default=False),
]
HeldVenueOption = Annotated[str | None, typer.Option(help="Only this venue.", show_default=False)]
TimeframeOption = Annotated[
    str | None, typer.Option(help="Decide on these bars instead of the strategy's own.", show_default=False)
]
WindowOption = Annotated[
    str | None,
    typer.Option(help="Length of history that ends with the newest bar, such as 30d.", show_default=False),
]
FromOption = Annotated[
    str | None,
    typer.Option("--from", metavar="TIME", help="First moment, instead of --window.", show_default=False),
]
ToOption = Annotated[
    str | None, typer.Option("--to", metavar="TIME", help="Moment after the last; the end.", show_default=False)
]
TakerOption = Annotated[float | None, typer.Option(help="Taker fee, a share of notional.", show_default=False)]
MakerOption = Annotated[
    float | None, typer.Option(help="Maker fee of entries that rested, a share of notional.", show_default=False)
]
SlippageOption = Annotated[
    float | None,
    typer.Option(
        help="Slippage a side, a share of the price: this at every hour and in every regime.", show_default=False
    ),
]
FillProbabilityOption = Annotated[
    float | None,
    typer.Option(help="Chance that an entry which rests is filled by a touch of its price.", show_default=False),
]
LatencyOption = Annotated[
    int | None, typer.Option("--latency-ms", help="From a decision to its order at the venue.", show_default=False)
]
TradesOption = Annotated[
    bool,
    typer.Option("--trades", help="Let the lake's trades settle what a bar leaves open, such as stop or target."),
]
TradesCsvOption = Annotated[
    Path | None, typer.Option(metavar="PATH", help="Write the trades there as CSV.", show_default=False)
]
PartsCsvOption = Annotated[
    Path | None,
    typer.Option(
        metavar="PATH",
        help="Write what left before the rest of its position (take_share) there as CSV.",
        show_default=False,
    ),
]
SheetOption = Annotated[
    Path | None,
    typer.Option(metavar="PATH", help="Write a tear sheet there: one page, all pictures.", show_default=False),
]
PngOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        parser=read_folder,
        help="Write the tear sheet's figures there as PNG.",
        show_default=False,
    ),
]
QuantstatsOption = Annotated[
    Path | None,
    typer.Option(metavar="PATH", help="Write what quantstats says of the daily returns there.", show_default=False),
]


def split_list(texts: Sequence[str] | None) -> list[str]:
    """What was listed, whether parted by commas or repeated."""
    return [part.strip() for text in texts or () for part in text.split(",") if part.strip()]


def find_strategies(house: Workspace, names: Sequence[str]) -> list[Strategy]:
    """Strategies by name or path, each once.

    Raises:
        UnknownName: No such strategy.
        InvalidValue: One of them twice.
    """
    from edgeproof.domain.errors import InvalidValue

    chosen: dict[str, Strategy] = {}
    for name in names:
        strategy = house.find_strategy(name)
        if strategy.name in chosen:
            raise InvalidValue("strategies", f"{strategy.name} twice", "each strategy once")
        chosen[strategy.name] = strategy
    return list(chosen.values())


def read_costs(
    usual: Costs,
    *,
    maker: float | None,
    taker: float | None,
    slippage: float | None,
    latency_ms: int | None,
    fill_probability: float | None,
) -> Costs:
    """The workspace's costs, but for what was told otherwise; one slippage stands for all that is calibrated."""
    from dataclasses import replace

    flat = usual if slippage is None else replace(usual, slippage=slippage, hourly=None, regimes=())
    return replace(
        flat,
        maker=usual.maker if maker is None else maker,
        taker=usual.taker if taker is None else taker,
        latency_ms=usual.latency_ms if latency_ms is None else latency_ms,
        fill_probability=usual.fill_probability if fill_probability is None else fill_probability,
    )


def choose_lake_markets(
    house: Workspace,
    symbols: Sequence[str] | None,
    venue: str | None,
    *,
    window: str | None,
    start: str | None,
    end: str | None,
) -> Universe:
    """Markets and window, of what the lake holds.

    Raises:
        RequestError: Two windows, a venue or a symbol the lake does not hold, or no bars.
    """
    from edgeproof.domain.errors import InvalidValue, UnknownName
    from edgeproof.domain.time import parse_instant, parse_span
    from edgeproof.research.request import CycleRequest, choose_span, choose_universe

    if window is not None and (start is not None or end is not None):
        raise InvalidValue("window", window, "either --window, or --from and --to")
    held = house.lake.holdings()
    venues = {one.instrument.venue for one in held}
    if venue is not None and venue not in venues:
        raise UnknownName("venue", venue, venues)
    holdings = [one for one in held if venue in (None, one.instrument.venue)]
    asked = None if symbols is None else tuple(split_list(symbols))
    if start is None and end is None:
        length_ms = parse_span(window or house.settings.research.window)
        return choose_universe(CycleRequest(symbols=asked, length_ms=length_ms), holdings)
    return choose_span(
        asked,
        holdings,
        start_ms=None if start is None else parse_instant(start),
        end_ms=None if end is None else parse_instant(end),
    )
