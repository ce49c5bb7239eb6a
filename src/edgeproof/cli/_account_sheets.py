"""Tear sheets of what the command line traded: a backtest, a portfolio, the best combination of a sweep."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from edgeproof.backtest.tear_sheets import make_sheet, match_markets
from edgeproof.cli._backtest_view import list_notes as list_backtest_notes
from edgeproof.cli._portfolio_view import list_notes as list_portfolio_notes
from edgeproof.cli._sweep_view import say_headline, say_luck, say_neighbourhood
from edgeproof.research.report.words import say_costs, say_rules
from edgeproof.sheets import MOST_CANDLES, Market, Sheet, gather_candles

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from edgeproof.backtest import BacktestResult, Replay
    from edgeproof.cli._portfolio_run import Portfolio
    from edgeproof.cli._sweep_run import Sweep
    from edgeproof.domain.instruments import Instrument
    from edgeproof.sheets import Candles

_FEW: Final = 3


def make_backtest_sheet(
    result: BacktestResult,
    replays: Mapping[Instrument, Replay],
    candles: Mapping[Instrument, Candles],
    document: Mapping[str, Any],
) -> Sheet:
    """What the sheet shows: the accounts together, every market's prices, and what all of it rests on."""
    venues = {instrument.venue for instrument in replays}
    named = {one: one.symbol if len(venues) == 1 else str(one) for one in replays}
    strategy = document["strategy"]
    return Sheet(
        title=_name(strategy["name"], named.values(), strategy["timeframe"], strategy["params"]),
        account=result,
        markets={
            name: Market(candles=candles[one], trades=replays[one].trades, parts=replays[one].partial_exits)
            for one, name in named.items()
        },
        notes=_tell(f"thesis: {strategy['thesis']}", *list_backtest_notes(document)),
    )


def make_portfolio_sheet(done: Portfolio, document: Mapping[str, Any]) -> Sheet:
    """What the sheet shows: the account, the prices of each of its markets, sizes, limits and costs."""
    most = max(1, MOST_CANDLES // len(done.traded))
    candles = {one.symbol: gather_candles(done.desk.loaded[one].bars, most=most) for one in done.traded}
    names = [strategy["name"] for strategy in document["strategies"]]
    what = ", ".join(names) if len(names) <= _FEW else f"a portfolio of {len(names)} strategies"
    return Sheet(
        title=f"{what} on {_list_markets(candles)}, one account",
        account=done.result,
        markets=match_markets(done.result.trades, candles, parts=done.result.partial_exits),
        notes=_tell(*list_portfolio_notes(document)),
    )


def make_sweep_sheet(done: Sweep, replay: Replay, document: Mapping[str, Any]) -> Sheet:
    """What the sheet shows: the best combination's account, and first of all what it was picked from."""
    best = document["best"]
    params = {name: best[name] for name in document["columns"] if best[name] is not None}
    markets = done.ground.markets
    candles = gather_candles(markets.bars[best["symbol"]], most=MOST_CANDLES)
    return replace(
        make_sheet(
            replay,
            sweep=done.table,
            title=_name(best["strategy"], [best["symbol"]], best["timeframe"], params),
            notes=_tell(
                f"the best of {say_headline(document)}",
                say_luck(document),
                say_neighbourhood(document),
                say_costs(markets.costs.to_dict()),
                say_rules(known=markets.rules is not None, markets=1),
                *document["remarks"],
            ),
        ),
        markets={best["symbol"]: Market(candles=candles, trades=replay.trades, parts=replay.partial_exits)},
    )


def _name(strategy: str, markets: Iterable[str], timeframe: str, params: Mapping[str, float]) -> str:
    told = ", ".join(f"{name} {value:.10g}" for name, value in params.items())
    return f"{strategy} on {_list_markets(markets)} at {timeframe}{f' ({told})' if told else ''}"


def _list_markets(names: Iterable[str]) -> str:
    listed = list(names)
    return ", ".join(listed) if len(listed) <= _FEW else f"{len(listed)} markets"


def _tell(*notes: str) -> tuple[str, ...]:
    """A terminal's notes as a page says them: sentences."""
    told = (note.removeprefix("warning: ").rstrip(".") for note in notes)
    return tuple(f"{note[0].upper()}{note[1:]}." for note in told)
