"""Health is a weighted sum with a label."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeproof.domain.errors import InvalidValue
from edgeproof.research.health import Component, label_health, sum_health


@pytest.mark.parametrize(
    ("score", "label"),
    [
        (100.0, "excellent"),
        (80.0, "excellent"),
        (79.9, "good"),
        (60.0, "good"),
        (59.9, "fair"),
        (40.0, "fair"),
        (20.0, "poor"),
        (19.9, "critical"),
        (0.0, "critical"),
    ],
)
def test_labels_begin_where_they_are_said_to(score: float, label: str) -> None:
    assert label_health(score) == label


@given(st.lists(st.tuples(st.floats(0.0, 1.0), st.floats(0.1, 50.0)), min_size=1, max_size=8))
def test_health_is_between_its_worst_and_its_best_component(parts: list[tuple[float, float]]) -> None:
    components = [Component(name="c", share=share, weight=weight, detail="") for share, weight in parts]
    health = sum_health(components)
    assert 100 * min(s for s, _ in parts) - 1e-9 <= health.score <= 100 * max(s for s, _ in parts) + 1e-9
    assert health.label == label_health(health.score)


def test_a_share_is_a_share() -> None:
    with pytest.raises(InvalidValue):
        Component(name="coverage", share=1.2, weight=10.0, detail="")


def test_nothing_cannot_be_weighed() -> None:
    with pytest.raises(InvalidValue):
        sum_health(())
