from __future__ import annotations

import os
from threading import Thread
from typing import TYPE_CHECKING

import polars as pl
from polars.testing import assert_frame_equal

from edgeproof.adapters.lake import DeltaLake
from edgeproof.domain.frames import TRADES
from edgeproof.domain.instruments import Instrument
from edgeproof.domain.stores import Merged, Written
from edgeproof.domain.time import MS_PER_DAY
from fakes.lake_rows import trade_rows

if TYPE_CHECKING:
    from pathlib import Path

BTC = Instrument(venue="binance", symbol="BTC-USDT")


def count_files(folder: Path) -> int:
    return len(list(folder.rglob("*.parquet")))


def test_many_small_files_of_each_instrument_become_one(tmp_path: Path) -> None:
    lake = DeltaLake(tmp_path)
    rows = pl.concat([trade_rows(64), trade_rows(64, symbol="ETH-USDT")])
    for start in range(0, 64, 4):
        lake.append(TRADES, pl.concat([rows[start : start + 4], rows[64 + start : 68 + start]]))
    merged = lake.merge_files(TRADES)
    assert merged == Merged(files_before=32, files_after=2, rows=128)
    assert lake.merge_files(TRADES) == Merged()


def test_a_month_is_never_merged_with_the_next(tmp_path: Path) -> None:
    lake = DeltaLake(tmp_path)
    rows = trade_rows(8, every_ms=MS_PER_DAY // 4)
    for part in rows.iter_slices(1):
        lake.append(TRADES, part)
    lake.merge_files(TRADES)
    assert_frame_equal(lake.trades(BTC), rows)
    assert {path.parent.name for path in tmp_path.rglob("month=*/*.parquet")} == {"month=2024-12", "month=2025-01"}


def test_merged_files_lie_in_order_of_time(tmp_path: Path) -> None:
    lake = DeltaLake(tmp_path)
    for part in reversed(list(trade_rows(40).iter_slices(5))):
        lake.append(TRADES, part)
    before = set(tmp_path.rglob("*.parquet"))
    lake.merge_files(TRADES)
    (fresh,) = set(tmp_path.rglob("*.parquet")) - before
    assert pl.read_parquet(fresh, hive_partitioning=False)["ts"].is_sorted()


def test_vacuum_gives_back_what_merges_and_killed_writers_left_and_keeps_young_files(tmp_path: Path) -> None:
    lake = DeltaLake(tmp_path)
    for part in trade_rows(40).iter_slices(4):
        lake.append(TRADES, part)
    lake.merge_files(TRADES)
    young = next(tmp_path.rglob("*.parquet")).with_name("being-written.parquet")
    young.write_bytes(b"half")
    left = young.with_name("left-by-a-killed-process.parquet")
    left.write_bytes(b"half")
    os.utime(left, (0, 0))
    lake.vacuum(keep_hours=1)
    assert young.exists()
    assert not left.exists()
    lake.vacuum(keep_hours=0)
    assert count_files(tmp_path / "trades" / "venue=binance") == 1


def test_old_commits_leave_the_log_and_other_readers_go_on(tmp_path: Path) -> None:
    lake, reader = DeltaLake(tmp_path), DeltaLake(tmp_path)
    assert lake.append(TRADES, trade_rows(4)) == Written(new=4)
    assert reader.trades(BTC).height == 4
    for part in trade_rows(40)[4:].iter_slices(4):
        lake.append(TRADES, part)
    lake.merge_files(TRADES)
    for commit in (tmp_path / "trades" / "_delta_log").glob("*.json"):
        os.utime(commit, (0, 0))
    lake.vacuum(keep_hours=0)
    for commit in sorted((tmp_path / "trades" / "_delta_log").glob("*.json"))[:-1]:
        commit.unlink()  # whatever the library chose to keep
    assert reader.trades(BTC).height == 40
    assert DeltaLake(tmp_path).append(TRADES, trade_rows(41)) == Written(new=1, already_there=40)


def test_appends_go_on_while_files_are_merged(tmp_path: Path) -> None:
    lake, rows = DeltaLake(tmp_path), trade_rows(400)
    for part in rows[:200].iter_slices(5):
        lake.append(TRADES, part)
    outcomes = list[Written]()

    def append() -> None:
        outcomes.extend(DeltaLake(tmp_path).append(TRADES, part) for part in rows[200:].iter_slices(10))

    writer = Thread(target=append)
    writer.start()
    while writer.is_alive():
        lake.merge_files(TRADES)
    writer.join()
    assert sum(outcome.new for outcome in outcomes) == 200
    assert_frame_equal(lake.trades(BTC), rows)
