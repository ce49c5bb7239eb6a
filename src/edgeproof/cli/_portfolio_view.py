"""How a portfolio looks, as a document and in a terminal."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from rich.table import Table

from edgeproof.backtest import describe_metrics
from edgeproof.backtest.portfolio import describe_sizing
from edgeproof.cli._account_files import list_written
from edgeproof.cli._backtest_view import say_parts, say_resting, say_trades
from edgeproof.cli._columns import choose_columns
from edgeproof.domain.time import format_ms
from edgeproof.research.report.words import DRAWDOWN, say_costs, say_rules

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from edgeproof.backtest.portfolio import PortfolioResult
    from edgeproof.cli._portfolio_run import Portfolio, Question, Recorded

_NOTHING: Final = "-"
_SHARPE: Final = "Sharpe (95 %)"
_COLUMNS: Final = ("leg", "market", "trades", "pnl", _SHARPE, "wins", "factor", "costs", "leverage", "cut", "skipped")
# What a narrow terminal is spared first.
_LEAST_FIRST: Final = ("factor", "leverage", "wins", "cut", "costs", _SHARPE)


def describe_portfolio_run(done: Portfolio, question: Question, recorded: Recorded) -> dict[str, Any]:
    """A portfolio as a JSON document."""
    result, window = done.result, done.desk.window
    skipped: dict[str, int] = {}
    for leg in result.legs:
        for reason, count in leg.skipped.items():
            skipped[reason] = skipped.get(reason, 0) + count
    return {
        "strategies": [
            {
                "name": strategy.name,
                "hash": strategy.hash,
                "timeframe": (question.timeframe or strategy.timeframe).name,
                "params": strategy.resolve_params(question.params[strategy.name]),
                "priority": question.priorities[strategy.name],
                "entry": strategy.entry.kind,
            }
            for strategy in question.strategies
        ],
        "window": {"from": format_ms(window.start_ms), "to": format_ms(window.end_ms), "days": window.days},
        "conditions": dict(done.trial.costs),
        "rules": {"known": done.rules_known, "markets": len({leg.symbol for leg in result.legs})},
        "sizing": describe_sizing(question.sizing),
        "limits": asdict(question.limits),
        "account": {
            "trial": done.trial.key,
            "metrics": describe_metrics(result.metrics),
            "costs": asdict(result.costs),
            "skipped": skipped,
            "cut": sum(leg.cut for leg in result.legs),
            "partial_exits": len(result.parts),
            **_describe_use(result),
        },
        "legs": [
            {
                **row,
                "sharpe": None if leg.sharpe is None else asdict(leg.sharpe),
                "skipped": dict(leg.skipped),
                "priority": leg.priority,
            }
            for row, leg in zip(
                result.by_leg.drop("sharpe_low", "sharpe_high").iter_rows(named=True), result.legs, strict=True
            )
        ],
        "trials": {"recorded": 1, "new": recorded.new, "in_ledger": recorded.in_ledger},
        "trades_used": dict(done.trades_used),
        "remarks": list(done.remarks),
    }


def show_portfolio(console: Console, document: Mapping[str, Any], *, top: int) -> None:
    """The legs that mattered most, the account, and what it rests on."""
    names = ", ".join(f"{s['name']} on {s['timeframe']}" for s in document["strategies"])
    window = document["window"]
    console.print(f"{names}, {window['from']} to {window['to']}", markup=False, soft_wrap=True)
    console.print(_draw_legs(console, document, top))
    if len(document["legs"]) > top:
        console.print(f"and {len(document['legs']) - top:,} more legs; --top lists more")
    for note in list_notes(document):
        console.print(note, markup=False, soft_wrap=True)


def _describe_use(result: PortfolioResult) -> dict[str, Any]:
    """How much of the account was at work, at the samples."""
    account = result.account
    gross = (account["long"] + account["short"])[account["equity"] > 0] / account["equity"][account["equity"] > 0]
    return {
        "most_positions": int(account["positions"].max()),
        "most_orders": int(account["orders"].max()),
        "most_together": int((account["positions"] + account["orders"]).max()),
        "mean_gross": float(gross.mean()) if len(gross) else 0.0,
        "highest_gross": float(gross.max()) if len(gross) else 0.0,
    }


def _draw_legs(console: Console, document: Mapping[str, Any], top: int) -> Table:
    legs = sorted(document["legs"], key=lambda leg: -abs(leg["pnl"]))[:top]
    rows = [_tell_leg(leg) for leg in legs]
    account = document["account"]
    metrics, costs = account["metrics"], account["costs"]
    rows.append(
        [
            "account",
            _NOTHING,
            f"{metrics['trades']:,}",
            f"{costs['net']:+,.2f}",
            _tell_sharpe(metrics["sharpe"]),
            _NOTHING if metrics["win_rate"] is None else f"{metrics['win_rate']:.0%}",
            _NOTHING if metrics["profit_factor"] is None else f"{metrics['profit_factor']:.2f}",
            f"{costs['fees'] + costs['funding'] + costs['slippage']:,.2f}",
            _NOTHING,
            f"{account['cut']:,}",
            f"{sum(account['skipped'].values()):,}",
        ]
    )
    shown, _ = choose_columns(_COLUMNS, rows, spare=_LEAST_FIRST, width=console.width)
    table = Table(box=None, padding=(0, 1), pad_edge=False)
    for i in shown:
        table.add_column(_COLUMNS[i], justify="right" if i > 1 else "left", no_wrap=i > 0)
    for row in rows:
        if row is rows[-1]:
            table.add_section()
        table.add_row(*(row[i] for i in shown))
    return table


def _tell_leg(leg: Mapping[str, Any]) -> list[str]:
    return [
        leg["leg"],
        leg["symbol"],
        f"{leg['trades']:,}",
        f"{leg['pnl']:+,.2f}",
        _tell_sharpe(leg["sharpe"]),
        _NOTHING if leg["win_rate"] is None else f"{leg['win_rate']:.0%}",
        _NOTHING if leg["profit_factor"] is None else f"{leg['profit_factor']:.2f}",
        f"{leg['fees'] + leg['funding'] + leg['slippage']:,.2f}",
        _NOTHING if leg["median_leverage"] is None else f"{leg['median_leverage']:.2f}",
        f"{leg['cut']:,}",
        f"{sum(leg['skipped'].values()):,}",
    ]


def _tell_sharpe(sharpe: Mapping[str, float] | None) -> str:
    return f"{sharpe['estimate']:.2f} ({sharpe['low']:.1f} to {sharpe['high']:.1f})" if sharpe else _NOTHING


def list_notes(document: Mapping[str, Any]) -> list[str]:
    """What became of the account, and what that rests on, a line each."""
    account, conditions, trials = document["account"], document["conditions"], document["trials"]
    metrics = account["metrics"]
    told = _tell_sharpe(metrics["sharpe"]) if metrics["sharpe"] else "unknown"
    grown = f"{metrics['initial_equity']:,.0f} became {metrics['final_equity']:,.2f} ({metrics['total_return']:+.2%})"
    notes = [f"account: {grown}, drawdown {metrics['max_drawdown']:.2%} ({DRAWDOWN}), Sharpe {told}"]
    gross = f"gross {account['mean_gross']:.2f} of equity on average, {account['highest_gross']:.2f} at most"
    resting = f", {account['most_together']} with resting orders counted" if account["most_orders"] else ""
    notes.append(f"up to {account['most_positions']} positions{resting}, {gross} (at the ends of hours)")
    notes.append(f"sizes: {_tell_terms(document['sizing'])}; limits: {_tell_terms(document['limits'])}")
    notes += [say_costs(conditions), say_rules(**document["rules"])]
    if any(strategy["entry"] == "limit" for strategy in document["strategies"]):
        notes.append(say_resting(conditions))
    if document["trades_used"]:
        notes.append(say_trades(document["trades_used"]))
    if any(leg["sharpe"] is not None for leg in document["legs"]):
        notes.append("a leg's Sharpe ratio is of its daily pnl over the account's equity")
    if account["partial_exits"]:
        notes.append(say_parts(account["partial_exits"]))
    missed = ", ".join(f"{count:,} {why}" for why, count in account["skipped"].items())
    if missed:
        notes.append(f"wishes to enter that made no trade: {missed}")
    notes += [f"warning: {remark}" for remark in document["remarks"]]
    notes += list_written(document)
    known = "new" if trials["new"] else "known from an earlier run"
    notes.append(f"1 trial recorded, {known}; {trials['in_ledger']:,} tried here so far")
    return notes


def _tell_terms(terms: Mapping[str, Any]) -> str:
    told = []
    for name, value in terms.items():
        if isinstance(value, dict):
            told.append(f"{name} ({_tell_terms(value)})")
        elif name == "kind":
            told.append(str(value))
        elif isinstance(value, bool):
            told += [name] if value else []
        elif value is not None:
            told.append(f"{name} {value:g}")
    return ", ".join(told)
