"""What counts as a discovery among many candidates."""

from __future__ import annotations

import numpy as np
import pytest

from edgeproof.research.candidates import Candidate, read_candidate
from edgeproof.research.judging import find_false_discoveries
from fakes.cycle_results import make_trial

FIELDS = 200
CANDIDATES = 40
RATE = 0.10


def draw_field(seed: int, *, days: int, edge: float = 0.0) -> list[Candidate]:
    """Candidates whose daily returns have heavy tails, ``edge`` standard deviations above zero in the mean."""
    returns = 0.01 * (np.random.default_rng(seed).standard_t(3, size=(CANDIDATES, days)) / np.sqrt(3.0) + edge)
    return [read_candidate(make_trial(f"s{at}", row, trades=100)) for at, row in enumerate(returns)]


@pytest.mark.parametrize("days", [10, 30])
def test_a_field_with_nothing_to_find_rarely_has_a_discovery(days: int) -> None:
    found = [min(find_false_discoveries(draw_field(seed, days=days)).values()) <= RATE for seed in range(FIELDS)]
    # Three standard errors above the nominal rate, at most.
    assert np.mean(found) <= RATE + 3.0 * np.sqrt(RATE * (1.0 - RATE) / FIELDS)


def test_an_edge_is_still_discovered() -> None:
    rates = find_false_discoveries([*draw_field(1, days=60), *draw_edges()])
    assert max(rates[edge.trial.key] for edge in draw_edges()) <= RATE


def test_candidates_of_nine_days_have_no_rate_and_those_of_ten_have_one() -> None:
    assert find_false_discoveries(draw_field(1, days=9)) == {}
    assert len(find_false_discoveries(draw_field(1, days=10))) == CANDIDATES


def draw_edges() -> list[Candidate]:
    returns = 0.01 * (np.random.default_rng(9).standard_t(3, size=(3, 60)) / np.sqrt(3.0) + 0.6)
    return [read_candidate(make_trial(f"edge{at}", row, trades=100)) for at, row in enumerate(returns)]
