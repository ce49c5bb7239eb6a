"""How a backfill is told: as tables for a person, as one document for a program."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from rich.table import Table
from rich.text import Text

from edgeproof.domain.time import format_ms

if TYPE_CHECKING:
    from rich.console import Console

    from edgeproof.domain.time import Window
    from edgeproof.ops.backfill import BackfillPlan, BackfillReport, SeriesReport

_MOST_SPANS_SHOWN: Final = 20


def document_plan(plan: BackfillPlan) -> dict[str, Any]:
    """The plan as plain values."""
    return {
        "venue": plan.venue,
        "since": format_ms(plan.window.start_ms),
        "until": format_ms(plan.window.end_ms),
        "rows": plan.rows,
        "requests": plan.requests,
        "requests_per_s": plan.pace.requests_per_s,
        "candles_per_request": plan.pace.candles_per_request,
        "seconds": round(plan.seconds, 1),
        "series": [
            {
                "symbol": one.series.instrument.symbol,
                "table": one.series.table,
                "timeframe": None if one.series.timeframe is None else one.series.timeframe.name,
                "rows": one.rows,
                "requests": len(one.questions),
                "listed": None if one.listed_ms is None else format_ms(one.listed_ms),
            }
            for one in plan.series
        ],
    }


def document_report(report: BackfillReport) -> dict[str, Any]:
    """The report as plain values."""
    written = report.written
    return {
        "ok": report.ok,
        "stopped": report.stopped,
        "requests": report.requests,
        "seconds": round(report.seconds, 1),
        "new": written.new,
        "already_there": written.already_there,
        "conflicting": written.conflicting,
        "series": [
            {
                "symbol": one.series.instrument.symbol,
                "table": one.series.table,
                "timeframe": None if one.series.timeframe is None else one.series.timeframe.name,
                "missing": one.missing,
                "rows": one.rows,
                "requests": one.requests,
                "absent": one.absent,
                "refused": dict(one.refused),
                "unfilled": [_document_span(span) for span in one.unfilled],
                "problem": one.problem,
            }
            for one in report.series
        ],
    }


def tell_plan(plan: BackfillPlan) -> str:
    """The plan in one line."""
    if not plan.requests:
        return f"{plan.venue}: nothing is missing since {format_ms(plan.window.start_ms)}"
    pages = f"{plan.pace.candles_per_request:,} candles a request"
    span = f"{format_ms(plan.window.start_ms)} to {format_ms(plan.window.end_ms)}"
    return (
        f"{plan.venue}, {span}: {plan.rows:,} rows missing, {plan.requests:,} requests ({pages}),"
        f" about {tell_seconds(plan.seconds)} at {plan.pace.requests_per_s:g} requests a second"
    )


def tell_seconds(seconds: float) -> str:
    """A length of time as hours, minutes and seconds."""
    return str(timedelta(seconds=round(seconds)))


def show_plan(console: Console, plan: BackfillPlan) -> None:
    """A line for each series that lacks something, and the sum."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name, justify in (("symbol", "left"), ("", "left"), ("missing", "right"), ("requests", "right")):
        table.add_column(name, justify=justify, no_wrap=True)  # type: ignore[arg-type] # rich's own literals
    table.add_column("", no_wrap=True)
    for one in plan.series:
        if one.questions:
            what = "funding" if one.series.timeframe is None else one.series.timeframe.name
            listed = "" if one.listed_ms is None else f"listed {format_ms(one.listed_ms)}"
            table.add_row(one.series.instrument.symbol, what, f"{one.rows:,}", f"{len(one.questions):,}", listed)
    if table.row_count:
        console.print(table)
    console.print(Text(tell_plan(plan)), soft_wrap=True)


def show_report(console: Console, report: BackfillReport) -> None:
    """What came, and whatever could not be filled."""
    written = report.written
    console.print(
        f"{written.new:,} rows new, {written.already_there:,} already there, {written.conflicting:,} conflicting;"
        f" {report.requests:,} requests in {tell_seconds(report.seconds)}"
    )
    absent = sum(one.absent for one in report.series)
    if absent:
        console.print(f"{absent:,} rows {report.venue} does not have; they are not asked for again (--ask-again does)")
    for one in report.series:
        _show_trouble(console, one)
    if report.stopped:
        console.print(Text(f"stopped: {report.stopped}", style="bold red"), soft_wrap=True)
        console.print("what came is in the lake; the same command goes on from here")


def _show_trouble(console: Console, one: SeriesReport) -> None:
    if one.problem:
        console.print(Text(f"{one.series}: {one.problem}", style="red"), soft_wrap=True)
    for reason, rows in one.refused.items():
        console.print(Text(f"{one.series}: {rows:,} rows refused: {reason}"), soft_wrap=True)
    for span in one.unfilled[:_MOST_SPANS_SHOWN]:
        console.print(f"{one.series}: not filled {format_ms(span.start_ms)} to {format_ms(span.end_ms)}")
    if len(one.unfilled) > _MOST_SPANS_SHOWN:
        console.print(f"{one.series}: and {len(one.unfilled) - _MOST_SPANS_SHOWN} more; --json lists all")


def _document_span(span: Window) -> dict[str, str]:
    return {"since": format_ms(span.start_ms), "until": format_ms(span.end_ms)}
