"""`edgeproof backtest`: trade one strategy on the bars of the lake, and remember that it was tried."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeproof.cli._door import JsonOption, WorkspaceOption, answer, open_progress

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edgeproof.backtest import BacktestResult, Replay
    from edgeproof.bootstrap import Workspace
    from edgeproof.cli._backtest_prints import Prints
    from edgeproof.domain.instruments import Instrument, InstrumentRules
    from edgeproof.domain.records import Trial
    from edgeproof.domain.time import Timeframe
    from edgeproof.execution import Costs
    from edgeproof.research.desk import Desk
    from edgeproof.research.request import Universe
    from edgeproof.sheets import Candles
    from edgeproof.strategies import Strategy


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("backtest")(run_backtest)


def run_backtest(
    strategy: Annotated[str, typer.Argument(help="A strategy's name, in the library or the workspace, or a file.")],
    symbols: Annotated[
        list[str] | None,
        typer.Option(help="Only these symbols; several parted by commas, or repeated.", show_default=False),
    ] = None,
    venue: Annotated[str | None, typer.Option(help="Only this venue.", show_default=False)] = None,
    timeframe: Annotated[
        str | None, typer.Option(help="Decide on these bars instead of the strategy's own.", show_default=False)
    ] = None,
    window: Annotated[
        str | None,
        typer.Option(help="Length of history that ends with the newest bar, such as 30d.", show_default=False),
    ] = None,
    start: Annotated[
        str | None,
        typer.Option("--from", metavar="TIME", help="First moment, instead of --window.", show_default=False),
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", metavar="TIME", help="Moment after the last; the end.", show_default=False)
    ] = None,
    param: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="A parameter other than its default.", show_default=False),
    ] = None,
    taker: Annotated[float | None, typer.Option(help="Taker fee, a share of notional.", show_default=False)] = None,
    slippage: Annotated[
        float | None, typer.Option(help="Slippage a side, a share of the price.", show_default=False)
    ] = None,
    latency_ms: Annotated[
        int | None, typer.Option(help="From a decision to its order at the venue.", show_default=False)
    ] = None,
    trades: Annotated[
        bool,
        typer.Option("--trades", help="Let the lake's trades settle what a bar leaves open, such as stop or target."),
    ] = False,
    trades_csv: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Write the trades there as CSV.", show_default=False)
    ] = None,
    sheet: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="Write a tear sheet there: one page, all pictures.", show_default=False),
    ] = None,
    png: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Write the tear sheet's figures there as PNG.", show_default=False),
    ] = None,
    quantstats: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="Write what quantstats says of the daily returns there.", show_default=False),
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Trade a strategy on the bars of the lake, each symbol an account of its own, and record it as a trial.

    Every run is recorded, since a result is worth less the more was tried before it.
    """
    from edgeproof.backtest import combine_replays
    from edgeproof.bootstrap import open_workspace
    from edgeproof.cli._backtest_view import describe_backtest, show_backtest
    from edgeproof.domain.time import Timeframe
    from edgeproof.research.coverage import describe_missing_funding, describe_uncounted
    from edgeproof.research.desk import load_desk
    from edgeproof.research.request import describe_absent, describe_left_out, describe_shorter_window

    _check_places(trades_csv=trades_csv, sheet=sheet, png=png, quantstats=quantstats)
    house = open_workspace(workspace)
    chosen = _find_strategy(house, strategy)
    question = Question(
        strategy=chosen,
        params=chosen.resolve_params(_read_params(param)),
        timeframe=chosen.timeframe if timeframe is None else Timeframe.parse(timeframe),
        costs=_read_costs(house.costs, taker=taker, slippage=slippage, latency_ms=latency_ms),
        initial_equity=house.settings.research.initial_equity,
        rules=house.rules(),
    )
    universe = _choose_universe(house, symbols, venue, window=window, start=start, end=end)
    desk = load_desk(house.lake, universe, [chosen], workers=1)
    candles: dict[Instrument, Candles] | None = None if sheet is None and png is None else {}
    prints: dict[Instrument, Prints] = {}
    if trades:
        from edgeproof.cli._backtest_prints import load_prints

        loaded = [coverage.instrument for coverage in desk.coverages]
        prints = {instrument: load_prints(house.lake, instrument, desk.window) for instrument in loaded}
    replays = _replay_markets(desk, question, candles, prints)
    trials = [
        _make_trial(house, desk, question, instrument, replay, prints.get(instrument))
        for instrument, replay in replays.items()
    ]
    new = _record(house, chosen, trials)
    result = combine_replays({str(instrument): replay for instrument, replay in replays.items()})
    document = describe_backtest(
        result, trials, strategy=chosen, window=desk.window, new=new, tried=house.ledger.count_trials()
    )
    told = (
        describe_absent(universe),
        describe_shorter_window(universe),
        describe_missing_funding(desk.coverages),
        describe_uncounted(desk.coverages),
        describe_left_out(universe.markets),
    )
    document["remarks"] = [remark for remark in told if remark]
    document["trades_used"] = {str(instrument): found.frame.height for instrument, found in prints.items()}
    document |= {"sheet": None, "png": None}
    if candles is not None:
        from edgeproof.cli._backtest_sheet import make_sheet, write_png, write_sheet

        pictured = make_sheet(result, replays, candles, document)
        document["sheet"] = None if sheet is None else write_sheet(pictured, sheet)
        document["png"] = None if png is None else write_png(pictured, png)
    document["quantstats"] = None if quantstats is None else _write_quantstats(result, quantstats, chosen)
    document["trades_csv"] = None if trades_csv is None else _write_trades(result, trades_csv)
    answer(document, as_json=as_json, show=lambda console: show_backtest(console, document))


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked of every market."""

    strategy: Strategy
    params: Mapping[str, float]
    timeframe: Timeframe
    costs: Costs
    initial_equity: float
    rules: Mapping[Instrument, InstrumentRules]


def _find_strategy(house: Workspace, name: str) -> Strategy:
    from edgeproof.domain.errors import UnknownName
    from edgeproof.strategies import load_strategy

    found = {strategy.name: strategy for strategy in house.strategies()[0]}
    if name in found:
        return found[name]
    if "/" in name or name.endswith((".yaml", ".yml")):
        return load_strategy(Path(name).expanduser())
    raise UnknownName("strategy", name, found)


def _read_params(given: Sequence[str] | None) -> dict[str, float]:
    from edgeproof.domain.errors import InvalidValue

    params: dict[str, float] = {}
    for text in given or ():
        name, equals, value = text.partition("=")
        try:
            params[name.strip()] = float(value)
        except ValueError:
            equals = ""
        if not equals:
            raise InvalidValue("param", text, "NAME=VALUE with a number, such as window=48")
    return params


def _read_costs(usual: Costs, *, taker: float | None, slippage: float | None, latency_ms: int | None) -> Costs:
    from dataclasses import replace

    return replace(
        usual,
        taker=usual.taker if taker is None else taker,
        slippage=usual.slippage if slippage is None else slippage,
        latency_ms=usual.latency_ms if latency_ms is None else latency_ms,
    )


def _choose_universe(
    house: Workspace,
    symbols: Sequence[str] | None,
    venue: str | None,
    *,
    window: str | None,
    start: str | None,
    end: str | None,
) -> Universe:
    from edgeproof.domain.errors import InvalidValue, UnknownName
    from edgeproof.domain.time import parse_instant, parse_span
    from edgeproof.research.request import CycleRequest, choose_span, choose_universe

    if window is not None and (start is not None or end is not None):
        raise InvalidValue("window", window, "either --window, or --from and --to")
    holdings = [held for held in house.lake.holdings() if venue in (None, held.instrument.venue)]
    venues = {held.instrument.venue for held in house.lake.holdings()}
    if venue is not None and venue not in venues:
        raise UnknownName("venue", venue, venues)
    asked = None if symbols is None else tuple(p.strip() for text in symbols for p in text.split(",") if p.strip())
    if start is None and end is None:
        length_ms = parse_span(window or house.settings.research.window)
        return choose_universe(CycleRequest(symbols=asked, length_ms=length_ms, costs=house.costs), holdings)
    return choose_span(
        asked,
        holdings,
        start_ms=None if start is None else parse_instant(start),
        end_ms=None if end is None else parse_instant(end),
    )


def _replay_markets(
    desk: Desk,
    question: Question,
    candles: dict[Instrument, Candles] | None,
    prints: Mapping[Instrument, Prints],
) -> dict[Instrument, Replay]:
    """Replay every market; where candles are asked for they are gathered on the way, since bars are let go."""
    from edgeproof.backtest import replay_signals
    from edgeproof.domain.time import format_ms
    from edgeproof.research import NothingToTest
    from edgeproof.research.evaluation import open_tape
    from edgeproof.strategies import evaluate

    instruments = [coverage.instrument for coverage in desk.coverages]
    if not instruments:
        told = f"{format_ms(desk.window.start_ms)} to {format_ms(desk.window.end_ms)}"
        raise NothingToTest(f"no bars from {told}; `edgeproof data status` shows what there is")
    replays: dict[Instrument, Replay] = {}
    strategy, params, timeframe = question.strategy, question.params, question.timeframe
    with open_progress() as progress:
        for instrument in progress.track(instruments, description=f"backtest {strategy.name}"):
            data = desk.venues[instrument.venue]
            tape = open_tape(desk, instrument, prints[instrument].frame if instrument in prints else None)
            if candles is not None:
                from edgeproof.sheets import MOST_CANDLES, gather_candles

                candles[instrument] = gather_candles(tape.bars, most=MOST_CANDLES // len(instruments))
            replays[instrument] = replay_signals(
                tape,
                evaluate(strategy, data, instrument.symbol, params=params, timeframe=timeframe),
                costs=question.costs,
                rules=question.rules.get(instrument),
                initial_equity=question.initial_equity,
                symbol=instrument.symbol,
            )
            desk.release(instrument)
    return replays


def _make_trial(
    house: Workspace,
    desk: Desk,
    question: Question,
    instrument: Instrument,
    replay: Replay,
    prints: Prints | None,
) -> Trial:
    from edgeproof.backtest import make_trial
    from edgeproof.domain.hashing import combine_hashes

    data_hash = desk.hash_for(question.strategy, instrument)
    if prints is not None and prints.hash:
        data_hash = combine_hashes([data_hash, f"trades:{prints.hash}"])
    return make_trial(
        replay,
        strategy_hash=question.strategy.hash,
        strategy=question.strategy.name,
        params=question.params,
        instrument=instrument,
        timeframe=question.timeframe,
        window=desk.window,
        data_hash=data_hash,
        costs=question.costs,
        rules=question.rules.get(instrument),
        origin="cli",
        created_ms=house.clock.now_ms(),
    )


def _record(house: Workspace, strategy: Strategy, trials: Sequence[Trial]) -> int:
    from edgeproof.domain.records import StrategyVersion

    version = StrategyVersion(
        strategy_hash=strategy.hash,
        name=strategy.name,
        text=strategy.to_yaml(),
        origin="cli",
        first_seen_ms=house.clock.now_ms(),
    )
    house.ledger.record_strategies([version])
    return house.ledger.record_trials(trials)


def _check_places(*, trades_csv: Path | None, sheet: Path | None, png: Path | None, quantstats: Path | None) -> None:
    """Refuse places that cannot be written, before any work is done."""
    from edgeproof.domain.errors import InvalidValue

    for option, path in (("trades-csv", trades_csv), ("sheet", sheet), ("quantstats", quantstats)):
        if path is not None and (not path.expanduser().resolve().parent.is_dir() or path.is_dir()):
            raise InvalidValue(option, str(path), "a file in a folder that exists")
    if quantstats is not None:
        from edgeproof.sheets import require_quantstats

        require_quantstats()
    if png is not None:
        from edgeproof.sheets import require_drawing

        require_drawing()
        if png.expanduser().exists() and not png.expanduser().is_dir():
            raise InvalidValue("png", str(png), "a folder")


def _write_trades(result: BacktestResult, path: Path) -> str:
    from edgeproof.pages import write_atomically

    write_atomically(path.expanduser().resolve(), result.trades.write_csv())
    return str(path)


def _write_quantstats(result: BacktestResult, path: Path, strategy: Strategy) -> str:
    from edgeproof.backtest.tear_sheets import write_quantstats

    return str(write_quantstats(result, path, title=strategy.name))
