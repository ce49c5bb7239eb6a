"""A damaged or forbidden lake is told in one line that names the place and the cure."""

from __future__ import annotations

import pickle
import shutil
from typing import TYPE_CHECKING

import polars as pl
import pytest

from contracts.lake_contract import BTC
from edgeproof.adapters.lake import DeltaLake, Unwritable
from edgeproof.adapters.lake._errors import explain
from edgeproof.domain.errors import Unreadable, WorkError
from edgeproof.domain.frames import BARS
from edgeproof.domain.time import ONE_MINUTE
from fakes.lake_rows import bar_rows

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

VERSION_0, VERSION_1 = "00000000000000000000.json", "00000000000000000001.json"


@pytest.fixture
def lake_folder(tmp_path: Path) -> Path:
    """A lake of thirty bars in two commits."""
    lake = DeltaLake(tmp_path)
    lake.append(BARS, bar_rows(20))
    lake.append(BARS, bar_rows(30))
    return tmp_path


def assert_told_in_one_line(folder: Path, *fragments: str) -> None:
    for work in (
        lambda: DeltaLake(folder).bars(BTC, ONE_MINUTE),
        lambda: DeltaLake(folder).append(BARS, bar_rows(40)),
    ):
        with pytest.raises(WorkError) as told:
            work()
        line = str(told.value)
        assert "\n" not in line
        assert len(line) < 400
        assert str(folder) in line
        for fragment in fragments:
            assert fragment in line


def break_first_commit(log: Path) -> None:
    (log / VERSION_0).write_text("not json\n")


def cut_last_commit(log: Path) -> None:
    whole = (log / VERSION_1).read_bytes()
    (log / VERSION_1).write_bytes(whole[: len(whole) // 3])


def lose_first_commit(log: Path) -> None:
    (log / VERSION_0).unlink()


def lose_a_commit(log: Path) -> None:
    (log / VERSION_1).unlink()


@pytest.mark.parametrize("damage", [break_first_commit, cut_last_commit, lose_first_commit, lose_a_commit])
def test_a_damaged_log_is_told(lake_folder: Path, damage: Callable[[Path], None]) -> None:
    damage(lake_folder / "bars" / "_delta_log")
    assert_told_in_one_line(lake_folder, "cannot read", "bring it back from a backup")


def test_data_without_its_log_is_not_taken_for_an_empty_table(lake_folder: Path) -> None:
    shutil.rmtree(lake_folder / "bars" / "_delta_log")
    assert_told_in_one_line(lake_folder, "its log is gone")


def test_a_data_file_that_is_gone_is_told(lake_folder: Path) -> None:
    for file in (lake_folder / "bars").rglob("*.parquet"):
        file.unlink()
    assert_told_in_one_line(lake_folder, "cannot read", "No such file")


def test_a_data_file_of_something_else_is_told(lake_folder: Path) -> None:
    for file in (lake_folder / "bars").rglob("*.parquet"):
        file.write_bytes(b"PAR1 and then nothing of the kind")
    assert_told_in_one_line(lake_folder, "cannot read", "parquet")


@pytest.mark.parametrize("inside", ["", "bars"])
def test_a_file_in_the_way_is_told(tmp_path: Path, inside: str) -> None:
    folder = tmp_path / "lake"
    (folder / inside).parent.mkdir(exist_ok=True)
    (folder / inside).write_text("a note")
    assert_told_in_one_line(folder, "a file stands where a folder should be", "move it away")
    assert (folder / inside).read_text() == "a note"


def test_a_table_of_another_shape_is_told_and_left_alone(tmp_path: Path) -> None:
    pl.DataFrame({"ts": [1], "open": [1.0]}).write_delta(tmp_path / "bars")
    before = sorted(tmp_path.rglob("*"))
    assert_told_in_one_line(tmp_path, "a Delta table of another shape", "move it away")
    assert [p for p in sorted(tmp_path.rglob("*")) if p.suffix != ".lock"] == before


def test_a_table_with_other_partitions_is_told(tmp_path: Path) -> None:
    rows = bar_rows(3).with_columns(year=pl.lit("2024"))
    rows.write_delta(tmp_path / "bars", delta_write_options={"partition_by": ["symbol"]})
    assert_told_in_one_line(tmp_path, "a Delta table of another shape (partitions symbol)")


def test_errors_of_the_lake_cross_processes() -> None:
    error = pickle.loads(pickle.dumps(Unwritable("lake/bars", "disk full")))  # noqa: S301 - made in this line
    assert (error.what, error.reason, str(error)) == ("lake/bars", "disk full", "cannot write lake/bars: disk full")


@pytest.mark.parametrize(
    ("said", "cure"),
    [
        ("Generic LocalFileSystem error: No space left on device (os error 28)", "free some space"),
        ("Permission denied (os error 13)", "make it writable"),
        ("Read-only file system (os error 30)", "make it writable"),
        ("error sending request: connection refused", "check that the store is up"),
        ("builder error: URL scheme is not allowed", "aws_allow_http"),
        ('Failed to parse config: [("max_retries", "many")]', "check the lake's URL and storage options"),
        ("something nobody foresaw", "try the fallback"),
        ("", "try the fallback"),
    ],
)
def test_an_explanation_ends_with_what_to_do(said: str, cure: str) -> None:
    line = explain(OSError(said), "try the fallback")
    assert line.startswith(said or "OSError")
    assert cure in line


def test_an_explanation_is_free_of_colours_stacks_and_structures() -> None:
    said = "Kernel error: Json error: cut short\n   0: <unknown>\n   1: start_thread\n"
    assert explain(ValueError(said), "look") == "Json error: cut short; look"
    assert explain(ValueError("gap: Path { url: x }"), "look") == "gap; look"
    assert explain(ValueError("red \x1b[31m↳\x1b[0m plain\n\nmore"), "look") == "red plain; look"


def test_unreadable_and_unwritable_are_failures_of_the_work() -> None:
    assert issubclass(Unwritable, WorkError)
    assert issubclass(Unreadable, WorkError)
