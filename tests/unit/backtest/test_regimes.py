"""Regimes against factors that were computed apart, with numpy and polars alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.backtest import (
    backtest,
    backtest_signals,
    charge_regimes,
    compute_factors,
    describe_conditions,
    hash_result,
    prepare_tape,
    replay_signals,
)
from edgeproof.backtest.portfolio import Leg, Member, backtest_portfolio, replay_legs
from edgeproof.backtest.regimes import count_unknown, spell_regimes
from edgeproof.domain.errors import InvalidValue, RequestError
from edgeproof.domain.hashing import hash_json
from edgeproof.domain.series import BarSeries
from edgeproof.domain.time import ONE_MINUTE, Timeframe
from edgeproof.execution import Costs, HourlySlippage, Regime
from edgeproof.features import compute_features
from edgeproof.market import resample
from edgeproof.strategies import MarketData, evaluate, load_strategy
from fakes.small_markets import make_bars, make_funding

if TYPE_CHECKING:
    from pathlib import Path

    from edgeproof.backtest import BacktestResult
    from edgeproof.domain.arrays import FloatArray

BTC, ETH = "BTC-USDT", "ETH-USDT"
BARS = make_bars(ETH, minutes=3_000, seed=5)
BOTH = pl.concat([BARS, make_bars(BTC, minutes=2_500, seed=6)])
SERIES = BarSeries.from_frame(BARS, ONE_MINUTE)
ABOVE = Regime(when="close > sma(20)", factor=1.7)
WILD = Regime(when="regime_volatile(20, 60) > 0", factor=2.3)
CALM = Regime(when="regime_quiet(20, 60) > 0", factor=0.4)
HOURS = HourlySlippage(
    buy=tuple(0.0003 + hour * 1e-5 for hour in range(24)), sell=tuple(0.0009 - hour * 1e-5 for hour in range(24))
)


def multiply_shifted(known: FloatArray, factor: float) -> FloatArray:
    """The factors of a condition given as 1, 0 or NaN at each close, by the bar after."""
    before = np.concatenate([[np.nan], known[:-1]])
    return np.where(np.isnan(before), max(1.0, factor), np.where(before > 0.0, factor, 1.0))


def compare(left: pl.Series, right: pl.Series) -> FloatArray:
    """1 where left is above right, 0 where not, NaN where either is unknown."""
    one, other = left.to_numpy(), right.to_numpy()
    return np.where(np.isnan(one) | np.isnan(other), np.nan, (one > other).astype(np.float64))


def find_factors(bars: pl.DataFrame) -> FloatArray:
    """What ABOVE, WILD and CALM are worth together, in the order of their conditions."""
    mean = bars["close"].rolling_mean(20).fill_null(float("nan"))
    codes = [f"regime_{name}(20, 60)" for name in ("quiet", "volatile")]
    quiet, volatile = (compute_features(bars, names=codes)[name].fill_null(float("nan")).to_numpy() for name in codes)
    factors = multiply_shifted(compare(bars["close"], mean), ABOVE.factor)
    return factors * multiply_shifted(quiet, CALM.factor) * multiply_shifted(volatile, WILD.factor)


def with_factors(bars: pl.DataFrame) -> pl.DataFrame:
    parts = bars.partition_by("symbol", maintain_order=True)
    return pl.concat([part.with_columns(slippage_factor=find_factors(part)) for part in parts])


def require_same(one: BacktestResult, other: BacktestResult) -> None:
    assert one.trades.equals(other.trades)
    assert one.equity.equals(other.equity)
    assert one.metrics == other.metrics


def test_factors_of_regimes_that_hold_at_once_multiply_a_bar_after_they_were_known() -> None:
    data = MarketData({ETH: SERIES})
    found = compute_factors(Costs(regimes=(WILD, ABOVE, CALM)).regimes, data, ETH, ONE_MINUTE)
    np.testing.assert_array_equal(found, find_factors(BARS))
    assert np.unique(found).round(2).tolist() == [0.4, 0.68, 1.0, 1.7, 2.3, 3.91]


def test_before_anything_is_known_the_dearer_counts() -> None:
    data = MarketData({ETH: SERIES})
    assert compute_factors((ABOVE,), data, ETH, ONE_MINUTE)[:20].tolist() == [1.7] * 20
    assert compute_factors((CALM,), data, ETH, ONE_MINUTE)[:60].tolist() == [1.0] * 60
    lacking = Regime(when="taker_buy_volume > 5", factor=3.0)
    assert compute_factors((lacking,), data, ETH, ONE_MINUTE).tolist() == [3.0] * 3_000


def test_a_longer_view_counts_from_its_close() -> None:
    risen = Regime(when='on("1h", close > open)', factor=2.0)
    hours = BARS.group_by_dynamic("ts", every="1h").agg(pl.col("open").first(), pl.col("close").last())
    known = (hours["close"] > hours["open"]).cast(pl.Float64).to_numpy()
    # The minute that closes with the hour knows it, so the minute after pays by it.
    by_minute = np.concatenate([np.full(59, np.nan), np.repeat(known, 60)])[: len(BARS)]
    found = compute_factors((risen,), MarketData({ETH: SERIES}), ETH, ONE_MINUTE)
    np.testing.assert_array_equal(found, multiply_shifted(by_minute, 2.0))


@given(cut=st.integers(1, 2_999))
@settings(deadline=None, max_examples=30)
def test_what_comes_later_changes_no_factor_before_it(cut: int) -> None:
    regimes = (ABOVE, WILD, CALM, Regime(when='on("15m", rsi(5)) > 60', factor=1.2))
    whole = compute_factors(regimes, MarketData({ETH: SERIES}), ETH, ONE_MINUTE)
    # The last bar kept has another close than it had: its own factor was settled before it opened.
    other = BARS.head(cut).with_columns(
        pl.when(pl.int_range(pl.len()) == cut - 1).then(pl.col(name) * 3).otherwise(pl.col(name)).alias(name)
        for name in ("open", "high", "low", "close", "volume")
    )
    data = MarketData({ETH: BarSeries.from_frame(other, ONE_MINUTE)})
    np.testing.assert_array_equal(compute_factors(regimes, data, ETH, ONE_MINUTE), whole[:cut])


@pytest.mark.parametrize("hourly", [None, HOURS])
def test_regimes_are_the_column_of_their_factors_to_the_bit(hourly: HourlySlippage | None) -> None:
    funding = pl.concat([make_funding(ETH, minutes=3_000), make_funding(BTC, minutes=2_500)])
    charged = Costs(hourly=hourly, regimes=(WILD, ABOVE, CALM))
    by_regime = backtest(BOTH, "ema_crossover", timeframe="1m", funding=funding, costs=charged)
    by_column = backtest(
        with_factors(BOTH), "ema_crossover", timeframe="1m", funding=funding, costs=Costs(hourly=hourly)
    )
    require_same(by_regime, by_column)
    flat = backtest(BOTH, "ema_crossover", timeframe="1m", funding=funding, costs=Costs(hourly=hourly))
    assert by_regime.metrics.trades > 50
    assert by_regime.metrics.slippage > flat.metrics.slippage


def test_regimes_multiply_the_factors_that_bars_bring() -> None:
    brought = BARS.with_columns(slippage_factor=pl.int_range(pl.len()) % 3 + 0.5)
    product = brought.with_columns(slippage_factor=pl.col("slippage_factor") * pl.Series(find_factors(BARS)))
    costs = Costs(regimes=(WILD, ABOVE, CALM))
    require_same(backtest(brought, "ema_crossover", costs=costs), backtest(product, "ema_crossover"))


def test_your_own_signals_pay_by_regime_too() -> None:
    draws = np.random.default_rng(8).random((2, len(BARS))) < 0.05
    asked: dict[str, Any] = {"long": draws[0], "short": draws[1], "max_hold": 30}
    by_regime = backtest_signals(BARS, **asked, costs=Costs(regimes=(WILD, ABOVE, CALM)))
    require_same(by_regime, backtest_signals(with_factors(BARS), **asked))
    nameless = backtest_signals(BARS.drop("symbol"), **asked, costs=Costs(regimes=(WILD, ABOVE, CALM)))
    assert nameless.metrics == by_regime.metrics


def test_a_trade_pays_the_factor_of_its_bar() -> None:
    replay = backtest(BARS, "ema_crossover", costs=Costs(taker=0.0, slippage=0.001, regimes=(ABOVE,)))
    trades = replay.trades.filter(pl.col("exit_reason").is_in(["signal", "reverse"]))
    factors = multiply_shifted(compare(BARS["close"], BARS["close"].rolling_mean(20).fill_null(float("nan"))), 1.7)
    opens = BARS.select("ts", "open", factor=factors)
    entered = trades.join(opens, left_on="entry_ts", right_on="ts")
    side = np.where(entered["side"] == "long", 1.0, -1.0)
    paid = side * (entered["entry_price"].to_numpy() / entered["open"].to_numpy() - 1.0)
    np.testing.assert_allclose(paid, 0.001 * entered["factor"].to_numpy(), rtol=1e-9)
    assert entered["factor"].n_unique() == 2


def test_a_condition_may_be_longer_in_its_canonical_spelling_than_it_may_be_written() -> None:
    written = " and ".join(f"rsi()>{level}" for level in range(38))
    charged = spell_regimes(Costs(regimes=(Regime(when=written, factor=1.5),)))
    assert len(written) < 500 < len(charged.regimes[0].when)
    assert spell_regimes(charged) == charged
    assert backtest(BARS, "ema_crossover", costs=charged).metrics.trades > 0


def test_what_changes_no_cost_changes_neither_name_nor_result() -> None:
    alike = HourlySlippage(buy=(0.0005,) * 24, sell=(0.0005,) * 24)
    idle = Regime(when="close > sma(20)", factor=1.0)
    flat = Costs(slippage=0.0005)
    data, signals = MarketData({ETH: SERIES}), evaluate(load_strategy("ema_crossover"), MarketData({ETH: SERIES}), ETH)
    answers = {
        (
            hash_result(replay_signals(charge_regimes(prepare_tape(SERIES), costs, data, ETH), signals, costs=costs)),
            hash_json(describe_conditions(costs, None, 10_000.0)),
        )
        for costs in (flat, Costs(hourly=alike), Costs(hourly=alike, slippage=0.001), replace(flat, regimes=(idle,)))
    }
    assert len(answers) == 1


def test_a_condition_spelled_otherwise_is_the_same_regime() -> None:
    spelled = (Regime(when="close>sma(20)", factor=1.7), Regime(when="(close > sma(20))", factor=1.7))
    with pytest.raises(InvalidValue, match="each condition once"):
        backtest(BARS, "ema_crossover", costs=Costs(regimes=spelled))


@pytest.mark.parametrize(
    ("when", "told"),
    [
        ("regime_volatile()", "this is a number where a condition was wanted"),
        ("volatilty() > 1", "no feature or operator 'volatilty'"),
        ('of("BTC-USDT", close) > 1', "the symbol that is traded"),
        ('on("7m", close) > 1', "divide a day"),
    ],
)
@pytest.mark.parametrize("door", [backtest, backtest_signals])
def test_a_regime_that_is_no_condition_is_refused_in_one_line(door: Any, when: str, told: str) -> None:  # noqa: ANN401
    asked: dict[str, Any] = {"strategy": "ema_crossover"} if door is backtest else {"long": [True] * len(BARS)}
    with pytest.raises(RequestError, match=told) as refusal:
        door(BARS, **asked, costs=Costs(regimes=(Regime(when=when, factor=2.0),)))
    assert "\n" not in str(refusal.value)


def test_a_view_shorter_than_the_bars_is_refused() -> None:
    hours = resample(SERIES, Timeframe(60)).to_frame()
    with pytest.raises(InvalidValue, match="whole multiple"):
        backtest(hours, "ema_crossover", costs=Costs(regimes=(Regime(when='on("5m", close) > 1', factor=2.0),)))


def test_regimes_of_one_bar_are_unknown() -> None:
    data = MarketData({ETH: SERIES.slice(0, 1)})
    assert compute_factors((ABOVE, CALM), data, ETH, ONE_MINUTE).tolist() == [1.7]


def test_a_tape_of_other_bars_is_refused() -> None:
    tape = prepare_tape(SERIES.slice(0, 100))
    with pytest.raises(InvalidValue, match="other bars than those of 'ETH-USDT'"):
        charge_regimes(tape, Costs(regimes=(ABOVE,)), MarketData({ETH: SERIES}), ETH)


def test_a_tape_of_other_prices_at_the_same_times_is_refused() -> None:
    dearer = BarSeries.from_frame(BARS.with_columns(pl.col("open", "high", "low", "close") * 2), ONE_MINUTE)
    with pytest.raises(InvalidValue, match="other bars than those of 'ETH-USDT'"):
        charge_regimes(prepare_tape(dearer), Costs(regimes=(ABOVE,)), MarketData({ETH: SERIES}), ETH)
    again = BarSeries.from_frame(BARS, ONE_MINUTE)
    assert charge_regimes(prepare_tape(again), Costs(regimes=(ABOVE,)), MarketData({ETH: SERIES}), ETH).regimes


def test_a_tape_charged_with_other_regimes_is_told_which() -> None:
    data = MarketData({ETH: SERIES})
    tape = charge_regimes(prepare_tape(SERIES), Costs(regimes=(ABOVE, CALM)), data, ETH)
    signals = evaluate(load_strategy("ema_crossover"), data, ETH)
    told = r"without a factor of 2 where close > sma\(20\) but with a factor of 1\.7 where close > sma\(20\)'; expected"
    with pytest.raises(InvalidValue, match=told):
        replay_signals(tape, signals, costs=Costs(regimes=(CALM, replace(ABOVE, factor=2.0))))
    spelled_otherwise = Costs(regimes=(CALM, replace(ABOVE, when="close>sma( 20 )")))
    assert replay_signals(tape, signals, costs=spelled_otherwise).metrics.trades > 0


def test_bars_in_which_a_regime_was_unknown_are_counted_as_they_were_charged() -> None:
    data = MarketData({ETH: SERIES})
    unfunded = Regime(when="funding_zscore() > 1", factor=3.0)
    regimes = (ABOVE, CALM, unfunded, Regime(when="close > 0", factor=2.0))
    assert count_unknown(regimes, data, ETH, ONE_MINUTE) == (20, 80, 3_000, 1)
    assert compute_factors((unfunded,), data, ETH, ONE_MINUTE).tolist() == [3.0] * 3_000


def test_what_is_wrong_with_a_condition_cannot_be_mistaken_for_the_strategy() -> None:
    five = MarketData({ETH: resample(SERIES, Timeframe(5))})
    finer = Regime(when='on("1m", close) > 1', factor=2.0)
    with pytest.raises(InvalidValue, match=r"^a condition of costs\.regimes cannot be 'on\(.*on 5m bars"):
        compute_factors((finer,), five, ETH, Timeframe(5))
    with pytest.raises(InvalidValue, match=r"^a condition of costs\.regimes cannot be 'volatilty"):
        spell_regimes(Costs(regimes=(Regime(when="volatilty() > 1", factor=2.0),)))


def test_costs_without_regimes_leave_the_tape_as_it_is() -> None:
    tape = prepare_tape(SERIES)
    assert charge_regimes(tape, Costs(hourly=HOURS), MarketData({ETH: SERIES}), ETH) is tape


def test_costs_are_never_charged_without_their_regimes() -> None:
    data = MarketData({ETH: SERIES})
    plain, charged = prepare_tape(SERIES), charge_regimes(prepare_tape(SERIES), Costs(regimes=(ABOVE,)), data, ETH)
    signals = evaluate(load_strategy("ema_crossover"), data, ETH)
    leg = Leg(name="ema", symbol=ETH, signals=signals)
    for tape, regimes in ((plain, (ABOVE,)), (charged, ()), (charged, (WILD,)), (SERIES, (ABOVE,))):
        with pytest.raises(InvalidValue, match="charge_regimes"):
            replay_signals(tape, signals, costs=Costs(regimes=regimes))
    for tape, regimes in ((plain, (ABOVE,)), (charged, ())):
        with pytest.raises(InvalidValue, match="charge_regimes"):
            replay_legs({ETH: tape}, [leg], costs=Costs(regimes=regimes))
    with pytest.raises(InvalidValue, match="charged before"):
        charge_regimes(charged, Costs(regimes=(ABOVE,)), data, ETH)


def test_other_fees_and_twice_the_costs_go_with_the_same_tape() -> None:
    data, costs = MarketData({ETH: SERIES}), Costs(regimes=(ABOVE,))
    tape = charge_regimes(prepare_tape(SERIES), costs, data, ETH)
    signals = evaluate(load_strategy("ema_crossover"), data, ETH)
    one, two = (replay_signals(tape, signals, costs=paid).metrics for paid in (costs, costs.doubled()))
    assert two.total_return < one.total_return


def test_portfolios_pay_what_their_backtests_pay() -> None:
    costs = Costs(hourly=HOURS, regimes=(WILD, ABOVE, CALM))
    alone = backtest(BARS, "ema_crossover", timeframe="1m", costs=costs)
    account = backtest_portfolio(BARS, [Member(strategy="ema_crossover", timeframe="1m")], costs=costs)
    assert account.trades.drop("leg").equals(alone.trades)
    together = backtest_portfolio(BOTH, ["ema_crossover", "bb_reversion"], costs=costs)
    by_column = backtest_portfolio(with_factors(BOTH), ["ema_crossover", "bb_reversion"], costs=Costs(hourly=HOURS))
    assert together.trades.equals(by_column.trades)
    assert together.metrics == by_column.metrics


@pytest.mark.real_data
def test_real_minutes_pay_more_while_they_are_volatile(market_data: Path) -> None:
    path = market_data / "freqtrade_a/BTC_USDT_USDT-1m-futures.feather"
    if not path.is_file():
        pytest.skip(f"{path.name} is absent")
    bars = pl.read_ipc(path).rename({"date": "ts"}).tail(20_000).with_columns(symbol=pl.lit(BTC))
    volatile = compute_features(bars, names=["regime_volatile"])["regime_volatile"].fill_null(float("nan")).to_numpy()
    wild = Regime(when="regime_volatile() > 0", factor=2.5)
    by_regime = backtest(bars, "ema_crossover", timeframe="5m", costs=Costs(regimes=(wild,)))
    column = bars.with_columns(slippage_factor=multiply_shifted(volatile, 2.5))
    require_same(by_regime, backtest(column, "ema_crossover", timeframe="5m"))
    assert 0.05 < np.nanmean(volatile) < 0.5
    assert by_regime.metrics.trades > 100
