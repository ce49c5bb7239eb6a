"""What an account allows, whoever asks."""

from __future__ import annotations

from dataclasses import dataclass
from sys import float_info

from edgeproof.domain.errors import InvalidValue

_MOST_POSITIONS = 10_000
_MOST_DAYS = 3_650
_ANY = float_info.max


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrelationCap:
    """How much may be open that loses together.

    Two positions belong together when the correlation of their symbols, times both sides (1 long, -1 short), is
    ``threshold`` or more; so do two whose correlation is not known yet. No position and those that belong together with
    it may exceed ``exposure`` when one is opened.

    Attributes:
        exposure: Their notional together, as a multiple of the account's equity.
        threshold: Correlation from which on, above 0 up to 1.
        days: UTC days of hourly returns it is measured over, the last ones before the day of the entry.
    """

    exposure: float
    threshold: float = 0.7
    days: int = 30

    def __post_init__(self) -> None:
        _check_number("exposure of the correlation cap", self.exposure, 0.0, _ANY, "a multiple of equity above 0")
        _check_number("correlation threshold", self.threshold, 0.0, 1.0, "a correlation above 0, at most 1")
        _check_count("days of the correlation cap", self.days, _MOST_DAYS)


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyLossStop:
    """When a UTC day has lost enough: no new entries until the next.

    Attributes:
        share: Loss since the day's first equity, as a share of it, seen at the close of any execution bar.
        flatten: Whether positions leave too, at the next open.
    """

    share: float
    flatten: bool = False

    def __post_init__(self) -> None:
        _check_number("daily loss", self.share, 0.0, 1.0, "a share of equity above 0, at most 1, such as 0.03")
        if not isinstance(self.flatten, bool):
            raise InvalidValue("flatten", self.flatten, "True or False")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one account allows; ``None`` means no such limit. Multiples are of its equity at the time of an entry.

    Attributes:
        max_positions: Positions open at once.
        max_gross: Notional of all positions, longs and shorts added, as a multiple of equity.
        max_symbol: Likewise, of one symbol.
        correlation: Cap on what loses together.
        daily_loss: When to stop for the day.
        least_part: An order too large for what limits and margin leave is cut to it, but skipped where that is less
            than this part of what was wished for: 0 always cuts, 1 always skips.
        margin_leverage: Leverage set at the venue: a position ties up its notional over this, or over its own leverage
            where that is higher.

    Raises:
        InvalidValue: A limit out of its range.
    """

    max_positions: int | None = None
    max_gross: float | None = None
    max_symbol: float | None = None
    correlation: CorrelationCap | None = None
    daily_loss: DailyLossStop | None = None
    least_part: float = 0.1
    margin_leverage: float = 1.0

    def __post_init__(self) -> None:
        if self.max_positions is not None:
            _check_count("max_positions", self.max_positions, _MOST_POSITIONS)
        for name in ("max_gross", "max_symbol"):
            value = getattr(self, name)
            if value is not None:
                _check_number(name, value, 0.0, _ANY, "a multiple of equity above 0, such as 2")
        if self.correlation is not None and not isinstance(self.correlation, CorrelationCap):
            raise InvalidValue("correlation", self.correlation, "CorrelationCap(exposure=1.5, ...), or None")
        if self.daily_loss is not None and not isinstance(self.daily_loss, DailyLossStop):
            raise InvalidValue("daily_loss", self.daily_loss, "DailyLossStop(share=0.03), or None")
        _check_number("least_part", self.least_part, 0.0, 1.0, "a part from 0 to 1", least_too=True)
        _check_number("margin_leverage", self.margin_leverage, 1.0, _ANY, "a leverage of 1 or more", least_too=True)


def _check_number(  # noqa: PLR0913 - one word for each end of a range
    what: str, value: object, least: float, most: float, expected: str, *, least_too: bool = False
) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
        raise InvalidValue(what, value, expected)
    if value == least and not least_too:
        raise InvalidValue(what, value, expected)


def _check_count(what: str, value: object, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise InvalidValue(what, value, f"a whole number from 1 to {most:,}")
