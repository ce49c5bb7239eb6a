"""Candle patterns on candles drawn by hand."""

from __future__ import annotations

import numpy as np
import pytest

from edgeproof.features import FEATURES, FeatureInput, compute_feature
from fakes.feature_markets import make_bars, random_input

# Twenty ordinary candles give TA-Lib its idea of an ordinary body, then the pattern: (open, high, low, close) each.
FALLING = [(120.0 - i, 120.3 - i, 118.9 - i, 119.1 - i) for i in range(20)]
RISING = [(80.0 + i, 81.1 + i, 79.7 + i, 80.9 + i) for i in range(20)]


def mark(name: str, *candles: tuple[float, float, float, float]) -> float:
    o, h, low, c = np.array(candles).T
    data = FeatureInput(bars=make_bars(open=o, high=h, low=low, close=c, volume=np.ones(len(c))))
    return float(compute_feature(name, (), data)[-1])


@pytest.mark.parametrize(
    ("name", "before", "pattern", "expected"),
    [
        ("candle_engulfing", FALLING, [(100.0, 100.1, 98.9, 99.0), (98.5, 101.6, 98.4, 101.5)], 1.0),
        ("candle_engulfing", RISING, [(100.0, 101.1, 99.9, 101.0), (101.5, 101.6, 98.4, 98.5)], -1.0),
        ("candle_doji", RISING, [(100.0, 101.0, 99.0, 100.01)], 1.0),
        ("candle_hammer", FALLING, [(99.4, 99.71, 96.0, 99.7)], 1.0),
        ("candle_shooting_star", RISING, [(102.0, 105.0, 101.99, 102.3)], -1.0),
        ("candle_marubozu", RISING, [(100.0, 104.0, 100.0, 104.0)], 1.0),
        ("candle_marubozu", FALLING, [(100.0, 100.0, 96.0, 96.0)], -1.0),
        ("candle_morning_star", FALLING, [(100, 100.2, 95.9, 96), (95, 95.3, 94.6, 95.1), (96, 99.2, 95.8, 99)], 1.0),
        (
            "candle_evening_star",
            RISING,
            [(100, 104.2, 99.9, 104), (105, 105.3, 104.6, 105.1), (104, 104, 100.8, 101)],
            -1,
        ),
        ("candle_harami", FALLING, [(100.0, 100.1, 95.9, 96.0), (97.0, 98.0, 96.9, 97.5)], 1.0),
    ],
)
def test_a_pattern_drawn_by_hand_is_seen(
    name: str, before: list[tuple[float, ...]], pattern: list[tuple[float, ...]], expected: float
) -> None:
    assert mark(name, *before, *pattern) == expected  # type: ignore[arg-type]


def test_every_pattern_is_marked_by_signs_alone_and_is_rare() -> None:
    data = random_input(4_000, seed=6)
    for feature in FEATURES:
        if feature.family == "candles":
            values = compute_feature(feature.name, (), data)[feature.warm_up() :]
            assert set(np.unique(values)) <= {-1.0, 0.0, 1.0}, feature.name
            assert np.mean(values != 0.0) < 0.5, feature.name
