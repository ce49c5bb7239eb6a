"""The report as Markdown, for a terminal, a chat or a repository: a function of the report alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edgeproof.pages import say_percent, say_signed_percent
from edgeproof.research.report import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_SPECIAL = str.maketrans({c: f"\\{c}" for c in "\\`*_{}[]<>#|"})


def render_markdown(report: Mapping[str, Any]) -> str:
    """The report's words and tables; everything that comes from a file or a source is escaped."""
    sections = (_head(report), _review(report), _gates(report), _pool(report), _evidence(report), _archive(report))
    lines = [line for section in (*sections, _data(report), _desk(report)) for line in section]
    return "\n".join(lines) + "\n"


def escape_markdown(text: str) -> str:
    """Text that shows as itself on one line, in a table cell as anywhere."""
    return " ".join(text.split()).translate(_SPECIAL)


def _head(report: Mapping[str, Any]) -> Iterator[str]:
    window = report["window"]
    yield f"# edgeproof research report {report['run_id']}"
    yield ""
    yield f"**{words.say_headline(report)}**"
    yield ""
    yield words.say_trials(report)
    yield ""
    yield f"Window {window['start']} to {window['end']}; written {report['finished_at']}."
    yield ""
    yield words.PROMISE
    yield ""
    yield escape_markdown(words.say_conditions(report))
    yield ""
    yield from _table(("verdict", "strategies"), report["verdicts"].items())


def _review(report: Mapping[str, Any]) -> Iterator[str]:
    if report["review"]:
        yield "## Worth knowing first"
        yield ""
        for remark in report["review"]:
            mark = "**Warning.** " if remark["severity"] == "warning" else ""
            yield f"- {mark}{escape_markdown(remark['text'])}"
        yield ""


def _gates(report: Mapping[str, Any]) -> Iterator[str]:
    gates = words.count_gates(report)
    run = [gate for gate in gates if gate["passed"] or gate["failed"]]
    if run:
        yield "## What was asked, and what failed"
        yield ""
        yield from _table(
            ("question", "passed", "failed"), ((gate["question"], gate["passed"], gate["failed"]) for gate in run)
        )
    for gate in gates:
        if gate not in run:
            yield f"- not run: {gate['question']} ({gate['reason']})"
    yield f"- placebo: {report['placebo']['status'].replace('_', ' ')} ({report['placebo']['reason']})"
    yield ""


def _pool(report: Mapping[str, Any]) -> Iterator[str]:
    yield "## The pool"
    yield ""
    yield f"Drawdown is {words.DRAWDOWN}."
    yield ""
    yield from _table(
        (
            "#",
            "strategy",
            "market",
            "verdict",
            "best of",
            "days",
            "score",
            "net return",
            "hourly drawdown",
            "trades",
            "Sharpe (95 %)",
        ),
        (
            (
                row["rank"],
                escape_markdown(row["strategy"]),
                escape_markdown(words.name_market(report, row)),
                row["verdict"],
                row["trials"]["best_of"],
                words.say_days(row["metrics"]),
                f"{row['score']:.1f}",
                say_signed_percent(row["net_return"]),
                say_percent(row["metrics"]["max_drawdown"]),
                f"{row['trades']:,}",
                words.say_sharpe(row["metrics"]),
            )
            for row in report["pools"]["strategies"]
        ),
    )


def _evidence(report: Mapping[str, Any]) -> Iterator[str]:
    if not report["pools"]["strategies"]:
        return
    yield "## Evidence"
    yield ""
    for row in report["pools"]["strategies"]:
        costs = row["costs"]
        yield f"### {row['rank']}. {escape_markdown(row['strategy'])}"
        yield ""
        yield f"{row['summary']} {words.say_more_days(row['evidence'])}"
        yield ""
        yield f"- thesis: {escape_markdown(row['thesis'])}"
        yield (
            f"- of its {row['trials']['best_of']} candidates {row['trials']['with_trades']} traded and"
            f" {row['trials']['earned']} earned"
        )
        yield (
            f"- before costs {costs['gross']:+,.0f}, fees {0.0 - round(costs['fees']):+,.0f},"
            f" funding {0.0 - round(costs['funding']):+,.0f},"
            f" slippage {0.0 - round(costs['slippage']):+,.0f}: net {costs['net']:+,.0f}"
        )
        for gate in row["evidence"]["gates"]:
            if gate["status"] == "failed":
                value, bar = words.say_gate(gate)
                yield f"- failed: {gate['question']} {value}, and the bar is {bar}"
        yield ""


def _archive(report: Mapping[str, Any]) -> Iterator[str]:
    if report["archived"]:
        yield "## Archived"
        yield ""
        for row in report["archived"]:
            yield f"- {row['rank']}. {escape_markdown(row['strategy'])}, score {row['score']:.1f}: {row['summary']}"
        yield ""


def _data(report: Mapping[str, Any]) -> Iterator[str]:
    yield "## Data"
    yield ""
    yield escape_markdown(report["data"]["summary"])
    yield ""
    yield from _table(
        ("market", "bars", "of", "coverage", "gaps", "first", "last", "funding settled", "longest without"),
        (
            (
                escape_markdown(one["instrument"]),
                f"{one['bars']:,}",
                f"{one['expected']:,}",
                say_percent(one["coverage"]),
                one["gaps"],
                one["first"],
                one["last"],
                *words.say_funding(one),
            )
            for one in report["data"]["symbols"]
        ),
    )
    for failure in report["failures"]:
        told = f"{failure['strategy']} on {failure['instrument']} {failure['timeframe']}: {failure['reason']}"
        yield f"- failed: {escape_markdown(told)}"
    for where, why in words.group_skipped(report):
        yield f"- left out: {escape_markdown(f'{where}: {why}')}"


def _desk(report: Mapping[str, Any]) -> Iterator[str]:
    health = report["health"]
    yield f"## Health: {health['score']:.0f} of 100, {health['label']}"
    yield ""
    yield from _table(
        ("component", "weight", "reached", "counted"),
        (
            (c["name"].replace("_", " "), f"{c['weight']:g}", say_percent(c["share"], 0), c["detail"])
            for c in health["components"]
        ),
    )
    stages = ", ".join(f"{stage['name']} {stage['seconds']:.1f} s" for stage in report["stages"])
    yield f"Time taken: {stages}. Data {report['data']['data_hash']}, edgeproof {report['version']}."


def _table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    yield "| " + " | ".join(columns) + " |"
    yield "|" + " --- |" * len(columns)
    for row in rows:
        yield "| " + " | ".join(str(cell) for cell in row) + " |"
    yield ""
