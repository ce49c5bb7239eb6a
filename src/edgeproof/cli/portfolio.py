"""`edgeproof portfolio`: trade several strategies on several markets of one account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from edgeproof.cli._door import JsonOption, WorkspaceOption, answer
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
    find_strategies,
    read_costs,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgeproof.backtest.portfolio import Limits, Sizing
    from edgeproof.sheets import Sheet
    from edgeproof.strategies import Strategy


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("portfolio")(run_portfolio)


def run_portfolio(
    strategies: Annotated[
        list[str], typer.Argument(help="Strategies' names, in the library or the workspace, or files.")
    ],
    symbols: SymbolsOption = None,
    venue: HeldVenueOption = None,
    timeframe: TimeframeOption = None,
    window: WindowOption = None,
    start: FromOption = None,
    end: ToOption = None,
    param: Annotated[
        list[str] | None,
        typer.Option(metavar="[STRATEGY.]NAME=VALUE", help="A parameter other than its default.", show_default=False),
    ] = None,
    priority: Annotated[
        list[str] | None,
        typer.Option(
            metavar="STRATEGY=N",
            help="Who is served first where room is short; 0 for all, lower first.",
            show_default=False,
        ),
    ] = None,
    size: Annotated[
        str,
        typer.Option(
            metavar="KIND[:NUMBER]",
            help="Sizes: own[:SHARE], fixed:LEVERAGE, volatility:ANNUAL, risk:SHARE or kelly:FRACTION.",
        ),
    ] = "own",
    max_leverage: Annotated[
        float | None, typer.Option(help="Highest leverage that volatility, risk or kelly may give.", show_default=False)
    ] = None,
    max_positions: Annotated[int | None, typer.Option(help="Positions open at once.", show_default=False)] = None,
    max_gross: Annotated[
        float | None, typer.Option(help="Notional of all positions, as a multiple of equity.", show_default=False)
    ] = None,
    max_symbol: Annotated[
        float | None, typer.Option(help="Notional in one symbol, as a multiple of equity.", show_default=False)
    ] = None,
    max_correlated: Annotated[
        float | None,
        typer.Option(help="Notional of what loses together, as a multiple of equity.", show_default=False),
    ] = None,
    correlation: Annotated[
        float | None,
        typer.Option(help="Correlation from which on positions lose together; by default 0.7.", show_default=False),
    ] = None,
    daily_loss: Annotated[
        float | None,
        typer.Option(help="Share of the day's first equity whose loss ends its entries.", show_default=False),
    ] = None,
    flatten: Annotated[bool, typer.Option("--flatten", help="Leave every position at a daily loss.")] = False,
    least_part: Annotated[float, typer.Option(help="Skip an order that limits cut below this part of its wish.")] = 0.1,
    margin_leverage: Annotated[float, typer.Option(help="Leverage set at the venue.")] = 1.0,
    maker: MakerOption = None,
    taker: TakerOption = None,
    slippage: SlippageOption = None,
    latency_ms: LatencyOption = None,
    fill_probability: FillProbabilityOption = None,
    trades: TradesOption = False,
    top: Annotated[int, typer.Option(min=1, max=10_000, help="How many legs to list, largest results first.")] = 20,
    trades_csv: TradesCsvOption = None,
    parts_csv: PartsCsvOption = None,
    sheet: SheetOption = None,
    png: PngOption = None,
    quantstats: QuantstatsOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Trade several strategies on several markets of one account, with shared capital and limits, and record it.

    Each strategy trades every market, all of one venue. One trial is recorded, of all of them together.
    """
    from edgeproof.bootstrap import open_workspace
    from edgeproof.cli._account_files import AccountFiles
    from edgeproof.cli._portfolio_run import Question, record_portfolio, trade_portfolio
    from edgeproof.cli._portfolio_view import describe_portfolio_run, show_portfolio
    from edgeproof.domain.time import Timeframe

    files = AccountFiles(trades_csv=trades_csv, parts_csv=parts_csv, sheet=sheet, png=png, quantstats=quantstats)
    files.check_places()
    limits = _read_limits(
        max_positions=max_positions,
        max_gross=max_gross,
        max_symbol=max_symbol,
        max_correlated=max_correlated,
        correlation=correlation,
        daily_loss=daily_loss,
        flatten=flatten,
        least_part=least_part,
        margin_leverage=margin_leverage,
    )
    sizing = _read_sizing(size, max_leverage)
    house = open_workspace(workspace)
    chosen = find_strategies(house, strategies)
    question = Question(
        strategies=tuple(chosen),
        params=_read_params(param, chosen),
        priorities=_read_priorities(priority, chosen),
        timeframe=None if timeframe is None else Timeframe.parse(timeframe),
        universe=choose_lake_markets(house, symbols, venue, window=window, start=start, end=end),
        sizing=sizing,
        limits=limits,
        costs=read_costs(
            house.costs,
            maker=maker,
            taker=taker,
            slippage=slippage,
            latency_ms=latency_ms,
            fill_probability=fill_probability,
        ),
        use_trades=trades,
    )
    done = trade_portfolio(house, question)
    files.check_returns(done.result)
    document = describe_portfolio_run(done, question, record_portfolio(house, question, done))

    def draw() -> Sheet:
        from edgeproof.cli._account_sheets import make_portfolio_sheet

        return make_portfolio_sheet(done, document)

    document |= files.write(done.result, done.trial.strategy, draw)
    answer(document, as_json=as_json, show=lambda console: show_portfolio(console, document, top=top))


