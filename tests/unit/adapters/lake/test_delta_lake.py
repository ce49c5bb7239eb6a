"""The Delta lake keeps the contract, sees what others commit, and writes what other tools can read."""

from __future__ import annotations

from contextlib import nullcontext
from itertools import count
from threading import Thread
from typing import TYPE_CHECKING, Any

import polars as pl
import polars.selectors as cs
import pytest
from deltalake import DeltaTable
from polars.testing import assert_frame_equal

from contracts.lake_contract import BTC, LakeContract, OpenLake
from edgeproof.adapters.lake import DeltaLake, Unwritable, _delta_lake, _log
from edgeproof.domain.errors import Busy, InvalidValue
from edgeproof.domain.frames import BARS, FUNDING, TRADES, Table
from edgeproof.domain.stores import Written
from edgeproof.domain.time import MS_PER_MINUTE, ONE_MINUTE
from fakes.lake_rows import START_MS, bar_rows, funding_rows, trade_rows

if TYPE_CHECKING:
    from pathlib import Path

    from edgeproof.adapters.lake._layout import Layout
    from edgeproof.adapters.lake._log import Snapshot
    from edgeproof.adapters.lake._place import Place


class TestDeltaLake(LakeContract):
    @pytest.fixture
    def open_lake(self, tmp_path: Path) -> OpenLake:
        numbers = count()
        return lambda: DeltaLake(tmp_path / f"lake {next(numbers)}")


def test_looking_makes_nothing(tmp_path: Path) -> None:
    lake = DeltaLake(tmp_path / "lake")
    assert lake.bars(BTC, ONE_MINUTE).is_empty()
    assert not lake.holdings()
    assert not (tmp_path / "lake").exists()


def test_rows_outlive_the_object_that_wrote_them(tmp_path: Path) -> None:
    DeltaLake(tmp_path).append(BARS, bar_rows(5))
    assert_frame_equal(DeltaLake(tmp_path).bars(BTC, ONE_MINUTE), bar_rows(5))


def test_a_commit_of_somebody_else_is_seen_at_the_next_look(tmp_path: Path) -> None:
    reader, writer = DeltaLake(tmp_path), DeltaLake(tmp_path)
    assert reader.bars(BTC, ONE_MINUTE).is_empty()
    for rows in (5, 12):
        writer.append(BARS, bar_rows(rows))
        assert reader.bars(BTC, ONE_MINUTE).height == rows
        assert [h.rows for h in reader.holdings()] == [rows]
    assert reader.append(BARS, bar_rows(15)) == Written(new=3, already_there=12)
    assert writer.append(BARS, bar_rows(15)) == Written(already_there=15)


@pytest.mark.parametrize("name", ["plain", "my désk #1 [x]?", "價格"])
def test_a_lake_may_lie_in_any_folder(tmp_path: Path, name: str) -> None:
    DeltaLake(tmp_path / name).append(BARS, bar_rows(3))
    assert_frame_equal(DeltaLake((tmp_path / name).as_uri()).bars(BTC, ONE_MINUTE), bar_rows(3))
    assert_frame_equal(DeltaLake(str(tmp_path / name)).bars(BTC, ONE_MINUTE), bar_rows(3))


@pytest.mark.parametrize("place", ["ftp://host/lake", "s3://", "/tmp/a%20b", "file:///tmp/a%2520b"])  # noqa: S108 - never made
def test_a_place_no_lake_can_be_is_refused(place: str) -> None:
    with pytest.raises(InvalidValue, match="lake cannot be"):
        DeltaLake(place)


def test_relative_folders_stay_where_they_were_when_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    lake = DeltaLake("lake")
    monkeypatch.chdir("/")
    lake.append(BARS, bar_rows(1))
    assert (tmp_path / "lake" / "bars").is_dir()


