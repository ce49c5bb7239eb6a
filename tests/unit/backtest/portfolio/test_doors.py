from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from edgeproof.backtest import backtest
from edgeproof.backtest.portfolio import (
    ACCOUNT_CURVE,
    LEG_LIST,
    PORTFOLIO_PARTS,
    PORTFOLIO_TRADES,
    Leg,
    Limits,
    Member,
    Signalled,
    backtest_portfolio,
    describe_portfolio,
    name_portfolio,
    order_legs,
)
from edgeproof.domain.errors import InvalidValue, RequestError, UnknownName
from edgeproof.domain.instruments import InstrumentRules
from edgeproof.execution import Costs, Regime
from edgeproof.sheets.parts import match_parts
from edgeproof.strategies import library_names, load_strategy
from fakes.small_markets import make_bars, make_funding
from fakes.tiny_market import make_bars as make_tiny
from fakes.tiny_market import make_signals
from fakes.tiny_portfolio import make_leg, trade_together

MINUTES = 3_000
BARS = pl.concat([make_bars(symbol, minutes=MINUTES, seed=seed) for seed, symbol in enumerate(("X-USDT", "Y-USDT"))])
FUNDING = pl.concat([make_funding(symbol, minutes=MINUTES) for symbol in ("X-USDT", "Y-USDT")])
FAST = {"timeframe": "5m"}


def test_one_strategy_on_one_symbol_is_its_backtest() -> None:
    bars, funding = BARS.filter(symbol="X-USDT"), FUNDING.filter(symbol="X-USDT")
    alone = backtest(bars, "ema_crossover", timeframe="5m", funding=funding)
    account = backtest_portfolio(bars, [Member(strategy="ema_crossover", timeframe="5m")], funding=funding)
    assert len(alone.trades) > 10
    assert account.trades.drop("leg").equals(alone.trades)
    assert account.metrics == alone.metrics


def test_a_bare_strategy_trades_every_symbol_and_a_member_its_own() -> None:
    result = backtest_portfolio(BARS, ["ema_crossover", Member(strategy="bb_reversion", symbols=["Y-USDT"])])
    assert [(leg.name, leg.symbol) for leg in result.legs if leg.symbol == "X-USDT"] == [("ema_crossover", "X-USDT")]
    assert {leg.name for leg in result.legs if leg.symbol == "Y-USDT"} == {"ema_crossover", "bb_reversion"}


def test_legs_are_named_by_what_differs_from_the_strategy() -> None:
    members = [
        Member(strategy="ema_crossover", params={"fast": 9}, symbols=["X-USDT"]),
        Member(strategy="ema_crossover", timeframe="5m", symbols=["X-USDT"]),
    ]
    result = backtest_portfolio(BARS, members)
    assert {leg.name for leg in result.legs} == {"ema_crossover(fast=9)", "ema_crossover@5m"}


MINE = """
name: mine
thesis: A fast mean above a slow one goes on.
timeframe: 5m
long: crosses_above(ema(9), ema(21))
stop: 2 * atr(14)
take: {take} * atr(14)
take_share: 0.5
"""


def test_parts_belong_to_their_own_trade_where_two_strategies_have_one_name() -> None:
    bars = BARS.filter(symbol="X-USDT")
    result = backtest_portfolio(bars, [MINE.format(take=take) for take in (0.5, 1.0)])
    near, far = (leg.name for leg in result.legs)
    assert near != far
    assert near.startswith("mine #")
    assert far.startswith("mine #")
    parts = match_parts(result.trades, result.partial_exits)
    assert len(parts) == len(result.parts) > 10
    assert parts["trade"].is_unique().all()


def test_params_that_read_alike_are_told_apart() -> None:
    members = [Member(strategy="bb_reversion", params={"width": width}) for width in (2.000001, 2.000002)]
    result = backtest_portfolio(BARS, members)
    assert result.by_leg.select("leg", "symbol").is_unique().all()
    assert len({leg.name for leg in result.legs}) == 2


def test_the_same_leg_on_two_symbols_keeps_its_name() -> None:
    result = backtest_portfolio(BARS, ["ema_crossover", "bb_reversion"])
    assert {leg.name for leg in result.legs} == {"ema_crossover", "bb_reversion"}


def test_identities_that_begin_alike_are_told_as_far_as_they_differ() -> None:
    bars = make_tiny(*["100"] * 3)
    legs = [Leg(name="a", symbol="A", signals=make_signals(bars, "L"), identity=f"long-same-{at}") for at in "12"]
    assert [leg.name for leg in order_legs(legs)] == ["a #long-same-1", "a #long-same-2"]


