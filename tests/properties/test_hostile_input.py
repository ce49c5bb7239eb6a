"""Whatever is brought to a door, it answers in one line or with numbers that add up; never with a crash or a warning.

Warnings are errors in these tests, so a numpy that mumbles of an overflow fails them too.
"""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
from dataclasses import replace
from math import inf, nan
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import edgeproof
from edgeproof.backtest.portfolio import (
    CorrelationCap,
    DailyLossStop,
    FixedLeverage,
    FractionalKelly,
    Limits,
    Member,
    RiskPerTrade,
    Signalled,
    TargetVolatility,
)
from edgeproof.cli import main
from edgeproof.domain.errors import RequestError
from edgeproof.domain.instruments import InstrumentRules
from edgeproof.features import FEATURES
from fakes.archives import make_candles, write_freqtrade_candles
from fakes.hostile import ANYTHING, MOST_BARS, NUMBERS, bring, draw_array, draw_bars, draw_funding
from fakes.small_markets import make_bars

ep: Any = edgeproof  # what is asked here no type allows
QUICK: Final = """
name: quick
thesis: What moved on volume goes on.
timeframe: 1m
params: {w: {default: 3, low: 1, high: 40000}, k: {default: 1.0, low: 0.0, high: 1e300}}
let: {push: volume * volume * (close - open), pull: log(volume) / (volume - lag(volume, 1))}
long: push > mean(push, w) or close > mean(close, w)
short: close < mean(close, w) or pull > 0
exit_long: zscore(volume, w + 1) < -1
stop: k * stdev(close, w + 1) + volume / volume
take: k * (high - low)
"""
PATIENT: Final = (
    QUICK.replace("name: quick", "name: patient")
    + "take_share: 0.4\nentry: {kind: limit, offset: k * (high - low) / 4, wait: 2}\n"
)
FAIR: Final = make_bars("BTC-USDT", minutes=MOST_BARS, seed=3)
TWO: Final = pl.concat([FAIR, make_bars("ETH-USDT", minutes=MOST_BARS, seed=4)])
WHENS: Final = (
    "close > sma(3)",
    "not volume * volume < mean(volume, 2)",
    "zscore(close, 2) / (volume - lag(volume, 1)) > 0",
    "regime_volatile(2, 2) > 0",
    'on("5m", rsi(2)) > 50',
    "close",
    'of("ETH-USDT", close) > 1',
    "1 / 0 > 1",
)
WISHES: Final[dict[str, Any]] = {
    "long": np.arange(MOST_BARS) % 7 == 1,
    "short": np.arange(MOST_BARS) % 7 == 4,
    "exit_long": np.arange(MOST_BARS) % 7 == 3,
}
FAIR_TERMS: Final[dict[type, dict[str, float]]] = {
    FixedLeverage: {"leverage": 2.0},
    TargetVolatility: {"annual": 0.5},
    CorrelationCap: {"exposure": 1.5},
    DailyLossStop: {"share": 0.01},
}
FUZZED: Final = settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.too_slow])


# Numbers that are mostly allowed, if hardly sensible.
SIZES: Final = st.one_of(
    st.sampled_from([5e-324, 1e-300, 1e-12, 1e-3, 0.5, 1.0, 3.0, 150.0, 1e4, 1e9, 1e15, 1e300]),
    st.floats(min_value=0.0, allow_nan=False, allow_infinity=False),
    NUMBERS,
)


def list_keywords(door: Any, *besides: str) -> list[str]:  # noqa: ANN401
    """Every keyword of a door: one that is added later is fuzzed from its first day."""
    return [name for name in inspect.signature(door).parameters if name not in besides]


def test_what_is_spoiled_below_trades_while_it_is_whole() -> None:
    for door in (lambda: ep.backtest(FAIR, QUICK), lambda: ep.backtest_signals(FAIR, **WISHES)):
        result: Any = bring(door)
        assert result.trades.height > 3
    account: Any = bring(lambda: ep.backtest_portfolio(TWO, [QUICK, PATIENT], sizing=FixedLeverage(leverage=0.2)))
    assert account.by_leg["trades"].min() > 3
    assert account.partial_exits.height > 0
    assert account.equity["reserved"].max() > 0.0
    assert ep.sweep(FAIR, QUICK, grid={"w": [2, 5]})["trades"].min() > 3


def test_the_judge_lets_no_nonsense_pass() -> None:
    def lament() -> None:
        raise RequestError("two\nlines")

    def give_infinity() -> pl.DataFrame:
        return pl.DataFrame({"x": [1.0, inf]})

    def gain_nothing() -> Any:  # noqa: ANN401
        result = ep.backtest_signals(FAIR, **WISHES)
        return replace(result, equity_values=result.equity_values + 1.0)

    for door in (lament, give_infinity, gain_nothing):
        with pytest.raises(AssertionError):
            bring(door)