@pytest.mark.parametrize(
    ("table", "rows"), [(BARS, bar_rows(3_000)), (FUNDING, funding_rows(40)), (TRADES, trade_rows(300))]
)
def test_other_delta_readers_find_the_same_rows(tmp_path: Path, table: Table, rows: pl.DataFrame) -> None:
    DeltaLake(tmp_path).append(table, rows)
    theirs = pl.DataFrame(DeltaTable(tmp_path / table.name).to_pyarrow_table())
    ours = rows.with_columns(cs.datetime().dt.cast_time_unit("us"))
    assert_frame_equal(theirs.select(ours.columns).sort("ts", *table.key), ours)


def test_a_table_compacted_by_another_tool_reads_and_grows_as_before(tmp_path: Path) -> None:
    lake = DeltaLake(tmp_path)
    for part in bar_rows(400, symbol="A B/C").iter_slices(100):
        lake.append(BARS, part)
    table = DeltaTable(tmp_path / "bars")
    table.optimize.compact()
    table.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)
    assert [h.rows for h in lake.holdings()] == [400]
    assert lake.append(BARS, bar_rows(500, symbol="A B/C")) == Written(new=100, already_there=400)


def test_files_that_no_commit_names_are_not_there(tmp_path: Path) -> None:
    lake = DeltaLake(tmp_path)
    lake.append(BARS, bar_rows(10))
    kept = next((tmp_path / "bars").rglob("*.parquet"))
    kept.with_name("left-by-a-killed-process.parquet").write_bytes(kept.read_bytes()[:77])
    (tmp_path / "bars" / "_delta_log" / "00000000000000000002.json#1").write_text('{"half')
    (tmp_path / "bars.lock").touch()
    assert lake.append(BARS, bar_rows(12)) == Written(new=2, already_there=10)
    assert DeltaLake(tmp_path).bars(BTC, ONE_MINUTE).height == 12


def test_a_folder_left_by_a_process_killed_while_it_began_the_table_is_used(tmp_path: Path) -> None:
    log = tmp_path / "bars" / "_delta_log"
    log.mkdir(parents=True)
    (log / "00000000000000000000.json#1").write_text('{"half')
    assert DeltaLake(tmp_path).bars(BTC, ONE_MINUTE).is_empty()
    assert DeltaLake(tmp_path).append(BARS, bar_rows(2)) == Written(new=2)


def test_large_batches_are_counted_as_if_they_were_one_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_delta_lake, "_ROWS_PER_COMMIT", 7)
    rows = bar_rows(30)
    other = rows.with_columns(pl.col("close") + 1.0)
    batch = pl.concat([rows, rows[:4], other[10:13]])
    assert DeltaLake(tmp_path).append(BARS, batch) == Written(new=30, already_there=4, conflicting=3)
    assert_frame_equal(DeltaLake(tmp_path).bars(BTC, ONE_MINUTE), rows)


def test_hundreds_of_commits_pass_the_checkpoint_unharmed(tmp_path: Path) -> None:
    lake, reader = DeltaLake(tmp_path), DeltaLake(tmp_path)
    for minute in range(120):
        lake.append(BARS, bar_rows(1, start_ms=START_MS + minute * MS_PER_MINUTE))
        if minute == 50:
            assert reader.bars(BTC, ONE_MINUTE).height == 51
    assert list((tmp_path / "bars" / "_delta_log").glob("*.checkpoint.parquet"))
    for opened in (reader, DeltaLake(tmp_path)):
        assert_frame_equal(opened.bars(BTC, ONE_MINUTE), bar_rows(120))