def test_order_of_strategies_and_of_rows_changes_nothing() -> None:
    names = ["ema_crossover", "bb_reversion", "macd_crossover"]
    limits = Limits(max_positions=2)
    first = backtest_portfolio(BARS, names, funding=FUNDING, limits=limits, sizing=Signalled(share=0.7))
    turned = pl.concat([BARS.filter(symbol="Y-USDT"), BARS.filter(symbol="X-USDT")])
    second = backtest_portfolio(turned, names[::-1], funding=FUNDING, limits=limits, sizing=Signalled(share=0.7))
    assert first.trades.equals(second.trades)
    assert first.equity.equals(second.equity)
    assert first.by_leg.equals(second.by_leg)
    assert first.skipped.equals(second.skipped)
    assert first.skipped["count"].sum() > 0


def test_frames_have_the_declared_columns() -> None:
    result = backtest_portfolio(BARS, ["ema_crossover"], funding=FUNDING)
    assert result.trades.schema == PORTFOLIO_TRADES
    assert result.equity.schema == ACCOUNT_CURVE
    np.testing.assert_allclose(
        result.equity["equity"], result.equity["cash"] + result.equity["unrealised"], rtol=0, atol=1e-9
    )
    assert result.by_leg.schema == LEG_LIST
    assert result.by_leg["pnl"].sum() == pytest.approx(result.costs.net)


def test_rules_are_those_of_all_symbols_or_of_each() -> None:
    rules = InstrumentRules(lot=1.0)
    every = backtest_portfolio(BARS, ["ema_crossover"], rules=rules)
    one = backtest_portfolio(BARS, ["ema_crossover"], rules={"X-USDT": rules})
    assert (every.records["size"] % 1.0 == 0.0).all()
    sizes = one.trades.with_columns(whole=pl.col("size") % 1.0 == 0.0).group_by("symbol").agg(pl.col("whole").all())
    assert dict(sizes.iter_rows()) == {"X-USDT": True, "Y-USDT": False}


def test_what_legs_are_called_is_no_other_portfolio() -> None:
    bars = make_tiny(*["100"] * 3)
    legs = [Leg(name=name, symbol="A", signals=make_signals(bars, "L"), identity="same") for name in ("a", "b")]
    names = {name_portfolio(describe_portfolio([leg], sizing=None, limits=Limits())) for leg in legs}
    assert len(names) == 1
    tighter = describe_portfolio(legs[:1], sizing=None, limits=Limits(max_positions=1))
    assert name_portfolio(tighter) not in names


@pytest.mark.parametrize(
    ("strategies", "told"),
    [
        ("ema_crossover", "a list of strategies"),
        (load_strategy("ema_crossover"), "a list of strategies"),
        ([], "at least one"),
        (None, "a list of strategies"),
        (3, "a list of strategies"),
        ([1], "a name in the library"),
        (["ema_crossover", "ema_crossover"], "each strategy once on a symbol"),
        ([Member(strategy="ema_crossover", symbols=["Z-USDT"])], "Z-USDT"),
        ([Member(strategy="ema_crossover", params={"fats": 3})], "did you mean 'fast'"),
        (["nothing_such"], "nothing_such"),
    ],
)
def test_wrong_strategies_are_refused(strategies: list[str], told: str) -> None:
    with pytest.raises(RequestError, match=told):
        backtest_portfolio(BARS, strategies)


def test_rules_of_a_symbol_without_bars_are_not_passed_over() -> None:
    with pytest.raises(UnknownName, match="no bars for the rules of 'X-USD'; did you mean 'X-USDT'"):
        backtest_portfolio(BARS, ["ema_crossover"], rules={"X-USD": InstrumentRules(lot=1.0)})


def test_no_params_are_the_defaults() -> None:
    usual = backtest_portfolio(BARS, [Member(strategy="ema_crossover")])
    assert backtest_portfolio(BARS, [Member(strategy="ema_crossover", params={})]).trades.equals(usual.trades)


@pytest.mark.parametrize("equity", [0.0, -1.0, float("nan"), float("inf"), "much", True])
def test_equity_that_is_no_number_above_zero_is_refused(equity: float) -> None:
    with pytest.raises(InvalidValue, match="initial_equity"):
        backtest_portfolio(BARS, ["ema_crossover"], initial_equity=equity)


@pytest.mark.parametrize(
    ("terms", "told"),
    [
        ({"costs": 0.001}, "costs"),
        ({"rules": 3}, "rules"),
        ({"rules": {"X-USDT": "none"}}, "rules"),
        ({"limits": {"max_positions": 3}}, "limits"),
        ({"sizing": 0.5}, "sizing"),
        ({"sizing": "risk"}, "sizing"),
    ],
)
def test_terms_of_the_wrong_kind_are_refused(terms: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidValue, match=told):
        backtest_portfolio(BARS, ["ema_crossover"], **terms)


