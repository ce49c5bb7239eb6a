from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from edgeproof.domain.errors import InvalidValue, UnknownName
from edgeproof.domain.time import ONE_MINUTE, Timeframe
from edgeproof.strategies import MarketData, NotRunnable, evaluate, parse_strategy
from edgeproof.strategies.targeting import compute_volatility, count_lookback
from fakes.strategy_texts import draw_series, series_of, write_strategy

if TYPE_CHECKING:
    from edgeproof.domain.signals import Signals

NAN = float("nan")
BTC, ETH = "BTC-USDT", "ETH-USDT"
SPAN = "{default: 2, low: 1, high: 9}"


def decide(closes: list[float], **keys: str) -> Signals:
    """The decisions of a small strategy over flat bars at these closes."""
    return evaluate(parse_strategy(write_strategy(**keys)), MarketData({ETH: series_of(closes)}), ETH)


def fired(signals: np.ndarray) -> list[int]:
    return np.flatnonzero(signals).tolist()


def test_a_condition_signals_at_the_bars_where_it_holds() -> None:
    signals = decide([1, 3, 2, 4], long="close > 2", exit_long="close < 2")
    assert fired(signals.long) == [1, 3]
    assert fired(signals.exit_long) == [0]
    assert not signals.short.any()
    assert signals.leverage.tolist() == [1.0] * 4
    assert np.isnan(signals.stop).all()
    assert signals.max_hold == 0


@pytest.mark.parametrize(
    ("long", "expected"),
    [
        ("crosses_above(close, 2)", [1, 4]),
        ("crosses_below(close, 2)", [3]),
        ("crosses_below(close, open)", []),
        ("lag(close, 1) > 2", [2, 5]),
        ("lag(close > 2, 1)", [2, 5]),
        ("not lag(close > 2, 1)", [1, 3, 4]),
        ("highest(close, 2) == 3", [1, 2]),
        ("lowest(close, 3) == 1", [2, 3, 4, 5]),
        ("mean(close, 2) > 2.2", [2, 4, 5]),
        ("rank(close, 3) == 1", [4, 5]),
        ("max(close, 2, 2.5) > 2.5", [1, 4, 5]),
        ("min(close, 2) < 2", [0, 3]),
        ("abs(close - 2) == 1", [0, 1, 3]),
        ("log(close) > 1", [1, 4, 5]),
        ("1 / (close - 1) > 0", [1, 2, 4, 5]),
        ("not 1 / (close - 1) > 0", []),
        ("not taker_buy_volume > 1", []),
        ("taker_buy_volume > 1 or close > 2", [1, 4, 5]),
        ("not (taker_buy_volume > 1 and close > 2)", [0, 2, 3]),
        ("1 > 0", [0, 1, 2, 3, 4, 5]),
        ("lag(1, 2) > 0", [2, 3, 4, 5]),
        ("highest(1, 3) > 0", [2, 3, 4, 5]),
        ("lag(close, 100) > 0", []),
    ],
)
def test_operators_mean_what_the_documentation_says(long: str, expected: list[int]) -> None:
    assert fired(decide([1, 3, 2, 1, 4, 5], long=long).long) == expected


def test_warm_up_bars_decide_nothing() -> None:
    signals = decide([float(i) for i in range(1, 41)], long="close > sma(10)", short="not close > sma(10)")
    assert fired(signals.long) == list(range(9, 40))
    assert not signals.short.any()


def test_rules_that_contradict_each_other_are_told_as_they_are() -> None:
    # The replay decides what to make of them, and counts them.
    signals = decide([1, 3], long="close > 0", short="close > 2", exit_long="close > 2")
    assert fired(signals.long) == [0, 1]
    assert fired(signals.short) == [1]
    assert fired(signals.exit_long) == [1]


@pytest.mark.parametrize("key", ["stop", "take", "trail"])
def test_no_entry_without_the_protection_the_strategy_asks_for(key: str) -> None:
    signals = decide([1, 3, 2, 2], long="close > 0", **{key: "close - lag(close, 1)"})
    np.testing.assert_array_equal(getattr(signals, key), [NAN, 2.0, -1.0, 0.0])
    assert fired(signals.long) == [1]


def test_the_share_at_the_target_and_the_cool_down_may_be_params() -> None:
    text = write_strategy(params=f"{{n: {SPAN}}}", take="close", take_share="n / 10", cool_down="n * 2")
    signals = evaluate(parse_strategy(text), MarketData({ETH: series_of([1, 2])}), ETH, params={"n": 4})
    assert (signals.take_share, signals.cool_down) == (0.4, 8)


