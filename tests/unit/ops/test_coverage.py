from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeproof.domain.frames import BARS, FUNDING, UTC_MS
from edgeproof.domain.time import MS_PER_DAY, MS_PER_MINUTE, Timeframe
from edgeproof.ops import cover_days, measure_coverage
from fakes.archives import START_MS, make_candles
from fakes.memory_lake import MemoryLake

if TYPE_CHECKING:
    from collections.abc import Sequence


def add_bars(lake: MemoryLake, opens_ms: Sequence[int], *, venue: str = "v", timeframe: str = "1m") -> None:
    """Store bars that begin at these times."""
    lacking = {name: pl.lit(None, dtype=BARS.schema[name]) for name in BARS.nullable}
    frame = make_candles(len(opens_ms)).select(
        pl.lit(venue).alias("venue"),
        pl.lit("BTC-USDT").alias("symbol"),
        pl.lit(timeframe).alias("timeframe"),
        pl.Series("ts", opens_ms).cast(UTC_MS),
        pl.exclude("ms"),
    )
    lake.append(BARS, frame.with_columns(**lacking).select(BARS.schema.names()))


def every(minutes: int, count: int, start_ms: int = START_MS) -> list[int]:
    return [start_ms + i * minutes * MS_PER_MINUTE for i in range(count)]


def test_whole_days_are_covered_whole_and_cut_ones_in_part() -> None:
    lake = MemoryLake()
    add_bars(lake, every(60, 36), timeframe="1h")
    [series] = measure_coverage(lake)
    assert series.daily == (1.0, 0.5)
    assert series.first_day * MS_PER_DAY == START_MS
    assert (series.rows, series.expected, series.gaps, series.share) == (36, 36, 0, 1.0)


def test_gaps_are_counted_with_the_longest() -> None:
    lake = MemoryLake()
    opens = every(1, 100)
    add_bars(lake, [*opens[:10], *opens[11:40], *opens[60:]])
    [series] = measure_coverage(lake)
    assert (series.gaps, series.longest_gap, series.expected, series.rows) == (2, 20, 100, 79)
    assert series.share == pytest.approx(0.79)


def test_a_day_without_a_bar_between_others_is_empty() -> None:
    lake = MemoryLake()
    add_bars(lake, [*every(60, 24), *every(60, 24, START_MS + 2 * MS_PER_DAY)], timeframe="1h")
    assert measure_coverage(lake)[0].daily == (1.0, 0.0, 1.0)


def test_bars_of_several_days_cover_all_of_them() -> None:
    first = START_MS // MS_PER_DAY // 7 * 7 * MS_PER_DAY
    day, shares = cover_days(np.array([first, first + 14 * MS_PER_DAY]), Timeframe(7 * 1440))
    assert day == first // MS_PER_DAY
    assert shares.tolist() == [1.0] * 7 + [0.0] * 7 + [1.0] * 7


@given(st.sets(st.integers(0, 3 * 288), min_size=1), st.sampled_from([5, 30, 240]))
def test_shares_lie_between_nothing_and_all_and_add_up_to_the_bars(slots: set[int], minutes: int) -> None:
    timeframe = Timeframe(minutes)
    ts = np.array(sorted(slots), dtype=np.int64) * timeframe.ms
    _, shares = cover_days(ts, timeframe)
    assert 0.0 <= shares.min() <= shares.max() <= 1.0 + 1e-12
    assert shares.sum() * MS_PER_DAY == pytest.approx(len(ts) * timeframe.ms)


def test_tables_venues_and_timeframes_stand_apart_in_order() -> None:
    lake = MemoryLake()
    add_bars(lake, every(60, 4), timeframe="1h")
    add_bars(lake, every(5, 4), timeframe="5m")
    add_bars(lake, every(1, 4), venue="a")
    rate = {"venue": ["v"], "symbol": ["BTC-USDT"], "ts": [START_MS], "rate": [0.1]}
    lake.append(FUNDING, pl.DataFrame(rate).with_columns(pl.col("ts").cast(UTC_MS)))
    told = [(one.instrument.venue, one.table, one.timeframe) for one in measure_coverage(lake)]
    assert told == [("a", "bars", "1m"), ("v", "bars", "5m"), ("v", "bars", "1h"), ("v", "funding", None)]
    assert [one.instrument.venue for one in measure_coverage(lake, venue="a")] == ["a"]
    assert measure_coverage(lake, symbols=["ETH-USDT"]) == ()


def test_an_empty_lake_covers_nothing() -> None:
    assert measure_coverage(MemoryLake()) == ()
