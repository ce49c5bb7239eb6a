from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from edgeproof.cli import main
from edgeproof.strategies import library_names, load_strategy
from fakes.strategy_texts import write_strategy

if TYPE_CHECKING:
    from pathlib import Path


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as stopped:
        main(["strategies", *arguments])
    assert isinstance(stopped.value.code, int)
    return stopped.value.code


def read_json(capsys: pytest.CaptureFixture[str]) -> Any:  # noqa: ANN401 - whatever the command answered
    return json.loads(capsys.readouterr().out)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "nowhere").mkdir()
    monkeypatch.chdir(tmp_path / "nowhere")


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A workspace with one strategy of its own."""
    folder = tmp_path / "desk"
    with pytest.raises(SystemExit):
        main(["init", str(folder), "--json"])
    (folder / "strategies" / "mine.yaml").write_text(write_strategy(name="mine", tags="[own]"), "utf-8")
    return folder


def test_the_library_is_listed_without_a_workspace(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list", "--json") == 0
    document = read_json(capsys)
    assert [entry["name"] for entry in document["strategies"]] == list(library_names())
    assert document["strategies"][0].keys() == {"name", "hash", "timeframe", "tags", "thesis", "params"}


def test_the_workspaces_own_strategies_stand_beside_the_library(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert run("list", "--json", "--workspace", str(desk)) == 0
    assert read_json(capsys)["strategies"][-1]["name"] == "mine"


def test_a_broken_file_is_told_beside_what_could_be_listed(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (desk / "strategies" / "bad.yaml").write_text(write_strategy(long="clsoe > 1"), "utf-8")
    capsys.readouterr()
    assert run("list", "--json", "--workspace", str(desk)) == 0
    told = capsys.readouterr()
    assert "bad.yaml:4:7" in json.loads(told.out)["refused"][0]
    assert "refused: bad.yaml:4:7: no name 'clsoe'" in told.err


def test_strategies_are_listed_by_tag(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list", "--tag", "funding", "--json") == 0
    assert [entry["name"] for entry in read_json(capsys)["strategies"]] == ["funding_fade"]
    assert run("list", "--tag", "fundng") == 2
    assert "did you mean 'funding'" in capsys.readouterr().err


def test_a_list_for_people_names_every_strategy(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list") == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in library_names())


def test_a_strategy_is_shown_with_its_text_params_features_and_warm_up(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("show", "donchian_breakout", "--json") == 0
    document = read_json(capsys)
    assert document["text"] == load_strategy("donchian_breakout").to_yaml()
    assert document["params"]["entry"] == {"default": 48.0, "low": 12.0, "high": 240.0, "integer": True}
    assert [feature["name"] for feature in document["features"]] == ["atr", "donchian_lower", "donchian_upper"]
    assert document["warm_up_bars"] > 48
    assert run("show", "donchian_breakout") == 0
    shown = capsys.readouterr().out
    assert document["text"] in shown
    assert document["hash"] in shown


def test_what_is_shown_can_be_piped_into_a_file_and_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("show", "momentum", "--json") == 0
    file = tmp_path / "copy.yaml"
    file.write_text(read_json(capsys)["text"], "utf-8")
    assert run("check", str(file), "--json") == 0
    assert read_json(capsys)["checked"][0] == {
        "target": str(file),
        "name": "momentum",
        "hash": load_strategy("momentum").hash,
        "canonical": True,
        "written": False,
        "error": None,
    }


def test_an_unknown_strategy_is_refused_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("show", "momentun") == 2
    assert "did you mean 'momentum'" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["list"], ["show", "momentum"], ["check"]])
def test_a_named_workspace_must_be_one(command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*command, "--workspace", str(tmp_path)) == 2
    assert "is not a workspace" in capsys.readouterr().err


def test_everything_there_is_is_checked_by_default(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert run("check", "--workspace", str(desk)) == 0
    told = capsys.readouterr()
    assert "not in canonical spelling" in told.out
    assert told.out.count("\n") == len(library_names()) + 1
    (desk / "strategies" / "twin.yaml").write_text(write_strategy(name="momentum"), "utf-8")
    assert run("check", "--workspace", str(desk)) == 2
    assert "twin.yaml: there is another strategy called 'momentum'" in capsys.readouterr().err


def test_each_refused_file_is_one_line_with_its_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "good.yaml").write_text(write_strategy(), "utf-8")
    (tmp_path / "bad.yaml").write_text(write_strategy(long="close >"), "utf-8")
    assert run("check", str(tmp_path), "momentun", str(tmp_path / "none.yaml")) == 2
    told = capsys.readouterr()
    assert "good.yaml" in told.out
    lines = told.err.splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("error: bad.yaml:4:14: the end where a value was expected")
    assert "momentum" in lines[1]
    assert "none.yaml" in lines[2]


def test_refusals_are_one_document_under_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.yaml").write_text(write_strategy(long="clsoe > 1"), "utf-8")
    assert run("check", str(tmp_path / "bad.yaml"), "--json") == 2
    document = read_json(capsys)
    assert document["refused"] == 1
    error = document["checked"][0]["error"]
    assert (error["kind"], error["file"], error["line"], error["column"]) == ("StrategyError", "bad.yaml", 4, 7)
    assert error["reason"].startswith("no name 'clsoe'")


def test_a_file_is_rewritten_in_place_and_keeps_its_meaning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(write_strategy(long="((close)>(open))"), "utf-8")
    file.chmod(0o640)
    before = load_strategy(file)
    assert run("check", str(file), "--write") == 0
    assert "rewritten" in capsys.readouterr().out
    assert file.read_text("utf-8") == before.to_yaml()
    assert file.stat().st_mode & 0o777 == 0o640
    assert [entry.name for entry in tmp_path.iterdir() if entry.is_file()] == ["own.yaml"]
    assert run("check", str(file), "--write") == 0
    assert "  rewritten" not in capsys.readouterr().out


def test_comments_are_not_dropped_unasked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "own.yaml"
    text = write_strategy() + "# remember the milk\n"
    file.write_text(text, "utf-8")
    assert run("check", str(file), "--write") == 2
    assert "own.yaml:5:1: --write would remove this comment" in capsys.readouterr().err
    assert file.read_text("utf-8") == text
    assert run("check", str(file), "--write", "--drop-comments") == 0
    assert "milk" not in file.read_text("utf-8")


def test_a_name_cannot_be_rewritten(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", "momentum", "--write") == 2
    assert "--write takes the path of a file" in capsys.readouterr().err


def test_a_link_stays_a_link_when_its_file_is_rewritten(tmp_path: Path) -> None:
    file = tmp_path / "real.yaml"
    file.write_text(write_strategy(long="((close)>(open))"), "utf-8")
    (tmp_path / "link.yaml").symlink_to(file)
    assert run("check", str(tmp_path / "link.yaml"), "--write") == 0
    assert (tmp_path / "link.yaml").is_symlink()
    assert file.read_text("utf-8") == load_strategy(file).to_yaml()


@pytest.mark.parametrize(
    "command",
    [
        ["strategies", "show", "my_fade"],
        ["backtest", "my_fade"],
        ["portfolio", "momentum", "my_fade"],
        ["sweep", "my_fade", "--random", "3"],
        ["research", "run", "--strategies", "my_fade"],
    ],
)
def test_every_command_says_what_is_wrong_with_the_strategy_it_was_asked_for(
    command: list[str], desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (desk / "strategies" / "my_fade.yaml").write_text(write_strategy(name="my_fade", long="clsoe > 1"), "utf-8")
    capsys.readouterr()
    with pytest.raises(SystemExit, match="2"):
        main([*command, "--workspace", str(desk)])
    told = capsys.readouterr().err
    assert "my_fade.yaml:4:7: no name 'clsoe'" in told
    assert told.count("\n") == 1
