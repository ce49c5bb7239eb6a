from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from edgeproof.domain.time import Timeframe
from edgeproof.strategies import MarketData, count_warm_up, evaluate, library_names, load_strategy, parse_strategy
from fakes.strategy_texts import draw_series, write_strategy

SPAN = "{default: 20, low: 5, high: 60}"


def count(**keys: str) -> int:
    return count_warm_up(parse_strategy(write_strategy(**keys)))


@pytest.mark.parametrize(
    ("long", "bars"),
    [
        ("close > open", 0),
        ("lag(close, 3) > 1", 3),
        ("highest(close, 10) > 1", 9),
        ("mean(lag(close, 3), 10) > 1", 12),
        ("crosses_above(sma(20), close)", 20),
        ("sma(20) > 1 and lag(close, 5) > 1", 19),
        ('on("5m", close) > 1', 10),
        ('on("1m", lag(close, 3)) > 1', 3),
        ('of("BTC-USDT", lag(close, 3)) > 1', 3),
    ],
)
def test_warm_up_adds_what_is_nested_and_takes_the_longest_of_what_stands_beside(long: str, bars: int) -> None:
    assert count(long=long) == bars


def test_a_volatility_target_needs_its_look_back() -> None:
    assert count(size="{kind: volatility_target, annual: 0.2, max_leverage: 2}") == 1_440


def test_warm_up_follows_the_params_and_the_timeframe() -> None:
    strategy = parse_strategy(
        write_strategy(params=f"{{n: {SPAN}}}", let="{old: lag(close, n)}", long='old > 1 and on("1h", old) > 1')
    )
    assert count_warm_up(strategy) == 22 * 60
    assert count_warm_up(strategy, params={"n": 5}) == 7 * 60
    assert count_warm_up(strategy, timeframe=Timeframe(60)) == 20


@given(name=st.sampled_from(library_names()), dropped=st.integers(1, 400))
@settings(deadline=None, max_examples=25)
def test_where_the_history_begins_no_longer_matters_after_the_warm_up(name: str, dropped: int) -> None:
    strategy, timeframe = load_strategy(name), Timeframe(5)
    whole = {
        "BTC-USDT": draw_series(4_000, timeframe=timeframe),
        "ETH-USDT": draw_series(4_000, seed=1, timeframe=timeframe),
    }
    later = {symbol: series.slice(dropped, len(series)) for symbol, series in whole.items()}
    params = {key: param.low for key, param in strategy.params.items()}
    warm = count_warm_up(strategy, params=params, timeframe=timeframe)
    # on("4h") alone asks for weeks.
    assume(warm < len(later["ETH-USDT"]))
    long_run = evaluate(strategy, MarketData(whole), "ETH-USDT", params=params, timeframe=timeframe)
    short_run = evaluate(strategy, MarketData(later), "ETH-USDT", params=params, timeframe=timeframe)
    tail = slice(-len(short_run.bars) + warm, None)
    np.testing.assert_array_equal(long_run.long[tail], short_run.long[tail])
    np.testing.assert_array_equal(long_run.short[tail], short_run.short[tail])
    np.testing.assert_allclose(long_run.stop[tail], short_run.stop[tail], rtol=1e-5)
