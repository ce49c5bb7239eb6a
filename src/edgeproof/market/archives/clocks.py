"""Times as files spell them, brought to UTC milliseconds; what cannot be told apart is refused, not guessed."""

from __future__ import annotations

from typing import Final

import polars as pl

from edgeproof.domain.errors import Unreadable
from edgeproof.domain.frames import UTC_MS

# 1990-01-01 to 2100-01-01: within it, the four units cannot be taken for one another.
_FIRST_SECOND: Final = 631_152_000
_LAST_SECOND: Final = 4_102_444_800
_PER_SECOND: Final = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
_UNIT_NAMES: Final = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}
_TEXT_FORMATS: Final = (
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%d %H:%M:%S%.f%z",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d %H:%M%z",
)


def read_times(column: pl.Series, *, file: str) -> tuple[pl.Series, str]:
    """Bring a column to ``Datetime("ms", "UTC")`` and say how it was read; a value that is no time becomes null.

    Numbers are read by their magnitude as seconds, milliseconds, microseconds or nanoseconds; text as ISO dates and
    times; both as UTC where they do not say otherwise. Finer parts of a millisecond are cut off.

    Raises:
        Unreadable: The column holds no times, or numbers of several units.
    """
    dtype = column.dtype
    if isinstance(dtype, pl.Datetime):
        times = column.dt.replace_time_zone("UTC") if dtype.time_zone is None else column.dt.convert_time_zone("UTC")
        return times.dt.cast_time_unit("ms"), "UTC assumed" if dtype.time_zone is None else ""
    if dtype == pl.Date:
        return column.cast(pl.Datetime("ms")).dt.replace_time_zone("UTC"), "days, at midnight UTC"
    if dtype.is_numeric():
        return _read_numbers(column, file=file)
    if dtype == pl.String:
        return _read_text(column, file=file)
    if dtype == pl.Null:
        return column.cast(UTC_MS), ""
    raise Unreadable(file, f"column '{column.name}' is {dtype}, expected times")


def _read_numbers(column: pl.Series, *, file: str) -> tuple[pl.Series, str]:
    present = column.drop_nulls()
    present = present.filter(present.is_finite()) if present.dtype.is_float() else present
    units = [unit for unit in _PER_SECOND if _within_range(present, unit).any()]
    if len(units) > 1:
        told = " and ".join(_UNIT_NAMES[unit] for unit in units)
        raise Unreadable(file, f"column '{column.name}' holds numbers that are {told}; split the file by unit")
    if not units:
        if present.is_empty():
            return pl.Series(column.name, [None] * len(column), dtype=UTC_MS), ""
        raise Unreadable(
            file,
            f"column '{column.name}' begins with {present[0]}, which is no time between 1990 and 2100 in seconds, "
            "milliseconds, microseconds or nanoseconds",
        )
    unit = units[0]
    inside = pl.select(pl.when(_within_range(column, unit)).then(column)).to_series()
    return _scale_to_ms(inside, unit).cast(UTC_MS).alias(column.name), _UNIT_NAMES[unit]


def _within_range(column: pl.Series, unit: str) -> pl.Series:
    scale = _PER_SECOND[unit]
    return (column >= _FIRST_SECOND * scale) & (column < _LAST_SECOND * scale)


def _scale_to_ms(column: pl.Series, unit: str) -> pl.Series:
    scale = _PER_SECOND[unit]
    if column.dtype.is_integer():
        whole = column.cast(pl.Int64)
        return whole * (1_000 // scale) if scale <= 1_000 else whole // (scale // 1_000)  # noqa: PLR2004 - ms per s
    # A float of seconds such as 1700179206.662 is a little off its decimal: round to the nearest microsecond first.
    return ((column.cast(pl.Float64) * (1e6 / scale)).round() // 1_000).cast(pl.Int64)


def _read_text(column: pl.Series, *, file: str) -> tuple[pl.Series, str]:
    text = column.str.strip_chars()
    numbers = text.cast(pl.Int64, strict=False)
    if numbers.null_count() == len(numbers):
        numbers = text.cast(pl.Float64, strict=False)
    if numbers.null_count() * 2 < len(numbers):
        return _read_numbers(numbers.alias(column.name), file=file)
    plain = text.str.replace(r"^(\d{4}-\d{2}-\d{2})[TDtd ]+", "$1 ").str.replace(r"\s*(?:Z|z|UTC|GMT)$", "")
    plain = plain.str.replace(r"^(\d{4}-\d{2}-\d{2})$", "$1 00:00")
    plain = plain.str.replace(r"(:\S*?)\s*([+-]\d{2})$", "$1${2}00").str.replace(
        r"(:\S*?)\s*([+-]\d{2}):?(\d{2})$", "$1$2$3"
    )
    attempts = [_parse_format(plain, form) for form in _TEXT_FORMATS]
    times = pl.select(pl.coalesce(attempts)).to_series().alias(column.name)
    if times.null_count() == len(times) and text.null_count() < len(text):
        sample = text.drop_nulls()[0]
        raise Unreadable(
            file, f"column '{column.name}' begins with '{sample}', expected an ISO date and time or a number"
        )
    return times, "ISO text, UTC where it does not say"


def _parse_format(text: pl.Series, form: str) -> pl.Series:
    if form.endswith("%z"):
        return text.str.to_datetime(form, time_unit="ms", time_zone="UTC", strict=False)
    return text.str.to_datetime(form, time_unit="ms", strict=False).dt.replace_time_zone("UTC")
