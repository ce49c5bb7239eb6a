"""The same indicator from `ta`, which shares no code with ours; recursive ones are compared once both have settled."""

from __future__ import annotations

import warnings
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from edgeproof.features import FEATURES, FeatureInput, compute_feature, parse_call
from fakes.feature_markets import random_input

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgeproof.domain.arrays import FloatArray

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    ta: Any = pytest.importorskip("ta", reason="the `ta` library comes with the bench extra")
    pandas: Any = pytest.importorskip("pandas", reason="`ta` works on pandas")

BARS = 5_000
# Both sides have forgotten their first bar; what is left is rounding.
SETTLED = 600

PEERS: dict[str, Callable[[Any], Any]] = {
    "sma(20)": lambda m: ta.trend.sma_indicator(m.close, 20),
    "ema(20)": lambda m: ta.trend.ema_indicator(m.close, 20),
    "wma(20)": lambda m: ta.trend.wma_indicator(m.close, 20),
    "kama(10)": lambda m: ta.momentum.kama(m.close, 10, 2, 30),
    "macd(12, 26, 9)": lambda m: ta.trend.macd(m.close, 26, 12),
    "macd_signal(12, 26, 9)": lambda m: ta.trend.macd_signal(m.close, 26, 12, 9),
    "macd_histogram(12, 26, 9)": lambda m: ta.trend.macd_diff(m.close, 26, 12, 9),
    "adx(14)": lambda m: ta.trend.adx(m.high, m.low, m.close, 14),
    "plus_di(14)": lambda m: ta.trend.adx_pos(m.high, m.low, m.close, 14),
    "minus_di(14)": lambda m: ta.trend.adx_neg(m.high, m.low, m.close, 14),
    "vortex_plus(14)": lambda m: ta.trend.vortex_indicator_pos(m.high, m.low, m.close, 14),
    "vortex_minus(14)": lambda m: ta.trend.vortex_indicator_neg(m.high, m.low, m.close, 14),
    "mass_index(9, 25)": lambda m: ta.trend.mass_index(m.high, m.low, 9, 25),
    "trix(15)": lambda m: ta.trend.trix(m.close, 15),
    "dpo(20)": lambda m: ta.trend.dpo(m.close, 20),
    "cci(20)": lambda m: ta.trend.cci(m.high, m.low, m.close, 20),
    "rsi(14)": lambda m: ta.momentum.rsi(m.close, 14),
    "tsi(25, 13)": lambda m: ta.momentum.tsi(m.close, 25, 13),
    "roc(12)": lambda m: ta.momentum.roc(m.close, 12),
    "ppo(12, 26)": lambda m: ta.momentum.ppo(m.close, 26, 12),
    "ppo_signal(12, 26, 9)": lambda m: ta.momentum.ppo_signal(m.close, 26, 12, 9),
    "pvo(12, 26)": lambda m: ta.momentum.pvo(m.volume, 26, 12),
    "awesome_oscillator(5, 34)": lambda m: ta.momentum.awesome_oscillator(m.high, m.low, 5, 34),
    "ultimate_oscillator(7, 14, 28)": lambda m: ta.momentum.ultimate_oscillator(m.high, m.low, m.close),
    "stoch_k(14, 1)": lambda m: ta.momentum.stoch(m.high, m.low, m.close, 14),
    "stoch_d(14, 1, 3)": lambda m: ta.momentum.stoch_signal(m.high, m.low, m.close, 14, 3),
    "stochrsi_k(14, 14, 3)": lambda m: 100.0 * ta.momentum.stochrsi_k(m.close),
    "stochrsi_d(14, 14, 3, 3)": lambda m: 100.0 * ta.momentum.stochrsi_d(m.close),
    "williams_r(14)": lambda m: ta.momentum.williams_r(m.high, m.low, m.close, 14),
    "atr(14)": lambda m: ta.volatility.average_true_range(m.high, m.low, m.close, 14),
    "ulcer_index(14)": lambda m: ta.volatility.ulcer_index(m.close, 14),
    "bb_upper(20, 2)": lambda m: ta.volatility.bollinger_hband(m.close, 20, 2),
    "bb_middle(20, 2)": lambda m: ta.volatility.bollinger_mavg(m.close, 20),
    "bb_lower(20, 2)": lambda m: ta.volatility.bollinger_lband(m.close, 20, 2),
    "bb_percent(20, 2)": lambda m: ta.volatility.bollinger_pband(m.close, 20, 2),
    "bb_width(20, 2)": lambda m: ta.volatility.bollinger_wband(m.close, 20, 2) / 100.0,
    "keltner_upper(20, 2, 10)": lambda m: ta.volatility.keltner_channel_hband(
        m.high, m.low, m.close, 20, 10, original_version=False
    ),
    "keltner_lower(20, 2, 10)": lambda m: ta.volatility.keltner_channel_lband(
        m.high, m.low, m.close, 20, 10, original_version=False
    ),
    "donchian_upper(20)": lambda m: ta.volatility.donchian_channel_hband(m.high, m.low, m.close, 20),
    "donchian_lower(20)": lambda m: ta.volatility.donchian_channel_lband(m.high, m.low, m.close, 20),
    "cmf(20)": lambda m: ta.volume.chaikin_money_flow(m.high, m.low, m.close, m.volume, 20),
    "mfi(14)": lambda m: ta.volume.money_flow_index(m.high, m.low, m.close, m.volume, 14),
    "force_index(13)": lambda m: ta.volume.force_index(m.close, m.volume, 13),
    "vwap(14)": lambda m: ta.volume.volume_weighted_average_price(m.high, m.low, m.close, m.volume, 14),
    "ad_line(50)": lambda m: ta.volume.acc_dist_index(m.high, m.low, m.close, m.volume).diff(50),
    "price_volume_trend(50)": lambda m: ta.volume.volume_price_trend(m.close, m.volume).diff(50),
}


@cache
def market() -> FeatureInput:
    return random_input(BARS, seed=5)


@cache
def frame() -> Any:  # noqa: ANN401 - pandas is not part of this project's types
    bars = market().bars
    return pandas.DataFrame({c: getattr(bars, c) for c in ("open", "high", "low", "close", "volume")})


@pytest.mark.parametrize("call", PEERS)
def test_a_feature_agrees_with_ta(call: str) -> None:
    name, arguments = parse_call(call)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer: FloatArray = PEERS[call](frame()).to_numpy(dtype=np.float64)
    settled = FEATURES[name].warm_up(arguments) + SETTLED
    ours = compute_feature(name, arguments, market())[settled:]
    # `ta` takes its Bollinger deviation from running sums, which cost it some digits.
    np.testing.assert_allclose(ours, peer[settled:], rtol=1e-8, atol=1e-8 * float(np.median(np.abs(ours))))
