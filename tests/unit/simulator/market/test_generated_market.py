from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from polars.testing import assert_frame_equal

from edgeproof.domain.errors import InvalidValue, UnknownName
from edgeproof.domain.frames import BARS, FUNDING, TRADES
from edgeproof.domain.time import MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE, Window, parse_instant
from edgeproof.market import bars_from_trades
from edgeproof.simulator.market import (
    EdgeKind,
    GeneratedMarket,
    MarketSpec,
    PlantedEdge,
    demo_spec,
    describe_symbol,
    generate_market,
)

START_MS = parse_instant("2026-01-05")
SMALL = MarketSpec(symbols=("BTC-USDT", "XRP-USDT", "WIF-USDT"), start_ms=START_MS, days=2, seed=3)


@pytest.fixture(scope="module")
def small_market() -> GeneratedMarket:
    return generate_market(SMALL)


def add_up(trades: pl.DataFrame) -> pl.DataFrame:
    """Minutes of trades, by polars alone."""
    value = pl.col("price") * pl.col("size")
    return trades.group_by(pl.col("ts").dt.truncate("1m"), maintain_order=True).agg(
        open=pl.first("price"),
        high=pl.max("price"),
        low=pl.min("price"),
        close=pl.last("price"),
        volume=pl.sum("size"),
        quote_volume=value.sum(),
        trades=pl.len().cast(pl.Int64),
        taker_buy_volume=pl.col("size").filter(side="buy").sum(),
    )


def bars_of(market: GeneratedMarket, symbol: str) -> pl.DataFrame:
    return market.bars.filter(symbol=symbol)


def window(first_ms: int, last_ms: int) -> Window:
    return Window(start_ms=START_MS + first_ms, end_ms=START_MS + last_ms)


def test_the_same_spec_gives_the_same_market_to_the_bit(small_market: GeneratedMarket) -> None:
    again = generate_market(SMALL)
    assert_frame_equal(again.bars, small_market.bars, check_exact=True)
    assert_frame_equal(again.funding, small_market.funding, check_exact=True)
    asked = window(0, MS_PER_HOUR)
    assert_frame_equal(again.trades("XRP-USDT", asked), small_market.trades("XRP-USDT", asked), check_exact=True)


def test_another_seed_gives_another_market(small_market: GeneratedMarket) -> None:
    other = generate_market(MarketSpec(symbols=SMALL.symbols, start_ms=START_MS, days=2, seed=4))
    for symbol in SMALL.symbols:
        assert not np.array_equal(bars_of(other, symbol)["close"], bars_of(small_market, symbol)["close"])


@pytest.mark.parametrize("symbols", [("WIF-USDT",), ("WIF-USDT", "BTC-USDT"), ("ADA-USDT", "XRP-USDT", "BTC-USDT")])
def test_a_symbol_is_the_same_whichever_others_are_generated(
    small_market: GeneratedMarket, symbols: tuple[str, ...]
) -> None:
    other = generate_market(MarketSpec(symbols=symbols, start_ms=START_MS, days=2, seed=3))
    for symbol in set(symbols) & set(SMALL.symbols):
        assert_frame_equal(bars_of(other, symbol), bars_of(small_market, symbol), check_exact=True)
        assert_frame_equal(other.funding.filter(symbol=symbol), small_market.funding.filter(symbol=symbol))


def test_an_edge_changes_its_own_symbol_and_no_other(small_market: GeneratedMarket) -> None:
    edges = tuple(PlantedEdge(kind=kind, symbol="XRP-USDT", strength_bps=50.0) for kind in EdgeKind)
    planted = generate_market(MarketSpec(symbols=SMALL.symbols, start_ms=START_MS, days=2, seed=3, edges=edges))
    for symbol in ("BTC-USDT", "WIF-USDT"):
        assert_frame_equal(bars_of(planted, symbol), bars_of(small_market, symbol), check_exact=True)
    assert not np.array_equal(bars_of(planted, "XRP-USDT")["close"], bars_of(small_market, "XRP-USDT")["close"])
    assert planted.edges == edges


