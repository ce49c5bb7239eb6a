from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import polars as pl
import pytest

from edgeproof.domain.errors import InvalidValue, UnknownName
from edgeproof.domain.frames import UTC_MS
from edgeproof.domain.series import BarSeries
from edgeproof.domain.time import ONE_MINUTE, Timeframe
from edgeproof.features import FeatureInput, compute_feature
from edgeproof.market import resample
from edgeproof.strategies import MarketData
from edgeproof.strategies.market_data import View
from fakes.strategy_texts import START_MS, draw_series, series_of

FIVE = Timeframe(5)
BTC, ETH = "BTC-USDT", "ETH-USDT"


def test_longer_bars_are_resampled_once_and_shared() -> None:
    series = draw_series(60)
    data = MarketData({BTC: series})
    np.testing.assert_array_equal(data.bars(BTC, FIVE).close, resample(series, FIVE).close)
    assert data.bars(BTC, FIVE) is data.bars(BTC, FIVE)
    assert data.bars(BTC, ONE_MINUTE) is series


def test_a_symbol_it_has_no_bars_of_is_refused_with_the_nearest() -> None:
    data = MarketData({BTC: draw_series(10)})
    with pytest.raises(UnknownName, match="no bars of 'BTC-USD'; did you mean 'BTC-USDT'"):
        data.bars("BTC-USD", FIVE)


def test_shorter_bars_cannot_be_made_of_longer_ones() -> None:
    data = MarketData({BTC: draw_series(10, timeframe=FIVE)})
    assert not data.has_bars(BTC, ONE_MINUTE)
    with pytest.raises(InvalidValue):
        data.bars(BTC, ONE_MINUTE)


def test_a_feature_is_computed_once_for_each_view_and_set_of_arguments() -> None:
    series = draw_series(60)
    data = MarketData({BTC: series})
    first = data.feature(BTC, ONE_MINUTE, "sma", [5])
    assert data.feature(BTC, ONE_MINUTE, "sma", [5.0]) is first
    assert data.feature(BTC, ONE_MINUTE, "sma", [6]) is not first
    assert len(data.feature(BTC, FIVE, "sma", [5])) == 12
    np.testing.assert_array_equal(first, compute_feature("sma", [5], FeatureInput(bars=series)))


def test_funding_is_known_from_the_close_of_the_bar_it_falls_into() -> None:
    rate_ms = START_MS + 90_000
    funding = pl.DataFrame({"ts": pl.Series([rate_ms]).cast(UTC_MS), "rate": [0.01]})
    data = MarketData({BTC: series_of([1.0] * 4)}, {BTC: funding})
    np.testing.assert_array_equal(data.feature(BTC, ONE_MINUTE, "funding_rate", []), [np.nan, 0.01, 0.01, 0.01])


def test_without_funding_or_reference_what_needs_them_is_unknown() -> None:
    data = MarketData({ETH: draw_series(60)})
    assert np.isnan(data.feature(ETH, ONE_MINUTE, "funding_rate", [])).all()
    assert np.isnan(data.feature(ETH, ONE_MINUTE, "beta", [5])).all()


def test_a_reference_with_longer_bars_only_is_no_reference() -> None:
    data = MarketData({BTC: draw_series(60, timeframe=FIVE), ETH: draw_series(60)})
    assert np.isnan(data.feature(ETH, ONE_MINUTE, "beta", [5])).all()
    assert np.isfinite(data.feature(ETH, FIVE, "beta", [5])[-1])


def test_the_reference_moves_with_itself_one_to_one() -> None:
    data = MarketData({BTC: draw_series(60)})
    np.testing.assert_allclose(data.feature(BTC, ONE_MINUTE, "beta", [10])[10:], 1.0)


def test_an_hour_is_seen_from_its_close_on() -> None:
    data = MarketData({BTC: draw_series(130)})
    at = data.align(View(BTC, Timeframe(60)), View(BTC, ONE_MINUTE))
    # The bar that opens at minute 59 closes together with the hour.
    assert at[:59].tolist() == [-1] * 59
    assert at[59:119].tolist() == [0] * 60
    assert at[119:].tolist() == [1] * 11


def test_a_value_grows_stale_after_three_of_its_own_bars() -> None:
    other = draw_series(3)
    data = MarketData({BTC: other, ETH: draw_series(10)})
    assert data.align(View(BTC, ONE_MINUTE), View(ETH, ONE_MINUTE)).tolist() == [0, 1, 2, 2, 2, 2, -1, -1, -1, -1]


def test_a_symbol_without_a_single_bar_aligns_with_nothing() -> None:
    data = MarketData({BTC: draw_series(10).slice(0, 0), ETH: draw_series(3)})
    assert data.align(View(BTC, ONE_MINUTE), View(ETH, ONE_MINUTE)).tolist() == [-1] * 3


def test_dropping_a_symbol_forgets_what_was_computed_for_it_alone() -> None:
    data = MarketData({BTC: draw_series(60), ETH: draw_series(60, seed=1)})
    of_btc, of_eth = (data.feature(symbol, FIVE, "sma", [5]) for symbol in (BTC, ETH))
    data.align(View(BTC, FIVE), View(ETH, FIVE))
    data.drop(ETH)
    assert data.feature(BTC, FIVE, "sma", [5]) is of_btc
    again = data.feature(ETH, FIVE, "sma", [5])
    assert again is not of_eth
    np.testing.assert_array_equal(again, of_eth)


def test_the_memory_keeps_to_its_bound_and_lets_go_of_what_was_unused_for_longest() -> None:
    array_bytes = 60 * 8
    data = MarketData({BTC: draw_series(60)}, cache_bytes=2 * array_bytes)
    view = View(BTC, ONE_MINUTE)
    made: list[str] = []

    def recall(key: str) -> None:
        def compute() -> np.ndarray:
            made.append(key)
            return np.zeros(60)

        data.recall(view, key, compute)

    for key in ("a", "b", "a", "c", "a", "b"):
        recall(key)
    assert made == ["a", "b", "c", "b"]


def test_threads_may_share_it() -> None:
    series = {f"C{i}-USDT": draw_series(400, seed=i) for i in range(4)} | {BTC: draw_series(400)}
    data = MarketData(series, cache_bytes=40 * 400 * 8)

    def compute(job: int) -> float:
        symbol = f"C{job % 4}-USDT"
        if job % 9 == 0:
            data.drop(symbol)
        return float(data.feature(symbol, FIVE, "beta", [3 + job % 7])[-1])

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(compute, range(300)))
    fresh = MarketData(series)
    assert found == [float(fresh.feature(f"C{j % 4}-USDT", FIVE, "beta", [3 + j % 7])[-1]) for j in range(300)]


def test_bars_are_read_from_the_mapping_only_when_they_are_asked_for() -> None:
    asked: list[str] = []

    class Shelf(dict[str, BarSeries]):
        def __getitem__(self, symbol: str) -> BarSeries:
            asked.append(symbol)
            return super().__getitem__(symbol)

    data = MarketData(Shelf({BTC: draw_series(10), ETH: draw_series(10)}))
    assert asked == []
    data.bars(ETH, FIVE)
    assert set(asked) == {ETH}
