"""How a strategy enters: at the market, or by an order that rests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from edgeproof.strategies.expressions import Expression, Number


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketEntry:
    """At the next open, whatever it is."""

    kind: ClassVar[str] = "market"

    @property
    def parts(self) -> dict[str, Expression]:
        """Nothing to say."""
        return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitEntry:
    """By an order that rests ``offset`` away from the decision's close, on its better side, for ``wait`` bars."""

    kind: ClassVar[str] = "limit"
    offset: Expression
    wait: Expression = field(default_factory=lambda: Number(1.0))

    @property
    def parts(self) -> dict[str, Expression]:
        """Its numbers, by key."""
        return {"offset": self.offset, "wait": self.wait}


Entry = MarketEntry | LimitEntry
