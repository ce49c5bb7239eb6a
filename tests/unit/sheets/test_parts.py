from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeproof.domain.results import PARTIAL_EXITS
from edgeproof.domain.series import BarSeries
from edgeproof.domain.time import Timeframe
from edgeproof.sheets import Market, gather_candles, read_parts
from edgeproof.sheets.parts import match_parts, price_rests
from edgeproof.sheets.price import draw_price
from fakes.accounts import HandmadeAccount, leave_in_parts, make_trades


def split_exits(trades: pl.DataFrame, shares: np.ndarray, prices: np.ndarray) -> pl.DataFrame:
    """Parts of some trades, one each, that left at their entry's minute."""
    return trades.select(
        "symbol", "side", "entry_ts", ts="entry_ts", price=pl.Series(prices), size=pl.col("size") * shares, fee=0.0
    ).select(pl.col(name).cast(dtype) for name, dtype in PARTIAL_EXITS.items())


def test_a_part_is_marked_where_it_left_and_the_rest_at_its_own_price() -> None:
    bars, result = leave_in_parts(share=0.9)
    candles = gather_candles(BarSeries.from_frame(bars.with_columns(volume=1.0), Timeframe.parse("1m")))
    market = Market(candles=candles, trades=result.trades, parts=read_parts(result))
    traces = {trace["name"]: trace for trace in draw_price(market)["data"]}
    (part,), (trade,) = result.partial_exits.to_dicts(), result.trades.to_dicts()
    assert trade["exit_price"] == pytest.approx(109.0)
    assert traces["part out"]["x"] == [part["ts"].timestamp() * 1_000]
    assert traces["part out"]["y"] == pytest.approx([110.0])
    assert traces["out"]["x"] == [trade["exit_ts"].timestamp() * 1_000]
    assert traces["out"]["y"] == pytest.approx([100.0])
    assert traces["part out"]["marker"]["symbol"] != traces["out"]["marker"]["symbol"]
    ends = {price for price in traces["won"]["y"] if price is not None}
    assert sorted(ends) == pytest.approx([100.0, 110.0])


@settings(deadline=None, max_examples=50)
@given(rows=st.integers(1, 60), seed=st.integers(0, 1_000))
def test_parts_and_rests_together_are_the_mean_of_the_trade(rows: int, seed: int) -> None:
    trades = make_trades(rows).unique(["symbol", "side", "entry_ts"], maintain_order=True)
    random = np.random.default_rng(seed)
    shares, prices = random.uniform(0.01, 0.99, trades.height), random.uniform(90.0, 110.0, trades.height)
    kept = random.random(trades.height) < 0.5
    parts = split_exits(trades, shares, prices).filter(kept)
    matched = match_parts(trades, parts.sample(fraction=1.0, shuffle=True, seed=seed))
    assert matched["trade"].to_list() == np.flatnonzero(kept).tolist()
    np.testing.assert_allclose(matched["share"], shares[kept])
    rests = price_rests(trades, matched)
    mean = np.where(kept, shares * prices + (1.0 - shares) * rests, rests)
    np.testing.assert_allclose(mean, trades["exit_price"], rtol=1e-9)


def test_a_part_of_no_known_trade_is_left_out() -> None:
    trades = make_trades(5)
    parts = split_exits(trades, np.full(5, 0.5), np.full(5, 100.0))
    assert match_parts(trades.tail(2), parts)["trade"].to_list() == [0, 1]
    assert match_parts(trades.clear(), parts).is_empty()
    assert price_rests(trades.clear(), match_parts(trades.clear(), parts)).size == 0


def test_an_account_that_keeps_no_parts_has_none() -> None:
    assert read_parts(HandmadeAccount()).is_empty()
    assert read_parts(HandmadeAccount()).schema == PARTIAL_EXITS


def test_legs_of_one_account_that_entered_alike_keep_their_own_parts() -> None:
    one = make_trades(1)
    trades = pl.concat([one.with_columns(leg=pl.lit(leg), size=size) for leg, size in (("a", 10.0), ("b", 40.0))])
    parts = pl.concat(
        [
            split_exits(trades.filter(leg=leg), np.array([share]), np.array([100.0])).with_columns(leg=pl.lit(leg))
            for leg, share in (("a", 0.3), ("b", 0.6))
        ]
    )
    matched = match_parts(trades, parts)
    assert matched["trade"].to_list() == [0, 1]
    assert matched["share"].to_list() == pytest.approx([0.3, 0.6])