def test_threads_may_share_a_lake(tmp_path: Path) -> None:
    lake, failures = DeltaLake(tmp_path), list[BaseException]()

    def append(symbol: str) -> None:
        try:
            for part in bar_rows(60, symbol=symbol).iter_slices(20):
                lake.append(BARS, part)
                lake.bars(BTC, ONE_MINUTE)
        except BaseException as error:  # noqa: BLE001 - a thread cannot fail a test by itself
            failures.append(error)

    threads = [Thread(target=append, args=(symbol,)) for symbol in ("BTC-USDT", "BTC-USDT", "ETH-USDT")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert [h.rows for h in lake.holdings()] == [60, 60]


class RacedLake(DeltaLake):
    """A rival commits after our rows were compared and before they are committed; no lock keeps it out."""

    def __init__(self, folder: Path, *rival_batches: pl.DataFrame) -> None:
        super().__init__(folder)
        self._rival = DeltaLake(folder)
        self._batches = list(rival_batches)

    def _hold(self, _place: Place) -> nullcontext[None]:
        return nullcontext()

    def _compare(
        self, layout: Layout, batch: pl.DataFrame, snapshot: Snapshot
    ) -> tuple[dict[tuple[str, ...], pl.DataFrame], Written]:
        compared = super()._compare(layout, batch, snapshot)
        if self._batches:
            self._rival.append(BARS, self._batches.pop(0))
        return compared


def test_a_rival_with_the_same_rows_leaves_each_row_once(tmp_path: Path) -> None:
    assert RacedLake(tmp_path, bar_rows(10)).append(BARS, bar_rows(10)) == Written(already_there=10)
    assert_frame_equal(DeltaLake(tmp_path).bars(BTC, ONE_MINUTE), bar_rows(10))
    assert len(list(tmp_path.rglob("*.parquet"))) == 1


def test_rivals_with_some_of_the_rows_leave_each_row_once(tmp_path: Path) -> None:
    rivals = (bar_rows(4), bar_rows(6).with_columns(pl.col("close") + 1))
    outcome = RacedLake(tmp_path, *rivals).append(BARS, bar_rows(10))
    assert outcome == Written(new=4, already_there=4, conflicting=2)
    assert [h.rows for h in DeltaLake(tmp_path).holdings()] == [10]


def test_a_rival_elsewhere_costs_no_second_writing(tmp_path: Path) -> None:
    rivals = (bar_rows(4, symbol="ETH-USDT"), bar_rows(4, symbol="SOL-USDT"))
    assert RacedLake(tmp_path, *rivals).append(BARS, bar_rows(10)) == Written(new=10)
    assert [h.rows for h in DeltaLake(tmp_path).holdings()] == [10, 4, 4]
    assert len(list(tmp_path.rglob("*.parquet"))) == 3


def test_rivals_without_end_are_told_as_busy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_delta_lake, "_ATTEMPTS", 12)
    monkeypatch.setattr(_delta_lake, "_LONGEST_PAUSE_S", 0.0)
    rivals = (bar_rows(1, symbol=f"S{n}") for n in range(20))
    lake = RacedLake(tmp_path, *rivals)
    with pytest.raises(Busy, match="changed 12 times while rows were added"):
        lake.append(BARS, bar_rows(10))
    assert lake.bars(BTC, ONE_MINUTE).is_empty()
    assert not list(tmp_path.rglob("symbol=BTC-USDT/**/*.parquet"))


class DeafTable(DeltaTable):
    """Commits, but its store's answer is lost on the way back."""

    def create_write_transaction(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - whatever the library takes
        super().create_write_transaction(*args, **kwargs)
        msg = "connection reset"
        raise OSError(msg)


def test_a_commit_whose_answer_was_lost_still_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_log, "DeltaTable", DeafTable)
    lake = DeltaLake(tmp_path)
    assert lake.append(BARS, bar_rows(10)) == Written(new=10)
    assert lake.append(BARS, bar_rows(15)) == Written(new=5, already_there=10)
    assert_frame_equal(lake.bars(BTC, ONE_MINUTE), bar_rows(15))


class MuteTable(DeltaTable):
    """Never reaches its store."""

    def create_write_transaction(self, *_: Any, **__: Any) -> None:  # noqa: ANN401 - whatever the library takes
        msg = "No space left on device"
        raise OSError(msg)


def test_a_commit_that_failed_adds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = DeltaLake(tmp_path)
    lake.append(BARS, bar_rows(10))
    monkeypatch.setattr(_log, "DeltaTable", MuteTable)
    with pytest.raises(Unwritable, match="No space left on device; free some space"):
        DeltaLake(tmp_path).append(BARS, bar_rows(15))
    assert lake.bars(BTC, ONE_MINUTE).height == 10
    assert lake.append(BARS, bar_rows(15)) == Written(new=5, already_there=10)
