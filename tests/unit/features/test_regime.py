"""The regime rule."""

from __future__ import annotations

import numpy as np

from edgeproof.features import FeatureInput, compute_feature
from fakes.feature_markets import make_bars, random_input


def from_returns(returns: np.ndarray[tuple[int], np.dtype[np.float64]]) -> FeatureInput:
    close = 100.0 * np.exp(np.cumsum(returns))
    wick = 1.0 + 0.2 * np.abs(returns)
    open_ = np.concatenate([close[:1], close[:-1]])
    high, low = np.maximum(open_, close) * wick, np.minimum(open_, close) / wick
    return FeatureInput(bars=make_bars(open=open_, high=high, low=low, close=close, volume=np.ones(len(close))))


def test_exactly_one_regime_holds_at_any_time() -> None:
    data = random_input(2_000, seed=1)
    code = compute_feature("regime", (), data)
    names = ("regime_trending", "regime_ranging", "regime_volatile", "regime_quiet")
    flags = [compute_feature(name, (), data) for name in names]
    known = ~np.isnan(code)
    assert known[300:].all()
    np.testing.assert_array_equal(np.sum(flags, axis=0)[known], 1.0)
    for number, values in enumerate(flags, start=1):
        np.testing.assert_array_equal(values[known] == 1.0, code[known] == number)
        assert np.isnan(values[~known]).all()


def test_every_regime_occurs_in_an_ordinary_market() -> None:
    code = compute_feature("regime", (), random_input(5_000, seed=2))
    shares = [float(np.mean(code == number)) for number in (1, 2, 3, 4)]
    assert min(shares) > 0.05


def test_a_burst_is_volatile_and_the_calm_after_it_quiet() -> None:
    random = np.random.default_rng(3)
    size = np.concatenate([np.full(400, 1e-3), np.full(40, 8e-3), np.full(200, 2e-4)])
    code = compute_feature("regime", (), from_returns(random.normal(0.0, 1.0, 640) * size))
    assert (code[425:440] == 3.0).all()
    assert (code[470:500] == 4.0).all()


def test_a_steady_climb_trends_and_a_seesaw_ranges() -> None:
    random = np.random.default_rng(4)
    noise = random.normal(0.0, 1e-3, 800)
    climbing = compute_feature("regime", (), from_returns(noise + 1e-3))[400:]
    seesaw = compute_feature("regime", (), from_returns(noise - np.concatenate([[0.0], noise[:-1]])))[400:]
    assert np.mean(climbing == 1.0) > np.mean(climbing == 2.0)
    assert np.mean(seesaw == 2.0) > np.mean(seesaw == 1.0)