def test_slippage_factors_of_the_bars_are_those_of_the_backtest() -> None:
    bars = BARS.filter(symbol="X-USDT").with_columns(slippage_factor=2.0)
    alone = backtest(bars, "ema_crossover")
    account = backtest_portfolio(bars, ["ema_crossover"])
    assert account.trades.drop("leg").equals(alone.trades)
    assert account.metrics.slippage > 0.0
    with pytest.raises(InvalidValue, match="less than the whole price"):
        backtest_portfolio(bars, ["ema_crossover"], costs=Costs(slippage=0.6))


def test_bars_of_several_lengths_are_refused() -> None:
    minute, five = make_tiny(*["100"] * 8), make_tiny(*["100"] * 4, timeframe="5m")
    with pytest.raises(InvalidValue, match="of one length"):
        trade_together({"A": minute, "B": five}, make_leg(minute, "L"), make_leg(five, "L", symbol="B"))


def test_bars_that_do_not_open_together_are_refused() -> None:
    minute = make_tiny(*["100"] * 8)
    half = make_tiny(*["100"] * 8, minutes=[at + 0.5 for at in range(8)])  # type: ignore[misc] # a wrong kind on purpose
    with pytest.raises(InvalidValue, match="30000 ms after"):
        trade_together({"A": minute, "B": half}, make_leg(minute, "L"), make_leg(half, "L", symbol="B"))


def test_decisions_shorter_than_the_bars_are_refused() -> None:
    minute, five = make_tiny(*["100"] * 8), make_tiny(*["100"] * 4, timeframe="5m")
    with pytest.raises(InvalidValue, match="5m or longer"):
        trade_together({"A": five}, make_leg(minute, "L"))


def test_a_leg_without_bars_is_refused() -> None:
    bars = make_tiny(*["100"] * 8)
    with pytest.raises(UnknownName, match="no bars of 'B'"):
        trade_together({"A": bars}, make_leg(bars, "L", symbol="B"))


def test_trades_of_the_markets_settle_what_they_settle_in_a_backtest() -> None:
    bars = BARS.filter(symbol="X-USDT")
    strategy = load_strategy(
        """
        name: near_levels
        thesis: Levels so near that one minute often reaches both.
        timeframe: 1m
        long: close > open
        stop: 0.0005 * close
        take: 0.0005 * close
        take_share: 0.5
        """
    )
    highs, costs = bars.select("symbol", pl.col("ts").dt.offset_by("10s"), price="high"), Costs(slippage=0.0)
    alone = backtest(bars, strategy, trades=highs, costs=costs)
    account, blind = (backtest_portfolio(bars, [strategy], trades=known, costs=costs) for known in (highs, None))
    assert account.trades.drop("leg").equals(alone.trades)
    assert account.partial_exits.drop("leg").equals(alone.partial_exits)
    assert account.partial_exits.schema == PORTFOLIO_PARTS
    assert account.partial_exits.height > blind.partial_exits.height > 0


def test_trades_of_no_market_are_not_passed_over() -> None:
    trades = pl.DataFrame({"symbol": ["X-USD"], "ts": BARS["ts"][:1], "price": [1.0]})
    with pytest.raises(InvalidValue, match="rows of the bars' symbols"):
        backtest_portfolio(BARS, ["ema_crossover"], trades=trades)


def test_regimes_of_the_costs_are_those_of_the_backtest() -> None:
    bars = BARS.filter(symbol="X-USDT")
    costs = Costs(regimes=(Regime(when="close > open", factor=3.0),))
    alone = backtest(bars, "ema_crossover", costs=costs)
    account = backtest_portfolio(bars, ["ema_crossover"], costs=costs)
    assert account.trades.drop("leg").equals(alone.trades)
    assert account.metrics.slippage > backtest_portfolio(bars, ["ema_crossover"]).metrics.slippage


def test_every_strategy_of_the_library_can_be_a_leg() -> None:
    symbols = ("BTC-USDT", "ETH-USDT")
    bars = pl.concat([make_bars(symbol, minutes=6_000, seed=seed) for seed, symbol in enumerate(symbols)])
    limits = Limits(max_positions=5, max_gross=2.0, margin_leverage=5.0)
    result = backtest_portfolio(bars, library_names(), limits=limits)
    assert len(result.legs) == 2 * len(library_names())
    assert result.account["positions"].max() <= 5
    assert result.metrics.final_equity == pytest.approx(10_000 + result.records["pnl"].sum())


def test_more_trades_than_there_was_room_for_are_all_kept() -> None:
    bars = make_tiny(*["100 101 99 100"] * 6_000)
    legs = [make_leg(bars, "L" * 6_000, symbol=symbol, max_hold=1) for symbol in "AB"]
    result = trade_together({"A": bars, "B": bars}, *legs)
    assert [leg.sums.trades for leg in result.legs] == [5_999, 5_999]