def test_an_order_rests_at_an_offset_that_is_known_and_not_below_zero() -> None:
    signals = decide([1, 3, 2, 4], long="close > 0", entry="{kind: limit, offset: lag(close, 1) - 2, wait: 2 + 1}")
    assert fired(signals.long) == [2, 3]
    assert signals.limit_offset is not None
    assert signals.limit_offset[2:].tolist() == [1.0, 0.0]
    assert signals.limit_wait == 3


def test_an_entry_at_the_market_rests_nowhere_and_needs_no_word() -> None:
    texts = [write_strategy(), write_strategy(entry="{kind: market}")]
    plain, told = (parse_strategy(text) for text in texts)
    assert (plain.hash, plain.to_yaml()) == (told.hash, told.to_yaml())
    assert decide([1, 2]).limit_offset is None


def test_a_share_that_params_make_more_than_all_is_refused() -> None:
    text = write_strategy(params="{n: {default: 2, low: 1, high: 30}}", take="close", take_share="n / 10")
    with pytest.raises(InvalidValue, match="take_share of"):
        evaluate(parse_strategy(text), MarketData({ETH: series_of([1, 2])}), ETH, params={"n": 20})


def test_the_fixed_size_and_the_longest_hold_may_be_params() -> None:
    text = write_strategy(
        params=f"{{hold: {SPAN}, size_of: {SPAN}}}", max_hold="hold * 3", size="{kind: fixed, leverage: size_of / 4}"
    )
    signals = evaluate(
        parse_strategy(text), MarketData({ETH: series_of([1, 2])}), ETH, params={"hold": 4, "size_of": 3}
    )
    assert signals.max_hold == 12
    assert (signals.take_share, signals.cool_down) == (1.0, 0)
    assert signals.leverage.tolist() == [0.75, 0.75]


def test_a_volatility_target_sizes_by_the_last_days_returns() -> None:
    series = draw_series(2_000, seed=4)
    text = write_strategy(long="close > 0", size="{kind: volatility_target, annual: 0.3, max_leverage: 0.5}")
    leverage = evaluate(parse_strategy(text), MarketData({ETH: series}), ETH).leverage
    # polars is the oracle.
    returns = pl.Series(series.close).log().diff()
    yearly = returns.rolling_std(1_440, ddof=0) * np.sqrt(365 * 1_440)
    expected = (0.3 / yearly).clip(upper_bound=0.5).fill_null(NAN).to_numpy()
    np.testing.assert_allclose(leverage, expected, rtol=1e-9)
    assert np.isnan(leverage[:1_440]).all()
    assert np.isfinite(leverage[1_440:]).all()


def test_a_market_that_does_not_move_has_no_volatility_to_target() -> None:
    text = write_strategy(
        timeframe="1h", long="close > 0", size="{kind: volatility_target, annual: 0.3, max_leverage: 2}"
    )
    series = series_of([5.0] * 60, timeframe=Timeframe(60))
    signals = evaluate(parse_strategy(text), MarketData({ETH: series}), ETH)
    assert not signals.long.any()
    assert compute_volatility(series)[-1] == 0.0


@pytest.mark.parametrize(("minutes", "bars"), [(1, 1_440), (5, 288), (60, 48), (1_440, 48)])
def test_volatility_looks_back_a_day_and_at_least_48_bars(minutes: int, bars: int) -> None:
    assert count_lookback(Timeframe(minutes)) == bars


def test_another_timeframe_is_seen_as_of_its_close() -> None:
    closes = [float(i) for i in range(12)]
    signals = decide(closes, long='on("5m", close) == 4')
    assert fired(signals.long) == [4, 5, 6, 7, 8]


def test_operators_inside_on_count_that_timeframes_bars() -> None:
    closes = [float(i) for i in range(16)]
    assert fired(decide(closes, long='on("5m", lag(close, 1)) == 4').long) == [9, 10, 11, 12, 13]
    assert fired(decide(closes, long='lag(on("5m", close), 1) == 4').long) == [5, 6, 7, 8, 9]


