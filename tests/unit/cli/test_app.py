from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fakes.command_line import run


@pytest.mark.parametrize("arguments", [["frobnicate"], ["init", "--frob"], ["init", "a", "b"], ["data", "frob"]])
def test_a_request_that_no_command_understands_is_one_line_and_status_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*arguments) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("error: ")
    assert told.err.count("\n") == 1


def test_a_failure_under_json_is_one_document_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "desk").write_text("mine")
    assert run("init", str(tmp_path / "desk"), "--json") == 2
    assert json.loads(capsys.readouterr().out)["error"]["exit_status"] == 2


def test_init_makes_a_workspace_and_says_so_in_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("init", str(tmp_path / "desk"), "--json") == 0
    assert json.loads(capsys.readouterr().out)["workspace"] == str(tmp_path / "desk")


def test_help_loads_none_of_the_heavy_libraries() -> None:
    heavy = ("polars", "numba", "numpy", "sqlalchemy", "deltalake", "plotly", "talib", "scipy", "pyarrow")
    code = (
        "import sys; from edgeproof.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        f"print([name for name in {heavy!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    assert "Usage: edgeproof" in done.stdout


def test_a_reader_that_leaves_early_is_no_error() -> None:
    code = "import sys; from edgeproof.cli import main; main(['init', '--help'])"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.close()
        _, told = process.communicate()
    assert b"Traceback" not in told


@pytest.mark.parametrize("arguments", [[], ["data"], ["research"]])
def test_a_group_without_a_command_shows_its_help(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*arguments) == 2
    told = capsys.readouterr().err
    assert told.startswith("Usage: edgeproof")
    assert "\nCommands:\n" in told


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no device that is always full")
def test_a_full_disk_behind_stdout_is_one_line(tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "edgeproof", "init", str(tmp_path / "desk"), "--json"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "No space left" in done.stderr
