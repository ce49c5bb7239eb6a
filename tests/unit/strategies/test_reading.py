from __future__ import annotations

import pickle

import pytest

from edgeproof.domain.errors import InvalidValue, UnknownName
from edgeproof.domain.time import Timeframe
from edgeproof.strategies import Param, StrategyError, parse_strategy
from edgeproof.strategies.expressions import Number
from edgeproof.strategies.sizing import FixedSize, VolatilityTarget
from fakes.strategy_texts import write_strategy

SPAN = "{default: 20, low: 5, high: 60}"


def refuse(**keys: str) -> StrategyError:
    with pytest.raises(StrategyError) as caught:
        parse_strategy(write_strategy(**keys), file="desk.yaml")
    return caught.value


def test_the_example_of_the_design_reads_as_written() -> None:
    strategy = parse_strategy(
        """
        name: vwap_reversion
        thesis: Price stretched away from its rolling mean snaps back while no trend is on.
        timeframe: 5m
        params: {window: {default: 48, low: 12, high: 288}, stretch: {default: 2.0, low: 1.0, high: 4.0}}
        let: {z: zscore(close - linreg(window), window)}
        long: z < -stretch and adx(14) < 25
        short: z > stretch and adx(14) < 25
        exit_long: z > 0
        exit_short: z < 0
        stop: 1.5 * atr(14)        # a distance in price; also `take`, `trail`
        max_hold: 36               # bars
        size: {kind: volatility_target, annual: 0.20, max_leverage: 2}
        """
    )
    assert strategy.timeframe == Timeframe(5)
    assert strategy.params == {
        "stretch": Param(default=2.0, low=1.0, high=4.0, integer=False),
        "window": Param(default=48.0, low=12.0, high=288.0, integer=True),
    }
    assert strategy.max_hold == Number(36.0)
    assert strategy.size == VolatilityTarget(annual=Number(0.2), max_leverage=Number(2.0))
    assert strategy.features == ("adx", "atr", "linreg")


def test_a_strategy_without_a_size_holds_its_equity_once() -> None:
    assert parse_strategy(write_strategy()).size == FixedSize(leverage=Number(1.0))


def test_arguments_left_out_are_written_out_so_that_a_new_default_changes_no_old_strategy() -> None:
    assert "atr(14) > 1" in parse_strategy(write_strategy(long="atr() > 1")).to_yaml()


@pytest.mark.parametrize("missing", ["name", "thesis", "timeframe"])
def test_what_every_strategy_needs_is_missed(missing: str) -> None:
    assert f"{missing} is missing" in str(refuse(**{missing: ""}))


