"""`edgeproof sweep`: many combinations of a strategy's params over the bars of the lake, each remembered as a trial."""

from __future__ import annotations

import math
import re
from pathlib import Path  # noqa: TC003 - typer reads annotations when it runs
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from edgeproof.cli._account_files import read_folder
from edgeproof.cli._door import JsonOption, WorkspaceOption, answer, count_cores
from edgeproof.cli._replay_options import (
    FillProbabilityOption,
    FromOption,
    HeldVenueOption,
    LatencyOption,
    MakerOption,
    SlippageOption,
    SymbolsOption,
    TakerOption,
    ToOption,
    WindowOption,
    choose_lake_markets,
    find_strategies,
    read_costs,
    split_list,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgeproof.backtest.sweeps import Plan
    from edgeproof.bootstrap import Workspace
    from edgeproof.cli._sweep_run import Ground, Sweep
    from edgeproof.strategies import Strategy

_UNASKED: Final = 10_000
_ANY_NUMBER: Final = 10**12
_RANGE: Final = re.compile(r"(?P<low>[^:]+):(?P<high>[^:]+)(?::(?P<step>[^:]+))?")


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("sweep")(run_sweep)


def run_sweep(
    strategies: Annotated[
        list[str], typer.Argument(metavar="STRATEGY...", help="Names, in the library or the workspace, or files.")
    ],
    param: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUES", help="LOW:HIGH:STEP, both ends included, or values 20,40,60.", show_default=False
        ),
    ] = None,
    random: Annotated[
        int | None, typer.Option(min=1, help="Draw so many combinations instead of trying all.", show_default=False)
    ] = None,
    optuna: Annotated[
        int | None, typer.Option(min=1, help="Let optuna draw so many for each market.", show_default=False)
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Of the draws; the workspace's.", show_default=False)] = None,
    where: Annotated[
        str | None, typer.Option(help="Only combinations for which this holds: 'fast < slow'.", show_default=False)
    ] = None,
    symbols: SymbolsOption = None,
    venue: HeldVenueOption = None,
    timeframe: Annotated[
        list[str] | None,
        typer.Option(help="Decide on these bars instead of the strategy's own: 5m,1h.", show_default=False),
    ] = None,
    window: WindowOption = None,
    start: FromOption = None,
    end: ToOption = None,
    maker: MakerOption = None,
    taker: TakerOption = None,
    slippage: SlippageOption = None,
    latency_ms: LatencyOption = None,
    fill_probability: FillProbabilityOption = None,
    metric: Annotated[str, typer.Option(help="What to score by: sharpe, total_return, calmar, ...")] = "sharpe",
    workers: Annotated[
        int | None, typer.Option(min=1, max=1024, help="How many at once; the workspace's.", show_default=False)
    ] = None,
    compute: Annotated[
        str | None,
        typer.Option(
            help="threads, processes, or the address of a Ray cluster (auto, local); the workspace's.",
            show_default=False,
        ),
    ] = None,
    top: Annotated[int, typer.Option(min=1, max=1_000, help="How many of the best to list.")] = 20,
    html: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Write the heat-map and the list there.", show_default=False)
    ] = None,
    sheet: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH", help="Write the best combination's tear sheet there, heat-map and all.", show_default=False
        ),
    ] = None,
    png: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            parser=read_folder,
            help="Write the heat-map, and how flat it is around the best, there as PNG.",
            show_default=False,
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help=f"Run more than {_UNASKED:,} combinations.")] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Try many combinations of a strategy's params, each recorded as a trial, and say how lonely the best one is.

    Without --param, --random and --optuna move every param over its declared range. An interrupted sweep goes on where
    it stopped when the same command is run again.
    """
    from edgeproof.backtest.sweeps import REACH, NoCombination
    from edgeproof.bootstrap import open_workspace
    from edgeproof.cli._account_files import check_files
    from edgeproof.cli._sweep_run import compute_sweep, describe_sweep, load_ground
    from edgeproof.cli._sweep_view import show_sweep
    from edgeproof.domain.errors import InvalidValue, RequestError, WorkError

    house = open_workspace(workspace)
    chosen = find_strategies(house, strategies)
    check_files({"html": html, "sheet": sheet}, png)
    cores = count_cores()
    wanted = workers or house.settings.compute.workers or house.settings.research.workers or cores
    who = compute or house.settings.compute.ray or None
    grid = _read_grid(param)
    costs = read_costs(
        house.costs,
        maker=maker,
        taker=taker,
        slippage=slippage,
        latency_ms=latency_ms,
        fill_probability=fill_probability,
    )
    if grid is None and random is None and optuna is None:
        raise RequestError("nothing to sweep; give --param NAME=LOW:HIGH:STEP, --random COUNT or --optuna COUNT")
    try:
        with house.lock(f"sweep {' '.join(strategies)}"):
            universe = choose_lake_markets(house, symbols, venue, window=window, start=start, end=end)
            ground = load_ground(house, chosen, universe, costs=costs, workers=min(wanted, cores))
            plan = _plan(
                house, ground, chosen, grid, where, split_list(timeframe),
                metric=metric, random=random, optuna=optuna, seed=seed, yes=yes,
            )  # fmt: skip
            done = compute_sweep(house, ground, plan, chosen, workers=wanted, compute=who)
    except NoCombination:
        raise InvalidValue("where", where, "a condition that holds for some combination of these values") from None
    except KeyboardInterrupt:
        raise WorkError("interrupted; recorded trials are kept, run the same command again to go on") from None
    drawn = random is not None or optuna is not None
    document = describe_sweep(done, top=top, reach=REACH if drawn else None)
    document["html"] = None if html is None else _write_page(done, document, html)
    document["sheet"] = None if sheet is None or document["best"] is None else _write_sheet(done, document, sheet)
    document["png"] = None if png is None else _write_pictures(done, document, png)
    wanted_of_best = {"sheet": sheet, "png": png} if document["best"] is None else {}
    document["not_written"] = [name for name, place in wanted_of_best.items() if place is not None]
    answer(document, as_json=as_json, show=lambda console: show_sweep(console, document, done.table))


def _plan(
    house: Workspace,
    ground: Ground,
    strategies: Sequence[Strategy],
    grid: dict[str, list[float]] | None,
    where: str | None,
    timeframes: Sequence[str],
    *,
    metric: str,
    random: int | None,
    optuna: int | None,
    seed: int | None,
    yes: bool,
) -> Plan:
    from edgeproof.backtest.sweeps import TooManyCombinations, plan_sweep, read_where

    names = {name for strategy in strategies for name in strategy.params}
    try:
        return plan_sweep(
            ground.markets,
            strategies,
            grid=grid,
            random=random,
            optuna=optuna,
            seed=house.settings.research.seed if seed is None else seed,
            where=None if where is None else read_where(where, names),
            timeframes=list(timeframes) or None,
            metric=metric,
            most=_ANY_NUMBER if yes else _UNASKED,
        )
    except TooManyCombinations as error:
        raise TooManyCombinations(error.count, error.most, "confirm with --yes") from None


def _read_grid(given: Sequence[str] | None) -> dict[str, list[float]] | None:
    from edgeproof.domain.errors import InvalidValue

    grid: dict[str, list[float]] = {}
    for text in given or ():
        name, _, values = (part.strip() for part in text.partition("="))
        if name in grid:
            raise InvalidValue("param", name, "each param once; give all its values together")
        try:
            grid[name] = _read_values(values)
        except ValueError:
            expected = "NAME=LOW:HIGH:STEP or NAME=VALUE,VALUE, such as fast=5:30:1 or slow=20,40,60"
            raise InvalidValue("param", text, expected) from None
    return grid or None


def _read_values(text: str) -> list[float]:
    """Values of a range, both ends included, or of a list; ValueError where the text is neither."""
    spelled = _RANGE.fullmatch(text)
    if spelled is None:
        return [_read_number(part) for part in text.split(",")]
    low, high, step = (_read_number(spelled[part] or "1") for part in ("low", "high", "step"))
    if step <= 0.0 or high < low:
        raise ValueError(text)
    # Room for the rounding of steps such as 0.1; more steps than a sweep takes are counted, not made.
    count = min(math.floor((high - low) / step + 1e-9), 1_000_000)
    return [round(low + at * step, 10) for at in range(count + 1)]


def _read_number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _write_page(done: Sweep, document: dict[str, Any], path: Path) -> str:
    from edgeproof.cli._sweep_page import render_page
    from edgeproof.pages import write_atomically

    target = path.expanduser().resolve()
    write_atomically(target, render_page(document, done.table))
    return str(target)


def _write_sheet(done: Sweep, document: dict[str, Any], path: Path) -> str:
    from edgeproof.cli._account_files import write_sheet
    from edgeproof.cli._account_sheets import make_sweep_sheet
    from edgeproof.cli._sweep_run import replay_best

    return write_sheet(make_sweep_sheet(done, replay_best(done, document["best"]), document), path)


def _write_pictures(done: Sweep, document: dict[str, Any], folder: Path) -> list[str]:
    from edgeproof.backtest.tear_sheets import write_painted
    from edgeproof.cli._sweep_pictures import draw_sweep
    from edgeproof.cli._sweep_view import say_headline
    from edgeproof.sheets import paint_pictures

    painted = paint_pictures(draw_sweep(document, done.table), say_headline(document))
    return [str(path) for path in write_painted(painted, folder)]