@FUZZED
@given(bars=draw_bars())
def test_whatever_the_bars_are_every_door_refuses_them_or_adds_up(bars: Any) -> None:  # noqa: ANN401
    count = bars.height if isinstance(bars, pl.DataFrame) else MOST_BARS
    wishes = {name: np.resize(flags, count) for name, flags in WISHES.items()}
    bring(lambda: ep.backtest(bars, QUICK))
    bring(lambda: ep.backtest_signals(bars, **wishes, stop=1.0, leverage=3.0))
    bring(lambda: ep.sweep(bars, QUICK, grid={"w": [2, 5]}))
    bring(lambda: ep.backtest_portfolio(bars, [QUICK, PATIENT], sizing=FixedLeverage(leverage=3.0)))
    bring(lambda: ep.compute_features(bars, ["ema(5)", "rsi(5)", "vwap", "atr(5)", "force_index", "kama"]))


@FUZZED
@given(data=st.data())
def test_whatever_a_signal_door_is_asked_it_refuses_or_adds_up(data: st.DataObject) -> None:
    names = list_keywords(ep.backtest_signals, "bars", "funding")
    asked = data.draw(st.dictionaries(st.sampled_from(names), draw_array(MOST_BARS), max_size=2))
    fair = data.draw(st.dictionaries(st.sampled_from(["stop", "take", "trail", "leverage"]), SIZES, max_size=4))
    bring(lambda: ep.backtest_signals(FAIR, **WISHES | fair | asked))


@FUZZED
@given(
    leverage=SIZES,
    distances=st.dictionaries(st.sampled_from(["stop", "take", "trail"]), SIZES),
    equity=SIZES,
    bars=draw_bars(),
)
def test_any_sizes_and_distances_on_any_bars_are_refused_or_add_up(
    leverage: float,
    distances: dict[str, float],
    equity: float,
    bars: Any,  # noqa: ANN401
) -> None:
    count = bars.height if isinstance(bars, pl.DataFrame) else MOST_BARS
    wishes = {name: np.resize(flags, count) for name, flags in WISHES.items()}
    bring(lambda: ep.backtest_signals(bars, **wishes, **distances, leverage=leverage, initial_equity=equity))


@FUZZED
@given(
    costs=st.dictionaries(st.sampled_from(list_keywords(ep.Costs)), ANYTHING, max_size=3),
    rules=st.dictionaries(st.sampled_from(list_keywords(InstrumentRules)), ANYTHING, max_size=3),
    funding=draw_funding(),
)
def test_any_costs_rules_and_funding_are_refused_or_add_up(
    costs: dict[str, Any],
    rules: dict[str, Any],
    funding: Any,  # noqa: ANN401
) -> None:
    bring(lambda: ep.backtest_signals(FAIR, **WISHES, costs=ep.Costs(**costs)))
    bring(lambda: ep.backtest_signals(FAIR, **WISHES, rules=InstrumentRules(**rules), leverage=20.0))
    bring(lambda: ep.backtest_signals(FAIR, **WISHES, funding=funding))
    bring(lambda: ep.backtest(FAIR, QUICK, funding=funding))
    bring(lambda: ep.backtest_portfolio(FAIR, [QUICK], funding=funding, rules=InstrumentRules(**rules)))
    bring(lambda: ep.compute_features(FAIR, ["funding_rate", "ema"], funding=funding))


@FUZZED
@given(
    bars=draw_bars(),
    when=st.one_of(ANYTHING, st.sampled_from(WHENS)),
    factor=st.one_of(ANYTHING, NUMBERS, st.floats(0.1, 9.0)),
)
def test_any_regime_on_any_bars_is_refused_or_adds_up(
    bars: Any,  # noqa: ANN401
    when: Any,  # noqa: ANN401
    factor: Any,  # noqa: ANN401
) -> None:
    def trade(frame: Any) -> Any:  # noqa: ANN401
        count = frame.height if isinstance(frame, pl.DataFrame) else MOST_BARS
        wishes = {name: np.resize(flags, count) for name, flags in WISHES.items()}
        return ep.backtest_signals(frame, **wishes, costs=ep.Costs(regimes=(ep.Regime(when=when, factor=factor),)))

    bring(lambda: trade(FAIR))
    bring(lambda: trade(bars))


@FUZZED
@given(data=st.data())
def test_whatever_a_strategy_door_is_asked_it_refuses_or_adds_up(data: st.DataObject) -> None:
    value = st.one_of(ANYTHING, st.dictionaries(st.sampled_from(["w", "k", "x"]), ANYTHING, max_size=2))
    names = list_keywords(ep.backtest, "bars")
    asked = data.draw(st.dictionaries(st.sampled_from(names), value, min_size=1, max_size=2))
    bring(lambda: ep.backtest(**{"bars": FAIR, "strategy": QUICK} | asked))


