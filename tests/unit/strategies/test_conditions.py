from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.domain.errors import InvalidValue, UnknownName
from edgeproof.domain.time import ONE_MINUTE, Timeframe
from edgeproof.strategies import MarketData, decide_condition, evaluate, parse_strategy, spell_condition
from fakes.strategy_texts import draw_series, series_of, write_strategy

ETH = "ETH-USDT"
DATA = MarketData({ETH: draw_series(600, seed=4)})


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("atr(14)/close>0.01", "atr(14) / close > 0.01"),
        ("  close >\n open ", "close > open"),
        ("regime_volatile() > 0", "regime_volatile(20, 240) > 0"),
        ('on("60m", close) > close', 'on("1h", close) > close'),
        ("(close > 1)", "close > 1"),
    ],
)
def test_a_condition_has_one_spelling(text: str, spelled: str) -> None:
    assert spell_condition(text) == spelled
    assert spell_condition(spelled) == spelled


def test_a_condition_is_true_false_or_unknown() -> None:
    data = MarketData({ETH: series_of([1, 3, 2, 4])})
    assert decide_condition("mean(close, 2) > 2.2", data, ETH, ONE_MINUTE).tolist() == [0, -1, 1, 1]
    assert decide_condition("1 > 0", data, ETH, ONE_MINUTE).tolist() == [1] * 4


@pytest.mark.parametrize("text", ["close > sma(20)", "regime_volatile() > 0 or adx() > 20", 'on("5m", rsi(7)) < 40'])
def test_a_condition_holds_where_a_strategy_that_asks_it_would_enter(text: str) -> None:
    strategy = parse_strategy(write_strategy(timeframe="1m", long=text))
    entered = evaluate(strategy, DATA, ETH).long
    assert 0 < entered.sum() < len(entered)
    np.testing.assert_array_equal(decide_condition(text, DATA, ETH, ONE_MINUTE) > 0, entered)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "an expression is missing"),
        ("close >", "a value was expected"),
        ("atr(14)", r"character 1: this is a number where a condition was wanted.*x > 0"),
        ("close > 1 and volume", r"character 15: this is a number"),
        ("atrr(14) > 1", "did you mean 'atr'"),
        ("clsoe > 1", "did you mean 'close'"),
        ("slippage_factor > 1", "no name 'slippage_factor'"),
        ("lag(close, -1) > 1", "cannot be -1"),
        ("atr(0) > 1", "window of atr"),
        ('of("BTC-USDT", close) > 1', r"of\(\.\.\.\) has no place"),
        ('not on("1h", of("BTC-USDT", close > 1))', r"of\(\.\.\.\) has no place"),
        ('model("direction") > 0', "no model"),
        ('on("7m", close) > 1', "minutes that divide a day"),
        ("(" * 200, r"nested deeper than 40 levels\)$"),
        ("close > 1 or " * 60 + "close > 2", r"deeper than 40 levels\)$"),
        ("close > 1 or " * 300 + "close > 2", r"longer than 1,000 words\)$"),
    ],
)
def test_a_text_that_is_no_condition_is_refused_in_one_line(text: str, told: str) -> None:
    with pytest.raises(InvalidValue, match=told) as refusal:
        spell_condition(text)
    assert "\n" not in str(refusal.value)


def test_a_longer_view_must_fit_the_bars() -> None:
    assert spell_condition('on("15m", close) > 1', Timeframe(5))
    with pytest.raises(InvalidValue, match="whole multiple"):
        spell_condition('on("15m", close) > 1', Timeframe(60))


def test_a_condition_about_a_symbol_without_bars_is_refused() -> None:
    with pytest.raises(UnknownName, match="BTC-USDT"):
        decide_condition("close > 1", DATA, "BTC-USDT", ONE_MINUTE)


@given(st.text(max_size=60))
@settings(deadline=None, max_examples=200)
def test_whatever_is_written_is_a_condition_or_refused_in_one_line(text: str) -> None:
    try:
        spelled = spell_condition(text)
    except InvalidValue as refusal:
        assert "\n" not in str(refusal)  # noqa: PT017 - a refusal is one of two right answers
    else:
        assert spell_condition(spelled) == spelled