def test_another_symbol_is_seen_as_of_its_bars_close() -> None:
    data = MarketData({ETH: series_of([1.0] * 5), BTC: series_of([5.0, 6.0, 7.0, 8.0, 9.0])})
    strategy = parse_strategy(
        write_strategy(long='of("BTC/USDT", close) > 6 and of("BTC-USDT", close > lag(close, 1))')
    )
    assert fired(evaluate(strategy, data, ETH).long) == [2, 3, 4]
    assert fired(evaluate(strategy, data, BTC).long) == [2, 3, 4]


def test_a_strategy_runs_on_a_longer_timeframe_up_to_the_one_it_asks_on() -> None:
    data = MarketData({ETH: draw_series(400)})
    strategy = parse_strategy(write_strategy(long='on("1h", close > open)'))
    same = evaluate(strategy, data, ETH, timeframe=Timeframe(60))
    hourly = data.bars(ETH, Timeframe(60))
    np.testing.assert_array_equal(same.long, hourly.close > hourly.open)
    with pytest.raises(NotRunnable, match=r"'sample' cannot run here: it asks on\(1h\) on 4h bars"):
        evaluate(strategy, data, ETH, timeframe=Timeframe(240))


def test_a_symbol_that_is_not_here_makes_a_strategy_not_runnable() -> None:
    strategy = parse_strategy(write_strategy(long='of("BTC-USDT", close) > 1'))
    with pytest.raises(NotRunnable, match="it looks at BTC-USDT on 1m, of which there are no bars"):
        evaluate(strategy, MarketData({ETH: draw_series(10)}), ETH)


def test_bars_longer_than_the_decision_make_a_strategy_not_runnable() -> None:
    data = MarketData({ETH: draw_series(100, timeframe=Timeframe(5))})
    with pytest.raises(NotRunnable, match="decides on 1m bars, which cannot be made of ETH-USDT's 5m bars"):
        evaluate(parse_strategy(write_strategy()), data, ETH)


def test_an_unknown_symbol_or_param_is_refused() -> None:
    data = MarketData({ETH: draw_series(10)})
    with pytest.raises(UnknownName, match="no bars of 'XRP-USDT'"):
        evaluate(parse_strategy(write_strategy()), data, "XRP-USDT")
    with pytest.raises(UnknownName, match="no param of sample 'n'"):
        evaluate(parse_strategy(write_strategy()), data, ETH, params={"n": 1})


def test_params_that_lead_out_of_a_features_range_are_refused() -> None:
    strategy = parse_strategy(write_strategy(params=f"{{n: {SPAN}}}", long="atr(n * 4 - 6) > 0"))
    data = MarketData({ETH: draw_series(50)})
    assert evaluate(strategy, data, ETH).long.any()
    with pytest.raises(InvalidValue, match="window of atr cannot be -2"):
        evaluate(strategy, data, ETH, params={"n": 1})


def test_params_change_the_decisions_and_half_a_window_is_rounded() -> None:
    strategy = parse_strategy(
        write_strategy(params=f"{{n: {SPAN}}}", let="{half: n / 2}", long="close > lag(close, half)")
    )
    data = MarketData({ETH: series_of([1, 2, 3, 4, 5, 6])})
    assert fired(evaluate(strategy, data, ETH).long) == [1, 2, 3, 4, 5]
    assert fired(evaluate(strategy, data, ETH, params={"n": 5}).long) == [3, 4, 5]


def test_what_holds_for_every_bar_stands_in_memory_once() -> None:
    # The replay reads such arrays with a stride of zero.
    signals = decide([1, 3], stop="2", size="{kind: fixed, leverage: 3}")
    for array, value in ((signals.stop, 2.0), (signals.leverage, 3.0), (signals.take, NAN)):
        np.testing.assert_array_equal(array, [value, value])
        assert array.strides == (0,)


def test_no_bars_at_all_give_no_decisions() -> None:
    text = write_strategy(
        long='rank(close, 5) > 0.5 and on("5m", close) > 1 and of("ETH-USDT", adx(14)) > 1',
        stop="atr(5)",
        size="{kind: volatility_target, annual: 0.3, max_leverage: 2}",
    )
    data = MarketData({ETH: draw_series(10).slice(0, 0)})
    assert len(evaluate(parse_strategy(text), data, ETH).bars) == 0


def test_the_finest_bars_themselves_are_the_decision_bars() -> None:
    series = draw_series(10)
    assert (
        evaluate(parse_strategy(write_strategy()), MarketData({ETH: series}), ETH, timeframe=ONE_MINUTE).bars is series
    )