@pytest.mark.parametrize(
    ("keys", "place", "reason"),
    [
        ({"lnog": "close > 1"}, "5:1", "no key 'lnog'; did you mean 'long'?"),
        ({"name": "Bad Name"}, "1:7", "name cannot be 'Bad Name'; expected a lower-case letter"),
        ({"thesis": "''"}, "2:1", "thesis is empty"),
        ({"thesis": "x" * 2_001}, "2:9", "at most 2,000"),
        ({"timeframe": "7m"}, "3:12", "minutes that divide a day"),
        ({"timeframe": "1M"}, "3:12", "a count and a unit"),
        ({"timeframe": "[1m]"}, "3:1", "timeframe is one value"),
        ({"tags": "trend"}, "5:1", "tags are a list"),
        ({"tags": "[[a]]"}, "5:8", "a tag is one word"),
        ({"tags": "[Trend]"}, "5:8", "a tag cannot be 'Trend'"),
        ({"long": ""}, "1:1", "needs long or short"),
        ({"exit_short": "close < 1"}, "5:1", "exit_short without short"),
        ({"long": "close"}, "4:7", "this is a number where a condition was wanted; compare"),
        ({"stop": "close > 1"}, "5:13", "this is a condition where a number was wanted"),
        ({"long": "clsoe > 1"}, "4:7", "no name 'clsoe'; did you mean 'close'?"),
        ({"long": "atrr(3) > 1"}, "4:7", "no feature or operator 'atrr'; did you mean 'atr'?"),
        ({"long": "atr > 1"}, "4:7", "'atr' is a feature; call it as atr(window)"),
        ({"long": "lag > 1"}, "4:7", "'lag' is an operator; call it as lag(x, n)"),
        ({"long": "close(1) > 1"}, "4:7", "lag(close, n)"),
        ({"long": "'x' > 1"}, "4:13", "not YAML"),
        ({"long": "\"'x' > 1\""}, "4:8", "a quoted word belongs only into"),
        ({"long": "close > 1 + (open > 2)"}, "4:25", "a condition where a number was wanted"),
        ({"long": "not close"}, "4:11", "a number where a condition was wanted"),
        ({"long": "atr(14, 2) > 1"}, "4:7", "2 arguments for atr(window)"),
        ({"long": "atr(1) > 1"}, "4:11", "window of atr(window) cannot be 1; expected a whole number from 2 to 5000"),
        ({"long": "atr(2.5) > 1"}, "4:11", "cannot be 2.5"),
        ({"long": "atr(close) > 1"}, "4:11", "must be known before the first bar"),
        ({"long": "atr(14 / 0) > 1"}, "4:14", "cannot be nan"),
        ({"long": "lag(close) > 1"}, "4:7", "lag(x, n) takes 2 arguments, not 1"),
        ({"long": "lag(close, -1) > 1"}, "4:18", "n of lag(x, n) cannot be -1; expected a whole number from 0"),
        ({"long": "lag(close, close) > 1"}, "4:18", "must be known before the first bar"),
        ({"long": "highest(close, 0) > 1"}, "4:22", "cannot be 0"),
        ({"long": "stdev(close, 1) > 1"}, "4:20", "cannot be 1"),
        ({"long": "mean(close, 1e6) > 1"}, "4:19", "expected a whole number from 1 to 100000"),
        ({"long": "abs(close, open) > 1"}, "4:7", "abs(x) takes 1 arguments"),
        ({"long": "max(close) > 1"}, "4:7", "max(x, y, ...) takes 2 arguments"),
        ({"long": "crosses_above(close > 1, 2)"}, "4:27", "a condition where a number was wanted"),
        ({"long": "on(1h, close) > 1"}, "4:10", "neither a number nor a name"),
        ({"long": "on(close, close) > 1"}, "4:10", "begins with a quoted timeframe"),
        ({"long": 'on("1x", close) > 1'}, "4:10", "timeframe cannot be '1x'"),
        ({"timeframe": "1h", "long": 'on("5m", close) > 1'}, "4:10", "on(5m) is asked on 1h bars"),
        ({"timeframe": "45m", "long": 'on("1h", close) > 1'}, "4:10", "whole multiple"),
        ({"long": 'on("1h", on("5m", close)) > 1'}, "4:19", "on(5m) is asked on 1h bars"),
        ({"long": "of(BTC, close) > 1"}, "4:10", "begins with a quoted symbol"),
        ({"long": 'of("?", close) > 1'}, "4:10", "symbol cannot be '?'"),
        ({"long": 'model("direction") > 0'}, "4:7", "no model is trained in this workspace"),
        ({"max_hold": "0"}, "5:11", "max_hold cannot be 0"),
        ({"max_hold": "2.5"}, "5:11", "max_hold cannot be 2.5"),
        ({"max_hold": "close"}, "5:11", "must be known before the first bar"),
        ({"cool_down": "0"}, "5:12", "cool_down cannot be 0"),
        ({"cool_down": "1.5"}, "5:12", "cool_down cannot be 1.5"),
        ({"take_share": "0.5"}, "5:1", "take_share without take"),
        ({"take": "1", "take_share": "1.2"}, "6:13", "take_share cannot be 1.2"),
        ({"take": "1", "take_share": "0"}, "6:13", "take_share cannot be 0"),
        ({"entry": "limit"}, "5:1", "entry is a map"),
        ({"entry": "{kind: limits}"}, "5:15", "did you mean 'limit'?"),
        ({"entry": "{kind: limit}"}, "5:8", "a limit entry needs offset"),
        ({"entry": "{kind: market, offset: 1}"}, "5:23", "no key of a market entry 'offset'"),
        ({"entry": "{kind: limit, offset: close > 1}"}, "5:36", "this is a condition where a number was wanted"),
        ({"entry": "{kind: limit, offset: 1, wait: 0}"}, "5:39", "wait cannot be 0"),
        ({"entry": "{kind: limit, offset: 1, wat: 2}"}, "5:33", "did you mean 'wait'?"),
        ({"size": "2"}, "5:1", "size is a map"),
        ({"size": "{leverage: 2}"}, "5:7", "kind is missing"),
        ({"size": "{kind: fixd}"}, "5:14", "did you mean 'fixed'?"),
        ({"size": "{kind: fixed, annual: 1}"}, "5:21", "no key of a fixed size 'annual'"),
        ({"size": "{kind: fixed, leverage: 0}"}, "5:31", "leverage cannot be 0"),
        ({"size": "{kind: fixed, leverage: 200}"}, "5:31", "expected a number from 0.01 to 150"),
        ({"size": "{kind: volatility_target, annual: 0.2}"}, "5:7", "needs max_leverage"),
        ({"size": "{kind: volatility_target, max_leverage: 2}"}, "5:7", "needs annual"),
        ({"size": "{kind: fixed, leverge: 2}"}, "5:21", "did you mean 'leverage'?"),
        ({"params": "[1]"}, "5:1", "params is a map"),
        ({"params": "{n: 5}"}, "5:10", "param n is a map"),
        ({"params": "{n: {default: 5, low: 1}}"}, "5:13", "high is missing"),
        ({"params": "{n: {default: 5, low: 1, hihg: 9}}"}, "5:34", "no key of a param 'hihg'; did you mean 'high'?"),
        ({"params": "{n: {default: x, low: 1, high: 9}}"}, "5:23", "default of n cannot be 'x'"),
        ({"params": "{n: {default: .inf, low: 1, high: 9}}"}, "5:23", "a finite number"),
        ({"params": "{n: {default: 1e999, low: 1, high: 9}}"}, "5:23", "a finite number"),
        ({"params": "{n: {default: 10, low: 1, high: 9}}"}, "5:10", "needs low <= default <= high"),
        ({"params": f"{{close: {SPAN}}}"}, "5:10", "already means something"),
        ({"params": f"{{and: {SPAN}}}"}, "5:10", "already means something"),
        ({"params": f"{{N: {SPAN}}}"}, "5:10", "a name in params cannot be 'N'"),
        ({"params": f"{{n: {SPAN}}}"}, "5:10", "'n' in params is used nowhere"),
        ({"let": "{m: close}"}, "5:7", "'m' in let is used nowhere"),
        ({"let": "{m: [close]}", "long": "m > 1"}, "5:7", "m is one value"),
        ({"let": "{m: m + 1}", "long": "m > 1"}, "5:10", "a definition that needs itself: m -> m"),
        ({"let": "{a: b, b: c, c: a}", "long": "a > 1"}, "5:22", "a -> b -> c -> a"),
    ],
)
def test_every_mistake_is_told_with_its_place(keys: dict[str, str], place: str, reason: str) -> None:
    message = str(refuse(**keys))
    assert message.startswith(f"desk.yaml:{place}: ")
    assert reason in message
    assert "\n" not in message


