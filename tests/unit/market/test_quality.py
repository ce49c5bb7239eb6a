from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.domain.errors import SchemaMismatch
from edgeproof.domain.frames import BARS, UTC_MS
from edgeproof.domain.instruments import Instrument
from edgeproof.domain.time import MS_PER_MINUTE, ONE_MINUTE
from edgeproof.market import ANSWERS, Fault, QualityReport, SeriesQuality, inspect_bars
from fakes.archives import START_MS, make_candles


def make_bars(count: int = 30, *, symbol: str = "BTC-USDT", start_ms: int = START_MS) -> pl.DataFrame:
    """Sound 1-minute bars of one symbol, in the columns of the bars table."""
    lacking = {name: pl.lit(None, dtype=BARS.schema[name]) for name in BARS.nullable}
    candles = make_candles(count, start_ms=start_ms)
    return (
        candles.select(
            pl.lit("v").alias("venue"),
            pl.lit(symbol).alias("symbol"),
            pl.lit("1m").alias("timeframe"),
            pl.col("ms").cast(UTC_MS).alias("ts"),
            pl.exclude("ms"),
        )
        .with_columns(**lacking)
        .select(BARS.schema.names())
    )


def change(bars: pl.DataFrame, at: int, **values: float) -> pl.DataFrame:
    """The bars with some values of one of them replaced."""
    here = pl.int_range(pl.len()) == at
    return bars.with_columns(pl.when(here).then(pl.lit(v)).otherwise(c).alias(c) for c, v in values.items())


def inspect_one(bars: pl.DataFrame) -> SeriesQuality:
    [series] = inspect_bars(bars).series
    return series


def test_sound_bars_have_no_faults() -> None:
    series = inspect_one(make_bars(30))
    assert series.faults == {}
    assert (series.rows, series.gaps, series.missing, series.longest_gap) == (30, 0, 0, 0)
    assert (series.first_ms, series.last_ms) == (START_MS, START_MS + 29 * MS_PER_MINUTE)
    assert (series.instrument, series.timeframe) == (Instrument(venue="v", symbol="BTC-USDT"), ONE_MINUTE)


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"close": float("nan")}, Fault.NOT_FINITE),
        ({"volume": float("inf")}, Fault.NOT_FINITE),
        ({"low": -1.0}, Fault.NOT_POSITIVE),
        ({"high": 50.0}, Fault.HIGH_BELOW_LOW),
        ({"close": 500.0}, Fault.CLOSE_OUTSIDE),
        ({"volume": -2.0}, Fault.NEGATIVE_VOLUME),
        ({"open": 120.0}, Fault.OPEN_OUTSIDE),
        ({"high": 160.0}, Fault.JUMP),
        ({"low": 60.0}, Fault.JUMP),
        ({"volume": 0.0}, Fault.ZERO_VOLUME),
    ],
)
def test_each_fault_is_found_once_and_shown(values: dict[str, float], fault: Fault) -> None:
    series = inspect_one(change(make_bars(30), 10, **values))
    assert series.faults[fault] == 1
    assert "BTC-USDT 1m 2024-03-01T00:10:00Z" in series.samples[fault]
    column, value = next(iter(values.items()))
    assert f"{column} {value}" in series.samples[fault]


def test_every_fault_has_an_answer() -> None:
    assert set(ANSWERS) == set(Fault)


def test_a_price_that_is_far_away_after_a_gap_is_no_jump() -> None:
    later = make_bars(5, start_ms=START_MS + 3_600_000).with_columns(pl.col("open", "high", "low", "close") * 3)
    series = inspect_one(pl.concat([make_bars(5), later]))
    assert Fault.JUMP not in series.faults
    assert series.faults[Fault.MISSING] == 55


def test_refused_bars_do_not_count_as_bars() -> None:
    series = inspect_one(change(make_bars(30), 10, low=-1.0))
    assert (series.rows, series.missing) == (29, 1)


def test_gaps_are_counted_with_their_lengths() -> None:
    series = inspect_one(pl.concat([make_bars(30)[:5], make_bars(30)[6:20], make_bars(30)[27:]]))
    assert (series.gaps, series.missing, series.longest_gap) == (2, 8, 7)
    assert series.samples[Fault.MISSING] == "1 absent after 2024-03-01T00:04:00Z"


def test_repeats_and_contradictions_and_disorder_are_told_apart() -> None:
    bars = make_bars(10)
    told_otherwise = change(bars, 3, volume=77.0)[3:4]
    series = inspect_one(pl.concat([bars, bars[2:4], told_otherwise]))
    assert series.rows == 10
    assert series.faults[Fault.DUPLICATE] == 2
    assert series.faults[Fault.CONTRADICTION] == 1
    assert series.faults[Fault.DISORDER] == 1


def test_bars_off_the_grid_of_their_timeframe_are_a_fault() -> None:
    series = inspect_one(make_bars(5, start_ms=START_MS + 500))
    assert series.faults == {Fault.OFF_GRID: 5}
    assert series.rows == 0


def test_series_are_judged_apart() -> None:
    report = inspect_bars(pl.concat([make_bars(5), make_bars(9, symbol="ETH-USDT", start_ms=START_MS + 3_600_000)]))
    assert [(str(one.instrument), one.rows, one.gaps) for one in report.series] == [
        ("v:BTC-USDT", 5, 0),
        ("v:ETH-USDT", 9, 0),
    ]
    assert (report.rows, report.gaps, report.missing) == (14, 0, 0)


def test_no_bars_have_no_quality() -> None:
    assert inspect_bars(BARS.schema.to_frame()) == QualityReport()


def test_a_frame_of_something_else_is_refused() -> None:
    with pytest.raises(SchemaMismatch):
        inspect_bars(make_bars(3).drop("close"))


@settings(deadline=None, max_examples=30)
@given(absent=st.sets(st.integers(1, 38), max_size=12), cut=st.integers(0, 40))
def test_parts_of_a_source_merge_into_what_the_whole_says(absent: set[int], cut: int) -> None:
    bars = change(make_bars(40), 7, volume=0.0).filter(~pl.int_range(pl.len()).is_in(list(absent)))
    merged = inspect_bars(bars[:cut]).merge(inspect_bars(bars[cut:]))
    whole = inspect_bars(bars)
    assert (merged.rows, merged.gaps, merged.missing) == (whole.rows, whole.gaps, whole.missing)
    assert merged.faults == whole.faults
    assert [one.longest_gap for one in merged.series] == [one.longest_gap for one in whole.series]
