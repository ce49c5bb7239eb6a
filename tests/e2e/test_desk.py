"""The owner's day, command by command, in processes of their own."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import polars as pl
import pytest

from fakes.desk import MINUTES, SYMBOLS, Desk, open_desk, without_times, write_archive

REPORT_KEYS = {
    "schema_version",
    "run_id",
    "started_at",
    "finished_at",
    "universe",
    "window",
    "data",
    "activity",
    "pools",
    "candidates",
    "verdicts",
    "placebo",
    "health",
    "stages",
    "review",
    "costs",
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    folder = tmp_path_factory.mktemp("owner")
    made = open_desk(folder / "desk")
    imported = made.run("data", "import", write_archive(folder / "archive"), "--json")
    assert imported.document["totals"]["new"] == len(SYMBOLS) * (MINUTES + MINUTES // 480), imported.stderr
    return made


@pytest.fixture(scope="module")
def report(desk: Desk) -> dict[str, object]:
    done = desk.run(
        "research", "run", "--window", "3d", "--strategies", "momentum,zscore_reversion,rsi_divergence", "--json"
    )
    assert done.status == 0, done.stderr
    document: dict[str, object] = done.document["report"]
    return document


def test_importing_again_adds_nothing(desk: Desk) -> None:
    again = desk.run("data", "import", desk.root.parent / "archive", "--json")
    assert (again.status, again.document["totals"]["new"]) == (0, 0)


def test_a_report_has_every_promised_key(report: dict[str, object]) -> None:
    assert set(report) >= REPORT_KEYS


def test_the_same_cycle_twice_is_the_same_report(desk: Desk, report: dict[str, object]) -> None:
    again = desk.run(
        "research", "run", "--window", "3d", "--strategies", "momentum,zscore_reversion,rsi_divergence", "--json"
    )
    assert without_times(again.document["report"]) == without_times(report)


def test_the_kept_report_is_the_one_that_was_shown(desk: Desk, report: dict[str, object]) -> None:
    assert without_times(desk.run("report", "--json").document) == without_times(report)


def test_the_report_reads_as_text_markdown_and_page(desk: Desk, report: dict[str, object]) -> None:
    assert str(report["run_id"]) in desk.run("report").stdout
    assert desk.run("report", "--markdown").stdout.startswith("# ")
    page = Path(desk.run("report", "--html", "--json").document["path"]).read_text("utf-8")
    assert not re.search(r"""<(script|link|img|iframe)\b[^>]*\b(src|href)=["']?(https?:)?//""", page)


def test_status_tells_what_ran_and_that_nothing_runs(desk: Desk, report: dict[str, object]) -> None:
    status = desk.run("research", "status", "--json").document
    assert status["running"] is None
    assert status["cycles"][0]["run_id"] == report["run_id"]
    assert status["cycles"][0]["status"] == "done"


def test_a_backtest_is_a_trial_in_the_ledger(desk: Desk, report: dict[str, object], tmp_path: Path) -> None:
    shutil.copytree(desk.root, tmp_path / "copy")
    desk = Desk(root=tmp_path / "copy")
    activity = report["activity"]
    assert isinstance(activity, dict)
    before = activity["trials_total"]
    done = desk.run("backtest", "ema_crossover", "--symbols", "BTCUSDT", "--timeframe", "15m", "--json")
    assert done.status == 0, done.stderr
    after = desk.run(
        "research", "run", "--window", "3d", "--strategies", "momentum,zscore_reversion,rsi_divergence", "--json"
    )
    assert after.document["report"]["activity"]["trials_total"] == before + 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("data", "status"),
        ("features", "list"),
        ("features", "show", "rsi"),
        ("strategies", "list"),
        ("strategies", "show", "momentum"),
        ("strategies", "check", "momentum"),
        ("research", "status"),
    ],
)
def test_what_can_be_shown_can_be_read_by_machines_too(desk: Desk, arguments: tuple[str, ...]) -> None:
    shown, read = desk.run(*arguments), desk.run(*arguments, "--json")
    assert (shown.status, read.status) == (0, 0), shown.stderr + read.stderr
    assert shown.stdout.strip()
    assert read.document


def test_python_reaches_what_the_command_line_reaches(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    import edgeproof as ep  # noqa: PLC0415 - as a notebook would

    monkeypatch.chdir(desk.root)
    workspace = ep.open_workspace()
    bars = workspace.bars("BTC/USDT:USDT", "5m")
    assert bars.height == MINUTES // 5
    result = ep.backtest(bars, ep.load_strategy("ema_crossover"), params={"fast": 9}, costs=ep.Costs(taker=0.0005))
    assert result.equity.schema["ts"] == pl.Datetime("ms", "UTC")
    assert "rsi" in ep.compute_features(bars, names=["rsi"]).columns
