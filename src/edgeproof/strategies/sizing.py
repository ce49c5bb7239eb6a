"""How much a strategy wants, as a multiple of equity."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from edgeproof.strategies.expressions import Expression, Number


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedSize:
    """The same notional over equity at every entry."""

    kind: ClassVar[str] = "fixed"
    leverage: Expression = field(default_factory=lambda: Number(1.0))

    @property
    def parts(self) -> dict[str, Expression]:
        """Its numbers, by key."""
        return {"leverage": self.leverage}


@dataclass(frozen=True, slots=True, kw_only=True)
class VolatilityTarget:
    """Notional over equity such that the position's yearly volatility is ``annual``, up to ``max_leverage``."""

    kind: ClassVar[str] = "volatility_target"
    annual: Expression
    max_leverage: Expression

    @property
    def parts(self) -> dict[str, Expression]:
        """Its numbers, by key."""
        return {"annual": self.annual, "max_leverage": self.max_leverage}


Size = FixedSize | VolatilityTarget