@FUZZED
@given(data=st.data())
def test_whatever_a_portfolio_is_asked_it_refuses_or_adds_up(data: st.DataObject) -> None:
    names = list_keywords(ep.backtest_portfolio, "bars")
    members = st.dictionaries(st.sampled_from(list_keywords(Member)), ANYTHING, min_size=1, max_size=2)
    named = st.dictionaries(st.sampled_from(["BTC-USDT", "ETH-USDT", "ETH-USD"]), ANYTHING, max_size=2)
    asked = data.draw(st.dictionaries(st.sampled_from(names), st.one_of(ANYTHING, named), max_size=1))
    terms: dict[str, Any] = {"strategy": QUICK} | data.draw(members)
    bring(lambda: ep.backtest_portfolio(**{"bars": TWO, "strategies": [QUICK]} | asked))
    bring(lambda: ep.backtest_portfolio(TWO, [Member(**terms), "ema_crossover"]))


@pytest.mark.parametrize(
    "kind", [Signalled, FixedLeverage, TargetVolatility, RiskPerTrade, FractionalKelly], ids=lambda kind: kind.kind
)
@settings(FUZZED, max_examples=25)
@given(data=st.data())
def test_any_limits_and_sizes_are_refused_or_add_up(data: st.DataObject, kind: Any) -> None:  # noqa: ANN401
    def draw(kind: Any) -> dict[str, Any]:  # noqa: ANN401
        values = st.one_of(SIZES, st.sampled_from([0, 1, 2, 5]), ANYTHING)
        asked = data.draw(st.dictionaries(st.sampled_from(list_keywords(kind)), values, max_size=3))
        return FAIR_TERMS.get(kind, {}) | asked

    size, limits, cap, loss = draw(kind), draw(Limits), draw(CorrelationCap), draw(DailyLossStop)
    equity = data.draw(SIZES)
    bring(lambda: ep.backtest_portfolio(TWO, [QUICK, PATIENT], sizing=kind(**size), initial_equity=equity))
    bring(lambda: ep.backtest_portfolio(TWO, [QUICK, PATIENT], limits=Limits(**limits)))
    bring(lambda: ep.backtest_portfolio(TWO, [QUICK, PATIENT], limits=Limits(correlation=CorrelationCap(**cap))))
    bring(lambda: ep.backtest_portfolio(TWO, [QUICK, PATIENT], limits=Limits(daily_loss=DailyLossStop(**loss))))


@FUZZED
@given(data=st.data())
def test_whatever_a_sweep_is_asked_it_refuses_or_adds_up(data: st.DataObject) -> None:
    values = st.one_of(ANYTHING, st.lists(ANYTHING, max_size=3))
    value = st.one_of(ANYTHING, st.dictionaries(st.sampled_from(["w", "k", "quick.w", "x"]), values, max_size=2))
    # Draws without end are drawn, as asked; what the caller's own functions raise is the caller's.
    names = list_keywords(ep.sweep, "bars", "compute", "random", "optuna", "workers", "on_rows", "record", "recall")
    asked = data.draw(st.dictionaries(st.sampled_from(names), value, min_size=1, max_size=2))
    bring(lambda: ep.sweep(**{"bars": FAIR, "strategy": QUICK, "grid": {"w": [2, 5]}} | asked))


@pytest.mark.parametrize("name", ["on_rows", "record", "recall", "clock", "where", "random", "optuna", "workers"])
@pytest.mark.parametrize("value", [0, -1, 10**12, nan, "x", np.array([]), {}], ids=repr)
def test_what_is_no_function_and_no_count_is_refused(name: str, value: object) -> None:
    asked: dict[str, Any] = {"record": print} if name == "clock" else {}
    with pytest.raises(RequestError, match=f"{name} cannot be|expected one of them|combinations are more than"):
        ep.sweep(FAIR, QUICK, grid={"w": [2, 5]}, **asked | {name: value})


@FUZZED
@given(
    name=st.sampled_from(FEATURES.names),
    arguments=st.lists(st.one_of(NUMBERS.map(repr), st.sampled_from(["", "x", "1e9", "nan"])), max_size=3),
    bars=draw_bars(),
)
def test_any_arguments_of_a_feature_are_refused_or_give_numbers(name: str, arguments: list[str], bars: Any) -> None:  # noqa: ANN401
    bring(lambda: ep.compute_features(FAIR, [f"{name}({','.join(arguments)})"]))
    bring(lambda: ep.compute_features(bars, [name]))


