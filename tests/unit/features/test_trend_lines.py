"""Recursive features against published numbers, or against the rule written out bar by bar."""

from __future__ import annotations

import numpy as np
import pytest
import talib

from edgeproof.features import FeatureInput, compute_feature
from fakes.feature_markets import make_bars, random_input

# ChartSchool's worked example of the 14-day RSI.
RSI_CLOSES = [
    *(44.3389, 44.0902, 44.1497, 43.6124, 44.3278, 44.8264, 45.0955, 45.4245, 45.8433, 46.0826, 45.8931, 46.0328),
    *(45.6140, 46.2820, 46.2820, 46.0028, 46.0328, 46.4116, 46.2222, 45.6439),
]
RSI_PUBLISHED = [70.53, 66.32, 66.55, 69.41, 66.36, 57.97]


def from_closes(closes: list[float]) -> FeatureInput:
    close = np.array(closes, dtype=np.float64)
    return FeatureInput(bars=make_bars(open=close, high=close, low=close, close=close, volume=np.ones(len(close))))


def test_rsi_gives_the_published_numbers() -> None:
    values = compute_feature("rsi", (14,), from_closes(RSI_CLOSES))
    np.testing.assert_allclose(values[14:], RSI_PUBLISHED, atol=0.006)


def test_rsi_of_a_market_that_only_rises_is_100_and_of_one_that_only_falls_0() -> None:
    assert compute_feature("rsi", (3,), from_closes([1, 2, 3, 4, 5]))[-1] == 100.0
    assert compute_feature("rsi", (3,), from_closes([5, 4, 3, 2, 1]))[-1] == 0.0


def test_rsi_is_null_while_the_close_has_never_moved() -> None:
    values = compute_feature("rsi", (3,), from_closes([5.0] * 8 + [6.0, 5.5]))
    assert np.isnan(values[:8]).all()
    assert values[8] == 100.0


def test_an_exponential_average_of_a_line_follows_at_the_known_distance() -> None:
    # An EMA lags a straight line by (window - 1) / 2 bars, exactly, once settled.
    values = compute_feature("ema", (9,), from_closes([100.0 + i for i in range(200)]))
    assert values[-1] == pytest.approx(299.0 - 4.0)


def test_averages_that_promise_no_delay_follow_a_line_exactly() -> None:
    data = from_closes([100.0 + i for i in range(400)])
    for name in ("dema", "tema", "zlema"):
        assert compute_feature(name, (9,), data)[-1] == pytest.approx(499.0), name


def test_hull_average_is_built_from_weighted_averages_of_half_whole_and_root() -> None:
    close = random_input(300, seed=2).bars.close
    expected = talib.WMA(2 * talib.WMA(close, 8) - talib.WMA(close, 16), 4)
    np.testing.assert_array_equal(compute_feature("hma", (16,), random_input(300, seed=2)), expected)


@pytest.mark.parametrize("seed", range(5))
def test_supertrend_follows_its_rule_bar_by_bar(seed: int) -> None:
    data = random_input(600, seed)
    bars = data.bars
    reach = 2.0 * talib.ATR(bars.high, bars.low, bars.close, 10)
    up, lower, upper = True, -np.inf, np.inf
    expected = np.full(600, np.nan)
    for i in range(10, 600):
        middle = (bars.high[i] + bars.low[i]) / 2.0
        lower = max(lower, middle - reach[i]) if bars.close[i - 1] >= lower and i > 10 else middle - reach[i]
        upper = min(upper, middle + reach[i]) if bars.close[i - 1] <= upper and i > 10 else middle + reach[i]
        if i > 10:
            up = bars.close[i] >= lower if up else bars.close[i] > upper
        expected[i] = lower if up else upper
    np.testing.assert_allclose(compute_feature("supertrend", (10, 2.0), data), expected)
    side = compute_feature("supertrend_side", (10, 2.0), data)
    assert set(np.unique(side[10:])) == {-1.0, 1.0}
    settled = slice(11, None)
    assert ((bars.close >= expected)[settled] == (side > 0)[settled]).mean() > 0.99


@pytest.mark.parametrize("seed", range(5))
def test_parabolic_stop_follows_wilders_rules_bar_by_bar(seed: int) -> None:
    data = random_input(800, seed)
    high, low = data.bars.high, data.bars.low
    values = compute_feature("psar", (0.02, 0.2), data)
    # Start at the reversal that the longest trend follows, with the state that a reversal sets.
    above = values > high
    reversals = np.flatnonzero(above[60:-1] != above[61:]) + 61
    start = int(reversals[np.argmax(np.diff(reversals))])
    rising = not above[start]
    extreme = high[start] if rising else low[start]
    speed, stop, followed = 0.02, values[start], 0
    for i in range(start + 1, 800):
        stop = stop + speed * (extreme - stop)
        bound = (low[i - 1], low[i - 2]) if rising else (high[i - 1], high[i - 2])
        if i - 2 >= start:
            stop = min(stop, *bound) if rising else max(stop, *bound)
        else:
            stop = min(stop, bound[0]) if rising else max(stop, bound[0])
        if (low[i] <= stop) if rising else (high[i] >= stop):
            break
        better = high[i] > extreme if rising else low[i] < extreme
        if better:
            extreme, speed = (high[i] if rising else low[i]), min(speed + 0.02, 0.2)
        assert values[i] == pytest.approx(stop, rel=1e-9), i - start
        followed += 1
    assert followed >= 10


def test_ewma_volatility_is_the_riskmetrics_recursion() -> None:
    data = random_input(400, seed=9)
    squared = np.diff(np.log(data.bars.close)) ** 2
    variance = squared[:20].mean()
    for value in squared[20:]:
        variance = 0.94 * variance + 0.06 * value
    assert compute_feature("ewma_volatility", (), data)[-1] == pytest.approx(np.sqrt(variance))


def test_a_streak_counts_rises_up_and_falls_down_and_a_standstill_ends_it() -> None:
    values = compute_feature("streak", (3,), from_closes([5, 6, 7, 8, 9, 10, 9, 8, 8, 9]))
    np.testing.assert_array_equal(values, [np.nan, np.nan, np.nan, 3, 3, 3, -1, -2, 0, 1])


def test_fisher_stands_out_at_turns() -> None:
    up_then_down = [100.0 + i for i in range(60)] + [160.0 - i for i in range(60)]
    values = compute_feature("fisher", (10,), from_closes(up_then_down))
    assert values[59] > 2.0
    assert values[-1] < -2.0
