"""Order flow: who traded, how much at a time, and how far that moved price. Null without the columns it needs."""

from __future__ import annotations

from functools import partial
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr

from edgeproof.features._arrays import divide, keep_where, lag, log_ratio, root
from edgeproof.features._registry import (
    CLOSE,
    HL,
    MINUS_ONE_TO_ONE,
    NOT_NEGATIVE,
    ZERO_TO_ONE,
    Unit,
    register,
)
from edgeproof.features._sharing import find_changes, find_log_ranges, find_log_returns, shared, sum_volumes
from edgeproof.features._warm_up import as_many, one_less, window
from edgeproof.features._windows import (
    correlation_over,
    covariance_over,
    mean_over,
    sample_stdev_over,
    sum_over,
    zscore_over,
)

if TYPE_CHECKING:
    from edgeproof.domain.arrays import FloatArray
    from edgeproof.features._registry import FeatureInput

_add = partial(register, family="order_flow")
_TAKER = ("volume", "taker_buy_volume")
_ONE_BAR = 3.0 - 2.0 * sqrt(2.0)


@shared
def _signed_volume(data: FeatureInput) -> FloatArray:
    """Volume that takers bought less what they sold, each bar."""
    return 2.0 * data.bars.taker_buy_volume - data.bars.volume


@_add(
    unit=Unit.RATIO,
    inputs=_TAKER,
    parameters=(window(20, low=1),),
    warm_up=one_less,
    bounds=MINUS_ONE_TO_ONE,
    source="(taker buys - taker sells) / volume, over the window",
)
def taker_imbalance(data: FeatureInput, bars: int) -> FloatArray:
    """Net aggression: 1 when takers only bought, -1 when they only sold; null where nothing traded."""
    net = divide(sum_over(_signed_volume(data), bars), sum_volumes(data, bars))
    return np.clip(net, -1.0, 1.0)


@_add(
    unit=Unit.STDEVS,
    inputs=_TAKER,
    parameters=(window(50),),
    warm_up=one_less,
    source="(taker buys - taker sells - mean) / population standard deviation",
)
def taker_imbalance_zscore(data: FeatureInput, bars: int) -> FloatArray:
    """How unusual this bar's net taker volume is within the window."""
    return zscore_over(_signed_volume(data), bars)


@_add(
    unit=Unit.BASE,
    inputs=_TAKER,
    parameters=(window(20, low=1),),
    warm_up=one_less,
    source="Sum of taker buys - taker sells: the change of cumulative volume delta",
)
@shared
def signed_volume(data: FeatureInput, bars: int) -> FloatArray:
    """Volume takers bought less volume they sold, over the window."""
    return sum_over(_signed_volume(data), bars)


@_add(
    unit=Unit.RATIO,
    inputs=("close", *_TAKER),
    parameters=(window(50, low=3),),
    warm_up=as_many,
    bounds=MINUS_ONE_TO_ONE,
    source="Pearson correlation of log return and signed volume",
)
def flow_return_correlation(data: FeatureInput, bars: int) -> FloatArray:
    """How closely price follows takers: near 0 or below, somebody absorbs them."""
    return correlation_over(find_log_returns(data), _signed_volume(data), bars)


@_add(
    unit=Unit.RATIO,
    inputs=("trades",),
    parameters=(window(50, low=1),),
    warm_up=as_many,
    bounds=NOT_NEGATIVE,
    source="trades / mean trades of the bars before",
)
def trade_intensity(data: FeatureInput, bars: int) -> FloatArray:
    """Number of trades against the mean of the window before this bar: 2 is twice the usual."""
    return divide(data.bars.trades, lag(mean_over(data.bars.trades, bars)))


@_add(
    unit=Unit.BASE,
    inputs=("volume", "trades"),
    parameters=(window(20, low=1),),
    warm_up=one_less,
    bounds=NOT_NEGATIVE,
    source="Sum of volume / sum of trades",
)
@shared
def average_trade_size(data: FeatureInput, bars: int) -> FloatArray:
    """Mean size of a trade; null where nobody traded."""
    return divide(sum_volumes(data, bars), sum_over(data.bars.trades, bars))


@_add(
    unit=Unit.RATIO,
    inputs=("volume", "trades"),
    parameters=(window(50, low=1),),
    warm_up=as_many,
    bounds=NOT_NEGATIVE,
    source="volume a trade now / volume a trade over the bars before",
)
def relative_trade_size(data: FeatureInput, bars: int) -> FloatArray:
    """Mean trade size of this bar against the window before it: above 1 larger hands trade."""
    return divide(divide(data.bars.volume, data.bars.trades), lag(average_trade_size(data, bars)))


