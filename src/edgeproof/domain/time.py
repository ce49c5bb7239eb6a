"""Time as the whole house speaks it: UTC, int64 milliseconds at kernel doors, half-open windows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from edgeproof.domain.errors import InvalidValue

MS_PER_SECOND: Final = 1_000
MS_PER_MINUTE: Final = 60 * MS_PER_SECOND
MS_PER_HOUR: Final = 60 * MS_PER_MINUTE
MS_PER_DAY: Final = 24 * MS_PER_HOUR

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_UNIT_MINUTES: Final = {"m": 1, "h": 60, "d": 1_440, "w": 10_080}
_SPAN: Final = re.compile(r"(?P<count>[1-9][0-9]{0,6})(?P<unit>[mhdw])", re.IGNORECASE)
_MINUTES_PER_DAY: Final = 1_440


class Clock(Protocol):
    """Tells what time it is; handed in wherever the present matters."""

    def now_ms(self) -> int:
        """Milliseconds since the epoch, UTC."""
        ...


@dataclass(frozen=True, slots=True, order=True)
class Timeframe:
    """The length of a bar: whole minutes that divide a day, or whole days.

    Its name is canonical, so ``60m`` and ``1h`` are one timeframe.
    """

    minutes: int

    def __post_init__(self) -> None:
        fits_a_day = self.minutes > 0 and (_MINUTES_PER_DAY % self.minutes == 0 or self.minutes % _MINUTES_PER_DAY == 0)
        if not fits_a_day:
            raise InvalidValue("timeframe", f"{self.minutes}m", "minutes that divide a day, or whole days")

    @classmethod
    def parse(cls, text: str) -> Timeframe:
        """Read ``1m``, ``5m``, ``60m``, ``1h``, ``4h``, ``1d``.

        Raises:
            InvalidValue: The text is not a count and a unit, or does not divide a day.
        """
        found = _SPAN.fullmatch(text.strip())
        # `1M` is a month at several exchanges: refusing it is kinder than reading it as a minute.
        if found is None or found["unit"] == "M":
            raise InvalidValue("timeframe", text, "a count and a unit m, h, d or w, such as 5m or 1h")
        return cls(int(found["count"]) * _UNIT_MINUTES[found["unit"].lower()])

    @property
    def ms(self) -> int:
        """Length in milliseconds."""
        return self.minutes * MS_PER_MINUTE

    @property
    def name(self) -> str:
        """Canonical spelling: the largest of d, h, m that divides it."""
        for unit in ("d", "h"):
            if self.minutes % _UNIT_MINUTES[unit] == 0:
                return f"{self.minutes // _UNIT_MINUTES[unit]}{unit}"
        return f"{self.minutes}m"

    def __str__(self) -> str:
        return self.name


ONE_MINUTE: Final = Timeframe(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A half-open span of time, ``start_ms <= t < end_ms``, UTC milliseconds."""

    start_ms: int
    end_ms: int

    def __post_init__(self) -> None:
        if self.end_ms <= self.start_ms:
            told = f"{format_ms(self.start_ms)} to {format_ms(self.end_ms)}"
            raise InvalidValue("window", told, "an end after its start")

    @property
    def days(self) -> float:
        """Length in days of 24 hours."""
        return (self.end_ms - self.start_ms) / MS_PER_DAY


def parse_span(text: str) -> int:
    """Read a length of time such as ``30d``, ``12h``, ``90m`` or ``2w`` as milliseconds."""
    found = _SPAN.fullmatch(text.strip())
    if found is None:
        raise InvalidValue("length of time", text, "a count and a unit m, h, d or w, such as 30d")
    return int(found["count"]) * _UNIT_MINUTES[found["unit"].lower()] * MS_PER_MINUTE


def parse_instant(text: str) -> int:
    """Read an ISO date or time as UTC milliseconds; without an offset it is UTC."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise InvalidValue("time", text, "an ISO date or time, such as 2026-01-31 or 2026-01-31T12:00Z") from None
    return to_ms(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def to_ms(moment: datetime) -> int:
    """Milliseconds since the epoch of an aware time, exact."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def from_ms(ms: int) -> datetime:
    """The aware UTC time of a millisecond count, exact."""
    return _EPOCH + timedelta(milliseconds=int(ms))


def format_ms(ms: int) -> str:
    """ISO text to the second, such as ``2025-06-03T15:31:00Z``; milliseconds only where there are any."""
    moment = from_ms(ms)
    return moment.isoformat(timespec="milliseconds" if ms % MS_PER_SECOND else "seconds").replace("+00:00", "Z")
