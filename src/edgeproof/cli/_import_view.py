"""How an import is told: as tables for a person, as one document for a program."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from edgeproof.domain.stores import Written
from edgeproof.domain.time import format_ms
from edgeproof.market import ANSWERS

if TYPE_CHECKING:
    from rich.console import Console

    from edgeproof.ops import FileReport, ImportReport

_NUMBERS = ("files", "rows read", "new", "already there", "conflicting", "refused")
_MOST_FILES_SHOWN = 20


def document_import(report: ImportReport) -> dict[str, Any]:
    """The report as plain values."""
    status = Counter(file.status for file in report.files)
    return {
        "ok": report.ok,
        "dry_run": report.dry_run,
        "totals": {
            "files": len(report.files),
            **{name: status[name] for name in ("imported", "refused", "ignored")},
            "rows_read": report.rows_read,
            **_document_written(report.written),
            "rows_refused": sum(refusal.rows for refusal in report.refusals),
        },
        "minutes_built_from_trades": _document_written(report.minutes),
        "refusals": [{"reason": one.reason, "rows": one.rows, "sample": one.sample} for one in report.refusals],
        "files": [_document_file(file) for file in report.files],
    }


def show_import(console: Console, report: ImportReport, *, each: bool = False) -> None:
    """The closing table, then whatever was refused, odd or inferred."""
    if each:
        console.print(_draw_files(report))
    console.print(_draw_totals(report))
    _show_refused_files(console, report)
    _show_refused_rows(console, report)
    _show_oddities(console, report)
    _show_remarks(console, report)


def _document_file(file: FileReport) -> dict[str, Any]:
    quality = file.quality
    return {
        "path": str(file.path),
        "status": file.status,
        "reason": file.reason,
        "tables": list(file.tables),
        "instruments": [str(instrument) for instrument in file.instruments],
        "timeframes": list(file.timeframes),
        "rows_read": file.rows_read,
        **_document_written(file.written),
        "rows_refused": _count_refused(file),
        "messages_passed_over": file.passed_over,
        "first": None if file.first_ms is None else format_ms(file.first_ms),
        "last": None if file.last_ms is None else format_ms(file.last_ms),
        "gaps": quality.gaps,
        "bars_missing": quality.missing,
        "faults": [
            {"fault": fault.value, "bars": bars, "answer": ANSWERS[fault]} for fault, bars in quality.faults.items()
        ],
        "refusals": [{"reason": one.reason, "rows": one.rows, "sample": one.sample} for one in file.refusals],
        "minutes_built": file.minutes_built,
        "notes": list(file.notes),
    }


def _document_written(written: Written) -> dict[str, int]:
    return {"new": written.new, "already_there": written.already_there, "conflicting": written.conflicting}


def _draw_totals(report: ImportReport) -> Table:
    table = _open_table("", *_NUMBERS)
    for kind in ("bars", "trades", "funding"):
        files = [file for file in report.files if kind in file.tables]
        if files:
            _add_sums(table, kind, files)
    if report.minutes.new or report.minutes.already_there:
        built = report.minutes
        table.add_row("minutes of trades", "", "", f"{built.new:,}", f"{built.already_there:,}", "", "")
    table.add_section()
    _add_sums(
        table,
        "nothing written (dry run)" if report.dry_run else "all",
        [f for f in report.files if f.status != "ignored"],
    )
    return table


def _add_sums(table: Table, name: str, files: list[FileReport]) -> None:
    written = sum((file.written for file in files), Written())
    numbers = (
        len(files),
        sum(file.rows_read for file in files),
        written.new,
        written.already_there,
        written.conflicting,
        sum(_count_refused(file) for file in files),
    )
    table.add_row(name, *(f"{number:,}" for number in numbers))


def _draw_files(report: ImportReport) -> Table:
    table = _open_table("file", "rows read", "new", "already there", "conflicting", "refused", "gaps")
    for file in report.files:
        written = file.written
        numbers = (file.rows_read, written.new, written.already_there, written.conflicting, _count_refused(file))
        table.add_row(Text(file.path.name), *(f"{number:,}" for number in numbers), f"{file.quality.gaps:,}")
    return table


def _show_refused_files(console: Console, report: ImportReport) -> None:
    refused = [file for file in report.files if file.status == "refused"]
    if not refused:
        return
    console.print(f"\n{len(refused)} of {len(report.files)} files refused", style="bold red")
    for file in refused[:_MOST_FILES_SHOWN]:
        console.print(Text(f"  {file.path}: {file.reason}"), soft_wrap=True)
    if len(refused) > _MOST_FILES_SHOWN:
        console.print(f"  and {len(refused) - _MOST_FILES_SHOWN} more; --json lists all")


def _show_refused_rows(console: Console, report: ImportReport) -> None:
    if not report.refusals:
        return
    console.print("\nrows refused", style="bold")
    for refusal in report.refusals:
        console.print(Text(f"  {refusal.rows:,} rows: {refusal.reason}; the first: {refusal.sample}"), soft_wrap=True)


def _show_oddities(console: Console, report: ImportReport) -> None:
    counts: Counter[Any] = Counter()
    samples: dict[Any, str] = {}
    for series in (series for file in report.files for series in file.quality.series):
        counts.update(series.faults)
        samples = {**series.samples, **samples}
    if not counts:
        return
    console.print("\noddities of bars, and what was done about them", style="bold")
    for fault in (fault for fault in ANSWERS if counts[fault]):
        sample = f"; the first: {samples[fault]}" if fault in samples else ""
        console.print(Text(f"  {counts[fault]:,} bars: {fault.value}; {ANSWERS[fault]}{sample}"), soft_wrap=True)


def _show_remarks(console: Console, report: ImportReport) -> None:
    notes = Counter(note for file in report.files for note in file.notes)
    ignored = Counter(file.reason for file in report.files if file.status == "ignored")
    passed_over = sum(file.passed_over for file in report.files)
    remarks = [f"{note} ({count:,} {_plural(count)})" for note, count in notes.most_common()]
    remarks += [f"left alone: {reason} ({count:,} {_plural(count)})" for reason, count in ignored.most_common()]
    if passed_over:
        remarks.append(f"{passed_over:,} messages are no trades and were passed over")
    if remarks:
        console.print("\nnotes", style="bold")
    for remark in remarks:
        console.print(Text(f"  {remark}"), soft_wrap=True)


def _open_table(first: str, *numbers: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(first, overflow="fold")
    for name in numbers:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _count_refused(file: FileReport) -> int:
    return sum(refusal.rows for refusal in file.refusals)


def _plural(count: int) -> str:
    return "file" if count == 1 else "files"