def _read_limits(
    *,
    max_positions: int | None,
    max_gross: float | None,
    max_symbol: float | None,
    max_correlated: float | None,
    correlation: float | None,
    daily_loss: float | None,
    flatten: bool,
    least_part: float,
    margin_leverage: float,
) -> Limits:
    from dataclasses import replace

    from edgeproof.backtest.portfolio import CorrelationCap, DailyLossStop, Limits
    from edgeproof.domain.errors import RequestError

    if flatten and daily_loss is None:
        raise RequestError("--flatten says what to do at a daily loss; give --daily-loss too, such as 0.03")
    if correlation is not None and max_correlated is None:
        raise RequestError("--correlation says what loses together; give --max-correlated too, such as 1.5")
    cap = None if max_correlated is None else CorrelationCap(exposure=max_correlated)
    if cap is not None and correlation is not None:
        cap = replace(cap, threshold=correlation)
    return Limits(
        max_positions=max_positions,
        max_gross=max_gross,
        max_symbol=max_symbol,
        correlation=cap,
        daily_loss=None if daily_loss is None else DailyLossStop(share=daily_loss, flatten=flatten),
        least_part=least_part,
        margin_leverage=margin_leverage,
    )


def _read_sizing(text: str, max_leverage: float | None) -> Sizing:
    from dataclasses import replace

    from edgeproof.backtest.portfolio import FixedLeverage, FractionalKelly, RiskPerTrade, Signalled, TargetVolatility
    from edgeproof.domain.errors import InvalidValue, RequestError

    kind, colon, told = text.strip().partition(":")
    try:
        number = float(told) if colon else None
    except ValueError:
        number = None
    if (number is None and (colon or kind != "own")) or kind not in {"own", "fixed", "volatility", "risk", "kelly"}:
        raise InvalidValue("size", text, "own, own:0.25, fixed:0.5, volatility:0.2, risk:0.01 or kelly:0.5")
    if max_leverage is not None and kind in {"own", "fixed"}:
        raise RequestError(f"--max-leverage is for sizes that are computed, not for {kind}; leave it out")
    if number is None:
        return Signalled()
    match kind:
        case "own":
            return Signalled(share=number)
        case "fixed":
            return FixedLeverage(leverage=number)
        case "volatility":
            sized: TargetVolatility | RiskPerTrade | FractionalKelly = TargetVolatility(annual=number)
        case "risk":
            sized = RiskPerTrade(risk=number)
        case _:
            sized = FractionalKelly(fraction=number)
    return sized if max_leverage is None else replace(sized, max_leverage=max_leverage)


def _read_params(given: Sequence[str] | None, strategies: Sequence[Strategy]) -> dict[str, dict[str, float]]:
    """Params by strategy; a plain name counts for every strategy that has such a param."""
    from edgeproof.domain.errors import InvalidValue, UnknownName

    params: dict[str, dict[str, float]] = {strategy.name: {} for strategy in strategies}
    for text in given or ():
        told, _, value = text.partition("=")
        owner, dot, name = told.strip().rpartition(".")
        if dot and owner not in params:
            raise UnknownName("strategy", owner, params)
        owners = [s for s in strategies if (s.name == owner if dot else name in s.params)]
        try:
            number = float(value)
        except ValueError:
            raise InvalidValue("param", text, "[STRATEGY.]NAME=VALUE with a number, such as window=48") from None
        if not owners:
            raise UnknownName("param", name, {known for strategy in strategies for known in strategy.params})
        for strategy in owners:
            params[strategy.name][name] = number
    return params


def _read_priorities(given: Sequence[str] | None, strategies: Sequence[Strategy]) -> dict[str, int]:
    from edgeproof.domain.errors import InvalidValue, UnknownName

    priorities = dict.fromkeys((strategy.name for strategy in strategies), 0)
    for text in given or ():
        name, _, value = (part.strip() for part in text.partition("="))
        if name not in priorities:
            raise UnknownName("strategy", name, priorities)
        try:
            priorities[name] = int(value)
        except ValueError:
            raise InvalidValue("priority", text, "STRATEGY=N with a whole number, such as ema_crossover=1") from None
    return priorities
