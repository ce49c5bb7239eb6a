"""The health of the desk, 0 to 100: can its data, its evaluations and its findings be trusted?

Health is not profit. Each component is a share from 0 to 1 of its weight; a desk with clean data and no finding is
healthy up to the weight of its evidence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edgeproof.domain.errors import InvalidValue

if TYPE_CHECKING:
    from collections.abc import Sequence

LABELS: Final = ((80.0, "excellent"), (60.0, "good"), (40.0, "fair"), (20.0, "poor"), (0.0, "critical"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One part of the health.

    Attributes:
        name: Stable name, for machines.
        share: What was reached, 0 to 1.
        weight: Points of a hundred it stands for.
        detail: What was counted, in words.
    """

    name: str
    share: float
    weight: float
    detail: str

    def __post_init__(self) -> None:
        if not 0.0 <= self.share <= 1.0:
            raise InvalidValue(f"share of {self.name}", self.share, "0 to 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The sum and its parts."""

    score: float
    label: str
    components: tuple[Component, ...]


def sum_health(components: Sequence[Component]) -> Health:
    """Weigh the components; the weights need not add up to a hundred.

    Raises:
        InvalidValue: There is nothing to weigh.
    """
    total = sum(component.weight for component in components)
    if total <= 0.0:
        raise InvalidValue("weight of all components", total, "more than 0")
    score = 100.0 * sum(component.share * component.weight for component in components) / total
    return Health(score=score, label=label_health(score), components=tuple(components))


def label_health(score: float) -> str:
    """80 excellent, 60 good, 40 fair, 20 poor, below critical."""
    return next((label for floor, label in LABELS if score >= floor), LABELS[-1][1])
