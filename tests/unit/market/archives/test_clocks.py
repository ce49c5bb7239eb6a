from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeproof.domain.errors import Unreadable
from edgeproof.domain.frames import UTC_MS
from edgeproof.domain.time import to_ms
from edgeproof.market.archives.clocks import read_times

MOMENT = datetime(2024, 3, 1, 12, 30, 15, 250_000, tzinfo=UTC)
MOMENT_MS = to_ms(MOMENT)


def read_ms(values: list[object], dtype: pl.DataType | type[pl.DataType] | None = None) -> list[int | None]:
    times, _ = read_times(pl.Series("t", values, dtype=dtype), file="x.csv")
    assert times.dtype == UTC_MS
    return times.dt.epoch("ms").to_list()


@given(st.integers(631_152_000_000, 4_102_444_799_999), st.sampled_from([1, 1_000, 1_000_000, 1_000_000_000]))
def test_a_number_is_read_by_its_magnitude_whatever_its_unit(ms: int, per_second: int) -> None:
    assert read_ms([ms * per_second // 1_000], pl.Int64) == [ms if per_second >= 1_000 else ms // 1_000 * 1_000]


def test_seconds_with_a_fraction_keep_their_milliseconds() -> None:
    assert read_ms([1_700_179_206.662], pl.Float64) == [1_700_179_206_662]


def test_numbers_of_two_units_are_refused() -> None:
    with pytest.raises(Unreadable, match="milliseconds and microseconds"):
        read_ms([MOMENT_MS, MOMENT_MS * 1_000])


def test_numbers_that_are_no_times_are_refused() -> None:
    with pytest.raises(Unreadable, match="20240301"):
        read_ms([20240301])


def test_a_number_out_of_range_among_times_is_no_time() -> None:
    assert read_ms([MOMENT_MS, 0, None, MOMENT_MS]) == [MOMENT_MS, None, None, MOMENT_MS]
    assert read_ms([float("nan"), MOMENT_MS / 1_000]) == [None, MOMENT_MS]


@pytest.mark.parametrize(
    "text",
    [
        "2024-03-01T12:30:15.250Z",
        "2024-03-01 12:30:15.250",
        "2024-03-01 12:30:15.25 UTC",
        "2024-03-01T14:30:15.250+02:00",
        "2024-03-01T14:30:15.250+02",
        "2024-03-01T07:00:15.250-0530",
        "2024-03-01D12:30:15.250000000",
        str(MOMENT_MS),
        f"{MOMENT_MS / 1_000}",
    ],
)
def test_text_is_read_as_an_instant_however_it_is_spelled(text: str) -> None:
    assert read_ms([text]) == [MOMENT_MS]


def test_a_day_is_its_midnight() -> None:
    midnight = to_ms(datetime(2024, 3, 1, tzinfo=UTC))
    assert read_ms(["2024-03-01"]) == [midnight]
    assert read_ms([date(2024, 3, 1)]) == [midnight]
    assert read_ms(["2024-03-01 00:00"]) == [midnight]


def test_text_that_is_no_time_is_no_time() -> None:
    assert read_ms(["2024-03-01", "soon", None]) == [to_ms(datetime(2024, 3, 1, tzinfo=UTC)), None, None]
    with pytest.raises(Unreadable, match="expected an ISO date"):
        read_ms(["01/02/2024"])


def test_other_zones_and_finer_units_become_utc_milliseconds() -> None:
    tokyo = pl.Series("t", [MOMENT]).dt.convert_time_zone("Asia/Tokyo").dt.cast_time_unit("ns")
    times, _ = read_times(tokyo, file="x")
    assert times.dt.epoch("ms").to_list() == [MOMENT_MS]
    naive, told = read_times(pl.Series("t", [MOMENT.replace(tzinfo=None)]), file="x")
    assert naive.dt.epoch("ms").to_list() == [MOMENT_MS]
    assert told == "UTC assumed"


def test_a_column_of_something_else_is_refused() -> None:
    with pytest.raises(Unreadable, match="expected times"):
        read_ms([True, False])
