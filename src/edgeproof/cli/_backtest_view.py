"""How a backtest looks, as a document and in a terminal."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from rich.table import Table

from edgeproof.backtest import describe_metrics
from edgeproof.cli._account_files import list_written
from edgeproof.cli._columns import choose_columns
from edgeproof.domain.results import MIN_TRADES_FOR_SHARPE
from edgeproof.domain.time import format_ms
from edgeproof.execution import Costs
from edgeproof.research.report.words import DRAWDOWN, NO_RULES, say_costs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from edgeproof.backtest import BacktestResult, Replay
    from edgeproof.domain.records import Trial
    from edgeproof.domain.time import Window
    from edgeproof.strategies import Strategy

_NOTHING = "-"
_COLUMNS: Final = (
    "market",
    "trades",
    "return",
    "Sharpe (95 %)",
    "drawdown",
    "wins",
    "factor",
    "fees",
    "funding",
    "slippage",
)
# What a narrow terminal is spared first.
_LEAST_FIRST: Final = ("factor", "funding", "wins", "slippage", "fees")


def describe_backtest(
    result: BacktestResult, trials: Sequence[Trial], *, strategy: Strategy, window: Window, new: int, tried: int
) -> dict[str, Any]:
    """A backtest as a JSON document; ``tried`` is how many trials the ledger holds."""
    first = trials[0]
    return {
        "strategy": {
            "name": strategy.name,
            "hash": strategy.hash,
            "thesis": strategy.thesis,
            "timeframe": first.timeframe,
            "entry": strategy.entry.kind,
            "params": dict(first.params),
        },
        "window": {"from": format_ms(window.start_ms), "to": format_ms(window.end_ms), "days": window.days},
        "conditions": dict(first.costs),
        "accounts": [
            {"instrument": name, "trial": trial.key, **_describe_account(replay)}
            for (name, replay), trial in zip(result.by_symbol.items(), trials, strict=True)
        ],
        "total": _describe_account(result),
        "trials": {"recorded": len(trials), "new": new, "in_ledger": tried},
    }


def show_backtest(console: Console, document: Mapping[str, Any]) -> None:
    """One line an account, and what it rests on."""
    strategy, window = document["strategy"], document["window"]
    params = ", ".join(f"{name}={value:g}" for name, value in strategy["params"].items())
    console.print(
        f"{strategy['name']} on {strategy['timeframe']}{f' ({params})' if params else ''},"
        f" {window['from']} to {window['to']}",
        markup=False,
        soft_wrap=True,
    )
    console.print(_draw_accounts(console, document))
    for note in list_notes(document):
        console.print(note, markup=False, soft_wrap=True)


def _draw_accounts(console: Console, document: Mapping[str, Any]) -> Table:
    """The accounts as wide as the terminal allows: a column that does not fit is left out whole."""
    accounts = document["accounts"]
    venues = {account["instrument"].partition(":")[0] for account in accounts}
    rows = []
    for account in accounts:
        market = account["instrument"].partition(":")[2] if len(venues) == 1 else account["instrument"]
        rows.append([market, *_tell_row(account["metrics"])])
    if len(accounts) > 1:
        rows.append(["together", *_tell_row(document["total"]["metrics"])])
    shown, widths = choose_columns(_COLUMNS, rows, spare=_LEAST_FIRST, width=console.width)
    table = Table(box=None, padding=(0, 1), pad_edge=False)
    for i in shown:
        table.add_column(
            _COLUMNS[i], justify="right" if i else "left", no_wrap=bool(i), min_width=widths[i] if i else None
        )
    for row in rows:
        if len(accounts) > 1 and row is rows[-1]:
            table.add_section()
        table.add_row(*(row[i] for i in shown))
    return table


def _describe_account(account: BacktestResult | Replay) -> dict[str, Any]:
    return {
        "metrics": describe_metrics(account.metrics),
        "costs": asdict(account.costs),
        "unfilled": asdict(account.unfilled),
        "partial_exits": account.partial_exits.height,
    }


def _tell_row(metrics: Mapping[str, Any]) -> list[str]:
    sharpe = metrics["sharpe"]
    return [
        f"{metrics['trades']:,}",
        f"{metrics['total_return']:+.2%}",
        f"{sharpe['estimate']:.2f} ({sharpe['low']:.1f} to {sharpe['high']:.1f})" if sharpe else _NOTHING,
        f"{metrics['max_drawdown']:.2%}",
        _NOTHING if metrics["win_rate"] is None else f"{metrics['win_rate']:.0%}",
        _NOTHING if metrics["profit_factor"] is None else f"{metrics['profit_factor']:.2f}",
        f"{metrics['fees']:,.2f}",
        f"{round(metrics['funding'], 2) + 0.0:,.2f}",
        f"{metrics['slippage']:,.2f}",
    ]


def list_notes(document: Mapping[str, Any]) -> list[str]:
    """What a backtest rests on, a line each."""
    conditions, trials, unfilled = document["conditions"], document["trials"], document["total"]["unfilled"]
    account = f"each market an account of {conditions['initial_equity']:,.0f}"
    notes = [f"{account}; {say_costs(conditions)}"]
    if document["strategy"]["entry"] == "limit":
        notes.append(say_resting(conditions))
    if not any(conditions[name] for name in ("lot", "tick", "min_size")):
        notes.append(NO_RULES)
    notes.append(f"drawdown is {DRAWDOWN}")
    if any(account["metrics"]["sharpe"] is None for account in document["accounts"]):
        notes.append(f"no Sharpe ratio where there are fewer than {MIN_TRADES_FOR_SHARPE} trades or too few days")
    if document.get("trades_used"):
        notes.append(say_trades(document["trades_used"]))
    missed = ", ".join(f"{count:,} {why}" for why, count in unfilled.items() if count)
    if missed:
        notes.append(f"wishes to enter that made no trade: {missed}")
    if parts := document["total"]["partial_exits"]:
        notes.append(say_parts(parts))
    notes.extend(f"warning: {remark}" for remark in document.get("remarks", ()))
    notes += list_written(document)
    notes.append(
        f"{trials['recorded']} {'trial' if trials['recorded'] == 1 else 'trials'} recorded,"
        f" {trials['new']} of them new; {trials['in_ledger']:,} tried here so far"
    )
    return notes


def say_parts(parts: int) -> str:
    """How many positions left in part, and what that makes of their price."""
    left = "1 position" if parts == 1 else f"{parts:,} positions"
    return f"{left} left in part at the target; the price of such a trade is the mean of its exits"


def say_resting(conditions: Mapping[str, float]) -> str:
    """What entries that rest pay, and how likely they are filled."""
    chance = conditions.get("fill_probability", Costs().fill_probability)
    return f"entries rest at a limit: maker fee {conditions['maker']:.3%}, filled when touched {chance:.0%}"


def say_trades(used: Mapping[str, int]) -> str:
    """How much of what bars leave open the market's trades could settle."""
    if not any(used.values()):
        return "the lake has no trades in this window: bars alone say whether stop or target came first"
    told = ", ".join(f"{count:,} of {name.partition(':')[2]}" for name, count in used.items())
    return f"trades of the market used to settle bars: {told}"