def test_params_and_definitions_share_one_space_of_names() -> None:
    error = refuse(params=f"{{n: {SPAN}}}", let="{n: close}", long="n > 1")
    assert "'n' is already a param" in str(error)


def test_a_param_that_counts_bars_is_whole_and_the_others_are_not() -> None:
    text = write_strategy(
        params=f"{{n: {SPAN}, m: {SPAN}, k: {SPAN}, s: {{default: 2, low: 1, high: 4}}}}",
        let="{half: m / 2}",
        long="highest(close, n) > s * lag(close, half)",
        max_hold="k",
    )
    whole = {name for name, param in parse_strategy(text).params.items() if param.integer}
    assert whole == {"n", "m", "k"}


def test_a_param_that_counts_bars_is_given_in_whole_numbers() -> None:
    error = refuse(params="{n: {default: 20, low: 2.5, high: 60}}", long="lag(close, n) > 1")
    assert "param n counts bars" in str(error)


def test_a_param_may_not_leave_the_range_of_what_it_feeds() -> None:
    error = refuse(params="{n: {default: 20, low: 0, high: 60}}", long="atr(n) > 1")
    assert "which ranges from 0 to 60; expected a whole number from 2 to 5000" in str(error)


def test_definitions_may_come_in_any_order_and_name_a_feature_after_itself() -> None:
    strategy = parse_strategy(
        write_strategy(let="{wide: atr > 2 * low_atr, low_atr: lowest(atr, 5), atr: atr(14)}", long="wide")
    )
    assert list(strategy.let) == ["atr", "low_atr", "wide"]


