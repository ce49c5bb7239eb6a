"""What an account allows, whoever asks."""

from __future__ import annotations

from dataclasses import dataclass

from edgeproof.backtest.portfolio.terms import ANY, keep_count, keep_number
from edgeproof.domain.errors import InvalidValue

_MOST_POSITIONS = 10_000
_MOST_DAYS = 3_650


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
        cap = "of the correlation cap"
        keep_number(self, "exposure", "a multiple of equity above 0", most=ANY, what=f"exposure {cap}")
        keep_number(self, "threshold", "a correlation above 0, at most 1", most=1.0, what="correlation threshold")
        keep_count(self, "days", most=_MOST_DAYS, what=f"days {cap}")


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
        keep_number(self, "share", "a share of equity above 0, at most 1, such as 0.03", most=1.0, what="daily loss")
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
            keep_count(self, "max_positions", most=_MOST_POSITIONS)
        for name in ("max_gross", "max_symbol"):
            if getattr(self, name) is not None:
                keep_number(self, name, "a multiple of equity above 0, such as 2", most=ANY)
        if self.correlation is not None and not isinstance(self.correlation, CorrelationCap):
            raise InvalidValue("correlation", self.correlation, "CorrelationCap(exposure=1.5, ...), or None")
        if self.daily_loss is not None and not isinstance(self.daily_loss, DailyLossStop):
            raise InvalidValue("daily_loss", self.daily_loss, "DailyLossStop(share=0.03), or None")
        keep_number(self, "least_part", "a part from 0 to 1", most=1.0, least_too=True)
        keep_number(self, "margin_leverage", "a leverage of 1 or more", least=1.0, most=ANY, least_too=True)
