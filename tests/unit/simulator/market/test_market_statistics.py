"""What a generated market looks like, held against what is known of real ones (Cont 2001, "stylised facts")."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from scipy import stats

from edgeproof.simulator.market import FUNDING_INTERVAL_MS, RATE_LIMIT, GeneratedMarket, describe_symbol

if TYPE_CHECKING:
    from edgeproof.domain.arrays import FloatArray

SYMBOLS = ("BTC-USDT", "ETH-USDT", "SOL-USDT", "XRP-USDT", "LINK-USDT", "SUI-USDT")


def log_returns(market: GeneratedMarket, symbol: str) -> FloatArray:
    return np.diff(np.log(market.bars.filter(symbol=symbol)["close"].to_numpy()))


def correlate(x: FloatArray, y: FloatArray) -> float:
    return float(np.corrcoef(x, y)[0, 1])


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_returns_have_fat_tails_that_thin_out_over_longer_spans(empty_market: GeneratedMarket, symbol: str) -> None:
    minutes = log_returns(empty_market, symbol)
    hours = minutes[: len(minutes) // 60 * 60].reshape(-1, 60).sum(axis=1)
    kurtosis = stats.kurtosis(minutes, fisher=False)
    assert 5.0 < kurtosis < 200.0
    assert stats.kurtosis(hours, fisher=False) < kurtosis


@pytest.mark.parametrize("symbol", SYMBOLS)
@pytest.mark.parametrize(("lag", "least"), [(1, 0.08), (10, 0.05), (120, 0.01)])
def test_large_moves_follow_large_moves(empty_market: GeneratedMarket, symbol: str, lag: int, least: float) -> None:
    moves = np.abs(log_returns(empty_market, symbol))
    assert correlate(moves[lag:], moves[:-lag]) > least


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_volatility_is_that_of_the_profile(empty_market: GeneratedMarket, symbol: str) -> None:
    daily = float(np.std(log_returns(empty_market, symbol))) * np.sqrt(1_440)
    # Jumps come on top, and a month's mean of a clustering volatility wanders.
    assert daily == pytest.approx(describe_symbol(symbol, 11).daily_volatility, rel=0.25)


def test_correlations_are_near_those_of_the_factors(empty_market: GeneratedMarket) -> None:
    profiles = [describe_symbol(symbol, 11) for symbol in SYMBOLS]
    loadings = np.array([[p.leader_share, p.alt_share] for p in profiles])
    target = loadings @ loadings.T
    np.fill_diagonal(target, 1.0)
    measured = np.corrcoef([log_returns(empty_market, symbol) for symbol in SYMBOLS])
    np.testing.assert_allclose(measured, target, atol=0.08)


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_new_york_mornings_are_busy_and_weekends_quiet(empty_market: GeneratedMarket, symbol: str) -> None:
    bars = empty_market.bars.filter(symbol=symbol)
    moves = bars.select(
        hour=pl.col("ts").dt.hour(),
        weekend=pl.col("ts").dt.weekday() >= 6,
        size=(pl.col("high") / pl.col("low")).log(),
        trades=pl.col("trades"),
    )
    by_hour = moves.group_by("hour").mean().sort("hour")
    for column in ("size", "trades"):
        values = by_hour[column].to_numpy()
        assert values[13:16].mean() > 1.3 * values[4:7].mean()
        quiet, busy = (moves.filter(weekend=w)[column].to_numpy().mean() for w in (True, False))
        assert quiet < 0.95 * busy


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_trading_grows_with_the_size_of_the_move(empty_market: GeneratedMarket, symbol: str) -> None:
    bars = empty_market.bars.filter(symbol=symbol)
    moved = np.log(np.abs(log_returns(empty_market, symbol)) + 1e-6)
    for column in ("trades", "volume"):
        assert correlate(moved, np.log(bars[column].to_numpy()[1:])) > 0.15


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_takers_buy_while_the_price_rises(empty_market: GeneratedMarket, symbol: str) -> None:
    bars = empty_market.bars.filter(symbol=symbol)
    share = (bars["taker_buy_volume"] / bars["volume"]).to_numpy()[1:]
    assert correlate(log_returns(empty_market, symbol), share) > 0.3
    assert 0.45 < float(share.mean()) < 0.55


def test_funding_settles_every_eight_hours_within_its_limit(empty_market: GeneratedMarket) -> None:
    for symbol in SYMBOLS:
        funding = empty_market.funding.filter(symbol=symbol)
        ts, rate = funding["ts"].dt.epoch("ms").to_numpy(), funding["rate"].to_numpy()
        assert len(ts) == 90
        assert np.all(ts % FUNDING_INTERVAL_MS == 0)
        assert np.all(np.abs(rate) <= RATE_LIMIT)
        assert len(np.unique(rate)) > 10


def test_funding_rises_with_the_trend_of_the_day_before(empty_market: GeneratedMarket) -> None:
    trends, rates = [], []
    for symbol in SYMBOLS:
        close = np.log(empty_market.bars.filter(symbol=symbol)["close"].to_numpy())
        rate = empty_market.funding.filter(symbol=symbol)["rate"].to_numpy()
        settled = np.arange(3, len(rate)) * 480
        trend = close[settled - 1] - close[settled - 1_440]
        trends.append(trend / describe_symbol(symbol, 11).daily_volatility)
        rates.append(rate[3:])
    assert stats.spearmanr(np.concatenate(trends), np.concatenate(rates)).statistic > 0.2
