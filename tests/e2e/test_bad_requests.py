"""What an owner may get wrong; each is one line, and nothing is half-written."""

from __future__ import annotations

import shutil
import signal
from typing import TYPE_CHECKING

import pytest

from edgeproof.cli import main
from fakes.desk import Answer, Desk, open_desk, write_archive

if TYPE_CHECKING:
    from pathlib import Path


def run_here(capsys: pytest.CaptureFixture[str], *arguments: str) -> Answer:
    """Run one command in this process: a wrong request starts nothing that would need one of its own."""
    with pytest.raises(SystemExit) as stopped:
        main(list(arguments))
    told = capsys.readouterr()
    return Answer(status=int(str(stopped.value.code)), stdout=told.out, stderr=told.err)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    folder = tmp_path_factory.mktemp("wrong")
    made = open_desk(folder / "desk")
    assert made.run("data", "import", write_archive(folder / "archive", minutes=600)).status == 0
    return made


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (("data", "import", "nowhere.feather"), 2, "nowhere.feather"),
        (("data", "import", "edgeproof.toml"), 1, "edgeproof.toml"),
        (("data", "import"), 2, "argument"),
        (("data", "import", ""), 2, "a path to import is empty"),
        (("backtest", "momentun"), 2, "did you mean 'momentum'"),
        (("backtest", "momentum", "--symbols", "XYZ-USDT"), 2, "XYZ-USDT"),
        (("backtest", "momentum", "--symbols", "???"), 2, "a pair such as BTC-USDT"),
        (("backtest", "momentum", "--timeframe", "7m"), 2, "minutes that divide a day"),
        (("backtest", "momentum", "--from", "2031-01-01"), 2, ""),
        (("backtest", "momentum", "--param", "fast"), 2, ""),
        (("research", "run", "--window", "never"), 2, "such as 30d"),
        (("research", "run", "--symbols", "XYZ-USDT"), 2, "XYZ"),
        (("research", "run", "--strategies", "nonesuch"), 2, "nonesuch"),
        (("report",), 2, "no cycle has finished here yet"),
        (("features", "show", "rsii"), 2, "did you mean 'rsi'"),
        (("strategies", "show", "nonesuch"), 2, "nonesuch"),
        (("strategies", "check", "nowhere.yaml"), 2, "nowhere.yaml"),
        (("data", "status", "--workspace", "/nonexistent"), 2, "edgeproof init"),
    ],
)
def test_a_wrong_request_is_one_line(  # noqa: PLR0913, PLR0917 - a request and where it is made
    desk: Desk,
    arguments: tuple[str, ...],
    status: int,
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(desk.root)
    shown = run_here(capsys, *arguments)
    assert shown.status == status
    errors = [line for line in shown.stderr.splitlines() if line.startswith("error: ")]
    if arguments != ("data", "import", "edgeproof.toml"):  # a refused file stands in the closing table instead
        assert len(errors) == 1
        assert told in errors[0]
    parsed = run_here(capsys, *arguments, "--json").document
    assert parsed.get("error") or parsed.get("refused") or parsed["ok"] is False


def test_a_newer_workspace_is_left_alone(desk: Desk, tmp_path: Path) -> None:
    shutil.copytree(desk.root, tmp_path / "newer")
    file = tmp_path / "newer" / "edgeproof.toml"
    file.write_text(file.read_text().replace("schema_version = 1", "schema_version = 9"))
    for command in (("data", "status"), ("research", "run"), ("report",)):
        answer = Desk(root=tmp_path / "newer").run(*command)
        assert answer.status == 2
        assert "upgrade edgeproof" in answer.stderr


def test_a_file_where_the_lake_should_be_is_named(tmp_path: Path) -> None:
    desk = open_desk(tmp_path / "desk")
    shutil.rmtree(desk.root / "lake")
    (desk.root / "lake").write_text("in the way")
    answer = desk.run("data", "import", write_archive(tmp_path / "archive", minutes=60))
    assert answer.status == 1
    assert "lake" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_two_cycles_never_run_at_once(desk: Desk) -> None:
    first = desk.start("research", "run", "--window", "1d")
    try:
        while not (desk.root / ".run.json").exists():
            assert first.poll() is None, "the first cycle ended before it could be seen"
        first.send_signal(signal.SIGSTOP)  # stands still in the middle of its work
        status = desk.run("research", "status", "--json").document
        second = desk.run("research", "run", "--window", "1d")
    finally:
        first.kill()
        first.communicate()
    assert status["running"]["pid"] == first.pid
    assert second.status == 1
    assert str(first.pid) in second.stderr
    assert desk.run("research", "status", "--json").document["running"] is None
