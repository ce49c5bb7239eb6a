"""What an owner may get wrong; each is one line, and nothing is half-written."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from fakes.desk import Desk, open_desk, write_archive

if TYPE_CHECKING:
    from pathlib import Path


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
def test_a_wrong_request_is_one_line(desk: Desk, arguments: tuple[str, ...], status: int, told: str) -> None:
    answer = desk.run(*arguments)
    assert answer.status == status, answer.stderr
    errors = [line for line in answer.stderr.splitlines() if line.startswith("error: ")]
    assert "Traceback" not in answer.stderr
    if arguments != ("data", "import", "edgeproof.toml"):  # a refused file stands in the closing table instead
        assert len(errors) == 1
        assert told in errors[0]
    parsed = json.loads(desk.run(*arguments, "--json").stdout)
    assert "error" in parsed or parsed["ok"] is False


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
        while desk.run("research", "status", "--json").document["running"] is None:
            assert first.poll() is None, "the first cycle ended before it could be seen"
        second = desk.run("research", "run", "--window", "1d")
    finally:
        first.kill()
        first.communicate()
    assert second.status == 1
    assert str(first.pid) in second.stderr