@_add(
    unit=Unit.RETURN_PER_QUOTE,
    inputs=("close", "quote_volume"),
    parameters=(window(50, low=1),),
    warm_up=as_many,
    bounds=NOT_NEGATIVE,
    source="Amihud 2002: mean of |return| / quote volume over the bars that traded",
)
def amihud(data: FeatureInput, bars: int) -> FloatArray:
    """Illiquidity: how far one unit of money moves price."""
    money = data.bars.quote_volume
    size = np.abs(find_log_returns(data))
    known = money + size
    impact = keep_where(money > 0.0, divide(size, money), known)
    traded = keep_where(money > 0.0, np.ones(len(money)), known)
    return divide(sum_over(impact, bars), sum_over(traded, bars))


@_add(
    unit=Unit.PRICE_PER_BASE,
    inputs=("close", *_TAKER),
    parameters=(window(50, low=3),),
    warm_up=as_many,
    source="Kyle 1985: slope of the change of the close on signed volume, least squares",
)
def kyle_lambda(data: FeatureInput, bars: int) -> FloatArray:
    """Price impact: how far one unit bought by takers moved price; null where signed volume did not vary."""
    variance, _, covariance = covariance_over(_signed_volume(data), find_changes(data), bars)
    return divide(covariance, variance)


@_add(
    unit=Unit.RATIO,
    inputs=_TAKER,
    parameters=(window(50, low=1),),
    warm_up=one_less,
    bounds=ZERO_TO_ONE,
    source="Easley, Lopez de Prado and O'Hara 2012, with bars for volume buckets: sum of |buys - sells| / volume",
)
def vpin(data: FeatureInput, bars: int) -> FloatArray:
    """Toxicity of flow: how one-sided each bar's taker volume is, whatever the side."""
    one_sided = sum_over(np.abs(_signed_volume(data)), bars)
    return np.clip(divide(one_sided, sum_volumes(data, bars)), 0.0, 1.0)


@shared
def _bulk_shares(data: FeatureInput, bars: int) -> FloatArray:
    """Buyers' less sellers' share of each bar's volume, judged by its price change in standard deviations."""
    moved = find_changes(data)
    buyers: FloatArray = ndtr(divide(moved, sample_stdev_over(moved, bars)))
    return 2.0 * buyers - 1.0


@_add(
    unit=Unit.RATIO,
    inputs=("close", "volume"),
    parameters=(window(50, low=3),),
    warm_up=lambda bars: 2 * bars - 1,
    bounds=MINUS_ONE_TO_ONE,
    source="Easley, Lopez de Prado and O'Hara 2012, bulk classification: buyers' share = Phi(change / deviation)",
)
def bulk_imbalance(data: FeatureInput, bars: int) -> FloatArray:
    """Net buying judged from price changes alone, for venues that do not tell takers apart."""
    net = sum_over(_bulk_shares(data, bars) * data.bars.volume, bars)
    return np.clip(divide(net, sum_volumes(data, bars)), -1.0, 1.0)


@_add(
    unit=Unit.RATIO,
    inputs=("close", "volume"),
    parameters=(window(50, low=3),),
    warm_up=lambda bars: 2 * bars - 1,
    bounds=ZERO_TO_ONE,
    source="VPIN with bulk volume classification and bars for volume buckets",
)
def bulk_vpin(data: FeatureInput, bars: int) -> FloatArray:
    """Toxicity of flow judged from price changes alone."""
    one_sided = sum_over(np.abs(_bulk_shares(data, bars)) * data.bars.volume, bars)
    return np.clip(divide(one_sided, sum_volumes(data, bars)), 0.0, 1.0)


@_add(
    unit=Unit.RATIO,
    inputs=CLOSE,
    parameters=(window(100, low=3),),
    warm_up=lambda bars: bars + 1,
    bounds=NOT_NEGATIVE,
    source="Roll 1984: 2 root of -covariance of neighbouring log returns",
)
def roll_spread(data: FeatureInput, bars: int) -> FloatArray:
    """Spread, as a share of price, that the bouncing of closes betrays; 0 where they do not bounce."""
    returns = find_log_returns(data)
    _, _, covariance = covariance_over(returns, lag(returns), bars)
    return 2.0 * root(-covariance)


@_add(
    unit=Unit.RATIO,
    inputs=HL,
    parameters=(window(50, low=1),),
    warm_up=as_many,
    bounds=(0.0, 2.0),
    source="Corwin and Schultz 2012: from the ranges of single and double bars, negative estimates as 0, mean",
)
def high_low_spread(data: FeatureInput, bars: int) -> FloatArray:
    """Spread, as a share of price, estimated from highs and lows."""
    high, low = data.bars.high, data.bars.low
    single = find_log_ranges(data) ** 2
    beta = single + lag(single)
    gamma = log_ratio(np.maximum(high, lag(high)), np.minimum(low, lag(low))) ** 2
    alpha = (sqrt(2.0) - 1.0) * np.sqrt(beta) / _ONE_BAR - np.sqrt(gamma / _ONE_BAR)
    # 2 (e^alpha - 1) / (e^alpha + 1), which is the paper's spread, is twice this hyperbolic tangent.
    return mean_over(np.maximum(2.0 * np.tanh(alpha / 2.0), 0.0), bars)
