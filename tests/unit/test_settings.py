from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from edgeproof.settings import NewerWorkspace, Settings, SettingsError, read_settings, render_settings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "edgeproof.toml"


def test_the_commented_file_reads_as_the_defaults(file: Path) -> None:
    file.write_text(render_settings())
    assert read_settings(file) == Settings()


def test_the_commented_lines_are_the_defaults(file: Path) -> None:
    uncommented = re.sub(r"(?m)^# (\w+ = )", r"\1", render_settings())
    assert uncommented.count("\ntaker = ") == 1
    file.write_text(uncommented)
    assert read_settings(file) == Settings()


def test_the_environment_wins_over_the_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("[costs]\ntaker = 0.001\nmaker = 0.0003\n")
    monkeypatch.setenv("EDGEPROOF_COSTS__TAKER", "0.0005")
    costs = read_settings(file).costs
    assert (costs.taker, costs.maker) == (0.0005, 0.0003)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[costs]\ntakr = 0.1", r"edgeproof\.toml: costs\.takr: unknown key; did you mean 'costs\.taker'"),
        ("[cost]\ntaker = 0.1", r"cost: unknown key; did you mean"),
        ('[costs]\ntaker = "much"', r"costs\.taker: .*number.*got 'much'"),
        ("[costs]\ntaker = 2", r"costs\.taker: .*less than 1, got 2"),
        ('[research]\ntimeframes = ["7m"]', r"research\.timeframes: expected .* got \('7m',\)|got \['7m'\]"),
        ('[research]\nwindow = "long"', r"research\.window: expected a count and a unit"),
        ("[costs\n", r"not TOML"),
        ("schema_version = 0", r"schema_version: "),
    ],
)
def test_a_wrong_setting_is_one_line_that_says_where(file: Path, text: str, told: str) -> None:
    file.write_text(text)
    with pytest.raises(SettingsError, match=told) as caught:
        read_settings(file)
    assert "\n" not in str(caught.value)


def test_bytes_that_are_no_text_are_refused(file: Path) -> None:
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="not TOML"):
        read_settings(file)


def test_a_wrong_variable_is_named_as_the_place(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("")
    monkeypatch.setenv("EDGEPROOF_COSTS__TAKER", "much")
    with pytest.raises(SettingsError, match=r"environment: EDGEPROOF_COSTS__TAKER: .*number"):
        read_settings(file)


def test_an_unknown_variable_offers_the_nearest(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("")
    monkeypatch.setenv("EDGEPROOF_COSTS__TAKR", "0.1")
    with pytest.raises(SettingsError, match=r"EDGEPROOF_COSTS__TAKR: unknown; did you mean 'EDGEPROOF_COSTS__TAKER'"):
        read_settings(file)


def test_a_newer_workspace_is_refused(file: Path) -> None:
    file.write_text("schema_version = 99")
    with pytest.raises(NewerWorkspace, match=r"version 99.*upgrade edgeproof"):
        read_settings(file)


def test_timeframes_are_kept_by_their_canonical_name(file: Path) -> None:
    file.write_text('[research]\ntimeframes = ["60m"]')
    assert read_settings(file).research.timeframes == ("1h",)


def test_commas_part_a_list_in_the_environment(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("")
    monkeypatch.setenv("EDGEPROOF_RESEARCH__TIMEFRAMES", "5m, 60m")
    assert read_settings(file).research.timeframes == ("5m", "1h")
    monkeypatch.setenv("EDGEPROOF_RESEARCH__TIMEFRAMES", "5m,soon")
    with pytest.raises(SettingsError, match=r"EDGEPROOF_RESEARCH__TIMEFRAMES: expected a count and a unit"):
        read_settings(file)


def test_the_environment_cannot_claim_a_newer_workspace(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("")
    monkeypatch.setenv("EDGEPROOF_SCHEMA_VERSION", "9")
    with pytest.raises(NewerWorkspace, match="environment"):
        read_settings(file)