@pytest.mark.parametrize("kind", list(EdgeKind))
def test_an_edge_of_strength_zero_changes_nothing(small_market: GeneratedMarket, kind: EdgeKind) -> None:
    edges = (PlantedEdge(kind=kind, symbol="XRP-USDT", strength_bps=0.0),)
    planted = generate_market(MarketSpec(symbols=SMALL.symbols, start_ms=START_MS, days=2, seed=3, edges=edges))
    assert_frame_equal(planted.bars, small_market.bars, check_exact=True)
    assert_frame_equal(planted.funding, small_market.funding, check_exact=True)


def test_frames_are_those_that_the_house_declares(small_market: GeneratedMarket) -> None:
    assert small_market.bars.schema == BARS.schema
    assert small_market.funding.schema == FUNDING.schema
    assert small_market.trades("BTC-USDT", window(0, MS_PER_MINUTE)).schema == TRADES.schema
    assert small_market.bars.null_count().sum_horizontal().item() == 0


def test_every_minute_of_every_symbol_has_one_sound_bar(small_market: GeneratedMarket) -> None:
    expected = START_MS + np.arange(2 * 1_440) * MS_PER_MINUTE
    for symbol in SMALL.symbols:
        bars = bars_of(small_market, symbol)
        np.testing.assert_array_equal(bars["ts"].dt.epoch("ms"), expected)
    sound = small_market.bars.select(
        low=pl.col("low") <= pl.min_horizontal("open", "close"),
        high=pl.col("high") >= pl.max_horizontal("open", "close"),
        positive=pl.col("low") > 0.0,
        takers=pl.col("taker_buy_volume").is_between(0.0, pl.col("volume")),
        trades=pl.col("trades") >= 1,
        value=pl.col("quote_volume").is_between(pl.col("low") * pl.col("volume"), pl.col("high") * pl.col("volume")),
    )
    assert sound.select(pl.all().all()).row(0) == (True,) * 6


def test_prices_and_sizes_lie_on_the_symbols_grid(small_market: GeneratedMarket) -> None:
    for symbol in SMALL.symbols:
        rules, bars = small_market.rules(symbol), bars_of(small_market, symbol)
        for column in ("open", "high", "low", "close"):
            assert np.all(np.mod(bars[column].to_numpy() / rules.tick, 1.0) == 0.0)
        assert np.all(np.mod(bars["volume"].to_numpy() / rules.lot, 1.0) == 0.0)
        assert rules.tick < 1e-3 * bars["low"].min()  # type: ignore[operator]  # a float column's minimum


@pytest.mark.parametrize("symbol", SMALL.symbols)
def test_trades_add_up_to_the_bars_exactly(small_market: GeneratedMarket, symbol: str) -> None:
    asked = window(3 * MS_PER_HOUR, 9 * MS_PER_HOUR)
    ms = pl.col("ts").dt.epoch("ms")
    bars = bars_of(small_market, symbol).filter(ms >= asked.start_ms, ms < asked.end_ms)
    trades = small_market.trades(symbol, asked)
    assert_frame_equal(add_up(trades), bars.drop("venue", "symbol", "timeframe"), check_exact=True)
    # Whole ticks times whole lots: shuffled trades have the same sums.
    shuffled = trades.sample(fraction=1.0, shuffle=True, seed=1)
    assert shuffled["size"].sum() == bars["volume"].sum()
    assert (shuffled["price"] * shuffled["size"]).sum() == bars["quote_volume"].sum()


def test_the_house_builds_the_same_bars_from_its_trades(small_market: GeneratedMarket) -> None:
    trades = pl.concat([small_market.trades(symbol) for symbol in SMALL.symbols])
    expected = small_market.bars.sort("venue", "symbol", "ts")
    assert_frame_equal(bars_from_trades(trades), expected, check_exact=True)


