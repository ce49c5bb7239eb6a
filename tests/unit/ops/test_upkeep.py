from __future__ import annotations

import polars as pl
import pytest

from edgeproof.domain.errors import InvalidValue
from edgeproof.domain.frames import BARS, TRADES
from edgeproof.domain.instruments import Instrument
from edgeproof.domain.time import MS_PER_DAY, MS_PER_HOUR, ONE_MINUTE
from edgeproof.ops.upkeep import DiskNearlyFull, Upkeep, UpkeepPlan
from fakes.lake_rows import START_MS, bar_rows, trade_rows
from fakes.memory_lake import MemoryLake

BTC = Instrument(venue="binance", symbol="BTC-USDT")
NOW_MS = START_MS + 10 * MS_PER_DAY


def fill() -> MemoryLake:
    lake = MemoryLake()
    lake.append(TRADES, trade_rows(240, every_ms=MS_PER_HOUR))
    lake.append(BARS, bar_rows(100))
    return lake


def test_trades_older_than_wanted_go_and_bars_stay() -> None:
    lake = fill()
    Upkeep(lake, UpkeepPlan(keep_trades_days=3)).run_all(NOW_MS)
    kept = lake.trades(BTC)["ts"].dt.epoch("ms")
    assert kept.min() == NOW_MS - 3 * MS_PER_DAY
    assert kept.len() == 72
    assert lake.bars(BTC, ONE_MINUTE).height == 100


def test_without_a_number_of_days_trades_stay_for_ever() -> None:
    lake = fill()
    assert list(Upkeep(lake, UpkeepPlan()).run_all(NOW_MS + 10_000 * MS_PER_DAY)) == []
    assert lake.trades(BTC).height == 240


def test_each_piece_of_work_waits_for_its_own_time() -> None:
    lake = fill()
    looks = list[int]()

    def measure() -> int:
        looks.append(1)
        return 10**12

    upkeep = Upkeep(lake, UpkeepPlan(keep_trades_days=5, guard_every_s=10, vacuum_every_s=60), measure)
    first = upkeep.run_due(NOW_MS)
    assert [name for name, _ in first] == ["trades_dropped"]
    lake.append(TRADES, pl.concat([trade_rows(1)]))
    assert list(upkeep.run_due(NOW_MS + 9_999)) == []
    assert len(looks) == 1
    upkeep.run_due(NOW_MS + 10_000)
    assert len(looks) == 2
    assert [name for name, _ in upkeep.run_due(NOW_MS + 60_000)] == ["trades_dropped"]


def test_a_disk_that_is_nearly_full_stops_before_anything_is_written() -> None:
    upkeep = Upkeep(fill(), UpkeepPlan(least_free_bytes=5_000_000), lambda: 4_999_999)
    with pytest.raises(DiskNearlyFull, match=r"4 MB are left .* fewer than the 5 MB .* free some space"):
        upkeep.run_due(NOW_MS)
    assert list(Upkeep(fill(), UpkeepPlan(least_free_bytes=5_000_000), lambda: 5_000_000).run_due(NOW_MS)) == []


def test_a_plan_that_cannot_be_is_refused() -> None:
    with pytest.raises(InvalidValue, match="keep_trades_days"):
        UpkeepPlan(keep_trades_days=0)
    with pytest.raises(InvalidValue, match="least_free_bytes"):
        UpkeepPlan(least_free_bytes=-1)
