from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from edgeproof.domain.errors import InvalidValue, SchemaMismatch
from edgeproof.domain.frames import UTC_MS
from edgeproof.domain.series import BarSeries
from edgeproof.domain.time import ONE_MINUTE


def bars(*minutes: int) -> pl.DataFrame:
    prices = {c: [float(m) for m in minutes] for c in ("open", "high", "low", "close", "volume")}
    return pl.DataFrame({"ts": [m * 60_000 for m in minutes], **prices}).with_columns(pl.col("ts").cast(UTC_MS))


def test_a_bar_is_known_at_its_close() -> None:
    series = BarSeries.from_frame(bars(0, 1, 5), ONE_MINUTE)
    assert series.known_at.tolist() == [60_000, 120_000, 360_000]


def test_times_in_any_datetime_unit_or_plain_milliseconds_are_the_same_series() -> None:
    expected = BarSeries.from_frame(bars(0, 1), ONE_MINUTE).ts
    for dtype in (pl.Datetime("ns", "UTC"), pl.Datetime("us"), pl.Int64):
        frame = bars(0, 1).with_columns(pl.col("ts").cast(dtype))
        np.testing.assert_array_equal(BarSeries.from_frame(frame, ONE_MINUTE).ts, expected)


def test_columns_a_source_lacks_are_nan_and_become_null_again() -> None:
    series = BarSeries.from_frame(bars(0, 1), ONE_MINUTE)
    assert np.isnan(series.trades).all()
    assert series.to_frame()["trades"].null_count() == 2


def test_a_column_of_nulls_is_no_more_than_an_absent_one() -> None:
    nulls = pl.lit(None, dtype=pl.Float64)
    series = BarSeries.from_frame(bars(0, 1, 2).with_columns(quote_volume=nulls), ONE_MINUTE)
    for column in (series.quote_volume, series.trades):
        assert np.isnan(column).all()
        # Every bar reads the same eight bytes.
        assert column.strides == (0,)
        assert len(column) == 3


def test_frames_survive_the_way_through_a_series() -> None:
    assert BarSeries.from_frame(bars(0, 1, 5), ONE_MINUTE).to_frame().select(bars(0).columns).equals(bars(0, 1, 5))


@pytest.mark.parametrize("minutes", [(1, 0), (3, 3)])
def test_times_that_do_not_ascend_are_refused(minutes: tuple[int, ...]) -> None:
    with pytest.raises(InvalidValue, match="strictly ascend"):
        BarSeries.from_frame(bars(*minutes), ONE_MINUTE)


def test_a_frame_without_prices_is_told_what_is_missing() -> None:
    with pytest.raises(SchemaMismatch, match=r"close: missing.*volume: is String"):
        BarSeries.from_frame(bars(0).drop("close").with_columns(volume=pl.lit("much")), ONE_MINUTE)
    with pytest.raises(SchemaMismatch, match="ts: is String"):
        BarSeries.from_frame(bars(0).with_columns(ts=pl.lit("now")), ONE_MINUTE)
    with pytest.raises(SchemaMismatch, match="ts: 1 nulls"):
        BarSeries.from_frame(bars(0).with_columns(ts=pl.lit(None, dtype=UTC_MS)), ONE_MINUTE)


def test_a_slice_keeps_every_column() -> None:
    part = BarSeries.from_frame(bars(0, 1, 5), ONE_MINUTE).slice(1, 3)
    assert part.close.tolist() == [1.0, 5.0]
    assert len(part) == len(part.trades) == 2
