from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeproof.domain.errors import InvalidValue
from edgeproof.domain.time import Timeframe, Window, format_ms, from_ms, parse_instant, parse_span, to_ms


@pytest.mark.parametrize(
    ("text", "name", "minutes"),
    [
        ("1m", "1m", 1),
        ("60m", "1h", 60),
        ("1h", "1h", 60),
        (" 4H ", "4h", 240),
        ("24h", "1d", 1440),
        ("1w", "7d", 10080),
    ],
)
def test_spellings_of_one_timeframe_have_one_name(text: str, name: str, minutes: int) -> None:
    assert Timeframe.parse(text).name == name
    assert Timeframe.parse(text).minutes == minutes


@pytest.mark.parametrize("text", ["", "m", "0m", "-5m", "7m", "1M", "5", "5x", "1.5h", "50h"])
def test_a_timeframe_that_does_not_tile_a_day_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue, match="timeframe cannot be"):
        Timeframe.parse(text)


def test_a_span_is_a_count_and_a_unit() -> None:
    assert parse_span("30d") == 30 * 86_400_000
    with pytest.raises(InvalidValue, match="such as 30d"):
        parse_span("soon")


def test_a_window_ends_after_it_starts() -> None:
    assert Window(start_ms=0, end_ms=86_400_000).days == 1.0
    with pytest.raises(InvalidValue, match="an end after its start"):
        Window(start_ms=5, end_ms=5)


def test_a_time_without_an_offset_is_utc() -> None:
    assert parse_instant("2025-06-03") == parse_instant("2025-06-03T00:00:00Z") == 1_748_908_800_000
    assert parse_instant("2025-06-03T02:00+02:00") == parse_instant("2025-06-03")


@given(st.integers(min_value=-2_000_000_000_000, max_value=4_000_000_000_000))
def test_milliseconds_survive_the_way_through_dates_and_text(ms: int) -> None:
    assert to_ms(from_ms(ms)) == ms
    assert parse_instant(format_ms(ms)) == ms


def test_milliseconds_are_exact_where_floats_are_not() -> None:
    assert to_ms(datetime(2025, 3, 7, 8, 0, 0, 1000, tzinfo=UTC)) == 1_741_334_400_001