@pytest.mark.parametrize("name", list_keywords(ep.compute_features))
@settings(deadline=None, max_examples=25)
@given(value=ANYTHING)
def test_whatever_features_are_asked_they_refuse_or_give_numbers(name: str, value: Any) -> None:  # noqa: ANN401
    bring(lambda: ep.compute_features(**{"bars": FAIR, "names": ["ema(5)"]} | {name: value}))


@pytest.mark.parametrize("name", ["stop", "take", "trail", "leverage"])
@pytest.mark.parametrize("value", [inf, -inf, -1.0, 1e309])
def test_distances_that_are_no_distance_are_refused(name: str, value: float) -> None:
    with pytest.raises(RequestError, match=f"{name} cannot be .*finite numbers, 0 or more"):
        ep.backtest_signals(FAIR, **WISHES, **{name: value})


def test_documented_results_of_odd_but_possible_input() -> None:
    usual = ep.backtest_signals(FAIR, **WISHES, leverage=2.0)
    naive = FAIR.with_columns(pl.col("ts").dt.replace_time_zone(None))
    tokyo = FAIR.with_columns(pl.col("ts").dt.convert_time_zone("Asia/Tokyo"))
    whole = FAIR.with_columns(pl.col("ts").dt.epoch("ms"))
    for same in (naive, tokyo, whole):
        assert ep.backtest_signals(same, **WISHES, leverage=2.0).trades.equals(usual.trades)
    assert ep.backtest_signals(FAIR, **WISHES, leverage=2.0, stop=nan).trades.equals(usual.trades)
    one = ep.backtest_signals(FAIR.head(1), long=[True])
    assert (one.trades.height, one.metrics.final_equity) == (0, 10_000.0)
    most = ep.backtest_signals(FAIR, **WISHES, leverage=1e300)
    assert most.trades.equals(ep.backtest_signals(FAIR, **WISHES, leverage=150.0).trades)


@pytest.mark.slow
def test_a_hundred_million_bars_are_traded_in_bounded_memory() -> None:
    tests = Path(__file__).resolve().parents[1]
    path = os.pathsep.join([str(tests), *filter(None, [os.environ.get("PYTHONPATH")])])
    command = [sys.executable, str(tests / "fakes" / "many_bars.py"), str(10**8)]
    ran = subprocess.run(
        command, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, timeout=900, check=False
    )
    assert ran.returncode == 0, ran.stderr[-2_000:]
    told = json.loads(ran.stdout)
    assert told["trades"] == 100_000
    assert told["error"] < 1e-9
    # Sixteen of them are the frame itself.
    assert told["bytes_a_bar"] < 60


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with some hours of one symbol."""
    folder = tmp_path_factory.mktemp("hostile")
    root, files = folder / "desk", folder / "files"
    files.mkdir()
    write_freqtrade_candles(files / "BTC_USDT_USDT-1m-futures.feather", make_candles(600))
    for arguments in (["init", str(root)], ["data", "import", str(files), "--workspace", str(root)]):
        with pytest.raises(SystemExit):
            main(arguments)
    return root


OPTIONS: Final = (
    "--symbols", "--venue", "--timeframe", "--window", "--from", "--to", "--param", "--taker", "--slippage",
    "--latency-ms",
)  # fmt: skip
WORDS: Final = (
    "nan", "inf", "-inf", "-1", "0", "1e300", "1e-300", "10000000000000", "", " ", "x", "fast=nan", "fast=1e9",
    "fast=5", "fast", "=", "5m", "0m", "1d", "9999999d", "BTC-USDT", "../x", "a\nb", "2024-03-01", "9999-12-31",
    "0001-01-01", "\u0661m", "\x00",
)  # fmt: skip


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    asked=st.lists(st.tuples(st.sampled_from(OPTIONS), st.sampled_from(WORDS)), max_size=3),
    strategy=st.sampled_from(["ema_crossover", "ema_crossover", "ema_crosover", "", "x.yaml", "/", "\x00"]),
)
def test_whatever_the_command_is_asked_it_refuses_in_one_line_or_answers(
    desk: Path, capsys: pytest.CaptureFixture[str], asked: list[tuple[str, str]], strategy: str
) -> None:
    capsys.readouterr()
    words = [word for pair in asked for word in pair]
    with pytest.raises(SystemExit) as stopped:
        main(["backtest", strategy, *words, "--timeframe", "1m", "--workspace", str(desk), "--json"])
    told = capsys.readouterr()
    document = json.loads(told.out)
    assert stopped.value.code in {0, 2}, told.err
    if stopped.value.code:
        assert told.err.startswith("error: ")
        assert told.err.count("\n") == 1
    else:
        metrics = document["total"]["metrics"]
        assert metrics["final_equity"] == pytest.approx(
            metrics["initial_equity"] + metrics["gross_profit"] - metrics["gross_loss"]
        )
