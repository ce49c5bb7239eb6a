"""`edgeproof backtest`: trade one strategy on the bars of the lake, and remember that it was tried."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from edgeproof.cli._door import JsonOption, WorkspaceOption, answer, open_progress
from edgeproof.cli._replay_options import (
    FillProbabilityOption,
    FromOption,
    HeldVenueOption,
    LatencyOption,
    MakerOption,
    PartsCsvOption,
    PngOption,
    QuantstatsOption,
    SheetOption,
    SlippageOption,
    SymbolsOption,
    TakerOption,
    TimeframeOption,
    ToOption,
    TradesCsvOption,
    TradesOption,
    WindowOption,
    choose_lake_markets,
    read_costs,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edgeproof.backtest import Replay
    from edgeproof.bootstrap import Workspace
    from edgeproof.cli._backtest_prints import Prints
    from edgeproof.domain.instruments import Instrument, InstrumentRules
    from edgeproof.domain.records import Trial
    from edgeproof.domain.time import Timeframe
    from edgeproof.execution import Costs
    from edgeproof.research.desk import Desk
    from edgeproof.sheets import Candles, Sheet
    from edgeproof.strategies import Strategy


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("backtest")(run_backtest)


def run_backtest(
    strategy: Annotated[str, typer.Argument(help="A strategy's name, in the library or the workspace, or a file.")],
    symbols: SymbolsOption = None,
    venue: HeldVenueOption = None,
    timeframe: TimeframeOption = None,
    window: WindowOption = None,
    start: FromOption = None,
    end: ToOption = None,
    param: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="A parameter other than its default.", show_default=False),
    ] = None,
    maker: MakerOption = None,
    taker: TakerOption = None,
    slippage: SlippageOption = None,
    latency_ms: LatencyOption = None,
    fill_probability: FillProbabilityOption = None,
    trades: TradesOption = False,
    trades_csv: TradesCsvOption = None,
    parts_csv: PartsCsvOption = None,
    sheet: SheetOption = None,
    png: PngOption = None,
    quantstats: QuantstatsOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Trade a strategy on the bars of the lake, each symbol an account of its own, and record it as a trial.

    Every run is recorded, since a result is worth less the more was tried before it.
    """
    from edgeproof.backtest import combine_replays
    from edgeproof.bootstrap import open_workspace
    from edgeproof.cli._account_files import AccountFiles
    from edgeproof.cli._backtest_view import describe_backtest, show_backtest
    from edgeproof.cli._desk_markets import list_remarks, list_traded
    from edgeproof.domain.time import Timeframe
    from edgeproof.research.desk import load_desk

    files = AccountFiles(trades_csv=trades_csv, parts_csv=parts_csv, sheet=sheet, png=png, quantstats=quantstats)
    files.check_places()
    house = open_workspace(workspace)
    chosen = house.find_strategy(strategy)
    question = Question(
        strategy=chosen,
        params=chosen.resolve_params(_read_params(param)),
        timeframe=chosen.timeframe if timeframe is None else Timeframe.parse(timeframe),
        costs=read_costs(
            house.costs,
            maker=maker,
            taker=taker,
            slippage=slippage,
            latency_ms=latency_ms,
            fill_probability=fill_probability,
        ),
        initial_equity=house.settings.research.initial_equity,
        rules=house.rules(),
    )
    universe = choose_lake_markets(house, symbols, venue, window=window, start=start, end=end)
    desk = load_desk(house.lake, universe, [chosen], workers=1)
    traded = list_traded(desk)
    candles: dict[Instrument, Candles] | None = {} if files.need_candles else None
    prints: dict[Instrument, Prints] = {}
    if trades:
        from edgeproof.cli._backtest_prints import load_prints

        prints = {instrument: load_prints(house.lake, instrument, desk.window) for instrument in traded}
    replays = _replay_markets(desk, traded, question, candles, prints)
    result = combine_replays({str(instrument): replay for instrument, replay in replays.items()})
    files.check_returns(result)
    trials = [
        _make_trial(house, desk, question, instrument, replay, prints.get(instrument))
        for instrument, replay in replays.items()
    ]
    new = _record(house, chosen, trials)
    document = describe_backtest(
        result, trials, strategy=chosen, window=desk.window, new=new, tried=house.ledger.count_trials()
    )
    document["remarks"] = list_remarks(universe, desk, question.costs)
    document["trades_used"] = {str(instrument): found.frame.height for instrument, found in prints.items()}

    def draw() -> Sheet:
        from edgeproof.cli._account_sheets import make_backtest_sheet

        return make_backtest_sheet(result, replays, candles or {}, document)

    document |= files.write(result, chosen.name, draw)
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


def _replay_markets(
    desk: Desk,
    traded: Sequence[Instrument],
    question: Question,
    candles: dict[Instrument, Candles] | None,
    prints: Mapping[Instrument, Prints],
) -> dict[Instrument, Replay]:
    """Replay every market; where candles are asked for they are gathered on the way, since bars are let go."""
    from edgeproof.backtest import replay_signals
    from edgeproof.research.evaluation import open_tape
    from edgeproof.strategies import evaluate

    replays: dict[Instrument, Replay] = {}
    strategy, params, timeframe = question.strategy, question.params, question.timeframe
    with open_progress() as progress:
        for instrument in progress.track(traded, description=f"backtest {strategy.name}"):
            data = desk.venues[instrument.venue]
            found = prints[instrument].frame if instrument in prints else None
            tape = open_tape(desk, instrument, question.costs, found)
            if candles is not None:
                from edgeproof.sheets import MOST_CANDLES, gather_candles

                candles[instrument] = gather_candles(tape.bars, most=max(1, MOST_CANDLES // len(traded)))
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
