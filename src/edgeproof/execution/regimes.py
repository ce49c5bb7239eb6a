"""Regimes: kinds of market in which fills are dearer or cheaper than usual."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from edgeproof.domain.errors import InvalidValue
from edgeproof.domain.scalars import read_number

_MOST_FACTOR: Final = 1_000.0
_MOST_CHARACTERS: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Regime:
    """Slippage is multiplied with a factor while a condition holds.

    Attributes:
        when: A condition in the words of a strategy, such as ``regime_volatile() > 0``. It is asked at the close of
            every execution bar and counts for the fills of the bar after; a longer view is taken by ``on("1h", ...)``.
            Where it is unknown, as before its features have seen enough bars, the dearer of factor and 1 counts.
        factor: What slippage is multiplied with; factors of regimes that hold at once multiply.

    Raises:
        InvalidValue: No text, or one written with more than 500 characters; a factor that is not above 0, up to 1000.
            Whether the text is a condition is looked at where it is first used.
    """

    when: str
    factor: float

    def __post_init__(self) -> None:
        # White space says nothing: one condition has one text, by which its costs are named.
        when = " ".join(self.when.split()) if isinstance(self.when, str) else ""
        if not 0 < len(when) <= _MOST_CHARACTERS or not when.isprintable():
            raise InvalidValue("when of a regime", self.when, f"a condition of at most {_MOST_CHARACTERS} characters")
        factor = read_number(self.factor)
        if factor is None or not 0.0 < factor <= _MOST_FACTOR:
            raise InvalidValue("factor of a regime", self.factor, f"a number above 0, at most {_MOST_FACTOR:g}")
        object.__setattr__(self, "when", when)
        object.__setattr__(self, "factor", float(factor))

    def spell(self, when: str) -> Regime:
        """The same regime, its condition in another spelling; only what was written is limited in length."""
        spelled = copy(self)
        object.__setattr__(spelled, "when", when)
        return spelled

    @property
    def unknown_factor(self) -> float:
        """What counts where nobody can say whether the condition holds: the dearer of both answers."""
        return max(1.0, self.factor)


def order_regimes(regimes: object) -> tuple[Regime, ...]:
    """Regimes by their conditions, so that the order in which they were written changes neither name nor result.

    Raises:
        InvalidValue: Something else, or one condition twice.
    """
    if not isinstance(regimes, tuple) or not all(isinstance(regime, Regime) for regime in regimes):
        raise InvalidValue("regimes", regimes, "a tuple of ep.Regime(when=..., factor=...)")
    ordered = tuple(sorted(regimes, key=lambda regime: regime.when))
    for one, other in pairwise(ordered):
        if one.when == other.when:
            raise InvalidValue("regimes", f"{one.when} twice", "each condition once; multiply their factors")
    return ordered
