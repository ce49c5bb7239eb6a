"""Each window feature against its definition, written out over one window at a time with numpy and scipy."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import talib
from scipy import stats

from edgeproof.features import FEATURES, FeatureInput, compute_feature, parse_call
from fakes.feature_markets import random_input

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgeproof.domain.arrays import FloatArray
    from edgeproof.domain.series import BarSeries

BARS = 700
POSITIONS = (450, 451, 452, 500, 513, 577, 600, 650, 699)

WITH_A_PEER = {  # in test_against_ta.py
    *(
        "sma",
        "wma",
        "dpo",
        "williams_r",
        "cci",
        "roc",
        "donchian_upper",
        "donchian_lower",
        "vortex_plus",
        "vortex_minus",
    ),
    "price_volume_trend",
}
TOLD_BY_ANOTHER = {  # differences and quotients of those above, and TA-Lib's own
    *("vwap_distance", "momentum", "signed_efficiency", "trima", "hma", "sma_distance", "aroon_oscillator", "streak"),
}


def last(values: FloatArray, n: int) -> FloatArray:
    return values[-n:]


def returns(b: BarSeries) -> FloatArray:
    return np.asarray(np.diff(np.log(b.close)))


def typical(b: BarSeries) -> FloatArray:
    return (b.high + b.low + b.close) / 3


def signed(b: BarSeries) -> FloatArray:
    return b.taker_buy_volume - (b.volume - b.taker_buy_volume)


def ranges(b: BarSeries) -> FloatArray:
    before = b.close[:-1]
    three = [b.high[1:] - b.low[1:], np.abs(b.high[1:] - before), np.abs(b.low[1:] - before)]
    return np.asarray(np.max(three, axis=0))


def money_flow(b: BarSeries) -> FloatArray:
    height = np.where(b.high == b.low, 1.0, b.high - b.low)
    return np.asarray(((b.close - b.low) - (b.high - b.close)) / height * b.volume)


def rogers_satchell(b: BarSeries) -> FloatArray:
    up: FloatArray = np.log(b.high / b.close) * np.log(b.high / b.open)
    down: FloatArray = np.log(b.low / b.close) * np.log(b.low / b.open)
    return up + down


def yang_zhang(b: BarSeries, n: int) -> float:
    k = 0.34 / (1.34 + (n + 1) / (n - 1))
    gaps = np.var(last(np.log(b.open[1:] / b.close[:-1]), n), ddof=1)
    bodies = np.var(last(np.log(b.close / b.open), n), ddof=1)
    return float(np.sqrt(gaps + k * bodies + (1 - k) * np.mean(last(rogers_satchell(b), n))))


def vwap_moments(b: BarSeries, n: int) -> tuple[float, float]:
    mean = np.average(last(typical(b), n), weights=last(b.volume, n))
    variance = np.average((last(typical(b), n) - mean) ** 2, weights=last(b.volume, n))
    return float(mean), float(np.sqrt(variance))


def mfi(b: BarSeries, n: int) -> float:
    moved, flow = last(np.diff(typical(b)), n), last(typical(b) * b.volume, n)
    rising, falling = flow[moved > 0].sum(), flow[moved < 0].sum()
    return float(100 - 100 / (1 + rising / falling))


def up_volume_share(b: BarSeries, n: int) -> float:
    moved, volume = last(np.diff(b.close), n), last(b.volume, n)
    return float(volume[moved > 0].sum() / volume[moved != 0].sum())


def variance_ratio(b: BarSeries, n: int) -> float:
    one, five = last(returns(b), n), last(np.log(b.close[5:] / b.close[:-5]), n)
    return float(np.mean((five - 5 * one.mean()) ** 2) / (5 * np.var(one)))


def high_low_spread(b: BarSeries, n: int) -> float:
    spreads = []
    for i in range(len(b) - n, len(b)):
        beta = np.log(b.high[i] / b.low[i]) ** 2 + np.log(b.high[i - 1] / b.low[i - 1]) ** 2
        gamma = np.log(max(b.high[i], b.high[i - 1]) / min(b.low[i], b.low[i - 1])) ** 2
        scale = 3 - 2 * np.sqrt(2)
        alpha = (np.sqrt(2 * beta) - np.sqrt(beta)) / scale - np.sqrt(gamma / scale)
        spreads.append(max(0.0, 2 * (np.exp(alpha) - 1) / (1 + np.exp(alpha))))
    return float(np.mean(spreads))


def bulk(b: BarSeries, n: int) -> FloatArray:
    moved = np.diff(b.close)
    deviations = np.array([np.std(moved[i - n + 1 : i + 1], ddof=1) for i in range(len(moved) - n, len(moved))])
    buyers = stats.norm.cdf(last(moved, n) / deviations)
    return np.asarray((2 * buyers - 1) * last(b.volume, n))


def ulcer(b: BarSeries, n: int) -> float:
    below = [100 * (b.close[i] / b.close[i - n + 1 : i + 1].max() - 1) for i in range(len(b) - n, len(b))]
    return float(np.sqrt(np.mean(np.square(below))))


def choppiness(b: BarSeries, n: int) -> float:
    before = b.close[-n - 1 : -1]
    top, bottom = max(last(b.high, n).max(), before.max()), min(last(b.low, n).min(), before.min())
    return float(100 * np.log10(last(ranges(b), n).sum() / (top - bottom)) / np.log10(n))


def bipower(b: BarSeries, n: int) -> float:
    size = np.abs(last(returns(b), n))
    return float(np.sqrt(np.pi / 2 * n / (n - 1) * np.sum(size[1:] * size[:-1])))


def volatility_of_volatility(b: BarSeries, n: int) -> float:
    r = returns(b)
    past = [np.std(r[i - n + 1 : i + 1], ddof=1) for i in range(len(r) - n, len(r))]
    return float(np.std(past) / np.mean(past))


def relative_trade_size(b: BarSeries, n: int) -> float:
    usual = b.volume[-n - 1 : -1].sum() / b.trades[-n - 1 : -1].sum()
    return float(b.volume[-1] / b.trades[-1] / usual)


# A definition is handed the bars up to and including the one it speaks of, and the window.
DEFINITIONS: dict[str, Callable[[BarSeries, int], Any]] = {
    "midpoint(14)": lambda b, n: (last(b.close, n).max() + last(b.close, n).min()) / 2,
    "midprice(14)": lambda b, n: (last(b.high, n).max() + last(b.low, n).min()) / 2,
    "price_rank(100)": lambda b, n: stats.percentileofscore(b.close[-n:-1], b.close[-1], "mean") / 100,
    "price_zscore(20)": lambda b, n: stats.zscore(last(b.close, n))[-1],
    "simple_return(5)": lambda b, n: b.close[-1] / b.close[-1 - n] - 1,
    "log_return(5)": lambda b, n: np.log(b.close[-1] / b.close[-1 - n]),
    "drawdown(50)": lambda b, n: b.close[-1] / last(b.high, n).max() - 1,
    "rebound(50)": lambda b, n: b.close[-1] / last(b.low, n).min() - 1,
    "up_share(20)": lambda b, n: np.mean(last(np.diff(b.close), n) > 0),
    "return_skew(100)": lambda b, n: stats.skew(last(returns(b), n)),
    "return_kurtosis(100)": lambda b, n: stats.kurtosis(last(returns(b), n)),
    "return_autocorrelation(100, 1)": lambda b, n: stats.pearsonr(returns(b)[-n:], returns(b)[-n - 1 : -1])[0],
    "return_zscore(50)": lambda b, n: stats.zscore(last(returns(b), n))[-1],
    "return_sharpe(50)": lambda b, n: last(returns(b), n).mean() / last(returns(b), n).std(),
    "highest_return(50)": lambda b, n: np.expm1(last(returns(b), n).max()),
    "lowest_return(50)": lambda b, n: np.expm1(last(returns(b), n).min()),
    "volume_sma(20)": lambda b, n: last(b.volume, n).mean(),
    "relative_volume(20)": lambda b, n: b.volume[-1] / b.volume[-n - 1 : -1].mean(),
    "volume_zscore(50)": lambda b, n: stats.zscore(last(b.volume, n))[-1],
    "volume_rank(100)": lambda b, n: stats.percentileofscore(b.volume[-n:-1], b.volume[-1], "mean") / 100,
    "volume_roc(10)": lambda b, n: 100 * (b.volume[-1] / b.volume[-1 - n] - 1),
    "dollar_volume(20)": lambda b, n: np.mean(last(typical(b) * b.volume, n)),
    "obv(50)": lambda b, n: talib.OBV(b.close, b.volume)[-1] - talib.OBV(b.close, b.volume)[-1 - n],
    "ad_line(50)": lambda b, n: last(money_flow(b), n).sum(),
    "cmf(20)": lambda b, n: last(money_flow(b), n).sum() / last(b.volume, n).sum(),
    "mfi(14)": mfi,
    "up_volume_share(20)": up_volume_share,
    "volume_return_correlation(50)": lambda b, n: stats.pearsonr(last(returns(b), n), last(b.volume, n))[0],
    "vwap(48)": lambda b, n: vwap_moments(b, n)[0],
    "vwap_zscore(48)": lambda b, n: (b.close[-1] - vwap_moments(b, n)[0]) / vwap_moments(b, n)[1],
    "vwap_upper(48, 1)": lambda b, n: sum(vwap_moments(b, n)),
    "vwma(20)": lambda b, n: np.average(last(b.close, n), weights=last(b.volume, n)),
    "cmo(14)": lambda b, n: 100 * last(np.diff(b.close), n).sum() / np.abs(last(np.diff(b.close), n)).sum(),
    "efficiency_ratio(20)": lambda b, n: abs(b.close[-1] - b.close[-1 - n]) / np.abs(last(np.diff(b.close), n)).sum(),
    "linreg(14)": lambda b, n: np.polyval(np.polyfit(np.arange(n), last(b.close, n), 1), n - 1),
    "linreg_slope(14)": lambda b, n: stats.linregress(np.arange(n), last(b.close, n)).slope,
    "linreg_r2(14)": lambda b, n: stats.linregress(np.arange(n), last(b.close, n)).rvalue ** 2,
    "aroon_up(25)": lambda b, n: 100 * (n - np.argmax(b.high[::-1][: n + 1])) / n,
    "aroon_down(25)": lambda b, n: 100 * (n - np.argmin(b.low[::-1][: n + 1])) / n,
    "return_stdev(50)": lambda b, n: np.std(last(returns(b), n), ddof=1),
    "annualised_volatility(50)": lambda b, n: np.std(last(returns(b), n), ddof=1) * np.sqrt(525_600),
    "realised_volatility(50)": lambda b, n: np.linalg.norm(last(returns(b), n)),
    "downside_deviation(50)": lambda b, n: np.sqrt(np.mean(np.minimum(last(returns(b), n), 0) ** 2)),
    "upside_deviation(50)": lambda b, n: np.sqrt(np.mean(np.maximum(last(returns(b), n), 0) ** 2)),
    "volatility_of_volatility(50)": volatility_of_volatility,
    "ulcer_index(14)": ulcer,
    "choppiness(14)": choppiness,
    "bipower_volatility(50)": bipower,
    "jump_share(50)": lambda b, n: max(0, 1 - bipower(b, n) ** 2 / np.sum(last(returns(b), n) ** 2)),
    "parkinson(50)": lambda b, n: np.sqrt(np.mean(last(np.log(b.high / b.low), n) ** 2) / (4 * np.log(2))),
    "garman_klass(50)": lambda b, n: np.sqrt(
        np.mean(last(np.log(b.high / b.low), n) ** 2 / 2 - (2 * np.log(2) - 1) * last(np.log(b.close / b.open), n) ** 2)
    ),
    "rogers_satchell(50)": lambda b, n: np.sqrt(np.mean(last(rogers_satchell(b), n))),
    "yang_zhang(50)": yang_zhang,
    "bop(14)": lambda b, n: last(b.close - b.open, n).sum() / last(b.high - b.low, n).sum(),
    "donchian_width(20)": lambda b, n: (last(b.high, n).max() - last(b.low, n).min()) / b.close[-1],
    "donchian_percent(20)": lambda b, n: (
        (b.close[-1] - last(b.low, n).min()) / (last(b.high, n).max() - last(b.low, n).min())
    ),
    "taker_imbalance(20)": lambda b, n: last(signed(b), n).sum() / last(b.volume, n).sum(),
    "taker_imbalance_zscore(50)": lambda b, n: stats.zscore(last(signed(b), n))[-1],
    "signed_volume(20)": lambda b, n: last(signed(b), n).sum(),
    "flow_return_correlation(50)": lambda b, n: stats.pearsonr(last(returns(b), n), last(signed(b), n))[0],
    "trade_intensity(50)": lambda b, n: b.trades[-1] / b.trades[-n - 1 : -1].mean(),
    "average_trade_size(20)": lambda b, n: last(b.volume, n).sum() / last(b.trades, n).sum(),
    "relative_trade_size(50)": relative_trade_size,
    "amihud(50)": lambda b, n: np.mean(np.abs(last(returns(b), n)) / last(b.quote_volume, n)),
    "kyle_lambda(50)": lambda b, n: stats.linregress(last(signed(b), n), last(np.diff(b.close), n)).slope,
    "vpin(50)": lambda b, n: np.abs(last(signed(b), n)).sum() / last(b.volume, n).sum(),
    "bulk_imbalance(50)": lambda b, n: bulk(b, n).sum() / last(b.volume, n).sum(),
    "bulk_vpin(50)": lambda b, n: np.abs(bulk(b, n)).sum() / last(b.volume, n).sum(),
    "roll_spread(100)": lambda b, n: (
        2 * np.sqrt(max(0, -np.cov(returns(b)[-n:], returns(b)[-n - 1 : -1], bias=True)[0, 1]))
    ),
    "high_low_spread(50)": high_low_spread,
    "variance_ratio(100, 5)": variance_ratio,
}


@cache
def market() -> FeatureInput:
    return random_input(BARS, seed=17)


@pytest.mark.parametrize("call", DEFINITIONS)
def test_a_feature_is_what_its_definition_says(call: str) -> None:
    name, arguments = parse_call(call)
    values = compute_feature(name, arguments, market())
    expected = [DEFINITIONS[call](market().bars.slice(0, at + 1), int(arguments[0])) for at in POSITIONS]
    np.testing.assert_allclose(values[list(POSITIONS)], expected, rtol=1e-9, atol=1e-12)


def test_relations_to_the_reference_are_what_least_squares_says() -> None:
    data, at, n = market(), 600, 100
    assert data.reference is not None
    own = np.diff(np.log(data.bars.close))[at - n : at]
    whole = np.diff(np.log(data.reference.close))
    other = whole[at - n : at]
    fit = stats.linregress(other, own)
    spread = np.log(data.bars.close / data.reference.close)
    expected = {
        "beta(100)": fit.slope,
        "correlation(100)": fit.rvalue,
        "lead_lag(100, 3)": stats.pearsonr(own, whole[at - n - 3 : at - 3])[0],
        "residual_return(100)": own[-1] - fit.slope * other[-1],
        "residual_volatility(100)": np.std(own - fit.slope * other),
        "relative_volatility(100)": np.std(own) / np.std(other),
        "relative_strength(100)": own.sum() - other.sum(),
        "reference_return(100)": np.expm1(other.sum()),
        "spread_zscore(240)": stats.zscore(spread[at - 239 : at + 1])[-1],
    }
    for call, value in expected.items():
        name, arguments = parse_call(call)
        assert compute_feature(name, arguments, data)[at] == pytest.approx(value, rel=1e-9), call


def test_every_feature_of_one_window_has_a_definition_here_or_a_peer() -> None:
    written = {parse_call(call)[0] for call in DEFINITIONS} | WITH_A_PEER | TOLD_BY_ANOTHER
    one_window = {f.name for f in FEATURES if not f.recursive and len(f.parameters) == 1 and "ts" not in f.inputs}
    assert {name for name in one_window - written if FEATURES[name].family not in {"cross_asset", "funding"}} == set()