def test_a_long_chain_of_definitions_ends_in_a_message_not_in_a_crash() -> None:
    chain = ", ".join(f"v{i}: v{i + 1} + 1" for i in range(99))
    assert "levels, `let` names counted in full" in str(refuse(let=f"{{{chain}, v99: close}}", long="v0 > 1"))


def test_definitions_that_double_again_and_again_cost_no_more_than_their_text() -> None:
    doubling = ", ".join(f"v{i}: v{i + 1} + v{i + 1}" for i in range(35))
    strategy = parse_strategy(write_strategy(let=f"{{{doubling}, v35: close}}", long="v0 > 1"))
    assert len(strategy.hash) == 16
    constant = parse_strategy(
        write_strategy(let=f"{{{doubling}, v35: n / n}}", long="lag(close, v0 / v1) > 1", params=f"{{n: {SPAN}}}")
    )
    assert constant.params["n"].integer


def test_params_are_taken_at_their_defaults_unless_given() -> None:
    strategy = parse_strategy(write_strategy(params=f"{{n: {SPAN}}}", long="lag(close, n) > 1"))
    assert strategy.resolve_params() == {"n": 20.0}
    assert strategy.resolve_params({"n": 9}) == {"n": 9.0}


@pytest.mark.parametrize("value", [4, 61, 9.5, float("nan"), float("inf"), True, "9", None])
def test_a_param_out_of_its_range_is_refused(value: float) -> None:
    strategy = parse_strategy(write_strategy(params=f"{{n: {SPAN}}}", long="lag(close, n) > 1"))
    with pytest.raises(InvalidValue, match=r"param n cannot be .*; expected a whole number from 5 to 60"):
        strategy.resolve_params({"n": value})


def test_an_unknown_param_is_refused_with_the_nearest() -> None:
    strategy = parse_strategy(write_strategy(params=f"{{window: {SPAN}}}", long="lag(close, window) > 1"))
    with pytest.raises(UnknownName, match="did you mean 'window'"):
        strategy.resolve_params({"windw": 9})


def test_strategies_and_their_errors_cross_processes() -> None:
    strategy = parse_strategy(write_strategy(params=f"{{n: {SPAN}}}", long="lag(close, n) > 1"))
    copy = pickle.loads(pickle.dumps(strategy))  # noqa: S301 - our own bytes
    assert copy == strategy
    assert copy.hash == strategy.hash
    error = refuse(long="clsoe > 1")
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301
