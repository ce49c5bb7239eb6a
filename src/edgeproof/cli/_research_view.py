"""How a cycle's progress, its report and what ran look in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from edgeproof.pages import say_number, say_signed_percent
from edgeproof.research.report import words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from rich.console import Console
    from rich.progress import Progress, TaskID

    from edgeproof.domain.records import StageRecord

_WIDE: Final = 96
_COLOURS: Final = {
    "proven": "green",
    "provisional": "yellow",
    "rejected": "red",
    "insufficient": "bright_black",
    "done": "green",
    "running": "cyan",
    "failed": "red",
    "interrupted": "yellow",
}


class StageDisplay:
    """Shows a cycle's stages as bars, and keeps what was noticed for whoever asks later."""

    def __init__(self, progress: Progress, notes: Console) -> None:
        self._progress = progress
        self._notes = notes
        self._tasks: dict[str, TaskID] = {"score": progress.add_task("score", total=None)}
        self.messages: list[str] = []

    def stage_changed(self, stage: StageRecord) -> None:
        """Move the stage's bar."""
        if stage.name not in self._tasks:
            self._tasks[stage.name] = self._progress.add_task(stage.name, total=None)
        finished = stage.finished_ms is not None
        total = stage.total or (1 if finished else None)
        done = total if finished else stage.done
        self._progress.update(self._tasks[stage.name], total=total, completed=done or 0)

    def noticed(self, message: str) -> None:
        """Say it on a line of its own."""
        self.messages.append(message)
        self._notes.print(message, markup=False)


def show_report(console: Console, report: Mapping[str, Any], files: Mapping[str, Path] | None = None) -> None:
    """The report at a glance: verdict and trials first, then the pool."""
    console.print(Text(words.say_headline(report), style="bold"))
    console.print(Text(words.say_trials(report)))
    console.print(Text(_say_verdicts(report)))
    console.print()
    for remark in report["review"]:
        mark = ("! ", "yellow") if remark["severity"] == "warning" else ("- ", "")
        console.print(Text.assemble(mark, remark["text"]))
    console.print()
    console.print(_draw_pool(report, wide=console.width >= _WIDE))
    health = report["health"]
    console.print(Text(f"health {health['score']:.0f} of 100, {health['label']}; run {report['run_id']}"))
    console.print(Text(_say_stages(report["stages"])))
    for path in (files or {}).values():
        console.print(Text(str(path)), soft_wrap=True)


def show_status(console: Console, document: Mapping[str, Any]) -> None:
    """What holds the workspace, and the last cycles."""
    console.print(Text(_say_holder(document["running"])))
    if not document["cycles"]:
        console.print("no cycle has run here yet; start one with `edgeproof research run`", markup=False)
        return
    for cycle in document["cycles"]:
        started = cycle["started_at"][:16].replace("T", " ")
        status = (cycle["status"], _COLOURS.get(cycle["status"], ""))
        console.print(
            Text.assemble(
                f"cycle {cycle['cycle_id']} ", status, f" {started}, {cycle['seconds']:.1f} s, {cycle['run_id']}"
            )
        )
        told = [", ".join(_say_stage(stage) for stage in cycle["stages"]), cycle["detail"]]
        for line in filter(None, told):
            console.print(Padding(Text(line), (0, 0, 0, 2), expand=False))


def _say_verdicts(report: Mapping[str, Any]) -> str:
    return ", ".join(f"{count} {verdict}" for verdict, count in report["verdicts"].items())


def _draw_pool(report: Mapping[str, Any], *, wide: bool) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("#", justify="right", no_wrap=True)
    table.add_column("strategy", overflow="fold", min_width=18)
    table.add_column("market", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    # A narrow terminal is spared the score: the rows are in its order.
    scored = ("best of", "days", "score") if wide else ("best\nof", "days")
    for name in (*scored, "net", "trades", "Sharpe"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in report["pools"]["strategies"]:
        table.add_row(
            str(row["rank"]),
            Text(row["strategy"]),
            Text(words.name_market(report, row)),
            Text(row["verdict"], style=_COLOURS.get(row["verdict"], "")),
            str(row["trials"]["best_of"]),
            words.say_days(row["metrics"]),
            *([f"{row['score']:.1f}"] if wide else []),
            say_signed_percent(row["net_return"]),
            f"{row['trades']:,}",
            say_number(row["sharpe"], 1),
        )
    return table


def _say_stages(stages: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(f"{stage['name']} {stage['seconds']:.1f} s" for stage in stages)


def _say_stage(stage: Mapping[str, Any]) -> str:
    if stage["status"] == "done":
        return f"{stage['name']} {stage['seconds']:.1f} s"
    counted = f" {stage['done']:,}/{stage['total']:,}" if stage["total"] else ""
    return f"{stage['name']} {stage['status']}{counted}"


def _say_holder(running: Mapping[str, Any] | None) -> str:
    if running is None:
        return "nothing is running"
    if running["pid"] is None:
        return "running: another process"
    return f"running: process {running['pid']} ({running['purpose']}) since {running['since']}"