@settings(deadline=None, max_examples=25)
@given(data=st.data())
def test_any_window_cuts_the_same_trades_out_of_the_market(small_market: GeneratedMarket, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, 2 * MS_PER_DAY - 1))
    last = data.draw(st.integers(first + 1, min(first + 20 * MS_PER_MINUTE, 2 * MS_PER_DAY)))
    asked = window(first, last)
    around = window(first // MS_PER_HOUR * MS_PER_HOUR, min(-(-last // MS_PER_HOUR) * MS_PER_HOUR, 2 * MS_PER_DAY))
    ms = pl.col("ts").dt.epoch("ms")
    expected = small_market.trades("BTC-USDT", around).filter(ms >= asked.start_ms, ms < asked.end_ms)
    assert_frame_equal(small_market.trades("BTC-USDT", asked), expected, check_exact=True)


def test_trades_are_in_order_named_once_and_seen_after_they_happened(small_market: GeneratedMarket) -> None:
    trades = small_market.trades("BTC-USDT")
    assert trades.height == bars_of(small_market, "BTC-USDT")["trades"].sum()
    assert_frame_equal(trades.sort("ts", "trade_id"), trades)
    assert trades["trade_id"].n_unique() == trades.height
    assert (trades["seen_at"] > trades["ts"]).all()
    assert trades["seen_at"].is_sorted()
    assert set(trades["side"].unique()) == {"buy", "sell"}


def test_trades_outside_the_market_are_refused(small_market: GeneratedMarket) -> None:
    with pytest.raises(InvalidValue, match="within the market"):
        small_market.trades("BTC-USDT", window(-1, MS_PER_HOUR))
    with pytest.raises(InvalidValue, match="within the market"):
        small_market.trades("BTC-USDT", window(0, 2 * MS_PER_DAY + 1))
    with pytest.raises(UnknownName, match="XRP-USDT"):
        small_market.trades("XRP-USD")


def test_an_unknown_name_gets_a_character_of_its_own() -> None:
    first, again, other = (describe_symbol(name, 3) for name in ("WIF-USDT", "WIF-USDT", "PEPE-USDT"))
    assert first == again
    assert first != other
    assert first != describe_symbol("WIF-USDT", 4)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"symbols": ()}, "one name or more"),
        ({"symbols": ("BTC-USDT", "BTCUSDT")}, "none twice"),
        ({"symbols": ("?",)}, "pair such as BTC-USDT"),
        ({"start_ms": START_MS + 1}, "open of a minute"),
        ({"days": 0}, "whole days"),
        ({"seed": -1}, "0 or more"),
        ({"edges": (PlantedEdge(kind=EdgeKind.MOMENTUM, symbol="ADA-USDT", strength_bps=1.0),)}, "known are"),
        ({"edges": (PlantedEdge(kind=EdgeKind.MOMENTUM, symbol="BTC-USDT", strength_bps=1.0),) * 2}, "one of a kind"),
    ],
)
def test_a_spec_that_makes_no_market_is_refused(wrong: dict[str, object], told: str) -> None:
    request: dict[str, object] = {"symbols": ("BTC-USDT",), "start_ms": START_MS, "days": 1, "seed": 1} | wrong
    with pytest.raises((InvalidValue, UnknownName), match=told):
        MarketSpec(**request)  # type: ignore[arg-type]  # wrong on purpose


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"kind": "arbitrage"}, "known are"),
        ({"strength_bps": -1.0}, "basis points"),
        ({"horizon_minutes": 1_440}, "minutes from 1"),
        ({"hour": 24}, "hour of the day"),
        ({"kind": "lead_lag", "symbol": "BTC-USDT"}, "can follow BTC-USDT"),
    ],
)
def test_an_edge_that_cannot_be_planted_is_refused(wrong: dict[str, object], told: str) -> None:
    request: dict[str, object] = {"kind": "momentum", "symbol": "ETH-USDT", "strength_bps": 10.0} | wrong
    with pytest.raises((InvalidValue, UnknownName), match=told):
        PlantedEdge(**request)  # type: ignore[arg-type]  # wrong on purpose


def test_the_demo_plants_two_edges_and_leaves_the_other_symbols_empty() -> None:
    spec = demo_spec()
    assert {edge.kind for edge in spec.edges} == {EdgeKind.MEAN_REVERSION, EdgeKind.MOMENTUM}
    assert len({edge.symbol for edge in spec.edges}) == 2
    assert 10 <= len(spec.symbols) <= 12
    assert spec.days == 30
